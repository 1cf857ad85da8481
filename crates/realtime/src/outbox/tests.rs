mod model;
mod writing;

use super::{BATCH_FRAMES_MAX, LAGGING_CONVERSATIONS_MAX, Next, Outbox};
use crate::codec::{Decoder, Message, Role};
use crate::{Dialect, Frame, Wire};
use natter_protocol::{CloseCode, ConversationId, Seq, ServerFrame};
use std::task::Poll;
use uuid::Uuid;

const CONVERSATION: ConversationId = ConversationId::from_uuid(Uuid::from_u128(1));
const OTHER: ConversationId = ConversationId::from_uuid(Uuid::from_u128(2));

const WIRE: Wire = Wire { dialect: Dialect::Native, deflate: false };

/// An outbox without a stream, in which at most so many bytes wait.
fn bounded(bytes_max: usize) -> Outbox {
    Outbox::new(bytes_max, WIRE)
}

fn event(conversation_id: ConversationId, seq: Seq) -> Frame {
    let body = ServerFrame { id: None, kind: "event", payload: format!("{seq:04}") };
    Frame::event(conversation_id, seq, &body)
}

fn typing() -> Frame {
    Frame::ephemeral("typing", &"")
}

fn close(outbox: &Outbox, code: CloseCode) {
    outbox.close(Some(code.code()), Frame::close(Some(code.code()), ""));
}

/// Bytes of each of these events, with the frame's header.
fn event_bytes() -> usize {
    event(CONVERSATION, 1).queued_bytes()
}

fn next(outbox: &Outbox, replies_coming: bool) -> Poll<Next> {
    outbox.next(&mut outbox.lock(), replies_coming)
}

/// What the writer would write until it has nothing left; closes appear as their code.
fn written(outbox: &Outbox) -> Vec<String> {
    let mut written = Vec::new();
    while let Poll::Ready(next) = next(outbox, false) {
        match next {
            Next::Frames(frames) => written.extend(frames.iter().map(text)),
            Next::Close(frame) => {
                written.push(text(&frame));
                break;
            }
            Next::Abort => break,
        }
    }
    written
}

