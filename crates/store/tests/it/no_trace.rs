//! A write that fails or is refused leaves no trace, wherever it fails.

use crate::harness::{Behind, Db, new_message, send};
use crate::variants::{Case, Kind, prepare, unique};
use natter_store::{Refusal, StoreError, Write, Written};
use std::collections::BTreeSet;

/// A statement that changes a table, or the commit after a change of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    table: String,
    operation: &'static str,
}

const CHANGES: [&str; 3] = ["INSERT", "UPDATE", "DELETE"];
const COMMIT: &str = "COMMIT";

/// Lets statements of the store fail, and tells which ones change what.
struct Faults {
    behind: Behind,
}

impl Faults {
    /// A trigger for each kind of change of each table. It notes that it was there; it fails if it is told to; and it
    /// breaks a foreign key that is looked at when the transaction commits, if it is told to do that.
    async fn install(db: &Db) -> Self {
        let mut behind = db.behind().await;
        let tables = behind.tables().await;
        behind
            .execute(
                "CREATE TABLE fault_places (name TEXT, operation TEXT);
                 CREATE TABLE fault_armed (name TEXT, operation TEXT);
                 CREATE TABLE fault_parents (id INTEGER PRIMARY KEY);
                 CREATE TABLE fault_orphans (
                     parent INTEGER REFERENCES fault_parents (id) DEFERRABLE INITIALLY DEFERRED
                 );",
            )
            .await;
        if matches!(behind, Behind::Postgres(_)) {
            behind
                .execute(
                    "CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql SET jit = off AS $$
                     BEGIN
                         INSERT INTO fault_places VALUES (TG_TABLE_NAME, TG_OP);
                         IF EXISTS (SELECT 1 FROM fault_armed WHERE name = TG_TABLE_NAME AND operation = TG_OP) THEN
                             RAISE EXCEPTION 'injected';
                         END IF;
                         INSERT INTO fault_orphans
                             SELECT 1 FROM fault_armed WHERE name = TG_TABLE_NAME AND operation = 'COMMIT';
                         RETURN NULL;
                     END $$",
                )
                .await;
        }
        for table in tables {
            for operation in CHANGES {
                let body = match behind {
                    Behind::Sqlite(_) => format!(
                        "BEGIN
                             INSERT INTO fault_places VALUES ('{table}', '{operation}');
                             SELECT raise(ABORT, 'injected') FROM fault_armed
                              WHERE name = '{table}' AND operation = '{operation}';
                             INSERT INTO fault_orphans
                                 SELECT 1 FROM fault_armed WHERE name = '{table}' AND operation = 'COMMIT';
                         END"
                    ),
                    Behind::Postgres(_) => "FOR EACH ROW EXECUTE FUNCTION fault()".to_owned(),
                };
                let name = format!("fault_{table}_{operation}");
                behind.execute(&format!("CREATE TRIGGER {name} AFTER {operation} ON {table} {body}")).await;
            }
        }
        Self { behind }
    }

    async fn arm(&mut self, place: &Place) {
        let Place { table, operation } = place;
        self.behind.execute(&format!("INSERT INTO fault_armed VALUES ('{table}', '{operation}')")).await;
    }

    async fn disarm(&mut self) {
        self.behind.execute("DELETE FROM fault_armed").await;
    }

    /// Everything that a committed write has changed, since this was asked for the last time.
    async fn places(&mut self) -> BTreeSet<Place> {
        let rows = self.behind.rows("SELECT DISTINCT name || ' ' || operation FROM fault_places").await;
        self.behind.execute("DELETE FROM fault_places").await;
        let place = |row: &String| {
            let (table, operation) = row.split_once(' ').unwrap();
            let operation = CHANGES.into_iter().find(|known| *known == operation).unwrap();
            Place { table: table.to_owned(), operation }
        };
        rows.iter().map(place).collect()
    }
}

/// For each kind of write, each statement of it that changes a row, and the commit.
pub(crate) async fn a_write_that_fails_anywhere_leaves_no_trace(db: Db) {
    let world = db.open().await;
    let mut faults = Faults::install(&db).await;
    for kind in Kind::ALL {
        let rehearsal = prepare(&world, *kind).await;
        let mut places = Vec::new();
        for Case { name, write } in rehearsal {
            faults.places().await;
            world.done(write).await;
            let changed = faults.places().await;
            let some = changed.first().unwrap_or_else(|| panic!("{kind:?}, {name}: changes nothing")).clone();
            places.push(changed.into_iter().chain([Place { operation: COMMIT, ..some }]).collect::<Vec<_>>());
        }
        for (Case { name, write }, places) in prepare(&world, *kind).await.into_iter().zip(places) {
            let before = faults.behind.dump().await;
            for place in places {
                faults.arm(&place).await;
                let failed = world.write(write.clone()).await;
                assert!(
                    matches!(&failed, Err(error) if !matches!(error, StoreError::Refused(_))),
                    "{kind:?}, {name}, {place:?}: {failed:?}"
                );
                let changes = before.changes(&faults.behind.dump().await);
                assert!(changes.is_empty(), "{kind:?}, {name}, {place:?}: {changes:#?}");
                faults.disarm().await;
                faults.behind.settle().await;
            }
            let done = world.write(write).await;
            assert!(done.is_ok(), "{kind:?}, {name}, at last: {done:?}");
            assert!(faults.behind.dump().await != before, "{kind:?}, {name}: changes nothing");
        }
    }
    faults.behind.check().await;
}

