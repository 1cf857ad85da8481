//! Whether people can be reached: what their connections say of them, merged, and who wants to hear of it.
//!
//! All of it lives as long as the connections that it is about. What a user's last connection said holds on for a few
//! seconds after it is gone, so that a reconnect is not seen by others; the sweep counts them. Nothing here tells anybody
//! anything by itself: whoever keeps presence takes the [`PresenceNews`] and decides what of it is whose business.

use super::{Handle, Hub, SHARDS, Subscriber};
use crate::Frame;
use natter_protocol::{Presence, UserId, limits};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use tokio::sync::Notify;

/// Whose presence is not what it was, or is to be looked at again, since this was taken last.
#[derive(Debug, Default)]
pub struct PresenceNews {
    /// Those whose connections came, went, or say something else.
    pub changed: HashSet<UserId>,
    /// Those of whom all who watch them are to be told again: what they may see is not what it was.
    pub anew: HashSet<UserId>,
    /// Those who have left a conversation: who watches them, or is watched by them, may be a stranger now.
    pub estranged: HashSet<UserId>,
}

impl PresenceNews {
    fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.anew.is_empty() && self.estranged.is_empty()
    }
}

/// What one connection says of its user, and of whom it wants to hear.
#[derive(Debug)]
pub(super) struct Lease {
    status: Presence,
    /// In order, each once. None once the connection has left: then it watches nobody any more.
    watched: Option<Vec<UserId>>,
}

impl Default for Lease {
    fn default() -> Self {
        Self { status: Presence::Online, watched: Some(Vec::new()) }
    }
}

/// The hub's part in presence.
#[derive(Debug)]
pub(super) struct Presences {
    /// Locked inside the lock of a shard of connections, never around it.
    people: Mutex<People>,
    /// Told when there is news.
    news: Notify,
    /// Who watches whom, in parts like the connections.
    watchers: [RwLock<HashMap<UserId, HashSet<Watcher>>>; SHARDS],
}

#[derive(Debug, Default)]
struct People {
    news: PresenceNews,
    /// Who left a moment ago. As many as leave within [`limits::PRESENCE_GRACE_SECONDS`].
    leaving: HashMap<UserId, Leaving>,
}

#[derive(Debug)]
struct Leaving {
    /// What their last connection said.
    status: Presence,
    /// Sweeps since then.
    seconds: u32,
}

impl Default for Presences {
    fn default() -> Self {
        Self {
            people: Mutex::default(),
            news: Notify::new(),
            watchers: std::array::from_fn(|_| RwLock::default()),
        }
    }
}

impl Presences {
    /// Somebody has one connection more. Called under the lock of its shard.
    pub(super) fn arrived(&self, user_id: UserId) {
        let mut people = self.people();
        people.leaving.remove(&user_id);
        self.changed(people, user_id);
    }

    /// Somebody has one connection less. Called under the lock of its shard.
    pub(super) fn departed(&self, subscriber: &Subscriber, last: bool) {
        let status = lease(subscriber).status;
        let mut people = self.people();
        // Who is not shown anyway need not be missed slowly.
        if last && status != Presence::Offline {
            people.leaving.insert(subscriber.user_id, Leaving { status, seconds: 0 });
        }
        self.changed(people, subscriber.user_id);
    }

    /// A connection that has left watches nobody.
    pub(super) fn forget(&self, subscriber: &Arc<Subscriber>) {
        let watched = lease(subscriber).watched.take();
        for user_id in watched.into_iter().flatten() {
            self.unwatch(user_id, subscriber);
        }
    }

    /// Counts one second.
    pub(super) fn tick(&self) {
        let mut people = self.people();
        let People { news, leaving } = &mut *people;
        leaving.retain(|user_id, leaving| {
            leaving.seconds += 1;
            // The first sweep comes up to a second early, and the grace is not to be shorter than it says.
            let stays = leaving.seconds <= limits::PRESENCE_GRACE_SECONDS;
            if !stays {
                news.changed.insert(*user_id);
            }
            stays
        });
        if !news.is_empty() {
            self.news.notify_one();
        }
    }

    /// What somebody is shown as whose connections say this.
    fn shown(&self, user_id: UserId, subscribers: &[Arc<Subscriber>]) -> Presence {
        let connected = merge(subscribers.iter().map(|subscriber| lease(subscriber).status));
        let leaving = || self.people().leaving.get(&user_id).map(|leaving| leaving.status);
        connected.or_else(leaving).unwrap_or(Presence::Offline)
    }

