//! What the state of the database forbids: it is told so, and nothing changes.

use crate::harness::{
    At, Behind, Db, NO_QUOTA, World, accept, act, add, block, copying, create, delete, delete_conversation,
    edit, finish, holding, join, keyed, leave, new_channel, new_direct, new_draft, new_file, new_group,
    new_id, new_invite, new_message, new_scheduled, new_session, new_user, new_user_id, now, pin, react,
    read, remove, rename, save_draft, send, set_role, set_status, suspect,
};
use crate::variants::{Scene, new_ip_rule, provision, unique};
use natter_protocol::{
    ConversationId, ConversationStatus, Draft, File, FileId, Invite, InviteId, IpAction, MemberRole, Message,
    MessageId, PlatformRole, UpdateMe, UpdateProfile, User, Visibility, limits,
};
use natter_store::{
    Anchor, NewFile, NewMessage, NewScheduled, ProvisionUser, Quota, QuotaOf, Refusal, StoreError, Write,
    Written,
};

/// Does not compile once there is a refusal that is not listed here, and then belongs into one of the tests below.
const fn is_a_limit(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::NotAMember
        | Refusal::ConversationNotActive
        | Refusal::ClientMessageIdConflict
        | Refusal::ReplyUnknown
        | Refusal::ThreadUnknown
        | Refusal::AnchorUnknown
        | Refusal::UsernameTaken
        | Refusal::UserUnknown
        | Refusal::MessageUnknown
        | Refusal::RoleTooLow
        | Refusal::NotTheSender
        | Refusal::Blocked
        | Refusal::NotJoinable
        | Refusal::MemberUnknown
        | Refusal::InviteNotValid
        | Refusal::FileUnknown
        | Refusal::FileRejected
        | Refusal::FileHeld
        | Refusal::QuotaReached(_) => false,
        Refusal::LimitReached { .. } => true,
    }
}

/// A group of alice, bob and carol that eve is not in, and everything around it that stands in somebody's way.
struct Ground {
    scene: Scene,
    eve: User,
    nowhere: ConversationId,
    /// Only eve's.
    elsewhere: ConversationId,
    foreign: Message,
    /// Of bob's.
    deleted: Message,
    system: Message,
    /// One that takes no messages any more, and a message of bob's in it.
    archived: (ConversationId, Message),
    /// One of bob, whom carol has blocked, and a message of bob's in it.
    direct: (ConversationId, Message),
    private_channel: ConversationId,
    bad_invites: Vec<Invite>,
    /// Nobody has this id.
    stranger: User,
    files: Files,
}

/// Files that stand in somebody's way.
struct Files {
    /// Of bob's, and in a message of his.
    held: File,
    /// Of bob's, with a virus in it.
    infected: File,
    /// Of eve's, and in a message that only she sees.
    foreign: (File, Message),
}

impl Ground {
    async fn new(world: &World) -> Self {
        let scene = Scene::new(world).await;
        let eve = world.user(&unique("eve")).await;
        let Scene { alice, bob, carol, group, .. } = &scene;
        let elsewhere = world.group(&eve, &[]).await;
        let foreign = world.send(new_message(elsewhere, &eve, "not for them")).await;
        world.send(keyed(*group, bob, "once", "key")).await;
        let deleted = world.send(new_message(*group, bob, "regretted")).await;
        world.done(delete(&deleted, bob)).await;
        let mut private_channel = new_channel(alice, &[]);
        private_channel.info.visibility = Visibility::Private;
        Self {
            system: system_message(world, *group, alice).await,
            archived: archived(world, alice, bob).await,
            direct: blocked(world, bob, carol).await,
            private_channel: world.create(private_channel).await,
            bad_invites: bad_invites(world, *group, alice, elsewhere, &eve).await,
            stranger: User { id: new_user_id(), ..bob.clone() },
            files: files(world, *group, bob, elsewhere, &eve).await,
            nowhere: new_id(ConversationId::from_uuid),
            scene,
            eve,
            elsewhere,
            foreign,
            deleted,
        }
    }

