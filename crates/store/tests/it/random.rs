//! Random histories, compared with a model that anybody can check by reading it.

use crate::harness::{
    ALL, At, Db, World, add, block, delete, delete_conversation, edit_mentioning, infected, join, leave,
    new_channel, new_direct, new_group, new_id, new_message, now, pin, react, read, remove, rename, send,
    set_role, set_status, suspect, unblock,
};
use crate::model::{Chat, Entry, Expected, Model, Sent, Uploaded};
use crate::replay::View;
use natter_protocol::{
    ConversationId, ConversationStatus, Event, EventBody, FileId, FileStatus, GroupMention, MemberRole,
    MessageId, UnreadTotal, UpdateMe, User, UserId,
};
use natter_store::{
    Anchor, Attachments, Mentions, NewMessage, Notice, ScanVerdict, StoreError, Write, Written,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::{BTreeSet, HashMap};

const USERS: usize = 5;
const HISTORIES: usize = 4;
const BATCHES: usize = 16;
const BATCH_WRITES_MAX: usize = 60;
/// Enough for each to have a history, and all kinds among them.
const CHATS: usize = 5;
/// What is uploaded by each user.
const FILES: usize = 3;
const EMOJI: [&str; 3] = ["👍", "❤", "🦀"];
const ROLES: [MemberRole; 4] =
    [MemberRole::Member, MemberRole::Moderator, MemberRole::Admin, MemberRole::Owner];

/// What chance decides.
struct Dice<'a> {
    numbers: std::vec::IntoIter<u32>,
    users: &'a [User],
}

impl<'a> Dice<'a> {
    fn number(&mut self, below: usize) -> usize {
        self.numbers.next().unwrap() as usize % below
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.number(100) < percent
    }

    fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.number(among.len())]
    }

    fn user(&mut self) -> &'a User {
        &self.users[self.number(self.users.len())]
    }

    fn some(&mut self, percent: usize) -> Vec<&'a User> {
        self.users.iter().filter(|_| self.numbers.next().unwrap() as usize % 100 < percent).collect()
    }

    /// One of the conversations, mostly of those that are there.
    fn chat(&mut self, model: &Model) -> ConversationId {
        if self.chance(2) {
            return new_id(ConversationId::from_uuid);
        }
        let deleted = self.chance(5);
        let chats: Vec<&Chat> = model.chats.iter().filter(|chat| deleted || !chat.deleted).collect();
        if chats.is_empty() { model.chats[0].info.id } else { self.pick(&chats).info.id }
    }

    /// Somebody, mostly one of the members.
    fn actor(&mut self, model: &Model, id: ConversationId) -> &'a User {
        let members = model.members(id);
        let members: Vec<&User> = self.users.iter().filter(|user| members.contains(&user.id)).collect();
        if members.is_empty() || self.chance(15) { self.user() } else { self.pick(&members) }
    }

    /// One of the newest messages of a conversation, or rarely of another.
    fn message(&mut self, model: &Model, id: ConversationId) -> At {
        let any = &model.chats[self.number(model.chats.len())];
        let chat = model.chats.iter().find(|chat| chat.info.id == id && !self.chance(5)).unwrap_or(any);
        let back = self.number(chat.messages.len().clamp(1, 20)) + 1;
        let message = chat.messages.len().checked_sub(back).map(|place| chat.messages[place].id);
        At(chat.info.id, message.unwrap_or_else(|| new_id(MessageId::from_uuid)))
    }

    fn mentions(&mut self) -> Mentions {
        let named = if self.chance(40) { self.some(40).iter().map(|user| user.id).collect() } else { vec![] };
        let group = match self.number(10) {
            0 => Some(GroupMention::All),
            1 | 2 => Some(GroupMention::Here),
            _ => None,
        };
        let crowd = group != Some(GroupMention::Here) || self.chance(20);
        let here = self.some(50).iter().map(|user| user.id).filter(|user| !named.contains(user)).collect();
        Mentions { named, group, here: (!crowd).then_some(here) }
    }

    /// Mostly none; then mostly the sender's own, or those of another message.
    fn attachments(&mut self, model: &Model, sender: &User, other: MessageId) -> Attachments {
        if self.chance(70) {
            return Attachments::default();
        }
        if self.chance(40) {
            return Attachments::Of(other);
        }
        let foreign = self.chance(5);
        let files = model.files.iter().filter(|file| foreign || file.owner == sender.id);
        let mut ids: Vec<FileId> = files.map(|file| file.id).collect();
        ids.rotate_left(self.number(FILES));
        ids.truncate(1 + self.number(FILES));
        Attachments::Own(ids)
    }
}

