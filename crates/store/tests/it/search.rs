//! Finding messages.

mod history;

use crate::harness::{
    Behind, Db, World, block, delete, delete_conversation, edit, holding, join, leave, new_channel,
    new_message, now, pin, react, send, unblock,
};
use natter_protocol::{ConversationId, Message, MessageId, MessageKind, SearchHit, User};
use natter_store::{SEARCH_WINDOW_MATCHES, Search, SearchPosition, SearchSlice, SearchText, migrator};
use std::collections::HashSet;

/// A page that most tests never fill.
const PAGE: u32 = 50;

pub(crate) fn search(typed: &str) -> Search {
    Search {
        text: SearchText::parse(typed).unwrap(),
        conversation_id: None,
        sender_id: None,
        after: None,
        before: None,
        has_file: false,
        from: None,
        limit: PAGE,
    }
}

impl World {
    async fn slice(&self, viewer: &User, search: Search) -> SearchSlice {
        self.store.search(viewer.id, search).await.unwrap().unwrap()
    }

    /// The texts on the first page, sorted.
    async fn finds(&self, viewer: &User, typed: &str) -> Vec<String> {
        self.finds_where(viewer, search(typed)).await
    }

    async fn finds_where(&self, viewer: &User, search: Search) -> Vec<String> {
        let hits = self.slice(viewer, search).await.hits;
        let mut texts: Vec<_> = hits.into_iter().map(|hit| hit.message.content).collect();
        texts.sort();
        texts
    }

    /// Indexes everything that waits.
    async fn index(&self) {
        while self.store.index_messages(1).await.unwrap() > 0 {}
    }

    async fn send_all(&self, to: ConversationId, sender: &User, contents: &[&str]) -> Vec<Message> {
        let mut sent = Vec::new();
        for content in contents {
            sent.push(self.send(new_message(to, sender, content)).await);
        }
        sent
    }
}

/// A conversation of two, and somebody who is not in it.
async fn harbour(db: &Db) -> (World, [User; 3], ConversationId) {
    let world = db.open().await;
    let users = [world.user("ada").await, world.user("ben").await, world.user("eve").await];
    let id = world.group(&users[0], &[&users[1]]).await;
    (world, users, id)
}

pub(crate) async fn every_language_is_found(db: Db) {
    let (world, [ada, ..], id) = harbour(&db).await;
    let sent = [
        "The boats left the harbour at dawn",
        "let foo_bar = std::vec::Vec::<camelCase>::new();",
        "Ein schöner Gruß aus Zürich, café inklusive",
        "ذهب أحمد إلى المَدرسة",
        "東京都に住んでいます",
        "我们明天去北京大学",
        "カタカナのガイドブック",
        "대한민국 서울에서",
        "ภาษาไทยไม่มีช่องว่าง",
        "מה שלום העולם",
        "Добрый вечер, ёлка и мой дом",
        "👍🏽 shipped it 🚀",
        "∀x ∈ ℝ, x² ≥ 0",
        "it is 9 to 5",
    ];
    world.send_all(id, &ada, &sent).await;
    // Before and after they are indexed.
    for _ in 0..2 {
        for (typed, found) in [
            ("HARBOUR", &[0][..]),
            ("arbou", &[0]),
            ("boats dawn", &[0]),
            ("\"the harbour\"", &[0]),
            ("\"boats harbour\"", &[]),
            ("foo_bar", &[1]),
            ("std::vec", &[1]),
            ("case", &[1]),
            ("schoner", &[2]),
            ("gruss ZURICH cafe", &[2]),
            ("مدرسه", &[3]),
            ("احمد", &[3]),
            ("京", &[4, 5]),
            ("東京都", &[4]),
            ("北京大学", &[5]),
            ("ガイド", &[6]),
            ("カイト", &[]),
            ("서울", &[7]),
            ("ไทย", &[8]),
            ("שלום", &[9]),
            ("елка", &[10]),
            ("мои", &[]),
            ("👍", &[11]),
            ("🚀 ship", &[11]),
            ("∀ r", &[12]),
            ("9 5", &[13]),
            ("bo", &[]),
            ("it", &[11, 13]),
        ] {
            let mut expected: Vec<_> = found.iter().map(|at: &usize| sent[*at]).collect();
            expected.sort_unstable();
            assert_eq!(world.finds(&ada, typed).await, expected, "{typed}");
        }
        world.index().await;
    }
}

pub(crate) async fn what_was_found_is_highlighted(db: Db) {
    let (world, [ada, ..], id) = harbour(&db).await;
    world.send(new_message(id, &ada, "👋 Café, cafés")).await;
    let slice = world.slice(&ada, search("cafe")).await;
    let [SearchHit { highlights, .. }] = &slice.hits[..] else { panic!("{slice:?}") };
    let ranges: Vec<_> = highlights.iter().map(|part| (part.start, part.end)).collect();
    assert_eq!((ranges, slice.next), (vec![(3, 7), (9, 13)], None));
}