fn text(frame: &Frame) -> String {
    let mut bytes = frame.bytes(WIRE).to_vec();
    match Decoder::new(Role::Client, usize::MAX).decode(&mut bytes.as_mut_slice()).unwrap().unwrap() {
        Message::Text(text) => match text.strip_prefix(r#"{"type":"event","payload":""#) {
            Some(rest) => format!("event {}", rest.trim_end_matches(r#""}"#)),
            None => text.into_owned(),
        },
        Message::Close { code, .. } => format!("close {code:?}"),
        other => format!("{other:?}"),
    }
}

fn lagging(heads: &[(ConversationId, Seq)]) -> String {
    let heads: Vec<_> = heads.iter().map(|(id, seq)| format!(r#"{{"id":"{id}","seq":{seq}}}"#)).collect();
    format!(r#"{{"type":"sync.lagging","payload":{{"conversations":[{}]}}}}"#, heads.join(","))
}

#[test]
fn frames_come_out_in_the_order_they_went_in() {
    let outbox = bounded(1024 * 1024);
    let all: Vec<_> = (1..=1000).map(|seq| format!("event {seq:04}")).collect();
    for seq in 1..=1000 {
        assert!(outbox.push(event(CONVERSATION, seq)));
    }
    assert_eq!(written(&outbox), all);
}

#[test]
fn a_batch_is_bounded_in_frames_and_bytes() {
    let outbox = bounded(1024 * 1024);
    for seq in 1..=100 {
        outbox.push(event(CONVERSATION, seq));
    }
    let long = "x".repeat(40_000);
    outbox.push(Frame::reply(&long));
    outbox.push(Frame::reply(&long));
    outbox.push(Frame::reply(&long.repeat(3)));
    let sizes = std::iter::from_fn(|| match next(&outbox, false) {
        Poll::Ready(Next::Frames(frames)) => Some(frames.len()),
        _ => None,
    });
    assert_eq!(sizes.collect::<Vec<_>>(), [BATCH_FRAMES_MAX, 100 - BATCH_FRAMES_MAX + 1, 1, 1]);
}

#[test]
fn on_overflow_events_become_one_notice_of_the_newest_positions() {
    let outbox = bounded(4 * event_bytes());
    outbox.push(event(OTHER, 7));
    for seq in 1..=3 {
        assert!(outbox.push(event(CONVERSATION, seq)), "up to the bound all are queued");
    }
    for seq in 4..=9 {
        assert!(!outbox.push(event(CONVERSATION, seq)), "dropped, and all after it until the writer comes");
    }
    assert_eq!(written(&outbox), [lagging(&[(CONVERSATION, 9), (OTHER, 7)])]);

    outbox.push(event(CONVERSATION, 10));
    assert_eq!(written(&outbox), ["event 0010"], "told once, then on as before");
}

#[test]
fn a_late_position_does_not_move_the_notice_back() {
    let outbox = bounded(event_bytes());
    for seq in [5, 9, 6] {
        outbox.push(event(CONVERSATION, seq));
    }
    assert_eq!(written(&outbox), [lagging(&[(CONVERSATION, 9)])]);
}

#[test]
fn replies_survive_an_overflow_in_their_order() {
    let outbox = bounded(4 * event_bytes());
    outbox.push(Frame::reply("ack 1"));
    for seq in 1..=8 {
        outbox.push(event(CONVERSATION, seq));
    }
    outbox.push(Frame::reply("ack 2"));
    assert_eq!(outbox.kept(), 2);
    assert_eq!(written(&outbox), ["ack 1", "ack 2", &lagging(&[(CONVERSATION, 8)])]);
    assert_eq!(outbox.kept(), 0);
}

#[test]
fn events_make_room_for_a_reply() {
    let outbox = bounded(2 * event_bytes());
    outbox.push(event(CONVERSATION, 1));
    outbox.push(event(CONVERSATION, 2));
    assert!(outbox.push(Frame::reply("ack 1")));
    assert_eq!(written(&outbox), ["ack 1", &lagging(&[(CONVERSATION, 2)])]);
}

#[test]
fn replies_that_nobody_reads_close_as_too_slow_instead_of_what_is_queued() {
    let outbox = bounded(100);
    outbox.push(event(CONVERSATION, 1));
    assert!(outbox.push(Frame::reply(&"x".repeat(200))), "one reply fits, however long");
    assert!(!outbox.push(Frame::reply("one more")));
    assert_eq!(written(&outbox), ["close Some(4008)"]);
}

#[test]
fn ephemeral_events_are_shed_first_and_need_no_notice() {
    let outbox = bounded(4 * typing().queued_bytes());
    let queued: Vec<_> = (0..4).map(|_| outbox.push(typing())).collect();
    assert_eq!(queued, [true, true, false, false], "they get half of the room");
    assert_eq!(written(&outbox).len(), 2);
    assert!(outbox.push(typing()));
}

#[test]
fn lagging_in_too_many_conversations_closes_as_too_slow() {
    let outbox = bounded(event_bytes());
    for conversation in 0..=LAGGING_CONVERSATIONS_MAX as u128 {
        outbox.push(event(ConversationId::from_uuid(Uuid::from_u128(conversation)), 1));
    }
    assert_eq!(written(&outbox), ["close Some(4008)"]);
}

#[test]
fn closing_waits_for_what_is_queued_and_for_replies_on_their_way() {
    let outbox = bounded(1000);
    outbox.push(event(CONVERSATION, 1));
    close(&outbox, CloseCode::GoingAway);
    close(&outbox, CloseCode::SignedOut);
    assert!(!outbox.push(event(CONVERSATION, 2)), "no event after the request");
    assert!(matches!(next(&outbox, true), Poll::Ready(Next::Frames(_))));
    assert!(next(&outbox, true).is_pending());
    assert!(outbox.push(Frame::reply("ack")), "it answers what came before the request");
    assert_eq!(written(&outbox), ["ack", "close Some(1001)"]);
    assert_eq!(outbox.close_code(), Some(1001));
}

#[test]
fn closing_as_too_slow_waits_for_nothing() {
    let outbox = bounded(1000);
    outbox.push(event(CONVERSATION, 1));
    close(&outbox, CloseCode::TooSlow);
    assert!(!outbox.push(Frame::reply("ack")));
    assert!(matches!(next(&outbox, true), Poll::Ready(Next::Close(_))));
}

#[test]
fn aborting_drops_everything_and_remembers_why_it_was_closing() {
    let outbox = bounded(1000);
    outbox.push(event(CONVERSATION, 1));
    close(&outbox, CloseCode::SignedOut);
    outbox.abort();
    assert!(matches!(next(&outbox, false), Poll::Ready(Next::Abort)));
    assert!(!outbox.push(Frame::reply("ack")));
    assert_eq!(outbox.close_code(), Some(4003));
}

#[test]
fn an_empty_outbox_owns_no_memory() {
    let outbox = bounded(1024 * 1024);
    for seq in 1..=1000 {
        outbox.push(event(CONVERSATION, seq));
    }
    written(&outbox);
    assert!(!outbox.lock().queue.spilled(), "after a burst that was taken in batches");
    for frame in [event(CONVERSATION, 1), Frame::reply(&"x".repeat(100_000))] {
        outbox.push(frame);
        written(&outbox);
        assert!(!outbox.lock().queue.spilled(), "after a single frame");
    }
}