/// What is done next. Often it cannot be done: the model knows.
fn next(dice: &mut Dice<'_>, model: &Model) -> Write {
    let id = dice.chat(model);
    let actor = dice.actor(model, id);
    let message = dice.message(model, id);
    let other = dice.user();
    // Mostly whoever may, or little would ever be changed.
    let owner = model.owner(id).filter(|_| dice.chance(70));
    let chief = dice.users.iter().find(|user| Some(user.id) == owner).unwrap_or(actor);
    match dice.number(100) {
        0..35 => {
            let text = dice.number(3).to_string();
            let key = dice.chance(40).then(|| dice.number(20).to_string());
            let reference = dice.chance(20).then_some(message.1);
            let new = NewMessage {
                client_message_id: key,
                reply_to: reference,
                thread_id: reference.filter(|_| dice.chance(50)),
                mentions: dice.mentions(),
                attachments: dice.attachments(model, actor, message.1),
                ..new_message(id, actor, &text)
            };
            send(new)
        }
        35..42 => {
            let sender = model.sender(message.1).filter(|_| dice.chance(90));
            let actor = dice.users.iter().find(|user| Some(user.id) == sender).unwrap_or(actor);
            let text = dice.number(3).to_string();
            edit_mentioning(message, actor, &text, dice.mentions())
        }
        42..47 => delete(message, actor),
        47..58 => react(message, actor, dice.pick(&EMOJI), dice.chance(70)),
        58..62 => pin(message, actor, dice.chance(60)),
        62..72 => {
            let up_to = match dice.number(3) {
                0 => None,
                1 => Some(Anchor::Seq(dice.number(60) as u64)),
                _ => Some(Anchor::Message(message.1)),
            };
            read(id, actor, up_to)
        }
        72..75 => {
            let mut flag = || dice.chance(40).then(|| dice.chance(50));
            let update = UpdateMe { muted: flag(), pinned: flag(), archived: flag() };
            Write::UpdateMe { conversation_id: id, user_id: actor.id, update }
        }
        75 => {
            let blob_id = model.files[dice.number(model.files.len())].blob;
            let verdict = if dice.chance(70) { ScanVerdict::Clean } else { infected() };
            Write::FinishScan { blob_id, verdict, at: now() }
        }
        76..80 if actor.id != other.id => block(actor, other),
        80..83 => unblock(actor, other),
        83..87 if !model.is_direct(id) => add(id, actor, other),
        87..89 => join(id, actor),
        89..91 if !model.is_direct(id) => leave(id, actor),
        91..93 if !model.is_direct(id) => remove(id, actor, other),
        93..95 if !model.is_direct(id) => set_role(id, chief, other, dice.pick(&ROLES)),
        95 => rename(id, chief, dice.pick(&["Pier", "Harbour", "Dock"])),
        96..98 => {
            let active = dice.chance(60);
            let status = if active { ConversationStatus::Active } else { ConversationStatus::Archived };
            set_status(id, chief, status)
        }
        98 if dice.chance(50) => delete_conversation(id, chief),
        _ => create(dice, actor, other),
    }
}

fn create(dice: &mut Dice<'_>, creator: &User, other: &User) -> Write {
    let members: Vec<&User> = dice.some(70).into_iter().filter(|user| user.id != creator.id).collect();
    let new = match dice.number(3) {
        0 if creator.id != other.id => new_direct(creator, other),
        1 => new_channel(creator, &members),
        _ => new_group(creator, &members),
    };
    Write::CreateConversation(Box::new(new))
}

