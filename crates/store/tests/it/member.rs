//! Who is in a conversation, and as what.

use crate::harness::{
    ALL, Db, World, add, block, join, leave, new_channel, new_direct, new_draft, new_group, new_message, now,
    remove, save_draft, set_role,
};
use natter_protocol::{
    ConversationId, ConversationKind, ConversationStatus, EventBody, MemberRole, SystemNote, UpdateMe, User,
    Visibility,
};
use natter_store::{Notice, Refusal, Standing, Write, Written};

async fn people<const N: usize>(world: &World, names: [&str; N]) -> [User; N] {
    let mut people = Vec::new();
    for name in names {
        people.push(world.user(name).await);
    }
    people.try_into().unwrap()
}

async fn roles(world: &World, id: ConversationId, viewer: &User) -> Vec<(String, MemberRole)> {
    let members = world.members(id, viewer).await;
    members.into_iter().map(|member| (member.user.username, member.role)).collect()
}

pub(crate) async fn whoever_is_added_is_told_of(db: Db) {
    let world = db.open().await;
    let [alice, bob] = people(&world, ["alice", "bob"]).await;
    let id = world.group(&alice, &[]).await;
    let written = world.done(add(id, &alice, &bob)).await;
    let Written::Member { member, existed: false } = written else { panic!("{written:?}") };
    assert_eq!((&member.user, member.role), (&bob, MemberRole::Member));
    let again = world.done(add(id, &alice, &bob)).await;
    assert!(
        matches!(&again, Written::Member { member: there, existed: true } if *there == member),
        "{again:?}"
    );

    let log = world.log(id, &bob).await;
    let [_, joined, note] = log.as_slice() else { panic!("{log:#?}") };
    let EventBody::MemberJoined(change) = &joined.body else { panic!("{joined:?}") };
    assert_eq!((change.actor_id, &change.member, change.member_count), (alice.id, &*member, 2));
    let EventBody::MessageNew(note) = &note.body else { panic!("{note:?}") };
    assert_eq!(note.system, Some(SystemNote::MemberAdded { user_id: bob.id }));
    assert_eq!(world.unread(id, &bob).await, (0, 0));
}

pub(crate) async fn whoever_is_disabled_is_not_added_and_inherits_last(db: Db) {
    let world = db.open().await;
    let [alice, bob, carol] = people(&world, ["alice", "bob", "carol"]).await;
    let group = world.group(&alice, &[&bob, &carol]).await;
    let other = world.group(&alice, &[]).await;
    world.done(set_role(group, &alice, &bob, MemberRole::Admin)).await;
    let set = |user: &User, disabled| Write::SetDisabled { user_id: user.id, disabled, now: now() };
    world.done(set(&bob, true)).await;
    assert_eq!(world.refusal(add(other, &alice, &bob)).await, Refusal::UserUnknown);
    for new in [new_group(&alice, &[&bob]), new_direct(&alice, &bob)] {
        let refusal = world.refusal(Write::CreateConversation(Box::new(new))).await;
        assert_eq!(refusal, Refusal::UserUnknown);
    }
    world.done(leave(group, &alice)).await;
    let owner = async || {
        let roles = roles(&world, group, &carol).await;
        roles.into_iter().find(|(_, role)| *role == MemberRole::Owner).map(|(name, _)| name)
    };
    assert_eq!(owner().await, Some(carol.username.clone()));
    world.done(set(&bob, false)).await;
    world.done(add(other, &alice, &bob)).await;
    // Somebody has to: whoever enables the account again has an owner.
    world.done(set(&bob, true)).await;
    world.done(leave(other, &alice)).await;
    assert_eq!(roles(&world, other, &bob).await, [(bob.username.clone(), MemberRole::Owner)]);
}

pub(crate) async fn anybody_joins_a_public_channel(db: Db) {
    let world = db.open().await;
    let [alice, bob] = people(&world, ["alice", "bob"]).await;
    let id = world.create(new_channel(&alice, &[])).await;
    assert!(world.store.is_joinable(id).await.unwrap());
    let joined = world.done(join(id, &bob)).await;
    assert!(matches!(joined, Written::Member { existed: false, .. }), "{joined:?}");
    assert_eq!(world.conversation(id, &bob).await.member_count, 2);
    let group = world.group(&alice, &[]).await;
    assert!(!world.store.is_joinable(group).await.unwrap());
    assert_eq!(world.refusal(join(group, &bob)).await, Refusal::NotJoinable);
}

