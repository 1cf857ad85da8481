//! Users and sessions.

use crate::harness::{Db, World, new_session_id, new_user, new_user_id, now};
use natter_protocol::{PlatformRole, Presence, SessionId, Timestamp, User};
use natter_store::{NewSession, NewUser, Refusal, SessionRotation, StoreError, Write, Written};

const LIFETIME_SECONDS: i64 = 3600;

pub(crate) async fn a_user_is_found_by_id_by_name_and_for_signing_in(db: Db) {
    let world = db.open().await;
    assert!(!world.store.has_users().await.unwrap());
    let alice = world.user("alice").await;
    assert!(world.store.has_users().await.unwrap());
    assert_eq!(alice.username, "alice");
    assert_eq!(alice.display_name, "alice by name");
    assert_eq!((alice.role, alice.presence), (PlatformRole::User, Presence::Offline));
    assert_eq!((&alice.avatar_url, alice.last_seen), (&None, None));

    let credentials = world.store.credentials("alice").await.unwrap().unwrap();
    assert_eq!(credentials.user, alice);
    assert_eq!(credentials.password_hash.as_deref(), Some("hash of alice"));

    let robot = NewUser { password_hash: None, email: None, role: PlatformRole::Admin, ..new_user("robot") };
    world.write(Write::CreateUser(Box::new(robot))).await.unwrap();
    let credentials = world.store.credentials("robot").await.unwrap().unwrap();
    assert_eq!((credentials.password_hash, credentials.user.role), (None, PlatformRole::Admin));

    assert_eq!(world.store.user(new_user_id()).await.unwrap(), None);
    assert!(world.store.credentials("nobody").await.unwrap().is_none());
}

pub(crate) async fn a_taken_username_is_refused(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let refused = world.write(Write::CreateUser(Box::new(new_user("alice")))).await;
    assert!(matches!(refused, Err(StoreError::Refused(Refusal::UsernameTaken))), "{refused:?}");
    let results = world.write_all(vec![
        Write::CreateUser(Box::new(new_user("bob"))),
        Write::CreateUser(Box::new(new_user("bob"))),
    ]);
    let results = results.await;
    assert!(matches!(results[0], Ok(Written::Done)), "{results:?}");
    assert!(matches!(results[1], Err(StoreError::Refused(Refusal::UsernameTaken))), "{results:?}");
    assert_eq!(world.store.credentials("alice").await.unwrap().unwrap().user, alice);
}

pub(crate) async fn users_are_found_by_names_and_ids(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    world.user("carol").await;
    let nobody = new_user_id();
    let names = ["alice".to_owned(), "nobody".to_owned(), bob.id.to_string(), nobody.to_string()];
    let mut found = world.store.users_named(&names).await.unwrap();
    found.sort_by(|a, b| a.username.cmp(&b.username));
    assert_eq!(found, [alice, bob]);
    assert_eq!(world.store.users_named(&[]).await.unwrap(), []);

    // Not an id in another spelling, but a name that somebody may have; and one that nobody can have.
    let names = [found[0].id.to_string().replace('-', ""), "al\0ice".to_owned()];
    assert_eq!(world.store.users_named(&names).await.unwrap(), []);
    assert!(world.store.credentials("al\0ice").await.unwrap().is_none());
}

pub(crate) async fn a_new_password_ends_the_sessions(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (hers, his) = (session(&world, &alice, [1; 32]).await, session(&world, &bob, [2; 32]).await);
    let now = now();
    let change =
        |user_id| Write::SetPassword { user_id, password_hash: "another".to_owned(), except: None, now };
    let ended = world.done(change(alice.id)).await;
    assert!(matches!(&ended, Written::SessionsEnded(ended) if *ended == [hers]), "{ended:?}");
    let credentials = world.store.credentials("alice").await.unwrap().unwrap();
    assert_eq!(credentials.password_hash.as_deref(), Some("another"));
    assert!(world.store.session(hers, now).await.unwrap().is_none());
    assert!(world.store.session(his, now).await.unwrap().is_some());

    let refused = world.write(change(new_user_id())).await;
    assert!(matches!(refused, Err(StoreError::Refused(Refusal::UserUnknown))), "{refused:?}");
}

pub(crate) async fn a_role_is_replaced(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let role = PlatformRole::Admin;
    assert!(matches!(world.write(Write::SetRole { user_id: alice.id, role }).await, Ok(Written::Done)));
    assert_eq!(world.store.user(alice.id).await.unwrap().unwrap().role, PlatformRole::Admin);

    let nobody = new_user_id();
    let refused = world.write(Write::SetRole { user_id: nobody, role }).await;
    assert!(matches!(refused, Err(StoreError::Refused(Refusal::UserUnknown))), "{refused:?}");
}

