//! Whether people can be reached: what is shown of it, and to whom.
//!
//! The hub knows what somebody's connections say; here is decided whose business that is. Nobody is shown anything of
//! somebody with whom there is a block, or who does not want to be seen: to others such a person is offline, and was
//! never seen. There is no way to hear of everybody: a connection names those whom it watches, and they must be people
//! with whom its user shares a conversation.

mod keeper;

pub use keeper::Keeper;

use crate::{Actor, Chat, Error, Result};
use natter_protocol::{Presence, PresenceChange, PresenceState, User, UserId, limits};
use natter_realtime::Handle;
use std::collections::HashSet;
use std::sync::Arc;

impl Chat {
    /// The keeper that belongs to this domain; run it once, beside the relay.
    pub fn keeper(&self) -> Keeper {
        Keeper::new(Arc::clone(&self.store), self.hub.clone(), Arc::clone(&self.clock), self.signals.clone())
    }

    /// From now on, a connection hears of these people, instead of those of whom it heard before. Answers how they are
    /// now. Those with whom the actor shares no conversation, or has a block, are left out.
    pub async fn watch_presence(
        &self,
        actor: &Actor,
        handle: &Handle,
        user_ids: Vec<UserId>,
    ) -> Result<PresenceState> {
        let max = limits::PRESENCE_WATCHED_MAX;
        if user_ids.len() > max {
            return Err(Error::field("userIds", "has more than 1,000 people"));
        }
        let limit = u32::try_from(max).unwrap_or(u32::MAX);
        let users = self.store.acquaintances(actor.id(), &user_ids, None, limit).await?;
        let ids: Vec<UserId> = users.into_iter().map(|user| user.id).collect();
        handle.watch(ids.clone());
        // Whoever parts or hides from here on finds the watch. Whoever did before is found by asking once more.
        let (users, hidden) = match self.still_known(actor, &ids, limit).await {
            Ok(known) => known,
            Err(error) => {
                handle.watch(Vec::new());
                return Err(error);
            }
        };
        let known: HashSet<UserId> = users.iter().map(|user| user.id).collect();
        // One by one: to name the others anew would bring back whom the keeper has parted meanwhile.
        for stranger in ids.into_iter().filter(|id| !known.contains(id)) {
            handle.unwatch(stranger);
        }
        let shown = users.into_iter().map(|user| {
            let User { id, presence, last_seen, .. } = self.present(user);
            let may_see = id == actor.id() || !hidden.contains(&id);
            let status = if may_see { presence } else { Presence::Offline };
            PresenceChange { user_id: id, status, last_seen }
        });
        Ok(PresenceState { users: shown.collect() })
    }

    /// Those of these people whom the actor may watch, and who of them does not want to be seen.
    async fn still_known(
        &self,
        actor: &Actor,
        ids: &[UserId],
        limit: u32,
    ) -> Result<(Vec<User>, HashSet<UserId>)> {
        let users = self.store.acquaintances(actor.id(), ids, None, limit).await?;
        let hidden = self.store.hidden_among(ids).await?;
        Ok((users, hidden.into_iter().collect()))
    }

    /// The user as they see themselves.
    pub(crate) fn present(&self, user: User) -> User {
        User { presence: self.hub.presence(user.id), ..user }
    }
}
