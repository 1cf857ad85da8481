//! What the state of the database forbids: it is told so, and nothing changes.

use crate::harness::{
    At, Behind, Db, World, accept, act, add, block, delete, delete_conversation, edit, join, keyed, leave,
    new_channel, new_direct, new_draft, new_group, new_id, new_invite, new_message, new_scheduled,
    new_session, new_user, new_user_id, now, pin, react, read, remove, rename, save_draft, send, set_role,
    set_status,
};
use crate::variants::{Scene, new_ip_rule, provision, unique};
use natter_protocol::{
    ConversationId, ConversationStatus, InviteId, IpAction, MemberRole, Message, MessageId, PlatformRole,
    UpdateMe, UpdateProfile, User, Visibility, limits,
};
use natter_store::{Anchor, NewInvite, NewMessage, Refusal, StoreError, Write, Written};

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
        | Refusal::InviteNotValid => false,
        Refusal::LimitReached { .. } => true,
    }
}

/// Every refusal that is no limit, and the writes that meet it.
async fn forbidden(world: &World, scene: &Scene, eve: &User) -> Vec<(Refusal, Vec<Write>)> {
    let Scene { alice, bob, carol, group, message } = scene;
    let group = *group;
    let nowhere = new_id(ConversationId::from_uuid);
    let elsewhere = world.group(eve, &[]).await;
    let foreign = world.send(new_message(elsewhere, eve, "not for them")).await;
    world.send(keyed(group, bob, "once", "key")).await;
    let deleted = world.send(new_message(group, bob, "regretted")).await;
    world.done(delete(&deleted, bob)).await;
    let unknown = At(group, new_id(MessageId::from_uuid));
    let system = system_message(world, group, alice).await;
    let (archived, old) = archived(world, alice, bob).await;
    let (direct, hello) = blocked(world, bob, carol).await;
    let scheduled = |id, author, reply: Option<MessageId>, thread: Option<MessageId>| {
        let mut new = new_scheduled(id, author, "later");
        (new.scheduled.reply_to, new.scheduled.thread_id) = (reply, thread);
        Write::ScheduleMessage(Box::new(new))
    };
    let sent = |reply_to, thread_id| send(NewMessage { reply_to, thread_id, ..new_message(group, bob, "x") });
    let create = |new| Write::CreateConversation(Box::new(new));
    let invite = |new: NewInvite| Write::CreateInvite(Box::new(new));
    let mut stranger = bob.clone();
    stranger.id = new_user_id();
    let mut reply_draft = new_draft(group, "an answer");
    reply_draft.reply_to = Some(foreign.id);
    let private_channel = {
        let mut new = new_channel(alice, &[]);
        new.info.visibility = Visibility::Private;
        world.create(new).await
    };
    let (ended, used_up) = bad_invites(world, group, alice).await;
    let mut nowhere_invite = new_invite(group, alice).invite;
    nowhere_invite.conversation_id = nowhere;
    let mut other_door = world_invite(world, elsewhere, eve).await.invite;
    other_door.conversation_id = group;

    vec![
        (
            Refusal::NotAMember,
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
                invite(new_invite(group, eve)),
                Write::RevokeInvite {
                    act: act(group, eve, MemberRole::Admin),
                    id: new_id(InviteId::from_uuid),
                },
                save_draft(eve, new_draft(group, "draft")),
                scheduled(group, eve, None, None),
                pin(message, eve, false),
            ],
        ),
        (
            Refusal::ConversationNotActive,
            vec![
                send(new_message(archived, bob, "too late")),
                edit(&old, bob, "too late"),
                react(&old, alice, "👍", true),
                pin(&old, alice, true),
                add(archived, alice, eve),
                invite(new_invite(archived, alice)),
                scheduled(archived, bob, None, None),
            ],
        ),
        (Refusal::ClientMessageIdConflict, vec![send(keyed(group, bob, "other", "key"))]),
        (
            Refusal::ReplyUnknown,
            vec![
                sent(Some(foreign.id), None),
                scheduled(group, bob, Some(foreign.id), None),
                save_draft(bob, reply_draft),
            ],
        ),
        (
            Refusal::ThreadUnknown,
            vec![sent(None, Some(foreign.id)), scheduled(group, bob, None, Some(unknown.1))],
        ),
        (Refusal::AnchorUnknown, vec![read(group, bob, Some(Anchor::Message(foreign.id)))]),
        (
            Refusal::UsernameTaken,
            vec![Write::CreateUser(Box::new(new_user(&bob.username))), {
                let mut taken = provision(&bob.username);
                taken.usernames.truncate(1);
                Write::ProvisionUser(Box::new(taken))
            }],
        ),
        (
            Refusal::UserUnknown,
            vec![
                create(new_group(bob, &[&stranger])),
                create(new_group(&stranger, &[])),
                create(new_direct(bob, &stranger)),
                add(group, bob, &stranger),
                block(bob, &stranger),
                Write::CreateSession(Box::new(new_session(&stranger, [1; 32]))),
                Write::SetRole { user_id: stranger.id, role: PlatformRole::Admin },
                Write::SetDisabled { user_id: stranger.id, disabled: true, now: now() },
                Write::UpdateProfile { user_id: stranger.id, update: Box::new(UpdateProfile::default()) },
                Write::SetPassword {
                    user_id: stranger.id,
                    password_hash: "x".to_owned(),
                    except: None,
                    now: now(),
                },
            ],
        ),
        (
            Refusal::MessageUnknown,
            vec![
                edit(unknown, bob, "x"),
                delete(unknown, bob),
                react(unknown, bob, "👍", true),
                pin(unknown, bob, true),
                edit(&foreign, bob, "x"),
                delete(&foreign, bob),
                react(&foreign, bob, "👍", true),
                pin(At(group, foreign.id), bob, true),
                edit(&deleted, bob, "x"),
                react(&deleted, bob, "👍", true),
                pin(&deleted, bob, true),
                pin(&system, bob, true),
            ],
        ),
        (
            Refusal::RoleTooLow,
            vec![
                delete(message, carol),
                rename(group, bob, "Mine"),
                remove(group, bob, carol),
                set_role(group, bob, carol, MemberRole::Admin),
                set_role(group, alice, alice, MemberRole::Member),
                set_role(group, bob, bob, MemberRole::Owner),
                delete_conversation(group, bob),
                invite(new_invite(group, bob)),
                Write::RevokeInvite {
                    act: act(group, bob, MemberRole::Admin),
                    id: new_id(InviteId::from_uuid),
                },
                Write::SetPin {
                    act: act(group, bob, MemberRole::Moderator),
                    message_id: message.id,
                    on: false,
                    announcement: None,
                },
            ],
        ),
        (
            Refusal::NotTheSender,
            vec![edit(message, alice, "x"), edit(&system, alice, "x"), delete(&system, alice)],
        ),
        (
            Refusal::Blocked,
            vec![
                send(new_message(direct, bob, "please")),
                send(new_message(direct, carol, "no")),
                edit(&hello, bob, "please"),
                react(&hello, carol, "👎", true),
                scheduled(direct, bob, None, None),
                add(group, bob, carol),
                create(new_group(carol, &[alice, bob])),
            ],
        ),
        (Refusal::NotJoinable, vec![join(group, eve), join(private_channel, eve), join(direct, eve)]),
        (
            Refusal::MemberUnknown,
            vec![remove(group, alice, eve), set_role(group, alice, eve, MemberRole::Admin)],
        ),
        (
            Refusal::InviteNotValid,
            vec![
                accept(&new_invite(group, alice).invite, eve),
                accept(&nowhere_invite, eve),
                accept(&other_door, eve),
                accept(&ended.invite, eve),
                accept(&used_up.invite, eve),
            ],
        ),
    ]
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