/// A result, as far as it can be foretold.
fn outcome(write: &Write, result: Result<Written, StoreError>) -> Expected {
    match result {
        Ok(Written::Conversation { id, existed: true }) => Expected::Existed(id),
        Ok(Written::Message(message)) => Expected::Message(message.seq),
        Ok(Written::MessageRepeat(id)) => Expected::Repeat(id),
        Ok(Written::Read { last_read_seq, .. }) => Expected::Read(last_read_seq),
        Err(StoreError::Refused(refusal)) => Expected::Refused(refusal),
        Ok(_) => Expected::Done,
        Err(error) => panic!("{error}: {write:?}"),
    }
}

/// The same seed each time: a failure is there again on the next run. The database is reopened between histories.
pub(crate) async fn histories_match_a_simple_model(db: Db) {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let numbers = prop::collection::vec(any::<u32>(), BATCHES * BATCH_WRITES_MAX * 40);
    for history in 0..HISTORIES {
        let numbers = numbers.new_tree(&mut runner).unwrap().current();
        let world = db.open().await;
        let mut users = Vec::new();
        for user in 0..USERS {
            users.push(world.user(&format!("user{user}-{history}")).await);
        }
        let mut dice = Dice { numbers: numbers.into_iter(), users: &users };
        run(&db, world, &users, &mut dice).await;
    }
}

async fn run(db: &Db, world: World, users: &[User], dice: &mut Dice<'_>) {
    let mut model = Model::default();
    for (user, number) in users.iter().flat_map(|user| (0..FILES).map(move |number| (user, number))) {
        let new = suspect(user, &format!("{number} of {}", user.username));
        world.keep(&new).await;
        let (id, owner, blob) = (new.id, user.id, new.blob.id);
        model.files.push(Uploaded { id, owner, blob, status: FileStatus::Scanning });
    }
    let mut snapshots = HashMap::new();
    for batch in 0..BATCHES {
        let mut writes = Vec::new();
        let mut expected = Vec::new();
        for _ in 0..=dice.number(BATCH_WRITES_MAX) {
            let write = if model.chats.len() < CHATS {
                let (creator, other) = (dice.user(), dice.user());
                create(dice, creator, other)
            } else {
                next(dice, &model)
            };
            expected.push(model.apply(&write));
            writes.push(write);
        }
        let results = world.write_all(writes.clone()).await;
        for ((write, result), expected) in writes.iter().zip(results).zip(expected) {
            assert_eq!(outcome(write, result), expected, "{write:?}");
        }
        compare_lists(&world, &model, users).await;
        if batch == BATCHES / 2 {
            snapshots = views(&world, &model, users).await;
        }
    }
    for chat in &model.chats {
        compare_chat(&world, chat, users).await;
    }
    for (file, user) in model.files.iter().flat_map(|file| users.iter().map(move |user| (file, user))) {
        let found = world.store.file(file.id, user.id).await.unwrap();
        assert_eq!(
            found.as_ref().map(|found| found.file.status),
            model.may_fetch(file, user.id).then_some(file.status)
        );
    }
    let now = views(&world, &model, users).await;
    for chat in &model.chats {
        compare_replays(&world, chat, users, &snapshots, now.get(&chat.info.id)).await;
    }
    let founders: HashMap<_, _> =
        model.chats.iter().map(|chat| (chat.info.id, chat.roster(1).into_iter().collect())).collect();
    compare_feed(world.notices().await, &founders, &now);
    db.behind().await.check().await;
}

/// Each conversation that is there, as any of its members has it.
async fn views(world: &World, model: &Model, users: &[User]) -> HashMap<ConversationId, View> {
    let mut views = HashMap::new();
    for chat in model.chats.iter().filter(|chat| !chat.deleted) {
        let viewer = viewer(chat, users);
        views.insert(chat.info.id, View::fetch(world, chat.info.id, viewer).await);
    }
    views
}

fn viewer<'a>(chat: &Chat, users: &'a [User]) -> &'a User {
    users.iter().find(|user| chat.members.contains_key(&user.id)).unwrap()
}

