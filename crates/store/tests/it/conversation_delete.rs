//! The end of a conversation, and of what was in it.

use crate::harness::{ALL, Db, World, delete_conversation, new_direct, new_group, new_message, now, send};
use crate::variants::{Scene, bury, new_claim};
use natter_protocol::{ConversationId, EventBody, User};
use natter_store::{Notice, Refusal, Window, Write, Written};

async fn erase(world: &World, rows_max: u32) -> bool {
    match world.done(Write::Erase { keys_before: now(), revocations_before: now(), rows_max }).await {
        Written::More(more) => more,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn nobody_sees_what_is_deleted(db: Db) {
    let world = db.open().await;
    let Scene { alice, bob, carol, group: id, message } = Scene::new(&world).await;
    let other = world.group(&alice, &[&bob]).await;
    let before = world.log(id, &alice).await.len() as u64;
    world.done(delete_conversation(id, &alice)).await;
    for user in [&alice, &bob] {
        let store = &world.store;
        assert_eq!(store.conversation(id, user.id).await.unwrap(), None);
        assert_eq!(store.message(message.id, user.id).await.unwrap(), None);
        assert_eq!(store.messages(id, user.id, None, Window::Newest, ALL).await.unwrap(), None);
        assert_eq!(store.events(id, user.id, 0, ALL).await.unwrap(), None);
        assert_eq!(store.members(id, user.id, None, ALL).await.unwrap(), None);
        assert_eq!(store.pins(id, user.id).await.unwrap(), None);
        assert_eq!(store.read_state(id, user.id).await.unwrap(), None);
        assert_eq!(store.standing(id, user.id).await.unwrap(), None);
        assert_eq!(world.list(user).await.iter().map(|one| one.info.id).collect::<Vec<_>>(), [other]);
    }
    assert_eq!(world.store.roster(id, None).await.unwrap().unwrap().members, []);
    assert!(!world.store.is_joinable(id).await.unwrap());
    // What comes later in the same batch comes too late.
    let results = world
        .write_all(vec![
            send(new_message(other, &alice, "in time")),
            delete_conversation(other, &alice),
            send(new_message(other, &alice, "too late")),
        ])
        .await;
    assert!(matches!(results[2], Err(natter_store::StoreError::Refused(Refusal::NotAMember))), "{results:?}");

    // Whoever was in it hears of it: nobody can look it up any more.
    let notices = world.notices().await;
    let deleted = |id: ConversationId| {
        notices.iter().find_map(|notice| match notice {
            Notice::Deleted { event, members } if event.conversation_id == id => Some((event, members)),
            _ => None,
        })
    };
    let (event, members) = deleted(id).unwrap();
    let EventBody::ConversationDeleted(body) = &event.body else { panic!("{event:?}") };
    assert_eq!((event.seq, body.seq, body.actor_id), (before + 1, before + 1, alice.id));
    let mut members = members.clone();
    members.sort_unstable();
    assert_eq!(members, [alice.id, bob.id, carol.id]);
    assert!(deleted(other).is_some());
    db.behind().await.check().await;
}

pub(crate) async fn a_pair_can_begin_anew(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let old = world.create(new_direct(&alice, &bob)).await;
    world
        .done(Write::DeleteConversation(crate::harness::act(
            old,
            &alice,
            natter_protocol::MemberRole::Member,
        )))
        .await;
    assert_eq!(world.store.direct(alice.id, bob.id).await.unwrap(), None);
    let new = world.create(new_direct(&bob, &alice)).await;
    assert_eq!(world.store.direct(alice.id, bob.id).await.unwrap(), Some(new));
}

/// Bit by bit, so that nobody waits long behind it, and nothing else with it.
pub(crate) async fn what_is_deleted_is_erased_bit_by_bit(db: Db) {
    let world = db.open().await;
    let (kept, buried) = (Scene::new(&world).await, Scene::new(&world).await);
    let anew = world.create(new_group(&buried.alice, &[&buried.bob])).await;
    let untouched = world.log(kept.group, &kept.alice).await;
    let mut behind = db.behind().await;
    let before = behind.dump().await;
    assert!(!erase(&world, 5).await, "there was nothing to erase");
    assert!(before.changes(&behind.dump().await).is_empty());

    let mut steps = 0;
    bury(&world, &buried).await;
    let gone = buried.message.content.as_str();
    assert_ne!(gone, "");
    while erase(&world, 5).await {
        steps += 1;
        assert!(steps < 100, "it never ends");
        behind.check().await;
    }
    assert!(steps > 1, "all at once");
    // Nothing is left that names it.
    for table in behind.tables().await {
        let columns = behind.columns(&table).await;
        for (column, target) in [("conversation_id", "conversations"), ("message_id", "messages")] {
            if columns.iter().any(|name| name == column) {
                let orphans = format!(
                    "SELECT CAST(count(*) AS text) FROM {table} AS t
                      WHERE t.{column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {target} WHERE id = t.{column})"
                );
                assert_eq!(behind.rows(&orphans).await, ["0"], "{table}.{column}");
            }
        }
    }
    let deleted = "SELECT CAST(count(*) AS text) FROM conversations WHERE deleted_at IS NOT NULL";
    assert_eq!(behind.rows(deleted).await, ["0"]);
    assert_eq!(world.log(kept.group, &kept.alice).await, untouched);
    assert_eq!(world.conversation(anew, &buried.bob).await.member_count, 2);
    behind.check().await;
}

pub(crate) async fn old_keys_are_erased(db: Db) {
    let world = db.open().await;
    let alice: User = world.user("alice").await;
    for n in 0..5 {
        world.done(Write::ClaimKey(Box::new(new_claim(&alice, &format!("old {n}"))))).await;
    }
    let keys_before = now();
    let young = new_claim(&alice, "young");
    world.done(Write::ClaimKey(Box::new(young.clone()))).await;
    let mut more = Vec::new();
    for _ in 0..3 {
        let Written::More(there_is) =
            world.done(Write::Erase { keys_before, revocations_before: now(), rows_max: 3 }).await
        else {
            panic!()
        };
        more.push(there_is);
    }
    assert_eq!(more, [true, false, false]);
    let claim = |key| Write::ClaimKey(Box::new(new_claim(&alice, key)));
    assert!(matches!(world.done(claim("old 4")).await, Written::KeyClaimed { .. }));
    assert!(matches!(world.done(claim("young")).await, Written::KeyTaken(_) | Written::KeyClaimed { .. }));
}