async fn world_invite(world: &World, id: ConversationId, creator: &User) -> NewInvite {
    let new = new_invite(id, creator);
    world.done(Write::CreateInvite(Box::new(new.clone()))).await;
    new
}

/// One that has ended, and one that has let in as many as it lets in.
async fn bad_invites(world: &World, id: ConversationId, owner: &User) -> (NewInvite, NewInvite) {
    let (mut ended, mut used_up) = (new_invite(id, owner), new_invite(id, owner));
    ended.invite.expires_at = Some(ended.invite.created_at.plus_seconds(-1));
    used_up.invite.uses_max = Some(1);
    for new in [&ended, &used_up] {
        world.done(Write::CreateInvite(Box::new(new.clone()))).await;
    }
    let guest = world.user(&unique("guest")).await;
    world.done(accept(&used_up.invite, &guest)).await;
    (ended, used_up)
}

pub(crate) async fn what_is_forbidden_changes_nothing(db: Db) {
    let world = db.open().await;
    let scene = Scene::new(&world).await;
    let eve = world.user(&unique("eve")).await;
    let forbidden = forbidden(&world, &scene, &eve).await;
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
    fill(
        &mut behind,
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
    fill(
        &mut behind,
        limits::IP_RULES_MAX,
        "INSERT INTO ip_rules (id, cidr, action, created_by, created_at)
         SELECT {id}, '203.0.113.7', 'block', u.id, u.created_at FROM n, users AS u WHERE u.username LIKE 'bob%'",
    )
    .await;
    let crowd = limits::CONVERSATION_MEMBERS_MAX;
    behind.execute(&format!("UPDATE conversations SET member_count = {crowd} WHERE member_count = 1")).await;

    let later = Write::ScheduleMessage(Box::new(new_scheduled(group, &alice, "later")));
    let cases = [
        (react(&message, &bob, "🦀", true), "different reactions to a message"),
        (pin(&other, &bob, true), "pinned messages in a conversation"),
        (Write::CreateInvite(Box::new(new_invite(group, &alice))), "invite links of a conversation"),
        (save_draft(&bob, new_draft(group, "draft")), "drafts"),
        (later, "scheduled messages"),
        (block(&bob, &dave), "blocked users"),
        (Write::CreateIpRule(Box::new(new_ip_rule(&bob, IpAction::Block))), "rules about addresses"),
        (add(full, &alice, &dave), "members of a conversation"),
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
}