pub(crate) async fn a_session_lives_until_it_expires_or_ends(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let created_at = now();
    let expires_at = created_at.plus_seconds(LIFETIME_SECONDS);
    let id = new_session_id();
    let new = NewSession { id, user_id: alice.id, refresh_hash: [1; 32], created_at, expires_at };
    world.write(Write::CreateSession(Box::new(new.clone()))).await.unwrap();

    let last_moment = Timestamp::from_millis(expires_at.millis() - 1);
    let live = world.store.session(id, last_moment).await.unwrap().unwrap();
    assert_eq!((live.id, &live.user), (id, &alice));
    assert!(world.store.session(id, expires_at).await.unwrap().is_none());
    assert!(world.store.session(new_session_id(), created_at).await.unwrap().is_none());

    for _ in 0..2 {
        let ended = world.write(Write::EndSession { id, now: created_at }).await.unwrap();
        assert!(matches!(ended, Written::SessionOver), "{ended:?}");
        assert!(world.store.session(id, created_at).await.unwrap().is_none());
    }

    let stranger = NewSession { id: new_session_id(), user_id: new_user_id(), ..new };
    let refused = world.write(Write::CreateSession(Box::new(stranger))).await;
    assert!(matches!(refused, Err(StoreError::Refused(Refusal::UserUnknown))), "{refused:?}");
}

pub(crate) async fn signing_in_forgets_the_sessions_that_are_over(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let live = session(&world, &alice, [1; 32]).await;
    let over = session(&world, &alice, [2; 32]).await;
    world.write(Write::EndSession { id: over, now: now() }).await.unwrap();

    // Only if nothing is left of it can the id be taken anew.
    let expires_at = now().plus_seconds(LIFETIME_SECONDS);
    let anew =
        NewSession { id: over, user_id: alice.id, refresh_hash: [3; 32], created_at: now(), expires_at };
    world.write(Write::CreateSession(Box::new(anew))).await.unwrap();
    assert!(world.store.session(over, now()).await.unwrap().is_some());
    assert!(world.store.session(live, now()).await.unwrap().is_some());
}

pub(crate) async fn a_refresh_token_works_once(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = session(&world, &alice, [1; 32]).await;
    for generation in 1..5 {
        let rotated = world.write(rotation(id, generation, generation + 1)).await.unwrap();
        let Written::SessionRotated(session) = rotated else { panic!("{rotated:?}") };
        assert_eq!((session.id, &session.user), (id, &alice));
    }
    assert!(world.store.session(id, now()).await.unwrap().is_some());
}

pub(crate) async fn a_reused_refresh_token_ends_the_session(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = session(&world, &alice, [1; 32]).await;
    let other = session(&world, &alice, [9; 32]).await;
    // The first wins, whoever presents it; the second shows that two hold it, also within one batch.
    let results = world.write_all(vec![rotation(id, 1, 2), rotation(id, 1, 3)]).await;
    assert!(matches!(results[0], Ok(Written::SessionRotated(_))), "{results:?}");
    assert!(matches!(results[1], Ok(Written::SessionOver)), "{results:?}");
    let newest = world.write(rotation(id, 2, 4)).await.unwrap();
    assert!(matches!(newest, Written::SessionOver), "{newest:?}");
    assert!(world.store.session(id, now()).await.unwrap().is_none());
    assert!(world.store.session(other, now()).await.unwrap().is_some());
}

pub(crate) async fn a_trade_whose_answer_was_lost_can_be_repeated_for_a_minute(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = session(&world, &alice, [1; 32]).await;
    let Write::RotateSession(first) = rotation(id, 1, 2) else { unreachable!() };
    let later = |seconds| {
        let now = first.now.plus_seconds(seconds);
        Write::RotateSession(Box::new(SessionRotation { now, ..*first }))
    };
    // Repeating it does not make the minute longer.
    for seconds in [0, 0, 40, 60] {
        let again = world.write(later(seconds)).await.unwrap();
        assert!(matches!(again, Written::SessionRotated(_)), "after {seconds}: {again:?}");
    }
    let again = world.write(later(61)).await.unwrap();
    assert!(matches!(again, Written::SessionOver), "{again:?}");
}

pub(crate) async fn an_expired_or_unknown_session_is_not_rotated(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = session(&world, &alice, [1; 32]).await;
    let late = now().plus_seconds(2 * LIFETIME_SECONDS);
    let Write::RotateSession(mut too_late) = rotation(id, 1, 2) else { unreachable!() };
    too_late.now = late;
    for write in [Write::RotateSession(too_late), rotation(new_session_id(), 1, 2)] {
        let over = world.write(write).await.unwrap();
        assert!(matches!(over, Written::SessionOver), "{over:?}");
    }
}

async fn session(world: &World, user: &User, refresh_hash: [u8; 32]) -> SessionId {
    let created_at = now();
    let expires_at = created_at.plus_seconds(LIFETIME_SECONDS);
    let id = new_session_id();
    let new = NewSession { id, user_id: user.id, refresh_hash, created_at, expires_at };
    let written = world.write(Write::CreateSession(Box::new(new))).await.unwrap();
    assert!(matches!(written, Written::Done), "{written:?}");
    id
}

/// Trades one generation of the token for another.
fn rotation(id: SessionId, presented: u8, next: u8) -> Write {
    let now = now();
    Write::RotateSession(Box::new(SessionRotation {
        id,
        presented_hash: [presented; 32],
        next_hash: [next; 32],
        now,
        expires_at: now.plus_seconds(LIFETIME_SECONDS),
    }))
}
