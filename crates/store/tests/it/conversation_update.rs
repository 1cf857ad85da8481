//! Changing what everybody sees of a conversation.

use crate::harness::{Db, announcement, rename, set_role, update};
use natter_protocol::{ConversationInfo, ConversationStatus, EventBody, MemberRole, SystemNote, Visibility};
use natter_store::{Refusal, UpdateConversation, Write};

pub(crate) async fn only_what_changes_is_told(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = world.group(&alice, &[]).await;
    let before = world.conversation(id, &alice).await.info;
    let notes = [
        SystemNote::Renamed { name: "Pier".to_owned() },
        SystemNote::TopicChanged { topic: Some("Boats".to_owned()) },
        SystemNote::VisibilityChanged { visibility: Visibility::Public },
        SystemNote::StatusChanged { status: ConversationStatus::Active },
    ];
    let change = UpdateConversation {
        name: Some("Pier".to_owned()),
        // As it is.
        topic: Some(Some("Boats".to_owned())),
        visibility: Some(Visibility::Public),
        status: Some(ConversationStatus::Active),
        announcements: notes.iter().cloned().map(announcement).collect(),
        ..update(id, &alice)
    };
    let at = change.act.at;
    world.done(Write::UpdateConversation(Box::new(change.clone()))).await;
    let expected = ConversationInfo {
        name: Some("Pier".to_owned()),
        visibility: Visibility::Public,
        updated_at: at,
        ..before
    };
    let after = world.conversation(id, &alice).await;
    assert_eq!((&after.info, after.title.as_str()), (&expected, "Pier"));

    let log = world.log(id, &alice).await;
    let [_, updated, renamed, shown] = log.as_slice() else { panic!("{log:#?}") };
    let EventBody::ConversationUpdated(told) = &updated.body else { panic!("{updated:?}") };
    assert_eq!((told.seq, told.actor_id, &told.conversation), (2, alice.id, &expected));
    for (event, note) in [(renamed, &notes[0]), (shown, &notes[2])] {
        let EventBody::MessageNew(message) = &event.body else { panic!("{event:?}") };
        assert_eq!(message.system.as_ref(), Some(note));
    }

    // The same again is no change.
    world.done(Write::UpdateConversation(Box::new(change))).await;
    world.done(Write::UpdateConversation(Box::new(update(id, &alice)))).await;
    assert_eq!(world.conversation(id, &alice).await, after);
}

pub(crate) async fn a_topic_can_be_cleared(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = world.group(&alice, &[]).await;
    let clear = UpdateConversation { topic: Some(None), ..update(id, &alice) };
    world.done(Write::UpdateConversation(Box::new(clear))).await;
    assert_eq!(world.conversation(id, &alice).await.info.topic, None);
}

pub(crate) async fn whoever_was_demoted_a_moment_ago_changes_nothing(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = world.group(&alice, &[&bob]).await;
    let results = world
        .write_all(vec![
            rename(id, &bob, "too early"),
            set_role(id, &alice, &bob, MemberRole::Admin),
            rename(id, &bob, "in time"),
            set_role(id, &alice, &bob, MemberRole::Moderator),
            rename(id, &bob, "too late"),
        ])
        .await;
    let refused: Vec<_> = results
        .into_iter()
        .map(|result| match result {
            Ok(_) => None,
            Err(natter_store::StoreError::Refused(refusal)) => Some(refusal),
            Err(error) => panic!("{error}"),
        })
        .collect();
    assert_eq!(refused, [Some(Refusal::RoleTooLow), None, None, None, Some(Refusal::RoleTooLow)]);
    assert_eq!(world.conversation(id, &alice).await.title, "in time");
}
