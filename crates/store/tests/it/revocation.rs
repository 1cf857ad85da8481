//! What open sockets hear of, whichever process has done it.

use crate::harness::{Db, World, new_session, now};
use crate::variants::{provision, rotation};
use natter_protocol::{PlatformRole, SessionId, Timestamp, UpdateProfile, User, UserId};
use natter_store::{ProvisionUser, Revocation, RevocationKind, Write};
use std::sync::Arc;

const ENDED: RevocationKind = RevocationKind::Ended;
const CHANGED: RevocationKind = RevocationKind::UserChanged;

/// Hears of everything once.
struct Listener<'a> {
    world: &'a World,
    after: i64,
}

impl Listener<'_> {
    /// What is new, in no order.
    async fn hear(&mut self) -> Vec<(UserId, Option<SessionId>, RevocationKind)> {
        let new = self.world.store.revocations(self.after).await.unwrap();
        assert!(
            new.is_sorted_by_key(|revocation| revocation.id) && new.iter().all(|new| new.id > self.after)
        );
        self.after = new.last().map_or(self.after, |revocation| revocation.id);
        assert_eq!(self.world.store.last_revocation().await.unwrap(), self.after);
        let mut new: Vec<_> = new
            .into_iter()
            .map(|Revocation { user_id, session_id, kind, .. }| (user_id, session_id, kind))
            .collect();
        new.sort_unstable_by_key(|(user, session, _)| (*user, *session));
        new
    }
}

async fn sign_in(world: &World, user: &User) -> SessionId {
    let new = new_session(user, [1; 32]);
    world.done(Write::CreateSession(Box::new(new.clone()))).await;
    new.id
}

fn set_password(user: &User, except: Option<SessionId>) -> Write {
    Write::SetPassword { user_id: user.id, password_hash: "another".to_owned(), except, now: now() }
}

pub(crate) async fn every_end_of_a_session_is_told(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    assert_eq!(world.store.last_revocation().await.unwrap(), 0);
    let mut listener = Listener { world: &world, after: 0 };
    let mut sessions = Vec::new();
    for _ in 0..5 {
        sessions.push(sign_in(&world, &alice).await);
    }
    sign_in(&world, &bob).await;
    let of = |session: SessionId| (alice.id, Some(session), ENDED);

    // A token that is traded as it should be ends nothing; one that comes back does.
    world.done(rotation(sessions[0], 1, 2)).await;
    assert_eq!(listener.hear().await, []);
    world.done(rotation(sessions[0], 1, 3)).await;
    assert_eq!(listener.hear().await, [of(sessions[0])]);
    world.done(Write::EndSession { id: sessions[1], now: now() }).await;
    assert_eq!(listener.hear().await, [of(sessions[1])]);
    // What has ended does not end again.
    world.done(Write::EndSession { id: sessions[1], now: now() }).await;
    world.done(rotation(sessions[0], 1, 4)).await;
    assert_eq!(listener.hear().await, []);
    world.done(set_password(&alice, Some(sessions[3]))).await;
    assert_eq!(listener.hear().await, [of(sessions[2]), of(sessions[4])]);
    let again = sign_in(&world, &alice).await;
    world.done(Write::EndSessions { user_id: alice.id, except: Some(again), now: now() }).await;
    assert_eq!(listener.hear().await, [of(sessions[3])]);
    world.done(set_password(&alice, None)).await;
    assert_eq!(listener.hear().await, [of(again)]);
}