    /// Every refusal that is no limit, and the writes that meet it.
    fn forbidden(&self) -> Vec<(Refusal, Vec<Write>)> {
        let Scene { alice, bob, carol, group, .. } = &self.scene;
        let eve = &self.eve;
        vec![
            (Refusal::NotAMember, self.to_who_is_no_member()),
            (Refusal::ConversationNotActive, self.where_nothing_more_is_said()),
            (Refusal::ClientMessageIdConflict, vec![send(keyed(*group, bob, "other", "key"))]),
            (Refusal::ReplyUnknown, self.replies_to_what_is_elsewhere()),
            (
                Refusal::ThreadUnknown,
                vec![
                    send(NewMessage { thread_id: Some(self.foreign.id), ..new_message(*group, bob, "x") }),
                    schedule(*group, bob, None, Some(new_id(MessageId::from_uuid))),
                ],
            ),
            (Refusal::AnchorUnknown, vec![read(*group, bob, Some(Anchor::Message(self.foreign.id)))]),
            (Refusal::UsernameTaken, names_of(bob)),
            (Refusal::UserUnknown, self.about_nobody()),
            (Refusal::MessageUnknown, self.of_messages_that_are_not_seen()),
            (Refusal::RoleTooLow, self.above_ones_station()),
            (
                Refusal::NotTheSender,
                vec![
                    edit(&self.scene.message, alice, "x"),
                    edit(&self.system, alice, "x"),
                    delete(&self.system, alice),
                ],
            ),
            (Refusal::Blocked, self.across_a_block()),
            (
                Refusal::NotJoinable,
                [*group, self.private_channel, self.direct.0].map(|id| join(id, eve)).to_vec(),
            ),
            (
                Refusal::MemberUnknown,
                vec![remove(*group, alice, eve), set_role(*group, alice, eve, MemberRole::Admin)],
            ),
            (
                Refusal::InviteNotValid,
                self.bad_invites
                    .iter()
                    .map(|invite| accept(invite, eve))
                    .chain([accept(&new_invite(*group, carol).invite, eve)])
                    .collect(),
            ),
        ]
    }

    fn about_files(&self) -> Vec<(Refusal, Vec<Write>)> {
        let (bob, group, eve) = (&self.scene.bob, self.scene.group, &self.eve);
        let Files { held, infected, foreign: (foreign, unseen) } = &self.files;
        let with = |file| send(holding(new_message(group, bob, "x"), &[file]));
        let later = |file: &File| {
            let new = new_scheduled(group, bob, "later");
            Write::ScheduleMessage(Box::new(NewScheduled { attachments: vec![file.id], ..new }))
        };
        let forget = |file: &File, owner: &User| Write::DeleteFile { id: file.id, owner: owner.id };
        let within = |quota| create(&NewFile { quota, ..new_file(bob, "too much") });
        let nobodys = File { id: new_id(FileId::from_uuid), ..held.clone() };
        let copy = |message| send(copying(new_message(group, bob, "copy"), message));
        let full = Some(held.size);
        vec![
            (
                Refusal::FileUnknown,
                vec![
                    with(foreign),
                    with(&nobodys),
                    send(holding(new_message(group, bob, "x"), &[held, foreign])),
                    copy(unseen),
                    copy(&self.deleted),
                    later(foreign),
                    forget(foreign, bob),
                    forget(held, eve),
                    forget(&nobodys, bob),
                ],
            ),
            (Refusal::FileRejected, vec![with(infected), later(infected)]),
            (Refusal::FileHeld, vec![forget(held, bob)]),
            (Refusal::QuotaReached(QuotaOf::User), vec![within(Quota { user_bytes_max: full, ..NO_QUOTA })]),
            (
                Refusal::QuotaReached(QuotaOf::Total),
                vec![within(Quota { total_bytes_max: full, ..NO_QUOTA })],
            ),
            (Refusal::UserUnknown, vec![create(&new_file(&self.stranger, "nobody's"))]),
        ]
    }

