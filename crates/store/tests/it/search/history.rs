//! Random histories in both databases at once: what is found is what anybody finds by reading.

use super::search;
use crate::harness::{Db, World, block, delete, edit, join, leave, new_channel, new_message, send, unblock};
use natter_protocol::{ConversationId, MessageId, Timestamp, User};
use natter_store::{NewMessage, Search, SearchSlice, Write};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeSet;

const HISTORIES: usize = 6;
const OPS_MAX: usize = 120;
const USERS: usize = 4;
const CONVERSATIONS: usize = 3;
/// What messages are made of.
const WORDS: [&str; 12] =
    ["boat", "Boats", "row-boat", "bo", "o", "harbour", "foo_bar", "東京", "京都", "café", "👍🏽", "x"];
/// What is looked for, as one would say it in plain words.
const LOOKED_FOR: [(&str, &[Plain]); 12] = [
    ("boat", &[Plain::Part("boat")]),
    ("oat", &[Plain::Part("oat")]),
    ("bo", &[Plain::Word("bo")]),
    ("o x", &[Plain::Word("o"), Plain::Word("x")]),
    ("row-boat", &[Plain::Part("row-boat")]),
    ("\"boat harbour\"", &[Plain::Words("boat harbour")]),
    ("foo", &[Plain::Part("foo")]),
    ("bar", &[Plain::Part("bar")]),
    ("京", &[Plain::Part("京")]),
    ("東京 cafe", &[Plain::Part("東京"), Plain::Part("cafe")]),
    ("👍", &[Plain::Part("👍")]),
    ("harbour \"x\"", &[Plain::Part("harbour"), Plain::Words("x")]),
];

