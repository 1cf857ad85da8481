//! Tells those who watch, and notes when people were last seen.

use crate::Clock;
use crate::relay::{Signal, Signals};
use natter_protocol::{Presence, PresenceChange, Timestamp, UserId, limits};
use natter_realtime::{Frame, Hub, PresenceNews};
use natter_store::{Store, Write};
use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// People of whom is told in one round. However many come and go at once, a round asks the database three questions.
const TOLD_USERS_MAX: usize = 1_000;
/// Connections that are told in one round, give or take those that watch one person: four rounds a second of them cost a
/// tenth of a processor.
const TOLD_CONNECTIONS_MAX: usize = 50_000;
/// Questions that are asked in one round about people who have left a conversation and watch somebody, or are watched:
/// one about each. Those who are not need none, however many they are.
const ESTRANGED_QUESTIONS_MAX: usize = 50;
/// People of whom one write notes when they were last seen. There is one such write in a round.
const SEEN_USERS_MAX: usize = 1_000;
/// People of whom that is still to be written. It comes to so many only while the database is away; then those who go
/// are seen last when they were before.
const SEEN_WAITING_MAX: usize = 100_000;

/// Keeps presence: looks at what has changed, every [`limits::PRESENCE_COALESCE_MS`], and tells those who watch and may
/// see it. What came and went in between is told to nobody.
pub struct Keeper {
    store: Arc<dyn Store>,
    hub: Hub,
    clock: Arc<dyn Clock>,
    signals: Signals,
    /// As what people were shown last. Whoever is absent was offline.
    shown: HashMap<UserId, Presence>,
    /// When those left who have no connection and are not offline yet.
    left_at: HashMap<UserId, Timestamp>,
    /// Of whom is to be told, and whether also to those who may not see it: that somebody is offline who was not.
    waiting: HashMap<UserId, bool>,
    /// Whose watching is to be looked at.
    estranged: HashSet<UserId>,
    /// When people were last seen, as far as it is not written yet.
    seen: HashMap<UserId, Timestamp>,
}

/// What the database knows of people of whom is told.
struct Known {
    apart: HashMap<UserId, HashSet<UserId>>,
    hidden: HashSet<UserId>,
    last_seen: HashMap<UserId, Timestamp>,
}

impl Keeper {
    /// A keeper that has shown nobody yet.
    pub(super) fn new(store: Arc<dyn Store>, hub: Hub, clock: Arc<dyn Clock>, signals: Signals) -> Self {
        Self {
            store,
            hub,
            clock,
            signals,
            shown: HashMap::new(),
            left_at: HashMap::new(),
            waiting: HashMap::new(),
            estranged: HashSet::new(),
            seen: HashMap::new(),
        }
    }