    fn to_who_is_no_member(&self) -> Vec<Write> {
        let Scene { bob, group, message, .. } = &self.scene;
        let (eve, group, nowhere) = (&self.eve, *group, self.nowhere);
        vec![
            send(new_message(group, eve, "let me in")),
            send(new_message(nowhere, eve, "anybody?")),
            read(group, eve, None),
            Write::UpdateMe { conversation_id: group, user_id: eve.id, update: UpdateMe::default() },
            rename(group, eve, "Mine"),
            delete_conversation(group, eve),
            delete_conversation(nowhere, eve),
            add(group, eve, eve),
            join(nowhere, eve),
            leave(group, eve),
            remove(group, eve, bob),
            set_role(group, eve, bob, MemberRole::Admin),
            Write::CreateInvite(Box::new(new_invite(group, eve))),
            Write::RevokeInvite { act: act(group, eve, MemberRole::Admin), id: new_id(InviteId::from_uuid) },
            save_draft(eve, new_draft(group, "draft")),
            schedule(group, eve, None, None),
            pin(message, eve, false),
        ]
    }

    fn where_nothing_more_is_said(&self) -> Vec<Write> {
        let Scene { alice, bob, .. } = &self.scene;
        let (archived, old) = &self.archived;
        vec![
            send(new_message(*archived, bob, "too late")),
            edit(old, bob, "too late"),
            react(old, alice, "👍", true),
            pin(old, alice, true),
            add(*archived, alice, &self.eve),
            Write::CreateInvite(Box::new(new_invite(*archived, alice))),
            schedule(*archived, bob, None, None),
        ]
    }

    fn replies_to_what_is_elsewhere(&self) -> Vec<Write> {
        let Scene { bob, group, .. } = &self.scene;
        let reply_to = Some(self.foreign.id);
        vec![
            send(NewMessage { reply_to, ..new_message(*group, bob, "x") }),
            schedule(*group, bob, reply_to, None),
            save_draft(bob, Draft { reply_to, ..new_draft(*group, "an answer") }),
        ]
    }

    fn about_nobody(&self) -> Vec<Write> {
        let (bob, stranger, user_id) = (&self.scene.bob, &self.stranger, self.stranger.id);
        let create = |new| Write::CreateConversation(Box::new(new));
        let password_hash = "x".to_owned();
        vec![
            create(new_group(bob, &[stranger])),
            create(new_group(stranger, &[])),
            create(new_direct(bob, stranger)),
            add(self.scene.group, bob, stranger),
            block(bob, stranger),
            Write::CreateSession(Box::new(new_session(stranger, [1; 32]))),
            Write::SetRole { user_id, role: PlatformRole::Admin },
            Write::SetDisabled { user_id, disabled: true, now: now() },
            Write::UpdateProfile { user_id, update: Box::new(UpdateProfile::default()) },
            Write::SetPassword { user_id, password_hash, except: None, now: now() },
        ]
    }

    fn of_messages_that_are_not_seen(&self) -> Vec<Write> {
        let (bob, group) = (&self.scene.bob, self.scene.group);
        let unknown = At(group, new_id(MessageId::from_uuid));
        let mut writes = vec![delete(unknown, bob), delete(&self.foreign, bob), pin(&self.system, bob, true)];
        for message in [unknown, At(group, self.foreign.id), At::from(&self.deleted)] {
            writes.extend([
                edit(message, bob, "x"),
                react(message, bob, "👍", true),
                pin(message, bob, true),
            ]);
        }
        writes
    }

    fn above_ones_station(&self) -> Vec<Write> {
        let Scene { alice, bob, carol, group, message } = &self.scene;
        let (group, admin) = (*group, act(*group, bob, MemberRole::Admin));
        let moderator = act(group, bob, MemberRole::Moderator);
        vec![
            delete(message, carol),
            rename(group, bob, "Mine"),
            remove(group, bob, carol),
            set_role(group, bob, carol, MemberRole::Admin),
            set_role(group, alice, alice, MemberRole::Member),
            set_role(group, bob, bob, MemberRole::Owner),
            delete_conversation(group, bob),
            Write::CreateInvite(Box::new(new_invite(group, bob))),
            Write::RevokeInvite { act: admin, id: new_id(InviteId::from_uuid) },
            Write::SetPin { act: moderator, message_id: message.id, on: false, announcement: None },
        ]
    }