pub(crate) async fn a_hit_is_the_message_as_its_conversation_shows_it(db: Db) {
    let (world, [ada, ben, _], id) = harbour(&db).await;
    let message = world.send(new_message(id, &ada, "boats")).await;
    world.done(react(&message, &ben, "⛵", true)).await;
    world.index().await;
    let hits = world.slice(&ben, search("boat")).await.hits;
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].message, world.message(&message, &ben).await);
    assert!(hits[0].message.reactions[0].me);
}

pub(crate) async fn only_members_find(db: Db) {
    let (world, [ada, ben, eve], id) = harbour(&db).await;
    let open = world.create(new_channel(&ada, &[])).await;
    world.send_all(id, &ada, &["a boat in here"]).await;
    world.send_all(open, &ada, &["a boat out there"]).await;
    for _ in 0..2 {
        assert_eq!(world.finds(&ada, "boat").await, ["a boat in here", "a boat out there"]);
        assert_eq!(world.finds(&ben, "boat").await, ["a boat in here"]);
        assert!(world.finds(&eve, "boat").await.is_empty());
        let in_it = Search { conversation_id: Some(id), ..search("boat") };
        assert!(world.store.search(eve.id, in_it).await.unwrap().is_none());
        world.index().await;
    }
    world.done(join(open, &eve)).await;
    assert_eq!(world.finds(&eve, "boat").await, ["a boat out there"]);
    world.done(leave(open, &eve)).await;
    assert!(world.finds(&eve, "boat").await.is_empty());
    world.done(delete_conversation(open, &ada)).await;
    assert_eq!(world.finds(&ada, "boat").await, ["a boat in here"]);
}

pub(crate) async fn what_is_edited_is_found_as_it_is_now(db: Db) {
    for indexed in [[false, false], [true, false], [true, true]] {
        let (world, [ada, ben, eve], ()) = harbour_named(&db, &format!("{indexed:?}")).await;
        let id = world.group(&ada, &[&ben]).await;
        let message = world.send(new_message(id, &ada, "a red boat")).await;
        let other = world.send(new_message(id, &ada, "a red house")).await;
        if indexed[0] {
            world.index().await;
        }
        world.done(edit(&message, &ada, "a green boat")).await;
        world.done(pin(&other, &ada, true)).await;
        if indexed[1] {
            world.index().await;
        }
        assert_eq!(world.finds(&ben, "green").await, ["a green boat"]);
        assert_eq!(world.finds(&ben, "red").await, ["a red house"], "the pin's own message is no text");
        world.done(delete(&other, &ada)).await;
        assert!(world.finds(&ben, "house").await.is_empty());
        assert!(world.finds(&eve, "green").await.is_empty());
        world.close().await;
    }
}

/// People of other names in a database that is open again.
async fn harbour_named(db: &Db, name: &str) -> (World, [User; 3], ()) {
    let world = db.open().await;
    let mut users = Vec::new();
    for user in ["ada", "ben", "eve"] {
        users.push(world.user(&format!("{user} {name}")).await);
    }
    (world, users.try_into().unwrap(), ())
}

pub(crate) async fn whom_one_blocks_is_not_found(db: Db) {
    let (world, [ada, ben, _], id) = harbour(&db).await;
    world.send_all(id, &ada, &["my boat"]).await;
    world.send_all(id, &ben, &["his boat"]).await;
    world.index().await;
    world.done(block(&ada, &ben)).await;
    assert_eq!(world.finds(&ada, "boat").await, ["my boat"]);
    assert_eq!(world.finds(&ben, "boat").await, ["his boat", "my boat"], "he has not blocked her");
    world.done(unblock(&ada, &ben)).await;
    assert_eq!(world.finds(&ada, "boat").await, ["his boat", "my boat"]);
}

pub(crate) async fn system_messages_are_not_found(db: Db) {
    let (world, [ada, ..], id) = harbour(&db).await;
    let system =
        natter_store::NewMessage { kind: MessageKind::System, ..new_message(id, &ada, "a boat joined") };
    world.send(system).await;
    world.send(new_message(id, &ada, "a boat")).await;
    for _ in 0..2 {
        assert_eq!(world.finds(&ada, "boat").await, ["a boat"]);
        world.index().await;
    }
}

