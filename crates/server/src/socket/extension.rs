//! Which extensions a socket speaks: `Sec-WebSocket-Extensions` (RFC 6455, section 9.1), and of those that there are,
//! permessage-deflate (RFC 7692).

use crate::rest::Failure;
use http::{HeaderMap, HeaderValue, header};
use natter_protocol::ErrorCode;

/// One compressed frame serves every receiver, so no message may refer to an earlier one. A server may ask for both
/// without being offered either (RFC 7692, section 7.1.1).
const DEFLATE: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
/// For who insists on a window of the size that we use anyway.
const DEFLATE_WIDE: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
                            server_max_window_bits=15";

/// The answer to what the client offers; `None` when messages are not compressed. A header that is not of the
/// standard's form is refused, as the standard demands.
pub(super) fn negotiate(headers: &HeaderMap) -> Result<Option<HeaderValue>, Failure> {
    let mut answer = None;
    for line in headers.get_all(header::SEC_WEBSOCKET_EXTENSIONS) {
        let line = line.to_str().map_err(|_| malformed())?;
        // A comma in a quoted string ends the offer here too, and leaves a quotation mark that fits no token.
        for offer in line.split(',').map(str::trim).filter(|offer| !offer.is_empty()) {
            let accepted = accept(&parse(offer).ok_or_else(malformed)?);
            // The client names first what it prefers (RFC 7692, section 5).
            answer = answer.or(accepted);
        }
    }
    Ok(answer.map(HeaderValue::from_static))
}

fn malformed() -> Failure {
    let detail = "Sec-WebSocket-Extensions is not a list of extensions with parameters";
    Failure::new(ErrorCode::InvalidParameter, detail)
}

/// An extension's name, and its parameters with their values.
type Offer<'a> = (&'a str, Vec<(&'a str, Option<&'a str>)>);

fn parse(offer: &str) -> Option<Offer<'_>> {
    let mut parts = offer.split(';').map(str::trim);
    let name = token(parts.next()?)?;
    let parameters = parts.map(|part| match part.split_once('=') {
        None => Some((token(part)?, None)),
        Some((key, value)) => {
            let value = value.trim();
            // What is in quotation marks must be a token nevertheless.
            let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
            Some((token(key.trim())?, Some(token(bare)?)))
        }
    });
    Some((name, parameters.collect::<Option<_>>()?))
}

/// RFC 9110, section 5.6.2.
fn token(text: &str) -> Option<&str> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (!text.is_empty() && text.bytes().all(is_token)).then_some(text)
}

/// The answer to one offer; `None` declines it, because it is of another kind, not valid (RFC 7692, section 7), or asks
/// for a smaller window than that of the frames that all receivers share.
fn accept((name, parameters): &Offer<'_>) -> Option<&'static str> {
    if *name != "permessage-deflate" {
        return None;
    }
    let mut answer = DEFLATE;
    for (index, (key, value)) in parameters.iter().enumerate() {
        if parameters[..index].iter().any(|(earlier, _)| earlier == key) {
            return None;
        }
        match (*key, *value) {
            ("server_no_context_takeover" | "client_no_context_takeover", None)
            | ("client_max_window_bits", None | Some("8" | "9" | "10" | "11" | "12" | "13" | "14" | "15")) => {
            }
            ("server_max_window_bits", Some("15")) => answer = DEFLATE_WIDE,
            _ => return None,
        }
    }
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(lines: &[&'static str]) -> Result<Option<String>, Failure> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static(line));
        }
        Ok(negotiate(&headers)?.map(|value| value.to_str().unwrap().to_owned()))
    }

    #[test]
    fn whatever_takeover_is_offered_none_is_agreed_to() {
        for offer in [
            "permessage-deflate",
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; client_max_window_bits=8",
            "permessage-deflate;client_max_window_bits = \"12\"",
            "permessage-deflate; server_no_context_takeover",
            "permessage-deflate; client_no_context_takeover; server_no_context_takeover",
        ] {
            assert_eq!(answer(&[offer]).unwrap().as_deref(), Some(DEFLATE), "{offer}");
        }
        let wide = "permessage-deflate; server_max_window_bits=15; client_max_window_bits=15";
        assert_eq!(answer(&[wide]).unwrap().as_deref(), Some(DEFLATE_WIDE));
    }

    #[test]
    fn what_cannot_be_done_or_is_not_valid_is_declined() {
        for offer in [
            "",
            ", ,",
            "permessage-bzip2",
            "x-webkit-deflate-frame",
            "permessage-deflate; server_max_window_bits=10",
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; server_max_window_bits=16",
            "permessage-deflate; client_max_window_bits=7",
            "permessage-deflate; client_max_window_bits=08",
            "permessage-deflate; server_no_context_takeover=true",
            "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
            "permessage-deflate; unknown",
        ] {
            assert_eq!(answer(&[offer]).unwrap(), None, "{offer}");
        }
    }

    #[test]
    fn the_first_offer_that_can_be_accepted_is() {
        let offers = "permessage-bzip2, permessage-deflate; server_max_window_bits=10, permessage-deflate";
        assert_eq!(answer(&[offers]).unwrap().as_deref(), Some(DEFLATE));
        let lines = [
            "permessage-deflate; server_max_window_bits=10",
            "permessage-deflate; server_max_window_bits=15",
        ];
        assert_eq!(answer(&lines).unwrap().as_deref(), Some(DEFLATE_WIDE));
        assert_eq!(answer(&[]).unwrap(), None);
    }

    #[test]
    fn a_header_of_another_form_is_refused() {
        for offer in [
            "permessage-deflate;",
            "permessage deflate",
            "permessage-deflate; =15",
            "permessage-deflate; client_max_window_bits=",
            "permessage-deflate; client_max_window_bits=\"15",
            "permessage-deflate; client_max_window_bits=\"1,5\"",
            "permessage-deflate, ;",
        ] {
            assert!(answer(&[offer]).is_err(), "{offer}");
        }
    }
}