/// What must be in a text.
#[derive(Debug, Clone, Copy)]
enum Plain {
    /// Anywhere.
    Part(&'static str),
    /// Between two characters that are no letters.
    Word(&'static str),
    /// The same, of several words.
    Words(&'static str),
}

impl Plain {
    fn is_in(self, content: &str) -> bool {
        let content = content.to_lowercase().replace('é', "e").replace('\u{1f3fd}', "");
        match self {
            Self::Part(part) => content.contains(part),
            Self::Word(words) | Self::Words(words) => content.match_indices(words).any(|(at, _)| {
                let letter = |character: Option<char>| {
                    character.is_some_and(|character| character.is_ascii_alphanumeric())
                };
                !letter(content[..at].chars().next_back())
                    && !letter(content[at + words.len()..].chars().next())
            }),
        }
    }
}

#[derive(Debug, Clone)]
enum Op {
    Send {
        conversation: usize,
        sender: usize,
        words: Vec<usize>,
    },
    Edit {
        message: usize,
        words: Vec<usize>,
    },
    Delete {
        message: usize,
    },
    Join {
        conversation: usize,
        user: usize,
    },
    Leave {
        conversation: usize,
        user: usize,
    },
    Block {
        blocker: usize,
        other: usize,
        on: bool,
    },
    /// In one of the databases.
    Index {
        postgres: bool,
    },
    Search {
        viewer: usize,
        typed: usize,
        conversation: Option<usize>,
        sender: Option<usize>,
        span: Option<(usize, usize)>,
        limit: u32,
    },
}

fn op() -> impl Strategy<Value = Op> {
    let (user, conversation, message) = (0..USERS, 0..CONVERSATIONS, 0..1_000_usize);
    let words = prop::collection::vec(0..WORDS.len(), 1..5);
    let span = (message.clone(), message.clone());
    prop_oneof![
        12 => (conversation.clone(), user.clone(), words.clone())
            .prop_map(|(conversation, sender, words)| Op::Send { conversation, sender, words }),
        3 => (message.clone(), words).prop_map(|(message, words)| Op::Edit { message, words }),
        2 => message.prop_map(|message| Op::Delete { message }),
        2 => (conversation.clone(), user.clone()).prop_map(|(conversation, user)| Op::Join { conversation, user }),
        1 => (conversation.clone(), user.clone()).prop_map(|(conversation, user)| Op::Leave { conversation, user }),
        1 => (user.clone(), user.clone(), any::<bool>())
            .prop_map(|(blocker, other, on)| Op::Block { blocker, other, on }),
        2 => any::<bool>().prop_map(|postgres| Op::Index { postgres }),
        6 => (
            user.clone(),
            0..LOOKED_FOR.len(),
            prop::option::weighted(0.2, conversation),
            prop::option::weighted(0.2, user),
            prop::option::weighted(0.2, span),
            1..8_u32,
        )
            .prop_map(|(viewer, typed, conversation, sender, span, limit)| Op::Search {
                viewer, typed, conversation, sender, span, limit
            }),
    ]
}

/// What there is, as far as a search depends on it.
#[derive(Default)]
struct Model {
    messages: Vec<Sent>,
    members: BTreeSet<(usize, usize)>,
    blocks: BTreeSet<(usize, usize)>,
}

struct Sent {
    new: NewMessage,
    conversation: usize,
    sender: usize,
    content: String,
    deleted: bool,
}

impl Model {
    fn found(
        &self,
        viewer: usize,
        typed: usize,
        search: &Search,
        ids: &[ConversationId],
    ) -> BTreeSet<MessageId> {
        let visible = |sent: &&Sent| {
            !sent.deleted
                && self.members.contains(&(sent.conversation, viewer))
                && !self.blocks.contains(&(viewer, sent.sender))
                && search.conversation_id.is_none_or(|id| id == ids[sent.conversation])
                && search.sender_id.is_none_or(|id| id == sent.new.sender.id)
                && search.after.is_none_or(|after| sent.new.created_at >= after)
                && search.before.is_none_or(|before| sent.new.created_at < before)
                && LOOKED_FOR[typed].1.iter().all(|plain| plain.is_in(&sent.content))
        };
        self.messages.iter().filter(visible).map(|sent| sent.new.id).collect()
    }

    fn time(&self, at: usize) -> Option<Timestamp> {
        self.messages.get(at % self.messages.len().max(1)).map(|sent| sent.new.created_at)
    }
}

/// The same people and conversations in both databases.
struct Both {
    worlds: [World; 2],
    users: Vec<User>,
    conversations: Vec<ConversationId>,
}

impl Both {
    async fn begin(dbs: &[Db; 2]) -> Self {
        let worlds = [dbs[0].open().await, dbs[1].open().await];
        let mut both = Self { worlds, users: Vec::new(), conversations: Vec::new() };
        for name in 0..USERS {
            let new = crate::harness::new_user(&format!("user{name}"));
            let id = new.id;
            both.write(Write::CreateUser(Box::new(new))).await;
            both.users.push(both.worlds[0].store.user(id).await.unwrap().unwrap());
        }
        for owner in 0..CONVERSATIONS {
            let new = new_channel(&both.users[owner], &[&both.users[(owner + 1) % USERS]]);
            both.conversations.push(new.info.id);
            both.write(Write::CreateConversation(Box::new(new))).await;
        }
        both
    }

    /// Whether it was done, in both alike.
    async fn write(&self, write: Write) -> bool {
        let done = [self.worlds[0].write(write.clone()).await, self.worlds[1].write(write).await];
        assert_eq!(done[0].is_ok(), done[1].is_ok(), "{done:?}");
        done[0].is_ok()
    }

    /// All pages of a search, from both alike; none if the conversation is not the viewer's.
    async fn search(&self, viewer: usize, mut search: Search) -> Option<BTreeSet<MessageId>> {
        let mut found = BTreeSet::new();
        loop {
            let mut slices: Vec<Option<SearchSlice>> = Vec::new();
            for world in &self.worlds {
                slices.push(world.store.search(self.users[viewer].id, search.clone()).await.unwrap());
            }
            assert_eq!(slices[0], slices[1], "{search:?}");
            let slice = slices.pop()??;
            for hit in slice.hits {
                assert!(!hit.highlights.is_empty());
                assert!(found.insert(hit.message.id), "nothing is found twice");
            }
            search.from = slice.next;
            if search.from.is_none() {
                return Some(found);
            }
        }
    }

    async fn step(&self, model: &mut Model, op: &Op) {
        let content = |words: &[usize]| words.iter().map(|word| WORDS[*word]).collect::<Vec<_>>().join(" ");
        match op {
            Op::Send { conversation, sender, words } => {
                let content = content(words);
                let new = new_message(self.conversations[*conversation], &self.users[*sender], &content);
                if self.write(send(new.clone())).await {
                    let (conversation, sender) = (*conversation, *sender);
                    model.messages.push(Sent { new, conversation, sender, content, deleted: false });
                }
            }
            Op::Edit { message, words } => {
                let at = message % model.messages.len().max(1);
                let Some(sent) = model.messages.get_mut(at) else { return };
                let content = content(words);
                let place = crate::harness::At(self.conversations[sent.conversation], sent.new.id);
                if self.write(edit(place, &self.users[sent.sender], &content)).await {
                    sent.content = content;
                }
            }
            Op::Delete { message } => {
                let at = message % model.messages.len().max(1);
                let Some(sent) = model.messages.get_mut(at) else { return };
                let place = crate::harness::At(self.conversations[sent.conversation], sent.new.id);
                sent.deleted |= self.write(delete(place, &self.users[sent.sender])).await;
            }
            Op::Join { conversation, user } => {
                if self.write(join(self.conversations[*conversation], &self.users[*user])).await {
                    model.members.insert((*conversation, *user));
                }
            }
            Op::Leave { conversation, user } => {
                // Whoever is last would take the conversation along.
                let others = model.members.iter().filter(|(id, _)| id == conversation).count();
                if others > 1
                    && self.write(leave(self.conversations[*conversation], &self.users[*user])).await
                {
                    model.members.remove(&(*conversation, *user));
                }
            }
            Op::Block { blocker, other, on } if blocker != other => {
                let change = if *on { block } else { unblock };
                assert!(self.write(change(&self.users[*blocker], &self.users[*other])).await);
                let pair = (*blocker, *other);
                let _ = if *on { model.blocks.insert(pair) } else { model.blocks.remove(&pair) };
            }
            Op::Block { .. } => {}
            Op::Index { postgres } => {
                self.worlds[usize::from(*postgres)].store.index_messages(1).await.unwrap();
            }
            Op::Search { viewer, typed, conversation, sender, span, limit } => {
                let times = span.map(|(one, other)| (model.time(one), model.time(other)));
                let search = Search {
                    conversation_id: conversation.map(|at| self.conversations[at]),
                    sender_id: sender.map(|at| self.users[at].id),
                    after: times.and_then(|(one, other)| one.min(other)),
                    before: times.and_then(|(one, other)| one.max(other)),
                    limit: *limit,
                    ..search(LOOKED_FOR[*typed].0)
                };
                let expected = model.found(*viewer, *typed, &search, &self.conversations);
                let hidden = conversation.is_some_and(|at| !model.members.contains(&(at, *viewer)));
                let expected = if hidden { None } else { Some(expected) };
                assert_eq!(self.search(*viewer, search).await, expected, "{op:?}");
            }
        }
    }
}

/// The same seed each time: a failure is there again on the next run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_find_what_is_there_to_be_found() {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let ops = prop::collection::vec(op(), OPS_MAX / 2..OPS_MAX);
    for _ in 0..HISTORIES {
        let ops = ops.new_tree(&mut runner).unwrap().current();
        let dbs = [Db::sqlite(), Db::postgres()];
        let both = Both::begin(&dbs).await;
        let mut model = Model::default();
        for owner in 0..CONVERSATIONS {
            model.members.extend([(owner, owner), (owner, (owner + 1) % USERS)]);
        }
        for op in &ops {
            both.step(&mut model, op).await;
        }
    }
}