    fn watch(&self, user_id: UserId, subscriber: &Arc<Subscriber>) {
        let mut watchers = self.watchers(user_id).write().unwrap_or_else(PoisonError::into_inner);
        watchers.entry(user_id).or_default().insert(Watcher(Arc::clone(subscriber)));
    }

    fn unwatch(&self, user_id: UserId, subscriber: &Arc<Subscriber>) {
        let mut watchers = self.watchers(user_id).write().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut entry) = watchers.entry(user_id) {
            entry.get_mut().remove(&Watcher(Arc::clone(subscriber)));
            if entry.get().is_empty() {
                entry.remove();
            }
        }
    }

    /// Of one whom a connection watches; false if it did not.
    fn unwatch_one(&self, user_id: UserId, subscriber: &Arc<Subscriber>) -> bool {
        let mut lease = lease(subscriber);
        let Some(watched) = &mut lease.watched else { return false };
        let Ok(index) = watched.binary_search(&user_id) else { return false };
        watched.remove(index);
        self.unwatch(user_id, subscriber);
        true
    }

    fn subscribers_who_watch(&self, user_id: UserId) -> Vec<Arc<Subscriber>> {
        let watchers = self.watchers(user_id).read().unwrap_or_else(PoisonError::into_inner);
        watchers.get(&user_id).into_iter().flatten().map(|watcher| Arc::clone(&watcher.0)).collect()
    }

    fn watchers(&self, user_id: UserId) -> &RwLock<HashMap<UserId, HashSet<Watcher>>> {
        &self.watchers[super::shard_of(user_id)]
    }

    fn changed(&self, mut people: MutexGuard<'_, People>, user_id: UserId) {
        people.news.changed.insert(user_id);
        self.news.notify_one();
    }

    fn people(&self) -> MutexGuard<'_, People> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that watches, known by where it lies.
#[derive(Debug)]
struct Watcher(Arc<Subscriber>);

impl PartialEq for Watcher {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Watcher {}

impl Hash for Watcher {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

impl Hub {
    /// What somebody is shown as: of what their connections say, what asks for most counts. Who left a moment ago is
    /// still as they were.
    pub fn presence(&self, user_id: UserId) -> Presence {
        self.read(user_id, |subscribers| self.0.presences.shown(user_id, subscribers))
    }

    /// What somebody is shown as with one connection more, which says what each says at first.
    pub fn presence_on_arrival(&self, user_id: UserId) -> Presence {
        let at_first = Lease::default().status;
        self.read(user_id, |subscribers| {
            let others = subscribers.iter().map(|subscriber| lease(subscriber).status);
            merge(others.chain([at_first])).unwrap_or(at_first)
        })
    }

    /// Waits until there is news of presence. For one keeper, who then takes it.
    pub async fn presence_news(&self) {
        while self.0.presences.people().news.is_empty() {
            self.0.presences.news.notified().await;
        }
    }

    /// Takes the news of presence.
    pub fn take_presence_news(&self) -> PresenceNews {
        mem::take(&mut self.0.presences.people().news)
    }

    /// Has everybody told again who watches this user, because what they may see changed: there is a block or none any
    /// more, or the user shows themselves or hides.
    pub fn tell_presence_anew(&self, user_id: UserId) {
        if self.is_watched(user_id) {
            self.0.presences.people().news.anew.insert(user_id);
            self.0.presences.news.notify_one();
        }
    }

    /// Whether that is still to be taken.
    pub fn is_presence_anew(&self, user_id: UserId) -> bool {
        self.0.presences.people().news.anew.contains(&user_id)
    }

    /// Has it looked at whether this user and those whom they watch, or who watch them, still have to do with each other.
    /// Who these are is left to whoever looks: a hundred thousand may leave at once, and others wait for the caller.
    pub fn check_watches(&self, user_id: UserId) {
        if self.is_online(user_id) || self.is_watched(user_id) {
            self.0.presences.people().news.estranged.insert(user_id);
            self.0.presences.news.notify_one();
        }
    }

    /// Those whom this user watches, and those who watch them, other than themselves.
    pub fn watch_partners(&self, user_id: UserId) -> HashSet<UserId> {
        let mut partners: HashSet<UserId> = self.read(user_id, |subscribers| {
            let watched = subscribers.iter().filter_map(|subscriber| lease(subscriber).watched.clone());
            watched.flatten().collect()
        });
        let watchers = self.0.presences.watchers(user_id).read().unwrap_or_else(PoisonError::into_inner);
        partners.extend(watchers.get(&user_id).into_iter().flatten().map(|watcher| watcher.0.user_id));
        partners.remove(&user_id);
        partners
    }

