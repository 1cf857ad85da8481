//! Sending messages: who may, where to, and what a repeat does.

use crate::harness::{Db, keyed, new_group, new_id, new_message, send};
use natter_protocol::{ConversationId, ConversationStatus, MessageId};
use natter_store::{NewMessage, Refusal, StoreError, Write, Written};

macro_rules! assert_refused {
    ($result:expr, $refusal:ident) => {
        let result = $result;
        assert!(matches!(result, Err(StoreError::Refused(Refusal::$refusal))), "{result:?}");
    };
}

pub(crate) async fn only_members_send(db: Db) {
    let world = db.open().await;
    let (alice, eve) = (world.user("alice").await, world.user("eve").await);
    let id = world.group(&alice, &[]).await;
    let nowhere = new_id(ConversationId::from_uuid);
    let results = world
        .write_all(vec![
            send(new_message(id, &eve, "let me in")),
            send(new_message(nowhere, &alice, "anybody?")),
            send(new_message(id, &alice, "mine")),
        ])
        .await;
    let [from_eve, to_nowhere, mine] = <[_; 3]>::try_from(results).unwrap();
    assert_refused!(from_eve, NotAMember);
    assert_refused!(to_nowhere, NotAMember);
    assert!(matches!(mine, Ok(Written::Message(message)) if message.seq == 2));
}

pub(crate) async fn an_archived_conversation_takes_no_messages(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = world.group(&alice, &[]).await;
    let before = keyed(id, &alice, "before", "k");
    world.send(before.clone()).await;
    for status in
        ["UPDATE conversations SET status = 'archived'", "UPDATE conversations SET status = 'closed'"]
    {
        db.execute(status).await;
        assert_refused!(world.write(send(new_message(id, &alice, "after"))).await, ConversationNotActive);
        // What was sent before was sent.
        let repeat = NewMessage { id: new_id(MessageId::from_uuid), ..before.clone() };
        let repeat = world.write(send(repeat)).await;
        assert!(matches!(repeat, Ok(Written::MessageRepeat(first)) if first == before.id), "{repeat:?}");
    }
    let mut born_closed = new_group(&alice, &[]);
    born_closed.info.status = ConversationStatus::Closed;
    let id = world.create(born_closed).await;
    assert_refused!(world.write(send(new_message(id, &alice, "x"))).await, ConversationNotActive);
    assert_eq!(world.conversation(id, &alice).await.last_seq, 1);
}

pub(crate) async fn replies_and_threads_stay_in_their_conversation(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let (here, there) = (world.group(&alice, &[]).await, world.group(&alice, &[]).await);
    let first = world.send(new_message(here, &alice, "here")).await.id;
    let elsewhere = world.send(new_message(there, &alice, "there")).await.id;
    let to = |reply_to, thread_id| {
        send(NewMessage { reply_to, thread_id, ..new_message(here, &alice, "an answer") })
    };
    for unknown in [elsewhere, new_id(MessageId::from_uuid)] {
        assert_refused!(world.write(to(Some(unknown), None)).await, ReplyUnknown);
        assert_refused!(world.write(to(None, Some(unknown))).await, ThreadUnknown);
        assert_refused!(world.write(to(Some(first), Some(unknown))).await, ThreadUnknown);
    }
    // Nor to itself.
    let mut itself = new_message(here, &alice, "me");
    itself.reply_to = Some(itself.id);
    assert_refused!(world.write(send(itself)).await, ReplyUnknown);
    let answer = world.write(to(Some(first), Some(first))).await;
    assert!(matches!(answer, Ok(Written::Message(message)) if message.reply_to == Some(first)));

    // Neither may a refused one be answered within its batch.
    let refused = NewMessage { reply_to: Some(elsewhere), ..new_message(here, &alice, "refused") };
    let orphan = to(Some(refused.id), None);
    let results = world.write_all(vec![send(refused), orphan]).await;
    for result in results {
        assert_refused!(result, ReplyUnknown);
    }
}

