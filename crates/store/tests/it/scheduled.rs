//! Messages that are to be sent later.

use crate::harness::{ALL, Db, new_message, new_scheduled};
use natter_protocol::{ErrorCode, ScheduledMessage};
use natter_store::{Write, Written};

pub(crate) async fn what_is_due_comes_in_the_order_of_time(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = world.group(&alice, &[&bob]).await;
    let sent = world.send(new_message(id, &bob, "well?")).await;
    let start = new_scheduled(id, &alice, "").scheduled.send_at;
    let mut all = Vec::new();
    for (author, seconds) in [(&alice, 30), (&bob, 10), (&alice, 20), (&alice, 10)] {
        let mut new = new_scheduled(id, author, &seconds.to_string());
        new.scheduled.send_at = start.plus_seconds(seconds);
        new.scheduled.reply_to = Some(sent.id);
        new.scheduled.thread_id = Some(sent.id);
        let written = world.done(Write::ScheduleMessage(Box::new(new.clone()))).await;
        assert!(matches!(&written, Written::Scheduled(kept) if **kept == new.scheduled), "{written:?}");
        all.push(new);
    }
    all.sort_by_key(|new| (new.scheduled.send_at, new.scheduled.id));
    let due = async |seconds, limit| -> Vec<ScheduledMessage> {
        let due = world.store.due(start.plus_seconds(seconds), limit).await.unwrap();
        for one in &due {
            let known = all.iter().find(|new| new.scheduled == one.scheduled).unwrap();
            assert_eq!(one.author, known.author);
        }
        due.into_iter().map(|one| one.scheduled).collect()
    };
    let expected: Vec<_> = all.iter().map(|new| new.scheduled.clone()).collect();
    assert_eq!(due(9, ALL).await, []);
    assert_eq!(due(10, ALL).await, expected[..2]);
    assert_eq!(due(99, 3).await, expected[..3]);
    assert_eq!(due(99, ALL).await, expected);

    // Each sees their own only.
    let own = |author| -> Vec<ScheduledMessage> {
        all.iter().filter(|new| new.author == author).map(|new| new.scheduled.clone()).collect()
    };
    assert_eq!(world.store.scheduled(alice.id).await.unwrap(), own(alice.id));
    assert_eq!(world.store.scheduled(bob.id).await.unwrap(), own(bob.id));
}

pub(crate) async fn what_failed_is_shown_and_not_tried_again(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = world.group(&alice, &[]).await;
    let new = new_scheduled(id, &alice, "later");
    let scheduled = new.scheduled.clone();
    world.done(Write::ScheduleMessage(Box::new(new))).await;
    let failure = ErrorCode::ConversationNotActive;
    let fail = Write::FailScheduled { id: scheduled.id, failure };
    assert!(matches!(world.done(fail.clone()).await, Written::Found(true)));
    let failed = ScheduledMessage { failure: Some(failure), ..scheduled.clone() };
    assert_eq!(world.store.scheduled(alice.id).await.unwrap(), [failed]);
    assert!(world.store.due(scheduled.send_at, ALL).await.unwrap().is_empty());

    // Only its author takes it back, and only once.
    let forget = |user_id| Write::ForgetScheduled { id: scheduled.id, user_id };
    assert!(matches!(world.done(forget(bob.id)).await, Written::Found(false)));
    assert!(matches!(world.done(forget(alice.id)).await, Written::Found(true)));
    assert!(matches!(world.done(forget(alice.id)).await, Written::Found(false)));
    assert!(matches!(world.done(fail).await, Written::Found(false)));
    assert_eq!(world.store.scheduled(alice.id).await.unwrap(), []);
}
