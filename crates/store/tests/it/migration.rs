//! The schema: forth, back, and refusals.

use crate::harness::{Db, World, block, holding, new_direct, new_message, new_scheduled, read, rename, send};
use crate::variants::{Scene, bury};
use natter_protocol::{Conversation, MessageKind};
use natter_store::{
    Anchor, MigrationError, Migrator, NewMessage, NewScheduled, OpenError, OpenOptions, Refusal, Write,
};

async fn migrator(db: &Db) -> Box<dyn Migrator> {
    natter_store::migrator(&db.options()).await.unwrap()
}

async fn applied(migrator: &mut Box<dyn Migrator>) -> Vec<bool> {
    migrator.status().await.unwrap().iter().map(|status| status.applied).collect()
}

pub(crate) async fn goes_up_and_down_and_up(db: Db) {
    let mut migrator = migrator(&db).await;
    let status = migrator.status().await.unwrap();
    assert_eq!(status[0].name, "0001_foundation");
    assert!(status.iter().zip(1..).all(|(entry, number)| entry.version == number && !entry.applied));
    let all = status.len();

    assert_eq!(migrator.up().await.unwrap().len(), all);
    assert_eq!(migrator.up().await.unwrap(), Vec::<String>::new());
    assert_eq!(applied(&mut migrator).await, vec![true; all]);
    // Whoever has nothing more to do does not keep others from it.
    let mut other = self::migrator(&db).await;
    assert_eq!(other.up().await.unwrap(), Vec::<String>::new());
    assert_eq!(applied(&mut other).await, vec![true; all]);
    drop(other);
    for undone in 1..=all {
        assert_eq!(migrator.down().await.unwrap().as_ref(), Some(&status[all - undone].name));
    }
    assert_eq!(migrator.down().await.unwrap(), None);
    assert_eq!(applied(&mut migrator).await, vec![false; all]);
    drop(migrator);

    // Nothing was left behind that would be in the way, and what opens a database brings it up to date.
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = world.group(&alice, &[]).await;
    world.send(new_message(id, &alice, "as new")).await;
}

/// What was there under the first schema is counted when the second comes, and what the second had does not disturb
/// the first.
pub(crate) async fn what_is_there_survives_the_way_back_and_forth(db: Db) {
    let world = db.open().await;
    let scene = Scene::new(&world).await;
    let Scene { alice, bob, carol, group, .. } = &scene;
    let id = *group;
    for n in 0..7 {
        world.send(new_message(id, [alice, bob, carol][n % 3], &n.to_string())).await;
        if n == 3 {
            world.done(rename(id, alice, "Pier")).await;
        }
    }
    let history = world.history(id, alice).await;
    world.done(read(id, alice, Some(Anchor::Message(history[4].id)))).await;
    world.done(crate::harness::delete(&history[7], bob)).await;
    let direct = world.create(new_direct(alice, bob)).await;
    world.send(new_message(direct, bob, "hello")).await;
    world.done(block(alice, bob)).await;
    let gone = Scene::new(&world).await;
    bury(&world, &gone).await;
    let people = [alice, bob, carol, &gone.alice];
    let mut before = Vec::new();
    for user in people {
        before.push(counts(&world.list(user).await));
    }
    world.close().await;

    let mut migrator = migrator(&db).await;
    while applied(&mut migrator).await.iter().filter(|applied| **applied).count() > 1 {
        migrator.down().await.unwrap();
    }
    drop(migrator);
    let options = OpenOptions { new_epoch: "another".to_owned(), ..db.options() };
    let world = World::new(natter_store::open(options).await.unwrap());
    assert_eq!(world.store.epoch(), "another", "what the logs told is lost, and nobody is told");
    assert_eq!(world.log(id, alice).await.len() as u64, world.conversation(id, alice).await.last_seq);
    db.behind().await.check().await;
    for (user, before) in people.into_iter().zip(before) {
        assert_eq!(counts(&world.list(user).await), before, "{}", user.username);
    }
    assert_eq!(world.refusal(send(new_message(direct, bob, "again"))).await, Refusal::Blocked);
    world.send(new_message(id, bob, "on it goes")).await;
    db.behind().await.check().await;
}

