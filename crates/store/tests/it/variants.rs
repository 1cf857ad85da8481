//! Every kind of write there is, ready to be done: what holds for all of them is tested on all of them.

use crate::harness::{
    World, accept, act, add, announcement, block, copying, create, delete, delete_conversation,
    edit_mentioning, erase_unsent, finish, holding, infected, keyed, leave, mentioning, new_direct,
    new_draft, new_file, new_group, new_id, new_invite, new_message, new_scheduled, new_session, new_user,
    new_user_id, now, pin, react, read, remove, save_draft, send, set_role, suspect, unblock, update,
};
use natter_protocol::{
    ConversationId, ConversationStatus, ErrorCode, File, IpAction, IpRule, IpRuleId, LinkPreview, MemberRole,
    Message, MessageId, PlatformRole, ScheduledMessageId, SessionId, SystemNote, Timestamp, UpdateMe,
    UpdateProfile, User, Visibility,
};
use natter_store::{
    AttachPreviews, ClaimKey, KeepAnswer, KnownPreview, Mentions, NewIpRule, NewMessage, NewPreview,
    NewScheduled, PreviewPicture, ProvisionUser, ScanVerdict, SessionRotation, UpdateConversation, Write,
};
use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! kinds {
    ($($kind:ident),* $(,)?) => {
        /// A kind of write.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Kind { $($kind),* }

        impl Kind {
            pub(crate) const ALL: &[Self] = &[$(Self::$kind),*];

            /// Does not compile once there is a kind that is not listed.
            pub(crate) const fn of(write: &Write) -> Self {
                match write {
                    $(Write::$kind { .. } => Self::$kind),*
                }
            }
        }
    };
}

kinds! {
    SendMessage, EditMessage, DeleteMessage, SetReaction, SetPin, MarkRead, CreateConversation, UpdateConversation,
    DeleteConversation, UpdateMe, AddMember, RemoveMember, SetMemberRole, CreateInvite, RevokeInvite, SaveDraft,
    ScheduleMessage, ForgetScheduled, FailScheduled, Block, Unblock, CreateFile, DeleteFile, ClaimScans, FinishScan,
    EraseFiles, KeepPreview, AttachPreviews, ErasePreviews, CreateUser, ProvisionUser, UpdateProfile,
    Seen, SetPassword, SetRole, SetDisabled, CreateSession, RotateSession, EndSession, EndSessions, CreateIpRule,
    DeleteIpRule, ClaimKey, KeepAnswer, Erase,
}

/// A write that changes something, and can be done now.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) write: Write,
}

const fn case(name: &'static str, write: Write) -> Case {
    Case { name, write }
}

/// Three people in a group, and a message there that has all that a message can have.
pub(crate) struct Scene {
    pub(crate) alice: User,
    pub(crate) bob: User,
    pub(crate) carol: User,
    pub(crate) group: ConversationId,
    pub(crate) message: Message,
}

impl Scene {
    /// Of people whom no other scene knows.
    pub(crate) async fn new(world: &World) -> Self {
        let alice = world.user(&unique("alice")).await;
        let bob = world.user(&unique("bob")).await;
        let carol = world.user(&unique("carol")).await;
        let group = world.group(&alice, &[&bob, &carol]).await;
        let message = world.send(mentioning(new_message(group, &bob, "hello"), &[&alice])).await;
        world.done(react(&message, &alice, "👍", true)).await;
        world.done(pin(&message, &alice, true)).await;
        let message = world.message(&message, &bob).await;
        Self { alice, bob, carol, group, message }
    }
}