    fn across_a_block(&self) -> Vec<Write> {
        let Scene { alice, bob, carol, group, .. } = &self.scene;
        let (direct, hello) = &self.direct;
        vec![
            send(new_message(*direct, bob, "please")),
            send(new_message(*direct, carol, "no")),
            edit(hello, bob, "please"),
            react(hello, carol, "👎", true),
            schedule(*direct, bob, None, None),
            add(*group, bob, carol),
            Write::CreateConversation(Box::new(new_group(carol, &[alice, bob]))),
        ]
    }
}

fn schedule(
    id: ConversationId,
    author: &User,
    reply_to: Option<MessageId>,
    thread_id: Option<MessageId>,
) -> Write {
    let mut new = new_scheduled(id, author, "later");
    (new.scheduled.reply_to, new.scheduled.thread_id) = (reply_to, thread_id);
    Write::ScheduleMessage(Box::new(new))
}

/// Writes that want a name that somebody has.
fn names_of(user: &User) -> Vec<Write> {
    let usernames = vec![user.username.clone()];
    vec![
        Write::CreateUser(Box::new(new_user(&user.username))),
        Write::ProvisionUser(Box::new(ProvisionUser { usernames, ..provision("another") })),
    ]
}

async fn files(
    world: &World,
    group: ConversationId,
    bob: &User,
    elsewhere: ConversationId,
    eve: &User,
) -> Files {
    let held = world.upload(bob, "held").await;
    world.send(holding(new_message(group, bob, "with a file"), &[&held])).await;
    let (infected, content) = world.keep(&suspect(bob, "infected")).await;
    world.scanned(finish(content, crate::harness::infected())).await;
    let foreign = world.upload(eve, "foreign").await;
    let unseen = world.send(holding(new_message(elsewhere, eve, "mine"), &[&foreign])).await;
    Files { held, infected, foreign: (foreign, unseen) }
}

async fn system_message(world: &World, group: ConversationId, owner: &User) -> Message {
    world.done(rename(group, owner, &unique("Harbour"))).await;
    world.conversation(group, owner).await.last_message.unwrap()
}

/// One that takes no messages any more, and a message of bob in it.
async fn archived(world: &World, alice: &User, bob: &User) -> (ConversationId, Message) {
    let id = world.group(alice, &[bob]).await;
    let message = world.send(new_message(id, bob, "old")).await;
    world.done(set_status(id, alice, ConversationStatus::Archived)).await;
    (id, message)
}

/// One between two of whom one has blocked the other, and a message of the first in it.
async fn blocked(world: &World, bob: &User, carol: &User) -> (ConversationId, Message) {
    let id = world.create(new_direct(bob, carol)).await;
    let message = world.send(new_message(id, bob, "hello")).await;
    world.done(block(carol, bob)).await;
    (id, message)
}

/// One that has ended, one that has let in as many as it lets in, and good ones that lead somewhere else.
async fn bad_invites(
    world: &World,
    id: ConversationId,
    owner: &User,
    elsewhere: ConversationId,
    eve: &User,
) -> Vec<Invite> {
    let (mut ended, mut used_up) = (new_invite(id, owner), new_invite(id, owner));
    ended.invite.expires_at = Some(ended.invite.created_at.plus_seconds(-1));
    used_up.invite.uses_max = Some(1);
    let (good, other) = (new_invite(id, owner), new_invite(elsewhere, eve));
    for new in [&ended, &used_up, &good, &other] {
        world.done(Write::CreateInvite(Box::new(new.clone()))).await;
    }
    let guest = world.user(&unique("guest")).await;
    world.done(accept(&used_up.invite, &guest)).await;
    let nowhere = Invite { conversation_id: new_id(ConversationId::from_uuid), ..good.invite };
    vec![ended.invite, used_up.invite, nowhere, Invite { conversation_id: id, ..other.invite }]
}

