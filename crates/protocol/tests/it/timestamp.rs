//! Points in time on the wire.

use natter_protocol::{ParseTimestampError, Timestamp};
use proptest::prelude::*;

proptest! {
    #[test]
    fn every_time_has_a_text_that_reads_back(millis: i64) {
        let time = Timestamp::from_millis(millis);
        let text = time.to_string();
        prop_assert_eq!(text.len(), "2026-11-21T05:49:23.120Z".len());
        prop_assert_eq!(text.parse::<Timestamp>(), Ok(time));
        prop_assert_eq!(serde_json::to_value(time).unwrap(), text);
    }

    #[test]
    fn moving_there_and_back_stays_in_place(millis in 0..4_000_000_000_000_i64, seconds in 0..4_000_000_000_i64) {
        let time = Timestamp::from_millis(millis);
        prop_assert_eq!(time.plus_seconds(seconds).plus_seconds(-seconds), time);
        prop_assert!(time.plus_seconds(seconds) >= time);
    }
}

#[test]
fn a_time_is_written_in_utc_with_three_decimals() {
    for (millis, text) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_795_240_163_120, "2026-11-21T05:49:23.120Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
    ] {
        assert_eq!(Timestamp::from_millis(millis).to_string(), text);
    }
}

#[test]
fn times_beyond_the_calendar_of_the_wire_are_held_at_its_ends() {
    assert_eq!(Timestamp::from_millis(i64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
    assert_eq!(Timestamp::from_millis(i64::MIN).to_string(), "0000-01-01T00:00:00.000Z");
    let last = Timestamp::from_millis(i64::MAX);
    assert_eq!(last.plus_seconds(1), last);
}

#[test]
fn any_rfc_3339_time_is_read() {
    let expected = Timestamp::from_millis(1_795_240_163_120);
    for text in [
        "2026-11-21T05:49:23.120Z",
        "2026-11-21t05:49:23.12z",
        "2026-11-21T07:49:23.120+02:00",
        "2026-11-21T05:49:23.120999999Z",
    ] {
        assert_eq!(text.parse(), Ok(expected), "{text}");
    }
    for text in ["", "2026-11-21", "2026-11-21T05:49:23", "1795240163120", "2026-02-30T00:00:00Z"] {
        assert_eq!(text.parse::<Timestamp>(), Err(ParseTimestampError), "{text}");
    }
}

#[test]
fn seconds_are_rounded_down() {
    assert_eq!(Timestamp::from_millis(1_999).seconds(), 1);
    assert_eq!(Timestamp::from_millis(-1).seconds(), -1);
}
