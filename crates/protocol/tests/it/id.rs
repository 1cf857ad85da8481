//! The text of ids.

use natter_protocol::{ConversationId, MessageId, ParseIdError};
use proptest::prelude::*;
use uuid::Uuid;

proptest! {
    #[test]
    fn an_id_survives_its_text(bits: u128) {
        let id = MessageId::from_uuid(Uuid::from_u128(bits));
        prop_assert_eq!(id.to_string().parse::<MessageId>(), Ok(id));
        let json = serde_json::to_string(&id).unwrap();
        prop_assert_eq!(serde_json::from_str::<MessageId>(&json).unwrap(), id);
    }

    #[test]
    fn no_text_makes_the_parser_fail_otherwise(text: String) {
        prop_assert!(text.parse::<ConversationId>().is_ok() || text.parse::<ConversationId>() == Err(ParseIdError));
    }
}

#[test]
fn only_the_usual_spelling_is_an_id() {
    let usual = "0190163d-8694-739b-aea5-966c26f8ad91";
    assert_eq!(usual.parse::<MessageId>().unwrap().to_string(), usual);
    assert_eq!(usual.to_uppercase().parse::<MessageId>().unwrap().to_string(), usual);
    // A username may look like the short form, and must not be taken for an id.
    for other in [
        "",
        "0190163d8694739baea5966c26f8ad91",
        "{0190163d-8694-739b-aea5-966c26f8ad91}",
        "urn:uuid:0190163d-8694-739b-aea5-966c26f8ad91",
        "0190163d-8694-739b-aea5-966c26f8ad9",
        "0190163d-8694-739b-aea5-966c26f8ad9g",
        " 0190163d-8694-739b-aea5-966c26f8ad91",
    ] {
        assert_eq!(other.parse::<MessageId>(), Err(ParseIdError), "{other:?}");
    }
}