pub(crate) async fn what_is_forbidden_changes_nothing(db: Db) {
    let world = db.open().await;
    let ground = Ground::new(&world).await;
    let (mut forbidden, scene) = (ground.forbidden(), &ground.scene);
    forbidden.extend(ground.about_files());
    assert_eq!(world.conversation(ground.elsewhere, &ground.eve).await.member_count, 1);
    let mut behind = db.behind().await;
    let before = behind.dump().await;
    for (refusal, writes) in &forbidden {
        assert!(!is_a_limit(refusal));
        for write in writes {
            assert_eq!(world.refusal(write.clone()).await, *refusal, "{write:?}");
            let changes = before.changes(&behind.dump().await);
            assert!(changes.is_empty(), "{write:?}: {changes:#?}");
        }
    }

    // Neither does it change what others in its batch do.
    let mut batch = vec![send(new_message(scene.group, &scene.alice, "first"))];
    let mut expected = vec![None];
    for (refusal, writes) in &forbidden {
        for write in writes {
            batch.extend([write.clone(), send(new_message(scene.group, &scene.alice, "between"))]);
            expected.extend([Some(*refusal), None]);
        }
    }
    let sends = expected.iter().filter(|expected| expected.is_none()).count();
    let results = world.write_all(batch).await;
    for (result, expected) in results.iter().zip(expected) {
        match (result, expected) {
            (Ok(Written::Message(_)), None) => {}
            (Err(StoreError::Refused(refusal)), Some(expected)) if *refusal == expected => {}
            other => panic!("{other:?}"),
        }
    }
    behind.check().await;
    let changes = before.changes(&behind.dump().await);
    // Each message and its event; the head of the one conversation, before and after.
    assert_eq!(changes.len(), 2 * sends + 2, "{changes:#?}");
}

/// Rows past the store, up to a bound: `{i}` is a number, `{id}` an id that nothing has.
async fn fill(behind: &mut Behind, count: u64, insert: &str) {
    let id = if matches!(behind, Behind::Sqlite(_)) { "randomblob(16)" } else { "gen_random_uuid()" };
    let rows = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) {insert}"
    );
    behind.execute(&rows.replace("{id}", id).replace("{i}", "CAST(n.i AS text)")).await;
}

fn one_file_too_many(owner: &User) -> Write {
    let quota = Quota { unsent_max: 0, ..NO_QUOTA };
    create(&NewFile { quota, ..new_file(owner, "one too many") })
}

/// Has bob block as many as anybody can.
async fn fill_blocks(behind: &mut Behind) {
    fill(
        behind,
        limits::BLOCKS_MAX,
        "INSERT INTO users (id, username, display_name, role, created_at)
         SELECT {id}, 'crowd' || {i}, '', 'user', u.created_at FROM n, users AS u WHERE u.username LIKE 'bob%'",
    )
    .await;
    behind
        .execute(
            "INSERT INTO blocks (blocker_id, blocked_id, created_at)
             SELECT b.id, c.id, c.created_at FROM users AS b, users AS c
              WHERE b.username LIKE 'bob%' AND c.username LIKE 'crowd%'",
        )
        .await;
}

