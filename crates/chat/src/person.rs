//! Looking people up, and how somebody shows themselves.

mod block;
pub(crate) mod profile;

use crate::{Actor, Chat, Error, Result};
use natter_protocol::{Page, Presence, User, UserId, limits};
use std::collections::HashSet;

impl Chat {
    /// A user, by username or id. Whoever is blocked by them gets the same answer as if they did not exist.
    pub async fn user(&self, actor: &Actor, name: &str) -> Result<User> {
        self.users_by_name(actor, &[name.to_owned()]).await?.pop().ok_or(Error::NotFound("user"))
    }

    /// The users among these usernames and ids; whoever has blocked the actor is left out.
    pub async fn users_by_name(&self, actor: &Actor, names: &[String]) -> Result<Vec<User>> {
        let max = limits::USERS_NAMED_MAX;
        if names.len() > max {
            let message = "at most 100 can be looked up at once";
            return Err(Error::InvalidParameter { name: "ids", message });
        }
        let names: Vec<String> = names.iter().map(|name| name.trim().to_lowercase()).collect();
        let users = self.store.users_named(&names).await?;
        let apart = self.store.kept_apart(actor.id()).await?;
        let blockers: HashSet<UserId> = self.store.blockers(actor.id()).await?.into_iter().collect();
        // Somebody may be named twice, or by name and by id.
        let mut seen = HashSet::new();
        let mut users: Vec<User> =
            users.into_iter().filter(|user| !blockers.contains(&user.id) && seen.insert(user.id)).collect();
        self.show(actor.id(), &mut users, &apart).await?;
        Ok(users)
    }

    /// A page of the users whose username, or a word of whose display name, begins with this.
    pub async fn users(
        &self,
        actor: &Actor,
        query: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<User>> {
        let query = query.trim().to_lowercase();
        if query.chars().count() > limits::DISPLAY_NAME_CHARS_MAX {
            return Err(Error::InvalidParameter { name: "query", message: "has more than 64 characters" });
        }
        let list = format!("users/{query}");
        let after = self.name_in(&list, cursor)?;
        let mut users = self.store.users_like(actor.id(), &query, after.as_deref(), limit + 1).await?;
        self.show(actor.id(), &mut users, &[]).await?;
        Ok(self.page(&list, users, limit, |user: &User| user.username.clone().into_bytes()))
    }

    /// A page of those who are connected, among the people with whom the actor shares a conversation.
    pub async fn users_online(&self, actor: &Actor, cursor: Option<&str>, limit: u32) -> Result<Page<User>> {
        let list = format!("online/{}", actor.id());
        let after = self.name_in(&list, cursor)?;
        let mut online = self.hub.users();
        online.retain(|user| self.hub.presence(*user) != Presence::Offline);
        let (mut after, wanted) = (after, limit as usize + 1);
        let mut users = Vec::new();
        // Who does not want to be seen leaves a gap in a page, which those fill who come next.
        while users.len() < wanted {
            let found = self.store.acquaintances(actor.id(), &online, after.as_deref(), limit + 1).await?;
            let ids: Vec<UserId> = found.iter().map(|user| user.id).collect();
            let hidden: HashSet<UserId> = self.store.hidden_among(&ids).await?.into_iter().collect();
            after = found.last().map(|user| user.username.clone());
            let may_see = |user: &User| user.id == actor.id() || !hidden.contains(&user.id);
            users.extend(found.into_iter().filter(may_see).map(|user| self.present(user)));
            if ids.len() < wanted {
                break;
            }
        }
        users.truncate(wanted);
        Ok(self.page(&list, users, limit, |user: &User| user.username.clone().into_bytes()))
    }

    /// The user of this username or id, whatever is between them and whoever asks.
    pub(crate) async fn person(&self, name: &str) -> Result<User> {
        let names = [name.trim().to_lowercase()];
        self.store.users_named(&names).await?.pop().ok_or(Error::NotFound("user"))
    }

    /// Adds to users what the viewer may see of their presence: nothing if the two keep each other apart, or if it is not
    /// to be seen. To themselves everybody is shown as they are.
    pub(crate) async fn show(
        &self,
        viewer: UserId,
        users: impl IntoIterator<Item = &mut User>,
        kept_apart: &[UserId],
    ) -> Result<()> {
        let mut connected = Vec::new();
        for user in users {
            if kept_apart.contains(&user.id) {
                (user.presence, user.last_seen) = (Presence::Offline, None);
                continue;
            }
            user.presence = self.hub.presence(user.id);
            if user.presence != Presence::Offline && user.id != viewer {
                connected.push(user);
            }
        }
        if connected.is_empty() {
            return Ok(());
        }
        let ids: Vec<UserId> = connected.iter().map(|user| user.id).collect();
        let hidden = self.store.hidden_among(&ids).await?;
        for user in connected.into_iter().filter(|user| hidden.contains(&user.id)) {
            user.presence = Presence::Offline;
        }
        Ok(())
    }
}
