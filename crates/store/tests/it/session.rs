//! The sessions of a user.

use crate::harness::{Db, World, new_session, new_user_id, now};
use crate::variants::rotation;
use natter_protocol::{SessionId, SessionInfo, User};
use natter_store::{NewSession, Write, Written};

async fn begin(world: &World, user: &User, hash: u8) -> NewSession {
    let new = new_session(user, [hash; 32]);
    world.done(Write::CreateSession(Box::new(new.clone()))).await;
    new
}

async fn listed(world: &World, user: &User) -> Vec<SessionId> {
    world.store.sessions(user.id, now()).await.unwrap().into_iter().map(|session| session.id).collect()
}

pub(crate) async fn the_newest_session_comes_first(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (first, second) = (begin(&world, &alice, 1).await, begin(&world, &alice, 2).await);
    begin(&world, &bob, 3).await;
    let info = |new: &NewSession| SessionInfo {
        id: new.id,
        created_at: new.created_at,
        refreshed_at: new.created_at,
        expires_at: new.expires_at,
        current: false,
    };
    let sessions = world.store.sessions(alice.id, now()).await.unwrap();
    assert_eq!(sessions, [info(&second), info(&first)]);

    let write = rotation(first.id, 1, 9);
    let Write::RotateSession(rotated) = &write else { unreachable!() };
    let (refreshed_at, expires_at) = (rotated.now, rotated.expires_at);
    world.done(write).await;
    let sessions = world.store.sessions(alice.id, now()).await.unwrap();
    assert_eq!(sessions, [info(&second), SessionInfo { refreshed_at, expires_at, ..info(&first) }]);

    // Neither one that has ended nor one that has expired.
    world.done(Write::EndSession { id: second.id, now: now() }).await;
    assert_eq!(listed(&world, &alice).await, [first.id]);
    assert_eq!(world.store.sessions(alice.id, expires_at).await.unwrap(), []);
    assert_eq!(world.store.sessions(new_user_id(), now()).await.unwrap(), []);
}

pub(crate) async fn all_sessions_end_but_one(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (first, second, third) =
        (begin(&world, &alice, 1).await, begin(&world, &alice, 2).await, begin(&world, &alice, 3).await);
    let his = begin(&world, &bob, 4).await;
    let end = |except| Write::EndSessions { user_id: alice.id, except, now: now() };
    let ended = async |write| match world.done(write).await {
        Written::SessionsEnded(mut ended) => {
            ended.sort_unstable();
            ended
        }
        other => panic!("{other:?}"),
    };
    world.done(Write::EndSession { id: third.id, now: now() }).await;
    // Only those that end now: whoever cuts the connections need not cut those of old ones.
    assert_eq!(ended(end(Some(second.id))).await, [first.id]);
    assert_eq!(listed(&world, &alice).await, [second.id]);
    let password_hash = "another".to_owned();
    let change = |except| Write::SetPassword {
        user_id: alice.id,
        password_hash: password_hash.clone(),
        except,
        now: now(),
    };
    assert_eq!(ended(change(Some(second.id))).await, []);
    assert_eq!(ended(change(None)).await, [second.id]);
    assert_eq!(ended(end(None)).await, []);
    assert_eq!(listed(&world, &bob).await, [his.id]);
}
