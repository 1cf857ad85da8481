//! When somebody was last connected, and who may know.

use crate::harness::{Db, World, new_group, new_user_id, now};
use natter_protocol::{Timestamp, UpdateProfile, User};
use natter_store::Write;

async fn last_seen(world: &World, user: &User) -> Option<Timestamp> {
    world.store.user(user.id).await.unwrap().unwrap().last_seen
}

async fn show(world: &World, user: &User, visible: bool) {
    let update = UpdateProfile { presence_visible: Some(visible), ..UpdateProfile::default() };
    world.done(Write::UpdateProfile { user_id: user.id, update: Box::new(update) }).await;
}

pub(crate) async fn when_somebody_was_last_seen_never_goes_back(db: Db) {
    let world = db.open().await;
    let (alice, bob, carol) = (world.user("alice").await, world.user("bob").await, world.user("carol").await);
    assert_eq!(last_seen(&world, &alice).await, None);
    let (first, second, third) = (now(), now(), now());
    // Also when one batch says it of somebody twice, and of somebody who is not there.
    let seen =
        vec![(bob.id, first), (alice.id, second), (alice.id, first), (new_user_id(), third), (bob.id, third)];
    world.done(Write::Seen(seen)).await;
    assert_eq!(last_seen(&world, &alice).await, Some(second));
    assert_eq!(last_seen(&world, &bob).await, Some(third));
    world.done(Write::Seen(vec![(alice.id, first)])).await;
    assert_eq!(last_seen(&world, &alice).await, Some(second));
    world.done(Write::Seen(vec![(alice.id, third)])).await;
    assert_eq!(last_seen(&world, &alice).await, Some(third));
    world.done(Write::Seen(Vec::new())).await;
    assert_eq!(last_seen(&world, &carol).await, None);
}

pub(crate) async fn who_is_hidden_is_seen_by_nobody_else(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = world.create(new_group(&alice, &[&bob])).await;
    let at = now();
    world.done(Write::Seen(vec![(alice.id, at), (bob.id, at)])).await;
    let own = world.store.own_user(alice.id).await.unwrap().unwrap();
    assert_eq!((own.user.last_seen, own.presence_visible), (Some(at), true));
    let both = [alice.id, bob.id];
    assert_eq!(world.store.hidden_among(&both).await.unwrap(), []);

    show(&world, &alice, false).await;
    assert_eq!(world.store.hidden_among(&both).await.unwrap(), [alice.id]);
    assert_eq!(world.store.hidden_among(&[bob.id]).await.unwrap(), []);
    assert_eq!(last_seen(&world, &alice).await, None);
    assert_eq!(last_seen(&world, &bob).await, Some(at));
    let seen = |users: Vec<User>| -> Vec<Option<Timestamp>> {
        users.into_iter().map(|user| user.last_seen).collect()
    };
    let acquaintances = world.store.acquaintances(bob.id, &both, None, 9).await.unwrap();
    assert_eq!(seen(acquaintances), [None, Some(at)]);
    let members = world.members(id, &bob).await.into_iter().map(|member| member.user).collect();
    assert_eq!(seen(members), [None, Some(at)]);
    assert_eq!(seen(world.store.users_like(bob.id, "", None, 9).await.unwrap()), [None, Some(at)]);
    assert_eq!(world.store.credentials("alice").await.unwrap().unwrap().user.last_seen, None);
    // It is kept, for themselves, and for everybody once they show themselves again.
    let own = world.store.own_user(alice.id).await.unwrap().unwrap();
    assert_eq!((own.user.last_seen, own.presence_visible), (Some(at), false));
    let later = now();
    world.done(Write::Seen(vec![(alice.id, later)])).await;
    show(&world, &alice, true).await;
    assert_eq!(last_seen(&world, &alice).await, Some(later));

    assert_eq!(world.store.own_user(new_user_id()).await.unwrap(), None);
    world.done(Write::SetDisabled { user_id: bob.id, disabled: true, now: now() }).await;
    assert_eq!(world.store.own_user(bob.id).await.unwrap(), None);
}