/// What everybody has in their list, in which order, and what is unread there.
async fn compare_lists(world: &World, model: &Model, users: &[User]) {
    for user in users {
        let mut chats: Vec<&Chat> =
            model.chats.iter().filter(|chat| !chat.deleted && chat.members.contains_key(&user.id)).collect();
        chats.sort_by_key(|chat| std::cmp::Reverse((chat.info.updated_at, chat.info.id)));
        let mut total = UnreadTotal { total: 0, conversations: 0, mentions: 0 };
        let listed = world.list(user).await;
        assert_eq!(listed.len(), chats.len());
        for (listed, chat) in listed.iter().zip(chats) {
            let (unread, mentions) = chat.unread(user.id, &model.blocks);
            assert_eq!(listed.info, chat.info);
            assert_eq!((listed.unread_count, listed.mention_count), (unread, mentions), "{listed:?}");
            assert_eq!((listed.last_seq, listed.member_count), (chat.head(), chat.members.len() as u64));
            assert_eq!(
                listed.last_message.as_ref().map(|message| message.id),
                chat.messages.last().map(|message| message.id)
            );
            let (me, member) = (&listed.me, &chat.members[&user.id]);
            assert_eq!((me.role, me.last_read_seq), (member.role, member.last_read));
            assert_eq!((me.muted, me.pinned, me.archived), (member.muted, member.pinned, member.archived));
            assert_eq!(world.unread(chat.info.id, user).await, (unread, mentions));
            total.mentions += mentions;
            if !member.muted && !member.archived {
                total.total += unread;
                total.conversations += u64::from(unread > 0);
            }
        }
        assert_eq!(world.store.unread_total(user.id).await.unwrap(), total);
    }
}

/// Everything else that is kept of a conversation.
async fn compare_chat(world: &World, chat: &Chat, users: &[User]) {
    let id = chat.info.id;
    if chat.deleted {
        for user in users {
            assert_eq!(world.store.conversation(id, user.id).await.unwrap(), None);
            assert_eq!(world.store.events(id, user.id, 0, ALL).await.unwrap(), None);
        }
        return;
    }
    let viewer = viewer(chat, users);
    let history = world.history(id, viewer).await;
    assert_eq!(history.len(), chat.messages.len());
    for (message, sent) in history.iter().zip(&chat.messages) {
        assert_eq!((message.id, message.seq, message.sender.id), (sent.id, sent.seq, sent.sender));
        assert_eq!((&message.content, &message.mentions), (&sent.content, &sent.meant.named));
        assert_eq!((message.edited_at.is_some(), message.deleted_at.is_some()), (sent.edited, sent.deleted));
        assert_eq!((message.pinned_at, message.thread_id), (sent.pinned_at, sent.thread));
        assert!(message.attachments.iter().map(|file| file.id).eq(sent.files.iter().copied()));
        let replies = chat.messages.iter().filter(|reply| reply.thread == Some(sent.id)).count();
        assert_eq!(message.reply_count, replies as u64);
        let mut emoji: Vec<&String> = Vec::new();
        sent.reactions.iter().for_each(|(one, _)| {
            if !emoji.contains(&one) {
                emoji.push(one);
            }
        });
        let counted: Vec<_> =
            message.reactions.iter().map(|reaction| (&reaction.emoji, reaction.count, reaction.me)).collect();
        let of = |one: &String| sent.reactions.iter().filter(|(other, _)| other == one).count();
        let me = |one: &String| sent.reactions.contains(&(one.clone(), viewer.id));
        let expected: Vec<_> =
            emoji.into_iter().map(|one| (one, u32::try_from(of(one)).unwrap(), me(one))).collect();
        assert_eq!(counted, expected);
    }
    let mut pinned: Vec<&Sent> = chat.messages.iter().filter(|sent| sent.pinned_at.is_some()).collect();
    pinned.sort_by_key(|sent| std::cmp::Reverse(sent.pinned_at));
    let pins = world.store.pins(id, viewer.id).await.unwrap().unwrap();
    assert!(pins.iter().map(|message| message.id).eq(pinned.iter().map(|sent| sent.id)));
    for member in world.members(id, viewer).await {
        let expected = &chat.members[&member.user.id];
        assert_eq!((member.role, member.joined_at), (expected.role, expected.joined_at));
    }
    assert!(world.log(id, viewer).await.iter().map(entry).eq(chat.log.iter().cloned()));
    for at in 1..=chat.head() {
        let roster = world.store.roster(id, Some(at)).await.unwrap().unwrap();
        assert_eq!(BTreeSet::from_iter(roster.members), chat.roster(at), "at {at}");
    }
    let roster = world.store.roster(id, None).await.unwrap().unwrap();
    assert_eq!(roster.last_seq, chat.head());
    assert!(roster.members.iter().collect::<BTreeSet<_>>().into_iter().eq(chat.members.keys()));
}