pub(crate) async fn filters_leave_out_the_rest(db: Db) {
    let (world, [ada, ben, _], id) = harbour(&db).await;
    let other = world.group(&ada, &[&ben]).await;
    world.send_all(id, &ada, &["boat 1"]).await;
    let from = now();
    let file = world.upload(&ben, "chart").await;
    let filed = world.send(holding(new_message(id, &ben, "boat 2"), &[&file])).await;
    world.send_all(other, &ada, &["boat 3"]).await;
    let to = now();
    world.send_all(other, &ben, &["boat 4"]).await;
    for _ in 0..2 {
        let boat = || search("boat");
        for (search, expected) in [
            (Search { conversation_id: Some(id), ..boat() }, &["boat 1", "boat 2"][..]),
            (Search { sender_id: Some(ben.id), ..boat() }, &["boat 2", "boat 4"]),
            (Search { conversation_id: Some(other), sender_id: Some(ben.id), ..boat() }, &["boat 4"]),
            (Search { after: Some(from), ..boat() }, &["boat 2", "boat 3", "boat 4"]),
            (Search { before: Some(to), ..boat() }, &["boat 1", "boat 2", "boat 3"]),
            (Search { after: Some(from), before: Some(to), ..boat() }, &["boat 2", "boat 3"]),
            (Search { after: Some(filed.created_at), ..boat() }, &["boat 2", "boat 3", "boat 4"]),
            (Search { before: Some(filed.created_at), ..boat() }, &["boat 1"]),
            (Search { has_file: true, ..boat() }, &["boat 2"]),
            (Search { has_file: true, sender_id: Some(ada.id), ..boat() }, &[]),
        ] {
            assert_eq!(world.finds_where(&ada, search.clone()).await, expected, "{search:?}");
        }
        world.index().await;
    }
}

pub(crate) async fn the_best_of_the_newest_come_first(db: Db) {
    let (world, [ada, ..], id) = harbour(&db).await;
    world.send_all(id, &ada, &["boat", "rowboats", "boat", "boats", "the rowboat"]).await;
    for _ in 0..2 {
        let hits = world.slice(&ada, search("boat")).await.hits;
        let texts: Vec<_> = hits.iter().map(|hit| (hit.message.seq, hit.message.content.as_str())).collect();
        assert_eq!(texts, [(4, "boat"), (2, "boat"), (5, "boats"), (6, "the rowboat"), (3, "rowboats")]);
        world.index().await;
    }
}

/// All pages of a search, with something done between them.
async fn pages(
    world: &World,
    viewer: &User,
    search: Search,
    mut meanwhile: impl AsyncFnMut(usize),
) -> Vec<MessageId> {
    let (mut from, mut ids) = (None, Vec::new());
    for page in 0.. {
        let slice = world.slice(viewer, Search { from, ..search.clone() }).await;
        assert!(slice.hits.len() <= search.limit as usize);
        ids.extend(slice.hits.iter().map(|hit| hit.message.id));
        // As it comes back from a client.
        from = slice.next.map(|next| SearchPosition::from_bytes(&next.to_bytes()).unwrap());
        if from.is_none() {
            break;
        }
        meanwhile(page).await;
    }
    ids
}

pub(crate) async fn pages_are_complete_while_messages_come_and_go(db: Db) {
    let (world, [ada, ..], id) = harbour(&db).await;
    let count = 2 * SEARCH_WINDOW_MATCHES + 50;
    let contents = ["boat", "boats", "a rowboat", "nothing"];
    let writes = (0..count).map(|number| send(new_message(id, &ada, contents[number % 4]))).collect();
    for written in world.write_all(writes).await {
        written.unwrap();
    }
    let history = world.history(id, &ada).await;
    let matching: Vec<&Message> = history.iter().filter(|message| message.content.contains("boat")).collect();

    let search = Search { limit: 30, ..search("boat") };
    let mut gone = HashSet::new();
    let found = pages(&world, &ada, search, async |page| {
        world.send(new_message(id, &ada, "boat")).await;
        let lost = matching[(page * 37) % matching.len()];
        world.done(delete(lost, &ada)).await;
        gone.insert(lost.id);
        if page % 3 == 1 {
            world.index().await;
        }
    })
    .await;
    let ids: HashSet<MessageId> = found.iter().copied().collect();
    assert_eq!(ids.len(), found.len(), "nothing is shown twice");
    let there: HashSet<MessageId> = matching.iter().map(|message| message.id).collect();
    assert!(ids.is_subset(&there), "nothing that came later");
    assert!(there.difference(&ids).all(|missing| gone.contains(missing)), "nothing is left out");
}

