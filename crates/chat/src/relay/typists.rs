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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    const PEOPLE: u128 = 4;
    const ROOMS: u128 = 2;
    const PERIOD: Duration = Duration::from_secs(limits::TYPING_SECONDS);

    #[derive(Debug, Clone)]
    enum Step {
        Start(u128, u128, HashSet<u128>),
        Stop(u128, u128),
        Leave(u128),
        Part(u128, u128),
        Pass(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        let (room, person) = (0..ROOMS, 0..PEOPLE);
        let people = prop::collection::hash_set(person.clone(), 0..=3);
        prop_oneof![
            3 => (room.clone(), person.clone(), people)
                .prop_map(|(room, typist, audience)| Step::Start(room, typist, audience)),
            1 => (room, person.clone()).prop_map(|(room, typist)| Step::Stop(room, typist)),
            1 => person.clone().prop_map(Step::Leave),
            1 => (person.clone(), person).prop_map(|(one, other)| Step::Part(one, other)),
            3 => (0..2 * limits::TYPING_SECONDS * 1_000).prop_map(Step::Pass),
        ]
    }

    fn person(number: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(number))
    }

    fn room(number: u128) -> ConversationId {
        ConversationId::from_uuid(Uuid::from_u128(number))
    }

    /// What each reader has on the screen, from nothing but what they were told: who writes, and where.
    #[derive(Default)]
    struct Screens(HashSet<(UserId, Key)>);

    impl Screens {
        fn tell(&mut self, told: impl IntoIterator<Item = Told>) {
            for Told { indicator: TypingIndicator { conversation_id, user_id, active }, audience } in told {
                for reader in audience {
                    let entry = (reader, (user_id, conversation_id));
                    let news = if active { self.0.insert(entry) } else { self.0.remove(&entry) };
                    assert!(news, "told again what was known: {entry:?} {active}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn everybody_sees_exactly_who_writes(steps in prop::collection::vec(step(), 0..80)) {
            let mut now = Instant::now();
            let mut typists = Typists::default();
            let mut screens = Screens::default();
            // Until when each of them writes, and for whom.
            let mut writing: HashMap<Key, (Instant, HashSet<UserId>)> = HashMap::new();
            for step in steps {
                match step {
                    Step::Start(place, typist, audience) => {
                        let audience: HashSet<_> = audience.into_iter().map(person).collect();
                        screens.tell(typists.start(room(place), person(typist), audience.clone(), now));
                        let key = (person(typist), room(place));
                        // Who may not see it any more is told nothing, and forgets it by themselves.
                        screens.0.retain(|(reader, shown)| *shown != key || audience.contains(reader));
                        writing.insert(key, (now + PERIOD, audience));
                    }
                    Step::Stop(place, typist) => {
                        screens.tell(typists.stop(room(place), person(typist)));
                        writing.remove(&(person(typist), room(place)));
                    }
                    Step::Leave(typist) => {
                        screens.tell(typists.leave(person(typist)));
                        writing.retain(|(user, _), _| *user != person(typist));
                    }
                    Step::Part(one, other) => {
                        let (one, other) = (person(one), person(other));
                        typists.part(one, other);
                        let apart = |typist, reader| {
                            (typist, reader) == (one, other) || (typist, reader) == (other, one)
                        };
                        screens.0.retain(|(reader, (typist, _))| !apart(*typist, *reader));
                        for ((typist, _), (_, audience)) in &mut writing {
                            audience.retain(|reader| !apart(*typist, *reader));
                        }
                    }
                    Step::Pass(millis) => {
                        now += Duration::from_millis(millis);
                        screens.tell(typists.expire(now));
                        writing.retain(|_, (until, _)| *until > now);
                    }
                }
                let expected: HashSet<_> = writing
                    .iter()
                    .flat_map(|(key, (_, audience))| audience.iter().map(|reader| (*reader, *key)))
                    .collect();
                prop_assert_eq!(&screens.0, &expected);
                prop_assert_eq!(typists.next_end(), writing.values().map(|(until, _)| *until).min());
            }
        }
    }

    #[test]
    fn no_more_people_write_than_there_is_room_for() {
        let (now, mut typists) = (Instant::now(), Typists::default());
        let reader = HashSet::from([person(u128::MAX)]);
        for number in 0..TYPISTS_MAX as u128 {
            assert!(typists.start(room(0), person(number), reader.clone(), now).is_some());
        }
        let one_more = person(TYPISTS_MAX as u128);
        assert!(typists.start(room(0), one_more, reader.clone(), now).is_none());
        assert!(typists.stop(room(0), one_more).is_none());
        // Who is there stays there, and makes room when they go.
        assert!(typists.start(room(0), person(0), reader.clone(), now).is_none());
        assert!(typists.stop(room(0), person(0)).is_some());
        assert!(typists.start(room(0), one_more, reader, now).is_some());
    }
}