    /// Keeps presence until it is told to stop. Then it notes that everybody who is still there was seen now.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        loop {
            let next = async {
                if self.waiting.is_empty() && self.estranged.is_empty() && self.seen.is_empty() {
                    self.hub.presence_news().await;
                }
                tokio::time::sleep(Duration::from_millis(limits::PRESENCE_COALESCE_MS)).await;
            };
            tokio::select! {
                () = next => self.round().await,
                () = &mut stop => break,
            }
        }
        self.finish().await;
    }

    async fn round(&mut self) {
        self.look();
        // Before anybody is told, so that whoever asks then finds it.
        if let Err(error) = self.write_seen().await {
            tracing::warn!(%error, "when people were last seen is not written yet");
        }
        // Before those are told who should not be.
        if let Err(error) = self.part_strangers().await {
            tracing::warn!(%error, "who watches whom is not looked at yet");
        }
        if let Err(error) = self.tell().await {
            tracing::warn!(%error, "who can be reached is not told yet");
        }
    }

    /// Takes notice of what has changed.
    fn look(&mut self) {
        let PresenceNews { changed, anew, estranged } = self.hub.take_presence_news();
        self.estranged.extend(estranged);
        let mut disconnected = Vec::new();
        for user_id in changed {
            if !self.hub.is_online(user_id) {
                disconnected.push(user_id);
            }
            self.note(user_id);
        }
        if !disconnected.is_empty() {
            self.signals.send(Signal::Disconnected(disconnected));
        }
        self.waiting.extend(anew.into_iter().map(|user_id| (user_id, true)));
    }

    fn note(&mut self, user_id: UserId) {
        let now = self.hub.presence(user_id);
        if self.hub.is_online(user_id) {
            self.left_at.remove(&user_id);
        } else if now != Presence::Offline {
            self.left_at.entry(user_id).or_insert_with(|| self.clock.now());
        }
        let before = if now == Presence::Offline {
            let left_at = self.left_at.remove(&user_id);
            let before = self.shown.remove(&user_id);
            if before.is_some() {
                self.saw(user_id, left_at.unwrap_or_else(|| self.clock.now()));
            }
            before
        } else {
            self.shown.insert(user_id, now)
        };
        if before.unwrap_or(Presence::Offline) != now && self.hub.is_watched(user_id) {
            self.waiting.entry(user_id).or_default();
        }
    }

    fn saw(&mut self, user_id: UserId, at: Timestamp) {
        if self.seen.len() < SEEN_WAITING_MAX || self.seen.contains_key(&user_id) {
            self.seen.insert(user_id, at);
        } else {
            tracing::warn!(%user_id, "when they were last seen is lost: too much of that waits for the database");
        }
    }

    async fn write_seen(&mut self) -> natter_store::Result<()> {
        let batch: Vec<(UserId, Timestamp)> =
            self.seen.iter().take(SEEN_USERS_MAX).map(|(user_id, at)| (*user_id, *at)).collect();
        if batch.is_empty() {
            return Ok(());
        }
        self.store.queue(Write::Seen(batch.clone())).await?.await?;
        for (user_id, _) in batch {
            self.seen.remove(&user_id);
        }
        Ok(())
    }

    /// Ends the watching of those who do not share a conversation any more.
    async fn part_strangers(&mut self) -> natter_store::Result<()> {
        let mut questions = 0;
        for user_id in self.estranged.iter().copied().collect::<Vec<_>>() {
            if questions == ESTRANGED_QUESTIONS_MAX {
                break;
            }
            let partners: Vec<UserId> = self.hub.watch_partners(user_id).into_iter().collect();
            if !partners.is_empty() {
                questions += 1;
                let limit = u32::try_from(partners.len()).unwrap_or(u32::MAX);
                let known = self.store.acquaintances(user_id, &partners, None, limit).await?;
                let known: HashSet<UserId> = known.into_iter().map(|user| user.id).collect();
                self.hub.part_strangers(
                    user_id,
                    |other| other != user_id && !known.contains(&other),
                    |gone| frame(gone, Presence::Offline, None),
                );
            }
            self.estranged.remove(&user_id);
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Tells those who watch of some of those who changed.
    async fn tell(&mut self) -> natter_store::Result<()> {
        let users: Vec<UserId> = self.waiting.keys().take(TOLD_USERS_MAX).copied().collect();
        if users.is_empty() {
            return Ok(());
        }
        let known = self.ask(&users).await?;
        let nobody = HashSet::new();
        let mut told = 0;
        for user_id in users {
            if told >= TOLD_CONNECTIONS_MAX {
                break;
            }
            if self.hub.is_presence_anew(user_id) {
                // Who may see them has changed since the database was asked: they wait for the next round.
                continue;
            }
            let anew = self.waiting.remove(&user_id).unwrap_or_default();
            let shown = self.frame(user_id, &known);
            let hidden = frame(user_id, Presence::Offline, None);
            let (apart, is_hidden) =
                (known.apart.get(&user_id).unwrap_or(&nobody), known.hidden.contains(&user_id));
            told += self.hub.tell_watchers(user_id, |watcher| {
                let may_see = watcher == user_id || !is_hidden && !apart.contains(&watcher);
                if may_see { Some(&shown) } else { anew.then_some(&hidden) }
            });
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    async fn ask(&self, users: &[UserId]) -> natter_store::Result<Known> {
        let mut apart: HashMap<UserId, HashSet<UserId>> = HashMap::new();
        for (user_id, other) in self.store.apart_among(users).await? {
            apart.entry(user_id).or_default().insert(other);
        }
        let hidden = self.store.hidden_among(users).await?.into_iter().collect();
        let names: Vec<String> = users.iter().map(ToString::to_string).collect();
        let rows = self.store.users_named(&names).await?;
        let last_seen = rows.into_iter().filter_map(|user| Some((user.id, user.last_seen?))).collect();
        Ok(Known { apart, hidden, last_seen })
    }

    /// What those are told who may see it.
    fn frame(&self, user_id: UserId, known: &Known) -> Frame {
        // After a storm it may take some rounds until all of it is written.
        let last_seen = self.seen.get(&user_id).or_else(|| known.last_seen.get(&user_id));
        frame(user_id, self.hub.presence(user_id), last_seen.copied())
    }

    /// Notes that everybody was seen who is not offline: when they left, or now.
    async fn finish(mut self) {
        self.look();
        let now = self.clock.now();
        for user_id in std::mem::take(&mut self.shown).into_keys() {
            let at = self.left_at.get(&user_id).copied().unwrap_or(now);
            self.saw(user_id, at);
        }
        while !self.seen.is_empty() {
            if let Err(error) = self.write_seen().await {
                return tracing::warn!(%error, "when people were last seen is not written");
            }
        }
    }
}

fn frame(user_id: UserId, status: Presence, last_seen: Option<Timestamp>) -> Frame {
    Frame::ephemeral("presence.changed", &PresenceChange { user_id, status, last_seen })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemClock;
    use natter_protocol::{ConnectionId, PlatformRole, SessionId};
    use natter_realtime::{Dialect, Limits, Newcomer, Registration, Wire};
    use natter_store::{DatabaseUrl, NewUser, OpenOptions, Opened};
    use std::task::{Context, Waker};
    use uuid::Uuid;

    fn user(number: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(number))
    }

    async fn arrive(store: &dyn Store, hub: &Hub, number: u128) -> Registration {
        let new = NewUser {
            id: user(number),
            username: format!("person-{number}"),
            display_name: String::new(),
            email: None,
            role: PlatformRole::User,
            password_hash: None,
            created_at: Timestamp::from_millis(0),
        };
        store.queue(Write::CreateUser(Box::new(new))).await.unwrap().await.unwrap();
        let newcomer = Newcomer {
            user_id: user(number),
            session_id: SessionId::from_uuid(Uuid::nil()),
            connection_id: ConnectionId::from_uuid(Uuid::nil()),
            wire: Wire { dialect: Dialect::Native, deflate: false },
            expires_in_seconds: None,
            first: None,
        };
        hub.register(newcomer).unwrap()
    }

    #[tokio::test]
    async fn who_is_blocked_while_the_database_is_asked_waits_until_it_is_asked_again() {
        let directory = tempfile::tempdir().unwrap();
        let options = OpenOptions {
            url: DatabaseUrl::Sqlite(None),
            data_dir: directory.path().to_owned(),
            readers_max: 1,
            new_epoch: "0123456789abcdef".to_owned(),
        };
        let Opened { store, .. } = natter_store::open(options).await.unwrap();
        let hub = Hub::start(Limits::default());
        let (_ada, bob) = (arrive(&*store, &hub, 1).await, arrive(&*store, &hub, 2).await);
        bob.handle().watch(vec![user(1)]);
        let mut keeper =
            Keeper::new(Arc::clone(&store), hub.clone(), Arc::new(SystemClock), Signals::default());
        loop {
            keeper.look();
            let mut telling = pin!(keeper.tell());
            if telling.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                // The database was so fast that nothing can happen while it is asked.
                hub.tell_presence_anew(user(1));
                continue;
            }
            let block = Write::Block { blocker: user(2), blocked: user(1), at: Timestamp::from_millis(1) };
            store.queue(block).await.unwrap().await.unwrap();
            hub.tell_presence_anew(user(1));
            telling.await.unwrap();
            break;
        }
        assert!(keeper.waiting.contains_key(&user(1)), "bob was told as if there were no block");
        keeper.look();
        keeper.tell().await.unwrap();
        assert!(keeper.waiting.is_empty());
    }
}