/// A name that nobody has.
pub(crate) fn unique(name: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{name}{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Writes of this kind that take every path that it has.
pub(crate) async fn prepare(world: &World, kind: Kind) -> Vec<Case> {
    let cases = match kind {
        Kind::SendMessage
        | Kind::EditMessage
        | Kind::DeleteMessage
        | Kind::SetReaction
        | Kind::SetPin
        | Kind::MarkRead => messages(world, kind).await,
        Kind::CreateConversation
        | Kind::UpdateConversation
        | Kind::DeleteConversation
        | Kind::UpdateMe
        | Kind::AddMember
        | Kind::RemoveMember
        | Kind::SetMemberRole
        | Kind::CreateInvite
        | Kind::RevokeInvite => conversations(world, kind).await,
        Kind::SaveDraft
        | Kind::ScheduleMessage
        | Kind::ForgetScheduled
        | Kind::FailScheduled
        | Kind::Block
        | Kind::Unblock => personal(world, kind).await,
        Kind::CreateFile | Kind::DeleteFile | Kind::ClaimScans | Kind::FinishScan | Kind::EraseFiles => {
            files(world, kind).await
        }
        Kind::KeepPreview | Kind::AttachPreviews | Kind::ErasePreviews => previews(world, kind).await,
        Kind::CreateUser
        | Kind::ProvisionUser
        | Kind::UpdateProfile
        | Kind::Seen
        | Kind::SetPassword
        | Kind::SetRole
        | Kind::SetDisabled => users(world, kind).await,
        Kind::CreateSession | Kind::RotateSession | Kind::EndSession | Kind::EndSessions => {
            sessions(world, kind).await
        }
        Kind::CreateIpRule | Kind::DeleteIpRule | Kind::ClaimKey | Kind::KeepAnswer | Kind::Erase => {
            operation(world, kind).await
        }
    };
    assert!(!cases.is_empty() && cases.iter().all(|case| Kind::of(&case.write) == kind), "{kind:?}");
    cases
}

async fn messages(world: &World, kind: Kind) -> Vec<Case> {
    let Scene { alice, bob, carol, group, message } = Scene::new(world).await;
    match kind {
        Kind::SendMessage => {
            let here = Mentions { named: vec![bob.id], here: Some(vec![carol.id]), ..Mentions::default() };
            let full = NewMessage {
                reply_to: Some(message.id),
                thread_id: Some(message.id),
                mentions: here,
                ..keyed(group, &alice, "to bob", "key")
            };
            let file = world.upload(&alice, &unique("file")).await;
            let holding = holding(new_message(group, &alice, "with a file"), &[&file]);
            let copied = world.send(NewMessage { id: new_id(MessageId::from_uuid), ..holding.clone() }).await;
            vec![
                case("keyed, with mentions", send(full)),
                case("bare", send(new_message(group, &bob, "x"))),
                case("with a file", send(holding)),
                case("with the file of another", send(copying(new_message(group, &bob, "copy"), &copied))),
            ]
        }
        Kind::EditMessage => {
            let to_carol = Mentions { named: vec![carol.id], ..Mentions::default() };
            vec![case("mentions changed", edit_mentioning(&message, &bob, "changed", to_carol))]
        }
        Kind::DeleteMessage => {
            let file = world.upload(&alice, &unique("file")).await;
            let other = world.send(holding(new_message(group, &alice, "with a file"), &[&file])).await;
            vec![
                case("with a reaction and a pin", delete(&message, &bob)),
                case("with a file", delete(&other, &alice)),
            ]
        }
        Kind::SetReaction => vec![
            case("on", react(&message, &carol, "❤", true)),
            case("off", react(&message, &alice, "👍", false)),
        ],
        Kind::SetPin => {
            let other = world.send(new_message(group, &alice, "other")).await;
            vec![case("on", pin(&other, &bob, true)), case("off", pin(&message, &bob, false))]
        }
        _ => vec![case("to the end", read(group, &alice, None))],
    }
}

async fn conversations(world: &World, kind: Kind) -> Vec<Case> {
    let Scene { alice, bob, carol, group, .. } = Scene::new(world).await;
    let create = |new| Write::CreateConversation(Box::new(new));
    match kind {
        Kind::CreateConversation => vec![
            case("a group", create(new_group(&alice, &[&bob]))),
            case("a direct one", create(new_direct(&alice, &bob))),
        ],
        Kind::UpdateConversation => {
            let all = UpdateConversation {
                name: Some("Pier".to_owned()),
                topic: Some(None),
                visibility: Some(Visibility::Public),
                status: Some(ConversationStatus::Closed),
                link_previews: Some(false),
                announcements: vec![announcement(SystemNote::Renamed { name: "Pier".to_owned() })],
                ..update(group, &alice)
            };
            vec![case("all of it", Write::UpdateConversation(Box::new(all)))]
        }
        Kind::DeleteConversation => vec![case("a group", delete_conversation(group, &alice))],
        Kind::UpdateMe => {
            let update = UpdateMe { muted: Some(true), pinned: Some(true), archived: Some(true) };
            vec![case("all of it", Write::UpdateMe { conversation_id: group, user_id: bob.id, update })]
        }
        Kind::AddMember => {
            let (dave, erin) = (world.user(&unique("dave")).await, world.user(&unique("erin")).await);
            let invite = new_invite(group, &alice);
            world.done(Write::CreateInvite(Box::new(invite.clone()))).await;
            vec![case("added", add(group, &bob, &dave)), case("invited", accept(&invite.invite, &erin))]
        }
        Kind::RemoveMember => {
            let alone = world.group(&alice, &[]).await;
            world.done(save_draft(&carol, new_draft(group, "not sent yet"))).await;
            vec![
                case("removed, with a draft", remove(group, &alice, &carol)),
                case("the owner leaves", leave(group, &alice)),
                case("the last one leaves", leave(alone, &alice)),
            ]
        }
        Kind::SetMemberRole => vec![
            case("promoted", set_role(group, &alice, &bob, MemberRole::Moderator)),
            case("handed over", set_role(group, &alice, &carol, MemberRole::Owner)),
        ],
        Kind::CreateInvite => vec![case("a link", Write::CreateInvite(Box::new(new_invite(group, &alice))))],
        _ => {
            let invite = new_invite(group, &alice);
            world.done(Write::CreateInvite(Box::new(invite.clone()))).await;
            let act = act(group, &alice, MemberRole::Admin);
            vec![case("a link", Write::RevokeInvite { act, id: invite.invite.id })]
        }
    }
}

async fn personal(world: &World, kind: Kind) -> Vec<Case> {
    let Scene { alice, bob, carol, group, .. } = Scene::new(world).await;
    match kind {
        Kind::SaveDraft => {
            for user in [&bob, &carol] {
                world.done(save_draft(user, new_draft(group, "first"))).await;
            }
            vec![
                case("a first one", save_draft(&alice, new_draft(group, "first"))),
                case("another", save_draft(&bob, new_draft(group, "second"))),
                case("none any more", save_draft(&carol, new_draft(group, ""))),
            ]
        }
        Kind::ScheduleMessage => {
            let file = world.upload(&alice, &unique("file")).await;
            let new = NewScheduled { attachments: vec![file.id], ..new_scheduled(group, &alice, "later") };
            vec![case("with a file", Write::ScheduleMessage(Box::new(new)))]
        }
        Kind::ForgetScheduled => {
            let id = schedule(world, group, &alice).await;
            vec![case("one that waits", Write::ForgetScheduled { id, user_id: alice.id })]
        }
        Kind::FailScheduled => {
            let id = schedule(world, group, &alice).await;
            vec![case(
                "one that waits",
                Write::FailScheduled { id, failure: ErrorCode::ConversationNotActive },
            )]
        }
        Kind::Block => {
            world.create(new_direct(&alice, &bob)).await;
            vec![case("with a conversation", block(&alice, &bob)), case("without", block(&alice, &carol))]
        }
        _ => {
            world.create(new_direct(&alice, &bob)).await;
            world.done(block(&alice, &bob)).await;
            vec![case("with a conversation", unblock(&alice, &bob))]
        }
    }
}

async fn schedule(world: &World, id: ConversationId, author: &User) -> ScheduledMessageId {
    let file = world.upload(author, &unique("file")).await;
    let new = NewScheduled { attachments: vec![file.id], ..new_scheduled(id, author, "later") };
    world.done(Write::ScheduleMessage(Box::new(new.clone()))).await;
    new.scheduled.id
}

async fn files(world: &World, kind: Kind) -> Vec<Case> {
    let Scene { alice, bob, group, .. } = Scene::new(world).await;
    let (content, other) = (unique("content"), unique("content"));
    let (file, blob) = world.keep(&suspect(&alice, &content)).await;
    let (second, second_blob) = world.keep(&suspect(&alice, &other)).await;
    let forget = |file: &File| Write::DeleteFile { id: file.id, owner: alice.id };
    match kind {
        Kind::CreateFile => vec![
            case("of new content", create(&suspect(&alice, &unique("content")))),
            case("of known content", create(&new_file(&bob, &content))),
        ],
        Kind::DeleteFile => {
            world.keep(&new_file(&bob, &content)).await;
            vec![case("of content that stays", forget(&file)), case("of content that goes", forget(&second))]
        }
        Kind::ClaimScans => {
            let (now, until) = (now(), now().plus_seconds(60));
            vec![case("all", Write::ClaimScans { now, until, count_max: 1_000 })]
        }
        Kind::FinishScan => {
            world.send(holding(new_message(group, &alice, "with files"), &[&file, &second])).await;
            let retry_at = now().plus_seconds(60);
            vec![
                case("clean", finish(blob, ScanVerdict::Clean)),
                case("allowed", finish(second_blob, ScanVerdict::Unavailable { retry_at, allow: true })),
                case("infected", finish(blob, infected())),
            ]
        }
        _ => vec![case("all", erase_unsent(now(), 1_000))],
    }
}

async fn previews(world: &World, kind: Kind) -> Vec<Case> {
    let Scene { message, .. } = Scene::new(world).await;
    let url = format!("https://{}.example.com/", unique("boats"));
    let image_id = new_id(|id| id);
    let preview = LinkPreview {
        url: url.clone(),
        title: "Boats".to_owned(),
        description: None,
        site_name: None,
        image: None,
    };
    let known = KnownPreview { preview: Some(preview), image_id: Some(image_id) };
    let image = Some(PreviewPicture { media_type: "image/webp".to_owned(), content: b"picture".to_vec() });
    let (expires_at, at) = (now().plus_seconds(60), now());
    let keep = Write::KeepPreview(Box::new(NewPreview { url, known: known.clone(), image, expires_at, at }));
    if kind == Kind::KeepPreview {
        return vec![case("with a picture", keep)];
    }
    world.done(keep).await;
    if kind == Kind::AttachPreviews {
        let (message_id, content) = (message.id, message.content);
        let attach = AttachPreviews { message_id, content, previews: vec![known], at: now() };
        return vec![case("with a picture", Write::AttachPreviews(Box::new(attach)))];
    }
    let long_after = now().plus_seconds(7 * 24 * 60 * 60);
    vec![case("all", Write::ErasePreviews { now: long_after, rows_max: 10_000 })]
}

async fn users(world: &World, kind: Kind) -> Vec<Case> {
    let alice = world.user(&unique("alice")).await;
    world.done(Write::CreateSession(Box::new(new_session(&alice, [1; 32])))).await;
    let user_id = alice.id;
    match kind {
        Kind::CreateUser => {
            vec![case("a new one", Write::CreateUser(Box::new(new_user(&unique("dave")))))]
        }
        Kind::ProvisionUser => {
            let known = provision(&unique("erin"));
            world.done(Write::ProvisionUser(Box::new(known.clone()))).await;
            let profile =
                UpdateProfile { display_name: Some("Another".to_owned()), ..UpdateProfile::default() };
            let renamed = ProvisionUser { profile, ..known };
            vec![
                case("a new one", Write::ProvisionUser(Box::new(provision(&unique("frank"))))),
                case("a known one", Write::ProvisionUser(Box::new(renamed))),
            ]
        }
        Kind::UpdateProfile => {
            let update = UpdateProfile {
                display_name: Some("Another".to_owned()),
                avatar_url: Some("https://example.com/a.png".to_owned()),
                presence_visible: Some(false),
                link_previews: Some(false),
            };
            vec![case("all of it", Write::UpdateProfile { user_id, update: Box::new(update) })]
        }
        Kind::Seen => vec![case("alice", Write::Seen(vec![(user_id, now())]))],
        Kind::SetPassword => {
            let password_hash = "another".to_owned();
            vec![case(
                "with a session",
                Write::SetPassword { user_id, password_hash, except: None, now: now() },
            )]
        }
        Kind::SetRole => vec![case("an admin", Write::SetRole { user_id, role: PlatformRole::Admin })],
        _ => vec![case("with a session", Write::SetDisabled { user_id, disabled: true, now: now() })],
    }
}

/// A user of a host application whom nobody knows.
pub(crate) fn provision(username: &str) -> ProvisionUser {
    ProvisionUser {
        id: new_user_id(),
        external_id: format!("https://host.example.com|{username}"),
        usernames: vec![username.to_owned(), format!("{username}-2")],
        profile: UpdateProfile::default(),
        role: None,
        at: now(),
    }
}

async fn sessions(world: &World, kind: Kind) -> Vec<Case> {
    let alice = world.user(&unique("alice")).await;
    let (first, second) = (new_session(&alice, [1; 32]), new_session(&alice, [2; 32]));
    for session in [&first, &second] {
        world.done(Write::CreateSession(Box::new(session.clone()))).await;
    }
    match kind {
        Kind::CreateSession => {
            world.done(Write::EndSession { id: first.id, now: now() }).await;
            vec![case("after another", Write::CreateSession(Box::new(new_session(&alice, [3; 32]))))]
        }
        Kind::RotateSession => {
            vec![case("good", rotation(first.id, 1, 4)), case("used before", rotation(second.id, 9, 5))]
        }
        Kind::EndSession => vec![case("a live one", Write::EndSession { id: first.id, now: now() })],
        _ => {
            let except = Some(second.id);
            vec![case("all but one", Write::EndSessions { user_id: alice.id, except, now: now() })]
        }
    }
}

/// Trades one generation of a refresh token for another.
pub(crate) fn rotation(id: SessionId, presented: u8, next: u8) -> Write {
    let now = now();
    Write::RotateSession(Box::new(SessionRotation {
        id,
        presented_hash: [presented; 32],
        next_hash: [next; 32],
        now,
        expires_at: now.plus_seconds(crate::harness::SESSION_SECONDS),
    }))
}

async fn operation(world: &World, kind: Kind) -> Vec<Case> {
    let scene = Scene::new(world).await;
    let claimed = new_claim(&scene.alice, "claimed");
    let keep = |answer| {
        Write::KeepAnswer(Box::new(KeepAnswer { user_id: scene.alice.id, key: "claimed".to_owned(), answer }))
    };
    match kind {
        Kind::CreateIpRule => {
            vec![case("a block", Write::CreateIpRule(Box::new(new_ip_rule(&scene.alice, IpAction::Block))))]
        }
        Kind::DeleteIpRule => {
            let new = new_ip_rule(&scene.alice, IpAction::Allow);
            world.done(Write::CreateIpRule(Box::new(new.clone()))).await;
            vec![case("an allowance", Write::DeleteIpRule(new.0.id))]
        }
        Kind::ClaimKey => vec![case("a free one", Write::ClaimKey(Box::new(claimed)))],
        Kind::KeepAnswer => {
            world.done(Write::ClaimKey(Box::new(claimed))).await;
            vec![case("an answer", keep(Some((201, b"{}".to_vec())))), case("none", keep(None))]
        }
        _ => {
            world.done(Write::ClaimKey(Box::new(claimed))).await;
            bury(world, &scene).await;
            vec![case(
                "keys and a conversation",
                Write::Erase { keys_before: now(), revocations_before: now(), rows_max: 10_000 },
            )]
        }
    }
}

pub(crate) fn new_claim(user: &User, key: &str) -> ClaimKey {
    let at = now();
    let stale_before = Timestamp::from_millis(0);
    ClaimKey { user_id: user.id, key: key.to_owned(), fingerprint: [7; 32], at, stale_before }
}

pub(crate) fn new_ip_rule(creator: &User, action: IpAction) -> NewIpRule {
    let id = new_id(IpRuleId::from_uuid);
    // Another address each time: the same rule again would be the first one.
    let number = id.uuid().as_u128() & 0xff_ffff;
    NewIpRule(IpRule {
        id,
        // Of digits only: tests compare the words of answers, and `baf` would be one.
        cidr: format!("2001:db8::{}:{}", number / 10_000, number % 10_000),
        action,
        note: Some("a scraper".to_owned()),
        created_by: creator.id,
        created_at: now(),
    })
}

/// Deletes the conversation of a scene, with something in it of all that can be there.
pub(crate) async fn bury(world: &World, scene: &Scene) {
    let Scene { alice, bob, group, message, .. } = scene;
    let reply = NewMessage {
        reply_to: Some(message.id),
        thread_id: Some(message.id),
        ..new_message(*group, alice, "reply")
    };
    world.send(reply).await;
    world.done(edit_mentioning(message, bob, "edited", Mentions::default())).await;
    world
        .done(edit_mentioning(
            message,
            bob,
            "again",
            Mentions { named: vec![alice.id], ..Mentions::default() },
        ))
        .await;
    world.done(read(*group, alice, None)).await;
    let mut draft = new_draft(*group, "draft");
    draft.reply_to = Some(message.id);
    world.done(save_draft(alice, draft)).await;
    let file = world.upload(alice, &unique("file")).await;
    let sent = world.send(holding(new_message(*group, alice, "with a file"), &[&file])).await;
    world.send(copying(new_message(*group, bob, "a copy"), &sent)).await;
    let mut later = NewScheduled { attachments: vec![file.id], ..new_scheduled(*group, alice, "later") };
    later.scheduled.thread_id = Some(message.id);
    world.done(Write::ScheduleMessage(Box::new(later))).await;
    world.done(Write::CreateInvite(Box::new(new_invite(*group, alice)))).await;
    world.done(delete_conversation(*group, alice)).await;
}
