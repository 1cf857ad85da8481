//! What of some content a request wants: all of it, a part, or nothing because it has it (RFC 9110, sections 13 and 14).

use crate::rest::Failure;
use headers::{ETag, HeaderMapExt as _, IfMatch, IfNoneMatch, IfRange};
use http::{HeaderMap, HeaderValue, header};
use natter_protocol::ErrorCode;
use std::ops::Range;

/// What of some content a request wants.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it.
    Whole,
    /// These bytes; there is at least one.
    Part(Range<u64>),
    /// Nothing: what the client has is what there is.
    Nothing,
}

/// Reads what is wanted of content that never changes under its tag. Without a time of the last change there is nothing
/// that a condition with a date could be compared with, so those are ignored.
pub(super) fn wanted(headers: &HeaderMap, tag: &ETag, size: u64) -> Result<Wanted, Failure> {
    if headers.typed_get::<IfMatch>().is_some_and(|condition| !condition.precondition_passes(tag)) {
        return Err(Failure::new(ErrorCode::PreconditionFailed, "If-Match names another version"));
    }
    if headers.typed_get::<IfNoneMatch>().is_some_and(|condition| !condition.precondition_passes(tag)) {
        return Ok(Wanted::Nothing);
    }
    let Some(range) = headers.get(header::RANGE).and_then(|range| range.to_str().ok()) else {
        return Ok(Wanted::Whole);
    };
    // A condition that cannot be read is one that does not hold.
    let of_this = !headers.contains_key(header::IF_RANGE)
        || headers.typed_get::<IfRange>().is_some_and(|condition| !condition.is_modified(Some(tag), None));
    match part(range, size) {
        Some(part) if of_this && !part.is_empty() => Ok(Wanted::Part(part)),
        Some(_) if of_this => Err(Failure::Http {
            code: ErrorCode::RangeNotSatisfiable,
            detail: format!("the file has {size} bytes"),
            header: HeaderValue::from_str(&format!("bytes */{size}"))
                .ok()
                .map(|value| (header::CONTENT_RANGE, value)),
        }),
        _ => Ok(Wanted::Whole),
    }
}

/// The one range that is named, empty if there is nothing of it. What is no range of bytes, or is several of them, may be
/// ignored, and is.
fn part(text: &str, size: u64) -> Option<Range<u64>> {
    let (first, last) = text.trim().strip_prefix("bytes=")?.trim().split_once('-')?;
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first > last => None,
        (Some(first), Some(last)) => Some(first..last.saturating_add(1).min(size)),
        (Some(first), None) if last.is_empty() => Some(first..size),
        (None, Some(length)) if first.is_empty() => Some(size.saturating_sub(length)..size),
        _ => None,
    }
}

/// One that is too large is larger than any file.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

    const TAG: &str = "\"5d41\"";

    fn ask(headers: &[(HeaderName, &str)]) -> Result<Wanted, ErrorCode> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.clone(), value.parse().unwrap());
        }
        wanted(&map, &TAG.parse().unwrap(), 1_000).map_err(|failure| failure.into_problem("").0.code)
    }

    #[test]
    fn a_range_names_bytes_from_either_end() {
        let of = |range: &str| ask(&[(header::RANGE, range)]);
        for (range, part) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-499", 0..500),
            ("bytes=500-999", 500..1_000),
            ("bytes=500-", 500..1_000),
            ("bytes=999-", 999..1_000),
            ("bytes=500-5000", 500..1_000),
            ("bytes=500-99999999999999999999999", 500..1_000),
            ("bytes=-1", 999..1_000),
            ("bytes=-1000", 0..1_000),
            ("bytes=-5000", 0..1_000),
        ] {
            assert_eq!(of(range), Ok(Wanted::Part(part)), "{range}");
        }
        for range in ["bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(of(range), Err(ErrorCode::RangeNotSatisfiable), "{range}");
        }
        // None that can be read, several, or of something else: the whole is right, too.
        for range in [
            "bytes=",
            "bytes=-",
            "bytes=b-c",
            "bytes=5-2",
            "bytes=0-1,5-6",
            "bytes=--5",
            "items=0-5",
            "",
            "0-5",
        ] {
            assert_eq!(of(range), Ok(Wanted::Whole), "{range}");
        }
    }

    #[test]
    fn nothing_of_nothing_can_be_had_in_parts() {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, "bytes=0-".parse().unwrap());
        assert!(wanted(&headers, &TAG.parse().unwrap(), 0).is_err());
    }

    #[test]
    fn what_the_client_has_is_not_sent_again() {
        let (matching, other) = ([TAG, "W/\"5d41\"", "\"a\", \"5d41\"", "*"], ["\"5d42\"", "\"a\", \"b\""]);
        for tag in matching {
            assert_eq!(ask(&[(header::IF_NONE_MATCH, tag)]), Ok(Wanted::Nothing), "{tag}");
            assert_eq!(
                ask(&[(header::IF_NONE_MATCH, tag), (header::RANGE, "bytes=0-1")]),
                Ok(Wanted::Nothing)
            );
        }
        for tag in other {
            assert_eq!(ask(&[(header::IF_NONE_MATCH, tag)]), Ok(Wanted::Whole), "{tag}");
            assert_eq!(ask(&[(header::IF_MATCH, tag)]), Err(ErrorCode::PreconditionFailed), "{tag}");
        }
        assert_eq!(ask(&[(header::IF_MATCH, TAG)]), Ok(Wanted::Whole));
        // What is weakly the same may differ in its bytes.
        assert_eq!(ask(&[(header::IF_MATCH, "W/\"5d41\"")]), Err(ErrorCode::PreconditionFailed));
    }

    #[test]
    fn a_part_of_another_version_is_not_sent() {
        let of = |tag: &str, range: &str| ask(&[(header::IF_RANGE, tag), (header::RANGE, range)]);
        assert_eq!(of(TAG, "bytes=0-1"), Ok(Wanted::Part(0..2)));
        for tag in ["\"5d42\"", "W/\"5d41\"", "Sat, 29 Oct 1994 19:43:31 GMT", "garbage"] {
            assert_eq!(of(tag, "bytes=0-1"), Ok(Wanted::Whole), "{tag}");
            assert_eq!(of(tag, "bytes=5000-"), Ok(Wanted::Whole), "{tag}");
        }
    }
}