pub(crate) async fn every_change_of_a_user_is_told(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let mut listener = Listener { world: &world, after: 0 };
    let session = sign_in(&world, &alice).await;
    assert_eq!(listener.hear().await, [], "whoever comes has no sockets yet");

    let role = |role| Write::SetRole { user_id: alice.id, role };
    world.done(role(PlatformRole::Admin)).await;
    assert_eq!(listener.hear().await, [(alice.id, None, CHANGED)]);
    let disable = |disabled| Write::SetDisabled { user_id: alice.id, disabled, now: now() };
    world.done(disable(true)).await;
    assert_eq!(listener.hear().await, [(alice.id, None, ENDED), (alice.id, Some(session), ENDED)]);
    world.done(disable(false)).await;
    assert_eq!(listener.hear().await, [(alice.id, None, CHANGED)]);
    let profile = |update| Write::UpdateProfile { user_id: alice.id, update: Box::new(update) };
    let (name, picture) = (Some("Ada".to_owned()), Some("/a.png".to_owned()));
    for update in [
        UpdateProfile { display_name: name, ..UpdateProfile::default() },
        UpdateProfile { avatar_url: picture, ..UpdateProfile::default() },
        UpdateProfile { presence_visible: Some(false), ..UpdateProfile::default() },
    ] {
        world.done(profile(update.clone())).await;
        assert_eq!(listener.hear().await, [(alice.id, None, CHANGED)], "{update:?}");
        // What is as it was is no change.
        world.done(profile(update)).await;
    }
    world.done(role(PlatformRole::Admin)).await;
    world.done(disable(false)).await;
    world.done(Write::Seen(vec![(alice.id, now())])).await;
    world.done(set_password(&bob, None)).await;
    assert_eq!(listener.hear().await, []);

    let host = provision("carol");
    world.done(Write::ProvisionUser(Box::new(host.clone()))).await;
    assert_eq!(listener.hear().await, []);
    let admin = ProvisionUser { role: Some(PlatformRole::Admin), ..host.clone() };
    for _ in 0..2 {
        world.done(Write::ProvisionUser(Box::new(admin.clone()))).await;
    }
    assert_eq!(listener.hear().await, [(host.id, None, CHANGED)]);
}

/// However many processes write at once.
pub(crate) async fn whoever_reads_on_misses_nothing(db: Db) {
    const ROUNDS: usize = 40;
    let worlds = [db.open().await, db.open().await, db.open().await];
    let mut writers = Vec::new();
    for (n, world) in worlds.iter().enumerate() {
        let user = world.user(&format!("user-{n}")).await;
        let store = Arc::clone(&world.store);
        writers.push(tokio::spawn(async move {
            for round in 0..ROUNDS {
                for _ in 0..=(n + round) % 4 {
                    let new = Write::CreateSession(Box::new(new_session(&user, [1; 32])));
                    store.queue(new).await.unwrap().await.unwrap();
                }
                let role = if round % 2 == 0 { PlatformRole::Admin } else { PlatformRole::User };
                let changed = store.queue(Write::SetRole { user_id: user.id, role }).await.unwrap();
                let end = Write::EndSessions { user_id: user.id, except: None, now: now() };
                let ended = store.queue(end).await.unwrap();
                changed.await.unwrap();
                ended.await.unwrap();
            }
        }));
    }
    let (mut read, mut after) = (Vec::new(), 0);
    loop {
        let done = writers.iter().all(tokio::task::JoinHandle::is_finished);
        let page = worlds[0].store.revocations(after).await.unwrap();
        after = page.last().map_or(after, |revocation| revocation.id);
        read.extend(page);
        if done {
            break;
        }
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(read, worlds[1].store.revocations(0).await.unwrap());
    assert!(read.len() > 3 * ROUNDS * 2, "{}", read.len());
}

pub(crate) async fn what_is_told_is_forgotten_in_the_end(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    for role in [PlatformRole::Admin, PlatformRole::User, PlatformRole::Moderator] {
        world.done(Write::SetRole { user_id: alice.id, role }).await;
    }
    let last = world.store.last_revocation().await.unwrap();
    let erase = |before| Write::Erase { keys_before: now(), revocations_before: before, rows_max: 2 };
    world.done(erase(Timestamp::from_millis(0))).await;
    assert_eq!(world.store.revocations(0).await.unwrap().len(), 3);
    let always = Timestamp::from_millis(i64::from(u32::MAX) * 1_000);
    world.done(erase(always)).await;
    assert_eq!(world.store.revocations(0).await.unwrap().len(), 1, "a few at a time");
    world.done(erase(always)).await;
    assert_eq!(world.store.revocations(0).await.unwrap(), []);

    // Whoever has read up to the last one hears of the next.
    world.done(Write::SetRole { user_id: alice.id, role: PlatformRole::User }).await;
    assert_eq!(world.store.revocations(last).await.unwrap().len(), 1);
}