pub(crate) async fn a_repeat_creates_nothing(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = world.group(&alice, &[]).await;
    let first = world.send(keyed(id, &alice, "once", "key")).await;
    for _ in 0..3 {
        let repeat = world.write(send(keyed(id, &alice, "once", "key"))).await;
        assert!(matches!(repeat, Ok(Written::MessageRepeat(there)) if there == first.id), "{repeat:?}");
    }
    assert_eq!(world.history(id, &alice).await, [first]);
    assert_eq!(world.conversation(id, &alice).await.last_seq, 2);
    // One without a key is never a repeat.
    for seq in 3..5 {
        assert_eq!(world.send(new_message(id, &alice, "once")).await.seq, seq);
    }
}

pub(crate) async fn a_key_with_other_content_is_a_conflict(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = world.group(&alice, &[]).await;
    let first = world.send(keyed(id, &alice, "once", "key")).await;
    assert_refused!(world.write(send(keyed(id, &alice, "other", "key"))).await, ClientMessageIdConflict);
    // An edit does not make the first request another one.
    db.execute("UPDATE messages SET content = 'edited', edited_at = created_at").await;
    let repeat = world.write(send(keyed(id, &alice, "once", "key"))).await;
    assert!(matches!(repeat, Ok(Written::MessageRepeat(there)) if there == first.id), "{repeat:?}");
    assert_refused!(world.write(send(keyed(id, &alice, "edited", "key"))).await, ClientMessageIdConflict);
}

pub(crate) async fn a_key_is_the_senders_own_in_each_conversation(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (here, there) = (world.group(&alice, &[&bob]).await, world.group(&alice, &[&bob]).await);
    let writes = [(here, &alice), (here, &bob), (there, &alice), (there, &bob)];
    let writes = writes.map(|(id, sender)| send(keyed(id, sender, &sender.username, "key")));
    let seqs: Vec<_> = world
        .write_all(writes.to_vec())
        .await
        .into_iter()
        .map(|result| match result {
            Ok(Written::Message(message)) => message.seq,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(seqs, [2, 3, 2, 3]);
}

pub(crate) async fn repeats_within_one_batch_are_recognised(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = world.group(&alice, &[]).await;
    let writes: Vec<Write> = (0..60)
        .map(|n| match n % 3 {
            0 | 1 => send(keyed(id, &alice, "same", &format!("k{}", n / 3))),
            _ => send(keyed(id, &alice, "other", &format!("k{}", n / 3))),
        })
        .collect();
    let results = world.write_all(writes).await;
    for three in results.chunks(3) {
        let [Ok(Written::Message(first)), Ok(Written::MessageRepeat(repeat)), conflict] = three else {
            panic!("{three:?}")
        };
        assert_eq!(*repeat, first.id);
        assert_refused!(conflict, ClientMessageIdConflict);
    }
    assert_eq!(world.history(id, &alice).await.len(), 20);
}

pub(crate) async fn a_repeat_is_recognised_after_reopening(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = world.group(&alice, &[]).await;
    let first = world.send(keyed(id, &alice, "once", "key")).await;
    world.close().await;
    let world = db.open().await;
    let repeat = world.write(send(keyed(id, &alice, "once", "key"))).await;
    assert!(matches!(repeat, Ok(Written::MessageRepeat(there)) if there == first.id), "{repeat:?}");
    assert_eq!(world.send(keyed(id, &alice, "twice", "key 2")).await.seq, 3);
}

pub(crate) async fn a_deleted_message_keeps_its_key(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = world.group(&alice, &[]).await;
    let first = world.send(keyed(id, &alice, "once", "key")).await;
    db.execute("UPDATE messages SET content = '', deleted_at = created_at").await;
    let repeat = world.write(send(keyed(id, &alice, "once", "key"))).await;
    assert!(matches!(repeat, Ok(Written::MessageRepeat(there)) if there == first.id), "{repeat:?}");
}

pub(crate) async fn the_same_id_again_is_the_same_write(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = world.group(&alice, &[]).await;
    for new in [new_message(id, &alice, "without a key"), keyed(id, &alice, "with a key", "key")] {
        let first = world.send(new.clone()).await;
        let results = world.write_all(vec![send(new.clone()), send(new)]).await;
        for again in results {
            assert!(
                matches!(&again, Ok(Written::Message(message)) if **message == first)
                    || matches!(&again, Ok(Written::MessageRepeat(there)) if *there == first.id),
                "{again:?}"
            );
        }
    }
    assert_eq!(world.history(id, &alice).await.len(), 2);
}