/// An event, as far as the model tells of it.
fn entry(event: &Event) -> Entry {
    match &event.body {
        EventBody::ConversationCreated(_) => ("conversation.created", None, None, None),
        EventBody::MessageNew(message) => ("message.new", Some(message.id), None, None),
        EventBody::MessageUpdated(change) => ("message.updated", Some(change.message.id), None, None),
        EventBody::MessageDeleted(change) => ("message.deleted", Some(change.message.id), None, None),
        EventBody::ReactionAdded(change) => {
            ("reaction.added", Some(change.message_id), Some(change.user_id), Some(change.emoji.clone()))
        }
        EventBody::ReactionRemoved(change) => {
            ("reaction.removed", Some(change.message_id), Some(change.user_id), Some(change.emoji.clone()))
        }
        EventBody::ConversationUpdated(_) => ("conversation.updated", None, None, None),
        EventBody::ConversationDeleted(_) => ("conversation.deleted", None, None, None),
        EventBody::MemberJoined(change) => ("member.joined", None, Some(change.member.user.id), None),
        EventBody::MemberLeft(left) => ("member.left", None, Some(left.user_id), None),
        EventBody::MemberUpdated(change) => ("member.updated", None, Some(change.member.user.id), None),
    }
}

/// Whoever follows the log, from its beginning or from what they saw halfway, ends with what there is.
async fn compare_replays(
    world: &World,
    chat: &Chat,
    users: &[User],
    snapshots: &HashMap<ConversationId, View>,
    now: Option<&View>,
) {
    let Some(now) = now else { return };
    let log = world.log(chat.info.id, viewer(chat, users)).await;
    let founders: Vec<UserId> = chat.roster(1).into_iter().collect();
    let whole = View::begin(&log[0], &founders);
    for mut view in snapshots.get(&chat.info.id).cloned().into_iter().chain([whole]) {
        log.iter().skip(usize::try_from(view.last_seq).unwrap()).for_each(|event| view.apply(event));
        assert_eq!(view, *now);
    }
}

/// So does whoever was told of each commit when it happened; read positions only go forward.
fn compare_feed(
    notices: Vec<Notice>,
    founders: &HashMap<ConversationId, Vec<UserId>>,
    now: &HashMap<ConversationId, View>,
) {
    let mut views: HashMap<ConversationId, View> = HashMap::new();
    for notice in notices {
        match notice {
            Notice::Event(event) => {
                if let Some(view) = views.get_mut(&event.conversation_id) {
                    view.apply(&event);
                } else {
                    let view = View::begin(&event, &founders[&event.conversation_id]);
                    views.insert(event.conversation_id, view);
                }
            }
            Notice::Deleted { event, members } => {
                let view = views.get_mut(&event.conversation_id).unwrap();
                assert!(members.iter().collect::<BTreeSet<_>>().into_iter().eq(view.members.keys()));
                view.apply(&event);
            }
            Notice::Read(receipt) => {
                let view = &views[&receipt.conversation_id];
                assert!(view.members.contains_key(&receipt.user_id));
                assert!(receipt.last_read_seq <= view.last_seq);
            }
            Notice::Own(..) => {}
        }
    }
    for (id, view) in views {
        match now.get(&id) {
            Some(now) => assert_eq!(view, *now),
            None => assert!(view.deleted, "{id} is neither deleted nor there"),
        }
    }
}
