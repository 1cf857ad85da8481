//! Random histories, compared with a model that anybody can check by reading it.

use crate::harness::{ALL, Db, World, new_direct, new_group, new_id, new_message, send};
use natter_protocol::{ConversationId, MessageId, User};
use natter_store::{NewConversation, NewMessage, Refusal, StoreError, Write, Written};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

const USERS: usize = 4;
const HISTORIES: usize = 6;
const BATCHES_MAX: usize = 12;
const BATCH_OPS_MAX: usize = 25;

/// What is done next. Numbers choose among what there is by then.
#[derive(Debug, Clone)]
enum Op {
    Group { owner: usize, member: usize },
    Direct { creator: usize, peer: usize },
    Send { conversation: usize, sender: usize, text: usize, key: Option<usize>, reply: Option<usize> },
}

fn op() -> impl Strategy<Value = Op> {
    let user = 0..USERS;
    prop_oneof![
        1 => (user.clone(), user.clone()).prop_map(|(owner, member)| Op::Group { owner, member }),
        1 => (user.clone(), user.clone()).prop_map(|(creator, peer)| Op::Direct { creator, peer }),
        10 => (0..100_usize, user, 0..3_usize, prop::option::of(0..6_usize), prop::option::weighted(0.2, 0..100_usize))
            .prop_map(|(conversation, sender, text, key, reply)| Op::Send { conversation, sender, text, key, reply }),
    ]
}

/// A result, as far as it can be foretold.
#[derive(Debug, PartialEq)]
enum Expected {
    Created,
    Existed(ConversationId),
    Sent(u64),
    Repeat(MessageId),
    Refused(Refusal),
}

#[derive(Default)]
struct Model {
    conversations: Vec<Chat>,
    messages: Vec<MessageId>,
}

struct Chat {
    id: ConversationId,
    direct: bool,
    members: Vec<usize>,
    /// Sender, key, text; the first is at position 2.
    messages: Vec<(MessageId, usize, Option<usize>, usize)>,
}

impl Model {
    fn create(&mut self, new: &NewConversation, direct: bool, members: Vec<usize>) -> Expected {
        let known = self
            .conversations
            .iter()
            .find(|chat| direct && chat.direct && chat.members.iter().all(|member| members.contains(member)));
        if let Some(known) = known {
            return Expected::Existed(known.id);
        }
        self.conversations.push(Chat { id: new.info.id, direct, members, messages: Vec::new() });
        Expected::Created
    }

    fn send(
        &mut self,
        at: usize,
        new: &NewMessage,
        sender: usize,
        text: usize,
        key: Option<usize>,
    ) -> Expected {
        let Some(chat) = self.conversations.get_mut(at) else {
            return Expected::Refused(Refusal::NotAMember);
        };
        if !chat.members.contains(&sender) {
            return Expected::Refused(Refusal::NotAMember);
        }
        let first =
            chat.messages.iter().find(|(_, by, under, _)| key.is_some() && (*by, *under) == (sender, key));
        match first {
            Some((id, _, _, same)) if *same == text => return Expected::Repeat(*id),
            Some(_) => return Expected::Refused(Refusal::ClientMessageIdConflict),
            None => {}
        }
        if new.reply_to.is_some_and(|reply| chat.messages.iter().all(|(id, ..)| *id != reply)) {
            return Expected::Refused(Refusal::ReplyUnknown);
        }
        chat.messages.push((new.id, sender, key, text));
        self.messages.push(new.id);
        Expected::Sent(chat.messages.len() as u64 + 1)
    }