/// What a newer program has added goes on the way back, and all else is as it was, to the letter.
pub(crate) async fn files_come_and_go_without_a_trace(db: Db) {
    let world = db.open().await;
    for _ in 0..2 {
        bury(&world, &Scene::new(&world).await).await;
    }
    let Scene { alice, bob, group, message, .. } = Scene::new(&world).await;
    world.done(crate::harness::delete(&message, &bob)).await;
    world.close().await;
    let mut behind = db.behind().await;
    let mut migrator = migrator(&db).await;
    let newest = applied(&mut migrator).await.len();
    let down_to = async |migrator: &mut Box<dyn Migrator>, version: usize| {
        while applied(migrator).await.iter().filter(|applied| **applied).count() > version {
            migrator.down().await.unwrap();
        }
    };
    down_to(&mut migrator, 4).await;
    let (schema, rows) = (behind.schema().await, behind.rows_of_all().await);
    assert!(rows.len() > 50, "{}", rows.len());
    migrator.up().await.unwrap();
    let with_files = behind.schema().await;
    assert_ne!(with_files, schema);

    // Messages of a kind that the schema before did not know, and one with a file.
    let world = db.open().await;
    let file = world.upload(&alice, "harbour").await;
    let voice = NewMessage {
        kind: MessageKind::Voice,
        content: "spoken".to_owned(),
        ..holding(new_message(group, &alice, ""), &[&file])
    };
    let voice = world.send(voice).await;
    let waiting = NewScheduled { attachments: vec![file.id], ..new_scheduled(group, &bob, "later") };
    assert_eq!(
        world.refusal(Write::ScheduleMessage(Box::new(waiting))).await,
        Refusal::FileUnknown,
        "not bob's"
    );
    world.close().await;
    behind.check().await;
    down_to(&mut migrator, 4).await;
    assert_eq!(behind.schema().await, schema);
    let after = behind.rows_of_all().await;
    assert!(rows.iter().filter(|row| !after.contains(*row)).all(|row| row.starts_with("conversations:")));
    assert_eq!(behind.rows("SELECT kind FROM messages WHERE content = 'spoken'").await, ["text"]);
    behind.foreign_keys().await;

    migrator.up().await.unwrap();
    assert_eq!((applied(&mut migrator).await.len(), behind.schema().await), (newest, with_files));
    drop(migrator);
    let world = db.open().await;
    let there = world.message(&voice, &bob).await;
    assert_eq!((there.kind, there.attachments.len()), (MessageKind::Text, 0));
    world.send(new_message(group, &bob, "on it goes")).await;
    behind.check().await;
}

/// What both schemas know of a list.
fn counts(list: &[Conversation]) -> Vec<(natter_protocol::ConversationId, u64, u64, u64)> {
    list.iter().map(|one| (one.info.id, one.last_seq, one.unread_count, one.member_count)).collect()
}

pub(crate) async fn a_changed_file_is_refused(db: Db) {
    db.open().await.close().await;
    db.execute("UPDATE schema_migrations SET checksum = 'another'").await;
    let refused = db.try_open().await.err();
    assert!(matches!(refused, Some(OpenError::Migration(MigrationError::Changed { .. }))), "{refused:?}");
    for refused in [migrator(&db).await.up().await.err(), migrator(&db).await.down().await.err()] {
        assert!(matches!(refused, Some(MigrationError::Changed { .. })), "{refused:?}");
    }
}

pub(crate) async fn a_newer_schema_is_refused(db: Db) {
    db.open().await.close().await;
    db.execute("INSERT INTO schema_migrations (version, name, checksum) VALUES (9000, '9000_future', 'x')")
        .await;
    let refused = db.try_open().await.err();
    let Some(OpenError::Migration(MigrationError::Newer { found: 9000, known })) = refused else {
        panic!("{refused:?}")
    };
    assert!(known < 9000);
    let refused = migrator(&db).await.status().await.err();
    assert!(matches!(refused, Some(MigrationError::Newer { .. })), "{refused:?}");
    let refused = migrator(&db).await.down().await.err();
    assert!(matches!(refused, Some(MigrationError::Newer { .. })), "{refused:?}");
}

pub(crate) async fn nodes_that_start_at_once_migrate_once(db: Db) {
    let (a, b, c, d) = tokio::join!(db.try_open(), db.try_open(), db.try_open(), db.try_open());
    let epochs = [a, b, c, d].map(|opened| opened.unwrap().store.epoch().to_owned());
    assert!(epochs.iter().all(|epoch| *epoch == epochs[0]), "{epochs:?}");
    assert!(migrator(&db).await.status().await.unwrap().iter().all(|status| status.applied));
}