pub(crate) async fn nothing_of_a_member_is_left_when_they_leave(db: Db) {
    let world = db.open().await;
    let [alice, bob] = people(&world, ["alice", "bob"]).await;
    let id = world.group(&alice, &[&bob]).await;
    let sent = world.send(new_message(id, &alice, "hello")).await;
    world.done(save_draft(&bob, new_draft(id, "unsent"))).await;
    let update = UpdateMe { muted: Some(true), pinned: Some(true), archived: Some(true) };
    let me = world.done(Write::UpdateMe { conversation_id: id, user_id: bob.id, update }).await;
    assert!(matches!(&me, Written::Me(me) if me.muted && me.pinned && me.archived), "{me:?}");
    world.done(leave(id, &bob)).await;
    assert_eq!(world.store.conversation(id, bob.id).await.unwrap(), None);
    assert_eq!(world.store.draft(bob.id, id).await.unwrap(), None);
    assert_eq!(world.store.standing(id, bob.id).await.unwrap(), None);
    assert_eq!(world.store.message(sent.id, bob.id).await.unwrap(), None);
    assert_eq!(world.store.events(id, bob.id, 0, ALL).await.unwrap(), None);
    assert_eq!(world.list(&bob).await, []);
    let log = world.log(id, &alice).await;
    let EventBody::MemberLeft(left) = &log[2].body else { panic!("{log:#?}") };
    assert_eq!((left.actor_id, left.user_id, left.member_count), (bob.id, bob.id, 1));
    world.done(add(id, &alice, &bob)).await;
    let seen = world.conversation(id, &bob).await;
    assert_eq!((seen.me.muted, seen.me.pinned, seen.me.archived), (false, false, false));
    assert_eq!(seen.me.role, MemberRole::Member);
}

pub(crate) async fn who_outranks_whom_decides(db: Db) {
    let world = db.open().await;
    let [owner, admin, moderator, equal, member] =
        people(&world, ["owner", "admin", "moderator", "equal", "member"]).await;
    let id = world.group(&owner, &[&admin, &moderator, &equal, &member]).await;
    world.done(set_role(id, &owner, &admin, MemberRole::Admin)).await;
    world.done(set_role(id, &admin, &moderator, MemberRole::Moderator)).await;
    world.done(set_role(id, &admin, &equal, MemberRole::Moderator)).await;
    for write in [
        set_role(id, &admin, &member, MemberRole::Admin),
        set_role(id, &admin, &owner, MemberRole::Member),
        set_role(id, &admin, &admin, MemberRole::Member),
        set_role(id, &moderator, &member, MemberRole::Moderator),
        set_role(id, &owner, &owner, MemberRole::Admin),
        remove(id, &moderator, &admin),
        remove(id, &moderator, &equal),
        remove(id, &admin, &owner),
        remove(id, &member, &moderator),
    ] {
        assert_eq!(world.refusal(write.clone()).await, Refusal::RoleTooLow, "{write:?}");
    }
    world.done(remove(id, &moderator, &member)).await;
    world.done(set_role(id, &admin, &moderator, MemberRole::Member)).await;
    let same = world.done(set_role(id, &admin, &moderator, MemberRole::Member)).await;
    assert!(matches!(same, Written::Member { existed: true, .. }), "{same:?}");
    let expected = [
        ("admin", MemberRole::Admin),
        ("equal", MemberRole::Moderator),
        ("moderator", MemberRole::Member),
        ("owner", MemberRole::Owner),
    ];
    assert_eq!(roles(&world, id, &owner).await, expected.map(|(name, role)| (name.to_owned(), role)));
}