pub(crate) async fn what_there_is_too_much_of_is_refused(db: Db) {
    let world = db.open().await;
    let Scene { alice, bob, group, message, .. } = Scene::new(&world).await;
    let mut behind = db.behind().await;
    let other = world.send(new_message(group, &alice, "other")).await;
    let dave = world.user(&unique("dave")).await;
    let full = world.group(&alice, &[]).await;

    // One reaction is there.
    fill(
        &mut behind,
        limits::MESSAGE_REACTIONS_MAX - 1,
        "INSERT INTO message_reactions (message_id, user_id, emoji, created_at)
         SELECT r.message_id, r.user_id, {i}, r.created_at FROM n, message_reactions AS r",
    )
    .await;
    // So is one pin.
    fill(
        &mut behind,
        limits::CONVERSATION_PINS_MAX - 1,
        "INSERT INTO messages (id, conversation_id, seq, sender_id, kind, content, fingerprint, created_at, pinned_at)
         SELECT {id}, m.conversation_id, 1000000 + n.i, m.sender_id, 'text', '', 0, m.created_at, m.pinned_at
           FROM n, messages AS m WHERE m.pinned_at IS NOT NULL",
    )
    .await;
    fill(
        &mut behind,
        limits::CONVERSATION_INVITES_MAX,
        "INSERT INTO invites (id, conversation_id, code, created_by, created_at)
         SELECT {id}, c.id, 'code ' || {i}, c.created_by, c.created_at
           FROM n, conversations AS c WHERE c.member_count = 3",
    )
    .await;
    fill(
        &mut behind,
        limits::DRAFTS_MAX,
        "INSERT INTO conversations (id, type, visibility, status, created_by, created_at, updated_at, last_seq,
                                    member_count)
         SELECT {id}, 'channel', 'private', 'active', u.id, u.created_at, u.created_at, 0, 0
           FROM n, users AS u WHERE u.username LIKE 'bob%'",
    )
    .await;
    behind
        .execute(
            "INSERT INTO drafts (user_id, conversation_id, content, updated_at)
             SELECT created_by, id, 'draft', created_at FROM conversations WHERE type = 'channel'",
        )
        .await;
    fill(
        &mut behind,
        limits::SCHEDULED_MESSAGES_MAX,
        "INSERT INTO scheduled_messages (id, user_id, conversation_id, content, send_at, created_at)
         SELECT {id}, c.created_by, c.id, '', c.created_at, c.created_at
           FROM n, conversations AS c WHERE c.member_count = 3",
    )
    .await;
    fill_blocks(&mut behind).await;
    fill(
        &mut behind,
        limits::IP_RULES_MAX,
        "INSERT INTO ip_rules (id, cidr, action, created_by, created_at)
         SELECT {id}, '203.0.113.7', 'block', u.id, u.created_at FROM n, users AS u WHERE u.username LIKE 'bob%'",
    )
    .await;
    let crowd = limits::CONVERSATION_MEMBERS_MAX;
    behind.execute(&format!("UPDATE conversations SET member_count = {crowd} WHERE member_count = 1")).await;

    let cases = [
        (react(&message, &bob, "🦀", true), "different reactions to a message"),
        (pin(&other, &bob, true), "pinned messages in a conversation"),
        (Write::CreateInvite(Box::new(new_invite(group, &alice))), "invite links of a conversation"),
        (save_draft(&bob, new_draft(group, "draft")), "drafts"),
        (schedule(group, &alice, None, None), "scheduled messages"),
        (block(&bob, &dave), "blocked users"),
        (Write::CreateIpRule(Box::new(new_ip_rule(&bob, IpAction::Block))), "rules about addresses"),
        (add(full, &alice, &dave), "members of a conversation"),
        (one_file_too_many(&bob), "files that are uploaded and not sent"),
    ];
    let before = behind.dump().await;
    for (write, what) in cases {
        let refusal = world.refusal(write.clone()).await;
        assert!(
            is_a_limit(&refusal) && matches!(refusal, Refusal::LimitReached { what: it, .. } if it == what),
            "{what}: {refusal:?}"
        );
    }
    let changes = before.changes(&behind.dump().await);
    assert!(changes.is_empty(), "{changes:#?}");

    // What replaces or repeats what is there adds nothing.
    world.done(react(&message, &bob, "👍", true)).await;
    world.done(pin(&message, &bob, true)).await;
    let crowd = world.store.users_named(&["crowd2".to_owned()]).await.unwrap();
    let again = world.done(block(&bob, &crowd[0])).await;
    assert!(matches!(again, Written::Found(true)), "{again:?}");
}
