//! Invite links.

use crate::harness::{Db, World, accept, act, new_direct, new_invite, now, summary};
use natter_protocol::{ConversationKind, Invite, InvitePreview, MemberRole, User};
use natter_store::{NewInvite, Refusal, StoreError, Write, Written};

async fn create(world: &World, new: NewInvite) -> Invite {
    match world.done(Write::CreateInvite(Box::new(new))).await {
        Written::Invite(invite) => *invite,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn a_link_lets_in_whoever_has_it(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = world.group(&alice, &[]).await;
    let new = new_invite(id, &alice);
    let invite = create(&world, new.clone()).await;
    assert_eq!(invite, new.invite);
    let preview = InvitePreview {
        conversation_id: id,
        kind: ConversationKind::Group,
        name: "Harbour".to_owned(),
        member_count: 1,
        inviter: summary(&alice),
        joined: false,
    };
    assert_eq!(world.store.invite(&invite.code, bob.id, now()).await.unwrap(), Some(preview.clone()));
    let joined = world.done(accept(&invite, &bob)).await;
    assert!(matches!(joined, Written::Member { existed: false, .. }), "{joined:?}");
    let preview = InvitePreview { member_count: 2, joined: true, ..preview };
    assert_eq!(world.store.invite(&invite.code, bob.id, now()).await.unwrap(), Some(preview));
    // Whoever is in already uses nothing up.
    for user in [&bob, &alice] {
        let again = world.done(accept(&invite, user)).await;
        assert!(matches!(again, Written::Member { existed: true, .. }), "{again:?}");
    }
    assert_eq!(world.store.invites(id).await.unwrap(), [Invite { uses: 1, ..invite }]);
    assert_eq!(world.store.invite("unknown", bob.id, now()).await.unwrap(), None);
}

pub(crate) async fn a_link_lets_in_no_more_than_it_says(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = world.group(&alice, &[]).await;
    let mut new = new_invite(id, &alice);
    new.invite.uses_max = Some(2);
    let invite = create(&world, new).await;
    let mut guests: Vec<User> = Vec::new();
    for n in 0..4 {
        guests.push(world.user(&format!("guest{n}")).await);
    }
    let writes = guests.iter().map(|guest| accept(&invite, guest)).collect();
    let results = world.write_all(writes).await;
    let refused = |result: &Result<Written, StoreError>| {
        matches!(result, Err(StoreError::Refused(Refusal::InviteNotValid)))
    };
    assert!(results.iter().map(refused).eq([false, false, true, true]), "{results:?}");
    assert_eq!(world.conversation(id, &alice).await.member_count, 3);
    assert_eq!(world.store.invites(id).await.unwrap()[0].uses, 2);
    assert_eq!(world.store.invite(&invite.code, guests[3].id, now()).await.unwrap(), None);
    // Somebody who has come by it stays, and may ask again.
    let again = world.done(accept(&invite, &guests[0])).await;
    assert!(matches!(again, Written::Member { existed: true, .. }), "{again:?}");
}

pub(crate) async fn a_link_ends_at_its_time(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = world.group(&alice, &[]).await;
    let mut new = new_invite(id, &alice);
    let end = new.invite.created_at.plus_seconds(3600);
    new.invite.expires_at = Some(end);
    let invite = create(&world, new).await;
    let before = natter_protocol::Timestamp::from_millis(end.millis() - 1);
    assert!(world.store.invite(&invite.code, bob.id, before).await.unwrap().is_some());
    assert_eq!(world.store.invite(&invite.code, bob.id, end).await.unwrap(), None);
    let at = |at| {
        let Write::AddMember(mut add) = accept(&invite, &bob) else { unreachable!() };
        add.at = at;
        Write::AddMember(add)
    };
    assert_eq!(world.refusal(at(end)).await, Refusal::InviteNotValid);
    world.done(at(before)).await;
}

pub(crate) async fn a_revoked_link_is_gone(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (id, other) = (world.group(&alice, &[]).await, world.group(&alice, &[]).await);
    let (first, second) =
        (create(&world, new_invite(id, &alice)).await, create(&world, new_invite(id, &alice)).await);
    assert_eq!(world.store.invites(id).await.unwrap(), [first.clone(), second.clone()]);
    let revoke = |conversation, invite: &Invite| Write::RevokeInvite {
        act: act(conversation, &alice, MemberRole::Admin),
        id: invite.id,
    };
    // Not by way of another conversation.
    assert!(matches!(world.done(revoke(other, &first)).await, Written::Found(false)));
    assert!(matches!(world.done(revoke(id, &first)).await, Written::Found(true)));
    assert!(matches!(world.done(revoke(id, &first)).await, Written::Found(false)));
    assert_eq!(world.store.invites(id).await.unwrap(), [second]);
    assert_eq!(world.refusal(accept(&first, &bob)).await, Refusal::InviteNotValid);
    let direct = world.create(new_direct(&alice, &bob)).await;
    assert_eq!(world.store.invites(direct).await.unwrap(), []);
}