    /// Ends all watching between this user and those who are strangers to them. Each connection is told a last thing of
    /// whom it does not watch any more.
    pub fn part_strangers(
        &self,
        user_id: UserId,
        is_stranger: impl Fn(UserId) -> bool,
        farewell: impl Fn(UserId) -> Frame,
    ) {
        let presences = &self.0.presences;
        let part = |subscriber: &Arc<Subscriber>, watched: UserId| {
            if presences.unwatch_one(watched, subscriber) {
                subscriber.outbox.push(farewell(watched));
            }
        };
        for watcher in presences.subscribers_who_watch(user_id) {
            if is_stranger(watcher.user_id) {
                part(&watcher, user_id);
            }
        }
        for subscriber in self.read(user_id, <[_]>::to_vec) {
            let watched = lease(&subscriber).watched.clone();
            for other in watched.into_iter().flatten().filter(|other| is_stranger(*other)) {
                part(&subscriber, other);
            }
        }
    }

    /// Whether any connection watches this user.
    pub fn is_watched(&self, user_id: UserId) -> bool {
        let watchers = self.0.presences.watchers(user_id).read().unwrap_or_else(PoisonError::into_inner);
        watchers.contains_key(&user_id)
    }

    /// Queues a frame for every connection that watches this user: which one, or none, is decided by whose connection it
    /// is. Returns how many there are.
    pub fn tell_watchers<'f>(
        &self,
        user_id: UserId,
        frame_for: impl Fn(UserId) -> Option<&'f Frame>,
    ) -> usize {
        let watchers = self.0.presences.watchers(user_id).read().unwrap_or_else(PoisonError::into_inner);
        let Some(watchers) = watchers.get(&user_id) else { return 0 };
        let mut delivered = 0;
        for Watcher(subscriber) in watchers {
            if let Some(frame) = frame_for(subscriber.user_id) {
                delivered += u64::from(subscriber.outbox.push(frame.clone()));
            }
        }
        self.0.delivered.increment(delivered);
        watchers.len()
    }
}

impl Handle {
    /// What this connection says of its user from now on.
    pub fn set_status(&self, status: Presence) {
        let Self { hub, subscriber } = self;
        let before = mem::replace(&mut lease(subscriber).status, status);
        if before != status {
            hub.0.presences.changed(hub.0.presences.people(), subscriber.user_id);
        }
    }

    /// Of whom this connection hears from now on, instead of whom it heard before: of the first
    /// [`limits::PRESENCE_WATCHED_MAX`] of these. Nobody, once it has left the hub.
    pub fn watch(&self, mut user_ids: Vec<UserId>) {
        let Self { hub, subscriber } = self;
        user_ids.truncate(limits::PRESENCE_WATCHED_MAX);
        user_ids.sort_unstable();
        user_ids.dedup();
        user_ids.shrink_to_fit();
        // Held to the end: of two calls at once, one comes after the other in all that they do.
        let mut lease = lease(subscriber);
        let Some(watched) = &mut lease.watched else { return };
        let before = mem::replace(watched, user_ids);
        for user_id in &before {
            if watched.binary_search(user_id).is_err() {
                hub.0.presences.unwatch(*user_id, subscriber);
            }
        }
        for user_id in watched {
            if before.binary_search(user_id).is_err() {
                hub.0.presences.watch(*user_id, subscriber);
            }
        }
    }

    /// This connection does not hear of somebody any more.
    pub fn unwatch(&self, user_id: UserId) {
        self.hub.0.presences.unwatch_one(user_id, &self.subscriber);
    }
}

/// Of several devices the one counts that asks for most: not to be shown, not to be disturbed, to be reached. Being away
/// from one of them asks for nothing.
fn merge(statuses: impl Iterator<Item = Presence>) -> Option<Presence> {
    statuses.max_by_key(|status| match status {
        Presence::Away => 0,
        Presence::Online => 1,
        Presence::Busy => 2,
        Presence::Offline => 3,
    })
}

fn lease(subscriber: &Subscriber) -> MutexGuard<'_, Lease> {
    subscriber.lease.lock().unwrap_or_else(PoisonError::into_inner)
}