/// One message among many that the database does not take.
pub(crate) async fn a_message_that_fails_harms_only_itself(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = world.group(&alice, &[]).await;
    let mut behind = db.behind().await;
    let body = match behind {
        Behind::Sqlite(_) => "BEGIN SELECT raise(ABORT, 'poison'); END",
        Behind::Postgres(_) => "EXECUTE FUNCTION poison()",
    };
    if matches!(behind, Behind::Postgres(_)) {
        behind
            .execute(
                "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN RAISE EXCEPTION 'poison'; END $$",
            )
            .await;
    }
    let trigger = format!(
        "CREATE TRIGGER poison BEFORE INSERT ON messages FOR EACH ROW WHEN (NEW.content = '50') {body}"
    );
    behind.execute(&trigger).await;
    let results =
        world.write_all((0..100).map(|n| send(new_message(id, &alice, &n.to_string()))).collect()).await;
    for (n, result) in results.iter().enumerate() {
        match result {
            Ok(Written::Message(_)) if n != 50 => {}
            Err(StoreError::Broken(_)) if n == 50 => {}
            other => panic!("write {n}: {other:?}"),
        }
    }
    let history = world.history(id, &alice).await;
    let expected = (0..100).filter(|n| *n != 50).map(|n| n.to_string());
    assert!(history.iter().map(|message| message.content.clone()).eq(expected), "{history:?}");
    assert!(history.iter().map(|message| message.seq).eq(2..=100), "{history:?}");
    behind.check().await;
}

/// What one write does wrong is not the others' loss.
pub(crate) async fn a_write_that_fails_in_a_batch_fails_alone(db: Db) {
    let world = db.open().await;
    let mut faults = Faults::install(&db).await;
    let alice = world.user(&unique("alice")).await;
    let id = world.group(&alice, &[]).await;
    faults.places().await;
    world.send(new_message(id, &alice, "first")).await;
    let of_sends = faults.places().await;
    let mut sent = 1;
    for kind in Kind::ALL {
        let Case { name, write } = prepare(&world, *kind).await.swap_remove(0);
        faults.places().await;
        world.done(write).await;
        // Sending fails alone where another statement does, too, but then the others of its batch would fail as well.
        let own = faults.places().await.into_iter().find(|place| !of_sends.contains(place));
        let Some(place) = own else { continue };
        let Case { write, .. } = prepare(&world, *kind).await.swap_remove(0);
        faults.arm(&place).await;
        let mut batch: Vec<Write> =
            (0..4).map(|n| send(new_message(id, &alice, &format!("{kind:?} {n}")))).collect();
        batch[2] = write.clone();
        let results = world.write_all(batch).await;
        for (n, result) in results.iter().enumerate() {
            match result {
                Ok(Written::Message(_)) if n != 2 => sent += 1,
                Err(StoreError::Broken(_)) if n == 2 => {}
                other => panic!("{kind:?}, {name}, {place:?}: write {n} is {other:?}"),
            }
        }
        faults.disarm().await;
        world.done(write).await;
    }
    assert_eq!(world.history(id, &alice).await.len(), sent);
    assert!(sent > 3 * 30, "hardly a kind was tried");
    faults.behind.check().await;
}

/// Whoever did not hear the answer asks again: it is as good, and nothing happens twice.
pub(crate) async fn the_same_write_again_changes_nothing(db: Db) {
    let world = db.open().await;
    let mut behind = db.behind().await;
    for kind in Kind::ALL {
        for Case { name, write } in prepare(&world, *kind).await {
            let first = world.done(write.clone()).await;
            let before = behind.dump().await;
            let again = world.write(write).await;
            let gone = matches!(kind, Kind::DeleteConversation | Kind::RemoveMember | Kind::DeleteFile);
            match &again {
                Ok(again) if is_as_good(&first, again) => {}
                // What is deleted, or whoever has left, is as if it had never been.
                Err(StoreError::Refused(
                    Refusal::NotAMember | Refusal::MemberUnknown | Refusal::FileUnknown,
                )) if gone => {}
                again => panic!("{kind:?}, {name}: {first:?}, then {again:?}"),
            }
            let changes = before.changes(&behind.dump().await);
            assert!(changes.is_empty(), "{kind:?}, {name}: {changes:#?}");
        }
    }
    behind.check().await;
}

fn is_as_good(first: &Written, again: &Written) -> bool {
    match (first, again) {
        // Nobody can tell whose claim it was: it is free once it counts as given up.
        (Written::KeyClaimed { .. }, Written::KeyTaken(holder)) => holder.answer.is_none(),
        (Written::Message(first), Written::MessageRepeat(again)) => first.id == *again,
        // Whether they were a member before is of no use to whoever asks twice.
        (Written::Member { member: first, .. }, Written::Member { member: again, .. }) => first == again,
        (Written::Found(_), Written::Found(_)) => true,
        // It was taken, told and erased the first time.
        (Written::Scans(_), Written::Scans(again)) => again.is_empty(),
        (Written::Scanned(_), Written::Scanned(again)) => again.files.is_empty() && !again.more,
        (Written::FilesErased { .. }, Written::FilesErased { blobs, more }) => blobs.is_empty() && !more,
        // What has ended does not end again.
        (Written::SessionsEnded(_), Written::SessionsEnded(again)) => again.is_empty(),
        (first, again) => format!("{first:?}") == format!("{again:?}"),
    }
}
