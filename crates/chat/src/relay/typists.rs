//! Who is writing where, as of now. Nothing of it is ever stored.

use natter_protocol::{ConversationId, TypingIndicator, UserId, limits};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// People who are shown to write at one time, over all conversations. Who begins beyond it is not shown.
const TYPISTS_MAX: usize = 10_000;

/// Somebody in a conversation. By the user first, so that all of one lie together.
type Key = (UserId, ConversationId);

/// Those who write.
#[derive(Debug, Default)]
pub(super) struct Typists {
    writing: BTreeMap<Key, Writing>,
    /// When each of them ceases by themselves.
    ends: BTreeSet<(Instant, Key)>,
}

#[derive(Debug)]
struct Writing {
    until: Instant,
    /// Those who were told.
    audience: HashSet<UserId>,
}

/// Something that others are to be told.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) indicator: TypingIndicator,
    pub(super) audience: HashSet<UserId>,
}

impl Told {
    fn new((user_id, conversation_id): Key, active: bool, audience: HashSet<UserId>) -> Self {
        Self { indicator: TypingIndicator { conversation_id, user_id, active }, audience }
    }
}

impl Typists {
    /// Somebody writes, and this is who may see it. Those who saw it before are not told again; those who may not see it
    /// any more are told nothing.
    pub(super) fn start(
        &mut self,
        conversation_id: ConversationId,
        user_id: UserId,
        audience: HashSet<UserId>,
        now: Instant,
    ) -> Option<Told> {
        let key = (user_id, conversation_id);
        let until = now + Duration::from_secs(limits::TYPING_SECONDS);
        let before = self.remove(key);
        if before.is_none() && self.writing.len() >= TYPISTS_MAX {
            return None;
        }
        let told_before = before.unwrap_or_default();
        let new: HashSet<_> = audience.difference(&told_before).copied().collect();
        self.ends.insert((until, key));
        self.writing.insert(key, Writing { until, audience });
        (!new.is_empty()).then(|| Told::new(key, true, new))
    }

    /// Somebody ceased to write, or sent what they wrote.
    pub(super) fn stop(&mut self, conversation_id: ConversationId, user_id: UserId) -> Option<Told> {
        let key = (user_id, conversation_id);
        self.remove(key).map(|audience| Told::new(key, false, audience))
    }

    /// Somebody is not connected any more.
    pub(super) fn leave(&mut self, user_id: UserId) -> Vec<Told> {
        let keys: Vec<Key> = self.of(user_id).map(|(key, _)| *key).collect();
        keys.into_iter().filter_map(|(user, conversation)| self.stop(conversation, user)).collect()
    }

    /// Two people are kept apart from now on: neither is told anything of the other, not even that they ceased.
    pub(super) fn part(&mut self, one: UserId, other: UserId) {
        for (typist, reader) in [(one, other), (other, one)] {
            for (_, writing) in self.writing.range_mut(all_of(typist)) {
                writing.audience.remove(&reader);
            }
        }
    }

    /// Those of whom nothing was heard for too long.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<Told> {
        let mut expired = Vec::new();
        while let Some((until, (user_id, conversation_id))) = self.ends.first().copied()
            && until <= now
        {
            expired.extend(self.stop(conversation_id, user_id));
        }
        expired
    }

    /// When the next one ceases by themselves.
    pub(super) fn next_end(&self) -> Option<Instant> {
        self.ends.first().map(|(until, _)| *until)
    }

    fn of(&self, user_id: UserId) -> impl Iterator<Item = (&Key, &Writing)> {
        self.writing.range(all_of(user_id))
    }

    fn remove(&mut self, key: Key) -> Option<HashSet<UserId>> {
        let writing = self.writing.remove(&key)?;
        self.ends.remove(&(writing.until, key));
        Some(writing.audience)
    }
}

/// All that somebody writes.
fn all_of(user_id: UserId) -> std::ops::RangeInclusive<Key> {
    (user_id, ConversationId::from_uuid(Uuid::nil()))..=(user_id, ConversationId::from_uuid(Uuid::max()))
}