pub(crate) async fn pages_have_exact_edges(db: Db) {
    let (world, [ada, ..], id) = harbour(&db).await;
    let writes = (0..SEARCH_WINDOW_MATCHES).map(|_| send(new_message(id, &ada, "boat"))).collect();
    world.write_all(writes).await;
    for more in 0..2 {
        for limit in [1, 99, 100, 199, 200, 201] {
            let found = pages(&world, &ada, Search { limit, ..search("boat") }, async |_| {}).await;
            let distinct: HashSet<MessageId> = found.iter().copied().collect();
            assert_eq!(
                (found.len(), distinct.len()),
                (SEARCH_WINDOW_MATCHES + more, SEARCH_WINDOW_MATCHES + more)
            );
        }
        world.send(new_message(id, &ada, "boat")).await;
    }
    let whole = Search { limit: u32::try_from(SEARCH_WINDOW_MATCHES).unwrap(), ..search("boat") };
    let first = world.slice(&ada, whole.clone()).await;
    let last = world.slice(&ada, Search { from: first.next, ..whole }).await;
    assert_eq!((last.hits.len(), last.next), (2, None));
}

pub(crate) async fn the_index_is_built_from_what_waits(db: Db) {
    // The log begins with the conversation's creation.
    let (world, [ada, ..], id) = harbour(&db).await;
    world.send_all(id, &ada, &["boat", "boat"]).await;
    assert_eq!(world.store.index_messages(4).await.unwrap(), 0);
    world.send_all(id, &ada, &["boat"]).await;
    assert_eq!(world.store.index_messages(4).await.unwrap(), 3);
    assert_eq!(world.store.index_messages(1).await.unwrap(), 0);
    let mut behind = db.behind().await;
    assert!(behind.rows("SELECT 'a tail' FROM search_tails").await.is_empty());
    assert_eq!(behind.rows("SELECT 'a block' FROM search_blocks").await.len(), 1);
    assert_eq!(world.finds(&ada, "boat").await.len(), 3);
}

pub(crate) async fn small_blocks_are_joined(db: Db) {
    let (world, [ada, ..], id) = harbour(&db).await;
    let mut sent = Vec::new();
    for round in 1..=20 {
        sent.push(world.send(new_message(id, &ada, "boat")).await);
        world.index().await;
        assert_eq!(world.finds(&ada, "boat").await.len(), round);
    }
    let mut behind = db.behind().await;
    assert!(behind.rows("SELECT 'a block' FROM search_blocks").await.len() < 8);
    let lost = "SELECT 'a row' FROM search_rows WHERE key / 65536 NOT IN (SELECT id FROM search_blocks)";
    assert!(behind.rows(lost).await.is_empty());
    world.done(edit(&sent[0], &ada, "house")).await;
    world.done(delete(&sent[1], &ada)).await;
    assert_eq!(world.finds(&ada, "boat").await.len(), 18);
}

pub(crate) async fn several_may_index_at_once(db: Db) {
    let (world, [ada, ..], id) = harbour(&db).await;
    let other = natter_store::open(db.options()).await.unwrap().store;
    for round in 1..=5 {
        world.send_all(id, &ada, &["boat", "boat"]).await;
        // Another node; on SQLite there is none.
        let (one, two) = tokio::join!(world.store.index_messages(1), async {
            if matches!(db.options().url, natter_store::DatabaseUrl::Postgres(_)) {
                other.index_messages(1).await
            } else {
                world.store.index_messages(1).await
            }
        });
        assert!(one.unwrap() + two.unwrap() >= 2);
        assert_eq!(world.finds(&ada, "boat").await.len(), 2 * round);
    }
}

pub(crate) async fn what_was_written_before_there_was_an_index_is_found(db: Db) {
    let (world, [ada, ..], id) = harbour(&db).await;
    world.send_all(id, &ada, &["a boat", "a house"]).await;
    world.index().await;
    world.close().await;
    let mut schema = migrator(&db.options()).await.unwrap();
    while schema.status().await.unwrap().iter().any(|step| step.applied && step.name == "0003_search") {
        schema.down().await.unwrap();
    }
    drop(schema);
    let world = db.open().await;
    for _ in 0..2 {
        assert_eq!(world.finds(&ada, "boat").await, ["a boat"]);
        world.index().await;
    }
}

pub(crate) async fn a_damaged_index_hides_nothing(db: Db) {
    let (world, [ada, ..], id) = harbour(&db).await;
    world.send_all(id, &ada, &["a boat", "a house"]).await;
    world.index().await;
    // The lists of digests, not the entries.
    let mut behind = db.behind().await;
    let garbage = if matches!(behind, Behind::Sqlite(_)) { "x'ff'" } else { "'\\xff'" };
    behind.execute(&format!("UPDATE search_rows SET content = {garbage} WHERE key % 65536 < 32768")).await;
    assert_eq!(world.finds(&ada, "boat").await, ["a boat"]);
    behind.execute("DELETE FROM search_rows WHERE key % 65536 < 32768").await;
    assert_eq!(world.finds(&ada, "boat").await, ["a boat"]);
}
