//! What a minute has room for, with a clock that is moved by hand.

use super::seen::WINDOWS_MAX;
use super::*;
use natter_testkit::clock::FakeClock;
use uuid::Uuid;

fn user(number: usize) -> Who {
    Who::User(UserId::from_uuid(Uuid::from_u128(number as u128)))
}

/// A limiter of so many sends a minute.
fn limiter(sends_per_minute: u32) -> (Limiter, FakeClock) {
    let clock = FakeClock::default();
    let limits = Limits { sends_per_minute, ..Limits::default() };
    (Limiter::new(limits, Arc::new(clock.clone())), clock)
}

#[test]
fn a_minute_has_room_for_the_limit_and_not_for_more() {
    let (limiter, clock) = limiter(30);
    for left in (0..30).rev() {
        let standing = limiter.count(Rate::Sends, user(1)).unwrap();
        assert_eq!((standing.limit, standing.remaining(), standing.reset_seconds), (30, left, 60));
        assert!(!standing.exceeded());
    }
    // However the attempts are spread over the minute.
    for passed in 1..60 {
        clock.advance_seconds(1);
        let standing = limiter.count(Rate::Sends, user(1)).unwrap();
        assert!(standing.exceeded() && standing.remaining() == 0, "{standing:?}");
        assert_eq!(standing.reset_seconds, 60 - passed);
    }
    clock.advance_seconds(1);
    assert_eq!(limiter.count(Rate::Sends, user(1)).unwrap().remaining(), 29);
}

#[test]
fn who_waits_as_long_as_told_is_not_refused_again() {
    let (limiter, clock) = limiter(1);
    limiter.count(Rate::Sends, user(1));
    for millis in [1, 998, 1, 58_999] {
        clock.advance_ms(millis);
        let standing = limiter.count(Rate::Sends, user(1)).unwrap();
        assert!(standing.exceeded() && standing.reset_seconds >= 1, "{standing:?}");
    }
    // 59.999 s of it are over, and the last millisecond is rounded up to a second.
    clock.advance_seconds(1);
    assert!(!limiter.count(Rate::Sends, user(1)).unwrap().exceeded());
}

#[test]
fn everybody_and_everything_has_a_minute_of_its_own() {
    let (limiter, _) = limiter(1);
    let address = |text: &str| Who::at(text.parse().unwrap());
    for who in [user(1), user(2), address("192.0.2.1"), address("192.0.2.2"), limiter.name("ada")] {
        assert!(!limiter.count(Rate::Sends, who).unwrap().exceeded(), "{who:?}");
        assert!(!limiter.count(Rate::Conversations, who).unwrap().exceeded(), "{who:?}");
        assert!(limiter.count(Rate::Sends, who).unwrap().exceeded(), "{who:?}");
    }
    assert_eq!(limiter.name(" Ada"), limiter.name("ada"));
    assert_eq!(address("2001:db8:1:2::1"), address("2001:db8:1:2:ffff::"));
    assert_ne!(address("2001:db8:1:2::1"), address("2001:db8:1:3::1"));
}

#[test]
fn zero_is_no_limit() {
    let (limiter, _) = limiter(0);
    assert!((0..10_000).all(|_| limiter.count(Rate::Sends, user(1)).is_none()));
    assert_eq!(limiter.seen.lock().unwrap().len(), 0);
}

#[test]
fn hammering_is_more_than_ten_times_the_limit() {
    let (limiter, _) = limiter(3);
    let hammering = |_: u32| limiter.count(Rate::Sends, user(1)).unwrap().hammering();
    assert!((0..30).map(hammering).all(|hammering| !hammering));
    assert!(hammering(31));
}

/// Whoever goes on is remembered, however many others come.
#[test]
fn those_who_are_quiet_are_forgotten_first() {
    let (limiter, clock) = limiter(2);
    let mut most = 0;
    for number in 1..=3 * WINDOWS_MAX {
        limiter.count(Rate::Sends, user(number));
        if number.is_multiple_of(1000) {
            limiter.count(Rate::Sends, user(0));
        }
        most = most.max(limiter.seen.lock().unwrap().len());
    }
    assert!(most <= 2 * WINDOWS_MAX, "{most}");
    assert!(limiter.count(Rate::Sends, user(0)).unwrap().exceeded());
    assert_eq!(limiter.count(Rate::Sends, user(1)).unwrap().remaining(), 1);

    // After two quiet minutes nothing is left of them.
    for _ in 0..2 {
        clock.advance_seconds(60);
        limiter.count(Rate::Sends, user(0));
    }
    assert_eq!(limiter.seen.lock().unwrap().len(), 1);
}

/// Nobody waits for longer than a minute because the clock of the machine was corrected.
#[test]
fn a_clock_that_is_set_back_begins_a_new_minute() {
    let (limiter, clock) = limiter(1);
    limiter.count(Rate::Sends, user(1));
    clock.advance_seconds(-3_600);
    let standing = limiter.count(Rate::Sends, user(1)).unwrap();
    assert!(!standing.exceeded() && standing.reset_seconds == 60, "{standing:?}");
    assert!(limiter.count(Rate::Sends, user(1)).unwrap().exceeded());
}