pub(crate) async fn a_conversation_is_handed_over(db: Db) {
    let world = db.open().await;
    let [alice, bob] = people(&world, ["alice", "bob"]).await;
    let id = world.group(&alice, &[&bob]).await;
    let written = world.done(set_role(id, &alice, &bob, MemberRole::Owner)).await;
    assert!(matches!(&written, Written::Member { member, .. } if member.role == MemberRole::Owner));
    let expected = [("alice", MemberRole::Admin), ("bob", MemberRole::Owner)];
    assert_eq!(roles(&world, id, &bob).await, expected.map(|(name, role)| (name.to_owned(), role)));
    let log = world.log(id, &bob).await;
    let changed: Vec<_> = log
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::MemberUpdated(change) => Some((change.member.user.id, change.member.role)),
            _ => None,
        })
        .collect();
    assert_eq!(changed, [(alice.id, MemberRole::Admin), (bob.id, MemberRole::Owner)]);
}

pub(crate) async fn the_highest_then_the_eldest_follows_the_owner(db: Db) {
    let world = db.open().await;
    let [alice, bob, carol, dave, erin] = people(&world, ["alice", "bob", "carol", "dave", "erin"]).await;
    let id = world.group(&alice, &[]).await;
    for user in [&bob, &carol, &dave, &erin] {
        world.done(add(id, &alice, user)).await;
    }
    world.done(set_role(id, &alice, &dave, MemberRole::Moderator)).await;
    world.done(set_role(id, &alice, &erin, MemberRole::Moderator)).await;
    for (owner, heir) in [(&alice, &dave), (&dave, &erin), (&erin, &bob), (&bob, &carol)] {
        world.done(leave(id, owner)).await;
        assert_eq!(world.conversation(id, heir).await.me.role, MemberRole::Owner);
    }
    // With the last one, the conversation ends.
    world.done(leave(id, &carol)).await;
    assert_eq!(world.store.roster(id, None).await.unwrap().unwrap().members, []);
    db.behind().await.check().await;
    let notices = world.notices().await;
    let last = notices.last().unwrap();
    assert!(matches!(last, Notice::Deleted { members, .. } if *members == [carol.id]), "{last:?}");
}

pub(crate) async fn members_are_listed_by_name_in_pages(db: Db) {
    let world = db.open().await;
    let [dave, alice, carol, bob, eve] = people(&world, ["dave", "alice", "carol", "bob", "eve"]).await;
    let id = world.group(&dave, &[&alice, &carol, &bob]).await;
    let mut names = Vec::new();
    loop {
        let after = names.last().cloned();
        let page = world.store.members(id, alice.id, after.as_deref(), 2).await.unwrap().unwrap();
        if page.is_empty() {
            break;
        }
        names.extend(page.into_iter().map(|member| member.user.username));
    }
    assert_eq!(names, ["alice", "bob", "carol", "dave"]);
    assert_eq!(world.store.members(id, eve.id, None, ALL).await.unwrap(), None);
    let mut among = world.store.members_among(id, &[eve.id, bob.id, alice.id]).await.unwrap();
    among.sort_unstable();
    assert_eq!(among, [alice.id, bob.id]);
    assert_eq!(world.store.members_among(id, &[]).await.unwrap(), []);
}

pub(crate) async fn where_somebody_stands_is_read_in_one_look(db: Db) {
    let world = db.open().await;
    let [alice, bob, eve] = people(&world, ["alice", "bob", "eve"]).await;
    let id = world.create(new_channel(&alice, &[&bob])).await;
    world.send(new_message(id, &alice, "x")).await;
    world.done(crate::harness::read(id, &bob, None)).await;
    let expected = Standing {
        kind: ConversationKind::Channel,
        visibility: Visibility::Public,
        status: ConversationStatus::Active,
        blocked: false,
        role: MemberRole::Member,
        member_count: 2,
        last_read_seq: 2,
    };
    assert_eq!(world.store.standing(id, bob.id).await.unwrap(), Some(expected));
    assert_eq!(world.store.standing(id, eve.id).await.unwrap(), None);
    let direct = world.create(new_direct(&alice, &bob)).await;
    assert_eq!(world.store.direct(bob.id, alice.id).await.unwrap(), Some(direct));
    assert_eq!(world.store.direct(bob.id, eve.id).await.unwrap(), None);
    for blocked in [false, true] {
        for user in [&alice, &bob] {
            assert_eq!(world.store.standing(direct, user.id).await.unwrap().unwrap().blocked, blocked);
        }
        world.done(block(&bob, &alice)).await;
    }
}
