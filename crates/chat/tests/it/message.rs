//! Sending.

use crate::harness::{World, code, draft, fields, keyed};
use natter_protocol::{
    Command, ErrorCode, FileId, MessageDraft, MessageId, MessageKind, Reply, SendMessage, limits,
};
use uuid::Uuid;

#[tokio::test]
async fn a_message_is_what_was_sent_at_the_time_of_the_server() {
    let world = World::new().await;
    let ada = world.actor("ada").await;
    let group = world.group(&ada, &[]).await;
    world.clock.advance_ms(1234);
    let text = "  Grüße, 世界 👩‍🚀\r\n\ttabs \u{202e} and <b> stay  ";
    let (message, repeat) = world.send(&ada, group, keyed(text, "k")).await.unwrap();
    assert!(!repeat);
    // Lines end alike, and a text that turns its direction turns it back at the end of the line.
    let kept = "  Grüße, 世界 👩‍🚀\n\ttabs \u{202e} and <b> stay  \u{202c}";
    assert_eq!((message.content.as_str(), message.seq), (kept, 2));
    assert_eq!(message.client_message_id.as_deref(), Some("k"));
    assert_eq!(message.created_at, natter_chat::Clock::now(&world.clock));
    assert_eq!((message.sender.id, message.sender.username.as_str()), (ada.id(), "ada"));
    assert_eq!(world.chat.message(&ada, message.id).await.unwrap(), message);
}

#[tokio::test]
async fn the_limits_count_characters() {
    let world = World::new().await;
    let ada = world.actor("ada").await;
    let group = world.group(&ada, &[]).await;
    let longest = "🐚".repeat(limits::MESSAGE_CHARS_MAX);
    assert_eq!(world.say(&ada, group, &longest).await.content, longest);
    world.send(&ada, group, keyed("x", &"界".repeat(limits::CLIENT_MESSAGE_ID_CHARS_MAX))).await.unwrap();

    let file = |number| FileId::from_uuid(Uuid::from_u128(number));
    let too_many: Vec<_> = (0..=limits::MESSAGE_ATTACHMENTS_MAX as u128).map(file).collect();
    for (bad, field) in [
        (draft(""), "content"),
        (draft(" \n\t\u{3000}"), "content"),
        (draft("zero\0"), "content"),
        (draft(&"x".repeat(limits::MESSAGE_CHARS_MAX + 1)), "content"),
        (keyed("x", ""), "clientMessageId"),
        (keyed("x", "two\nlines"), "clientMessageId"),
        (keyed("x", "zero\0"), "clientMessageId"),
        (keyed("x", &"k".repeat(limits::CLIENT_MESSAGE_ID_CHARS_MAX + 1)), "clientMessageId"),
        (MessageDraft { attachments: vec![file(1)], ..draft("x") }, "attachments"),
        (MessageDraft { attachments: too_many, ..draft("x") }, "attachments"),
        (MessageDraft { kind: MessageKind::System, ..draft("x") }, "kind"),
    ] {
        assert_eq!(fields(world.send(&ada, group, bad).await), [field]);
    }
    assert_eq!(world.chat.conversation(&ada, group).await.unwrap().last_seq, 3, "none of that was sent");
}

#[tokio::test]
async fn a_repeat_creates_nothing_and_answers_with_the_first_result() {
    let world = World::new().await;
    let (ada, bob) = (world.actor("ada").await, world.actor("bob").await);
    let (group, other) = (world.group(&ada, &[&bob]).await, world.group(&ada, &[]).await);
    let first = world.send(&ada, group, keyed("Hello", "k")).await.unwrap().0;
    world.say(&ada, group, "something else").await;
    world.clock.advance_seconds(1_000_000);
    let world = world.restart().await;
    for _ in 0..2 {
        let (again, repeat) = world.send(&ada, group, keyed("Hello", "k")).await.unwrap();
        assert!(repeat);
        assert_eq!(again, first);
    }
    assert_eq!(world.chat.conversation(&ada, group).await.unwrap().last_seq, 3);

    // The key is the sender's own, and the conversation's.
    assert!(!world.send(&bob, group, keyed("Hello", "k")).await.unwrap().1);
    assert!(!world.send(&ada, other, keyed("Hello", "k")).await.unwrap().1);
    assert!(!world.send(&ada, group, keyed("Hello", "K")).await.unwrap().1);
}