    /// The write for an operation, and what should become of it.
    fn step(&mut self, op: &Op, users: &[User]) -> Option<(Write, Expected)> {
        Some(match *op {
            Op::Group { owner, member } | Op::Direct { creator: owner, peer: member } if owner == member => {
                return None;
            }
            Op::Group { owner, member } => {
                let new = new_group(&users[owner], &[&users[member]]);
                let expected = self.create(&new, false, vec![owner, member]);
                (Write::CreateConversation(Box::new(new)), expected)
            }
            Op::Direct { creator, peer } => {
                let new = new_direct(&users[creator], &users[peer]);
                let expected = self.create(&new, true, vec![creator, peer]);
                (Write::CreateConversation(Box::new(new)), expected)
            }
            Op::Send { conversation, sender, text, key, reply } => {
                let at = conversation % (self.conversations.len() + 1);
                let id = self
                    .conversations
                    .get(at)
                    .map_or_else(|| new_id(ConversationId::from_uuid), |chat| chat.id);
                let mut new = new_message(id, &users[sender], &text.to_string());
                new.client_message_id = key.map(|key| key.to_string());
                new.reply_to =
                    reply.and_then(|reply| self.messages.get(reply % self.messages.len().max(1)).copied());
                let expected = self.send(at, &new, sender, text, key);
                (send(new), expected)
            }
        })
    }

    async fn compare(&self, world: &World, users: &[User]) {
        for chat in &self.conversations {
            let history = world.history(chat.id, &users[chat.members[0]]).await;
            let there: Vec<_> = history
                .iter()
                .map(|message| (message.id, message.seq, message.sender.id, message.content.clone()))
                .collect();
            let expected: Vec<_> = chat
                .messages
                .iter()
                .zip(2..)
                .map(|((id, sender, _, text), seq)| (*id, seq, users[*sender].id, text.to_string()))
                .collect();
            assert_eq!(there, expected);
            for member in &chat.members {
                let seen = world.conversation(chat.id, &users[*member]).await;
                let unread = chat.messages.iter().filter(|(_, sender, ..)| sender != member).count();
                assert_eq!((seen.last_seq, seen.unread_count), (history.len() as u64 + 1, unread as u64));
                assert_eq!(seen.last_message.as_ref(), history.last());
            }
        }
        for (index, user) in users.iter().enumerate() {
            let mut listed: Vec<_> = world.list(user).await.iter().map(|entry| entry.info.id).collect();
            listed.sort_unstable();
            let mut expected: Vec<_> = self
                .conversations
                .iter()
                .filter(|chat| chat.members.contains(&index))
                .map(|chat| chat.id)
                .collect();
            expected.sort_unstable();
            assert_eq!(listed, expected);
        }
    }
}

fn outcome(result: Result<Written, StoreError>) -> Expected {
    match result {
        Ok(Written::Conversation { existed: false, .. }) => Expected::Created,
        Ok(Written::Conversation { id, existed: true }) => Expected::Existed(id),
        Ok(Written::Message(message)) => Expected::Sent(message.seq),
        Ok(Written::MessageRepeat(id)) => Expected::Repeat(id),
        Err(StoreError::Refused(refusal)) => Expected::Refused(refusal),
        other => panic!("{other:?}"),
    }
}

/// The same seed each time: a failure is there again on the next run. The database is reopened between histories.
pub(crate) async fn histories_match_a_simple_model(db: Db) {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let batches = prop::collection::vec(prop::collection::vec(op(), 1..BATCH_OPS_MAX), 1..BATCHES_MAX);
    for history in 0..HISTORIES {
        let batches = batches.new_tree(&mut runner).unwrap().current();
        let world = db.open().await;
        let mut users = Vec::new();
        for user in 0..USERS {
            users.push(world.user(&format!("user{user}-{history}")).await);
        }
        let mut model = Model::default();
        for batch in &batches {
            let (writes, expected): (Vec<_>, Vec<_>) =
                batch.iter().filter_map(|op| model.step(op, &users)).unzip();
            let results: Vec<_> = world.write_all(writes).await.into_iter().map(outcome).collect();
            assert_eq!(results, expected, "history {history}: {batches:#?}");
        }
        model.compare(&world, &users).await;
        world.close().await;
    }
}
