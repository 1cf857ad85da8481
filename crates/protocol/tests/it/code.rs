//! The codes of errors: stable, documented, consistent.

use natter_protocol::{CloseCode, ErrorCode, Problem};
use std::collections::HashSet;

/// Code, status and whether to repeat: a line that is here is never changed, only added to.
#[test]
fn codes_stay_what_they_are() {
    let lines: Vec<String> = ErrorCode::ALL
        .iter()
        .map(|code| {
            let retriable = if code.retriable() { "retriable" } else { "final" };
            format!("{} {code} {retriable}", code.status())
        })
        .collect();
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("codes", lines.join("\n")));
}

#[test]
fn a_code_is_spelled_alike_everywhere() {
    let mut seen = HashSet::new();
    for &code in ErrorCode::ALL {
        let spelled = code.as_str();
        assert!(seen.insert(spelled), "{spelled} twice");
        assert!(spelled.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{spelled}");
        assert_eq!(serde_json::to_value(code).unwrap(), spelled);
        assert_eq!(serde_json::from_value::<ErrorCode>(spelled.into()).unwrap(), code);
        assert_eq!(Problem::new(code, "", "").kind, format!("/api/docs/errors/{spelled}"));
    }
}

#[test]
fn every_code_says_what_it_means_and_what_to_do() {
    for code in ErrorCode::ALL {
        assert!((400..600).contains(&code.status()), "{code}");
        assert!(
            !code.title().is_empty() && !code.title().ends_with('.'),
            "the title of {code} is no heading"
        );
        assert!(code.help().ends_with('.'), "the help of {code} is no sentence");
    }
}

#[test]
fn close_codes_are_those_of_the_contract() {
    for (close, number) in [
        (CloseCode::Normal, 1000),
        (CloseCode::GoingAway, 1001),
        (CloseCode::ProtocolError, 1002),
        (CloseCode::Unsupported, 1003),
        (CloseCode::InvalidPayload, 1007),
        (CloseCode::TooLarge, 1009),
        (CloseCode::InternalError, 1011),
        (CloseCode::Unauthenticated, 4001),
        (CloseCode::SignedOut, 4003),
        (CloseCode::TooSlow, 4008),
        (CloseCode::RateLimited, 4009),
    ] {
        assert_eq!(close.code(), number);
    }
}