#[tokio::test]
async fn the_same_key_for_something_else_is_a_conflict() {
    let world = World::new().await;
    let ada = world.actor("ada").await;
    let group = world.group(&ada, &[]).await;
    let hello = world.send(&ada, group, keyed("Hello", "k")).await.unwrap().0;
    for other in [
        keyed("hello", "k"),
        keyed("Hello ", "k"),
        MessageDraft { reply_to: Some(hello.id), ..keyed("Hello", "k") },
        MessageDraft { thread_id: Some(hello.id), ..keyed("Hello", "k") },
    ] {
        assert_eq!(code(world.send(&ada, group, other).await), ErrorCode::ClientMessageIdConflict);
    }
    // An answer and a thread are not the same thing either.
    let answer = MessageDraft { reply_to: Some(hello.id), ..keyed("Hello", "a") };
    world.send(&ada, group, answer).await.unwrap();
    let thread = MessageDraft { thread_id: Some(hello.id), ..keyed("Hello", "a") };
    assert_eq!(code(world.send(&ada, group, thread).await), ErrorCode::ClientMessageIdConflict);
}

#[tokio::test]
async fn repeats_at_the_same_moment_land_once() {
    let world = World::new().await;
    let ada = world.actor("ada").await;
    let group = world.group(&ada, &[]).await;
    let mut line = Vec::new();
    for _ in 0..20 {
        let draft = keyed("Hello", "k");
        let command = Command::SendMessage(SendMessage { conversation_id: group, draft });
        line.push(world.chat.submit(&ada, command).await.unwrap());
    }
    let mut created = 0;
    for submitted in line {
        let Reply::Message { message, repeat } = submitted.await.unwrap() else { panic!("not a message") };
        created += usize::from(!repeat);
        assert_eq!(message.seq, 2);
    }
    assert_eq!(created, 1);
}

#[tokio::test]
async fn an_answer_names_a_message_of_the_same_conversation() {
    let world = World::new().await;
    let ada = world.actor("ada").await;
    let (here, elsewhere) = (world.group(&ada, &[]).await, world.group(&ada, &[]).await);
    let (good, bad) = (world.say(&ada, here, "here").await, world.say(&ada, elsewhere, "elsewhere").await);
    let unknown = MessageId::from_uuid(Uuid::from_u128(1));

    let answer = MessageDraft { reply_to: Some(good.id), thread_id: Some(good.id), ..draft("yes") };
    let sent = world.send(&ada, here, answer).await.unwrap().0;
    assert_eq!((sent.reply_to, sent.thread_id), (Some(good.id), Some(good.id)));
    for id in [bad.id, unknown] {
        let answer = MessageDraft { reply_to: Some(id), ..draft("yes") };
        assert_eq!(fields(world.send(&ada, here, answer).await), ["replyTo"]);
        let answer = MessageDraft { thread_id: Some(id), ..draft("yes") };
        assert_eq!(fields(world.send(&ada, here, answer).await), ["threadId"]);
    }
}

#[tokio::test]
async fn commands_are_committed_in_the_order_of_their_submission() {
    let world = World::new().await;
    let ada = world.actor("ada").await;
    let group = world.group(&ada, &[]).await;
    let mut line = Vec::new();
    for number in 0..100_u64 {
        let draft = draft(&number.to_string());
        let command = Command::SendMessage(SendMessage { conversation_id: group, draft });
        line.push((number, world.chat.submit(&ada, command).await.unwrap()));
    }
    // Nobody waits for the first half; it is committed all the same.
    for (number, submitted) in line.split_off(50) {
        let Reply::Message { message, .. } = submitted.await.unwrap() else { panic!("not a message") };
        assert_eq!((message.seq, message.content), (number + 2, number.to_string()));
    }
    drop(line);
    let last = world.chat.conversation(&ada, group).await.unwrap().last_seq;
    assert_eq!(last, 101);
}
