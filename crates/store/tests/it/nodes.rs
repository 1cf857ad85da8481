//! Several nodes that write into one PostgreSQL.

use crate::harness::{
    At, Db, World, add, block, delete, delete_conversation, edit, join, leave, mentioning, new_channel,
    new_direct, new_group, new_message, pin, react, read, remove, rename, send, set_role, unblock,
};
use natter_protocol::{ConversationId, MemberRole, User};
use natter_store::{Notice, Refusal, StoreError, Write, Written};
use std::sync::Arc;

const NODES: usize = 3;
const WRITES_OF_A_NODE: usize = 400;

/// The people and places that all nodes know.
struct Common {
    people: Vec<User>,
    places: Vec<ConversationId>,
}

/// Whatever nodes do to the same conversations at the same time: nothing fails, every log is without gaps, and each of
/// its entries is told by exactly one node.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_write_at_once_agree() {
    let db = Db::postgres();
    let mut worlds = Vec::new();
    for _ in 0..NODES {
        worlds.push(db.open().await);
    }
    let mut people = Vec::new();
    for name in ["alice", "bob", "carol", "dave"] {
        people.push(worlds[0].user(name).await);
    }
    let everybody: Vec<&User> = people.iter().skip(1).collect();
    let places = vec![
        worlds[0].create(new_group(&people[0], &everybody)).await,
        worlds[0].create(new_channel(&people[1], &[&people[0]])).await,
        worlds[0].create(new_channel(&people[2], &[])).await,
    ];
    let common = Arc::new(Common { people, places });
    let nodes: Vec<_> = worlds
        .into_iter()
        .zip(0..)
        .map(|(world, node)| tokio::spawn(work(world, Arc::clone(&common), Dice(node))))
        .collect();
    let mut told = Vec::new();
    for node in nodes {
        let world = node.await.unwrap();
        for notice in world.notices().await {
            match notice {
                Notice::Event(event) | Notice::Deleted { event, .. } => {
                    told.push(format!("{} {}", event.conversation_id, event.seq));
                }
                Notice::Read(_) | Notice::Own(..) => {}
            }
        }
    }
    let mut behind = db.behind().await;
    behind.check().await;
    let mut logged = behind.rows("SELECT conversation_id || ' ' || seq FROM events").await;
    logged.sort();
    told.sort();
    assert!(logged.len() > WRITES_OF_A_NODE, "hardly anything happened: {} entries", logged.len());
    assert_eq!(told, logged);
}

/// On one node somebody blocks, on another the other one opens a conversation: neither misses what the other does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_block_and_a_new_conversation_do_not_miss_each_other() {
    let db = Db::postgres();
    let (one, other) = (db.open().await, db.open().await);
    let mut people = Vec::new();
    for n in 0..16 {
        people.push(one.user(&format!("user{n}")).await);
    }
    for (n, blocker) in people.iter().enumerate() {
        for peer in &people[..n] {
            let opens = Write::CreateConversation(Box::new(new_direct(peer, blocker)));
            let (blocked, opened) = tokio::join!(one.write(block(blocker, peer)), other.write(opens));
            assert!(matches!(blocked, Ok(Written::Found(false))), "{blocked:?}");
            assert!(
                matches!(
                    opened,
                    Ok(Written::Conversation { .. }) | Err(StoreError::Refused(Refusal::Blocked))
                ),
                "{opened:?}"
            );
        }
    }
    db.behind().await.check().await;
}

async fn work(world: World, common: Arc<Common>, mut dice: Dice) -> World {
    let mut messages = Vec::new();
    for _ in 0..WRITES_OF_A_NODE / 4 {
        let batch = (0..4).map(|_| common.any_write(&mut dice, &messages)).collect();
        for result in world.write_all(batch).await {
            match result {
                Ok(Written::Message(message)) => messages.push(At::from(&*message)),
                Ok(_) | Err(StoreError::Refused(_)) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
    }
    world
}

impl Common {
    fn any_write(&self, dice: &mut Dice, messages: &[At]) -> Write {
        let who = &self.people[dice.below(self.people.len())];
        let whom = &self.people[dice.below(self.people.len())];
        let place = self.places[dice.below(self.places.len())];
        let message = messages.get(dice.below(messages.len().max(1))).copied();
        match (dice.below(20), message) {
            (0..4, _) => send(new_message(place, who, "hello")),
            (4, _) => send(mentioning(new_message(place, who, "hello you"), &[whom])),
            (5, Some(message)) => edit(message, who, &format!("edited {}", dice.below(1000))),
            (6, Some(message)) => delete(message, who),
            (7, Some(message)) => react(message, who, "👍", dice.below(2) == 0),
            (8, Some(message)) => pin(message, who, dice.below(2) == 0),
            (9, _) => add(place, who, whom),
            (11, _) if dice.below(4) == 0 => leave(place, who),
            (12, _) if dice.below(4) == 0 => remove(place, who, whom),
            (13, _) => rename(place, who, &format!("Pier {}", dice.below(1000))),
            (14, _) => set_role(place, who, whom, [MemberRole::Moderator, MemberRole::Owner][dice.below(2)]),
            (15, _) if who.id != whom.id => block(who, whom),
            (16, _) if who.id != whom.id => unblock(who, whom),
            (17, _) if who.id != whom.id => Write::CreateConversation(Box::new(new_direct(who, whom))),
            (18, _) if dice.below(50) == 0 => delete_conversation(place, who),
            (10..=12 | 18, _) => join(place, who),
            _ => read(place, who, None),
        }
    }
}

/// What a node does is drawn; how the nodes' writes fall between one another is up to the machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        // The multiplier and increment of Knuth's MMIX.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}
