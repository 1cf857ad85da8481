//! From a token of the host application to a user of ours, who is created when they are first seen.

use super::claims::{Identity, Profile};
use super::{HostTokens, Verifier};
use crate::account::jwt::Jwt;
use crate::execute::unexpected;
use crate::{Actor, Chat, Clock, Result};
use natter_protocol::{User, UserId, limits};
use natter_store::{ProvisionUser, Write, Written};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Users whose tokens were seen and who are remembered. Beyond it the memory begins anew: whoever is not in it costs
/// one write that changes nothing.
const KNOWN_MAX: usize = 20_000;
/// Characters of a username that stay when "-" and eight digits go behind it.
const STEM_CHARS_MAX: usize = limits::USERNAME_CHARS_MAX - 9;

/// The host application, as far as it is known here.
pub(crate) struct Host {
    verifier: Verifier,
    known: Mutex<HashMap<String, Known>>,
}

#[derive(Clone, Copy)]
struct Known {
    id: UserId,
    /// The newest token that was seen.
    issued_at: i64,
}

impl Host {
    pub(crate) fn new(tokens: HostTokens, clock: Arc<dyn Clock>) -> Self {
        Self { verifier: Verifier::new(tokens, clock), known: Mutex::default() }
    }

    fn known(&self, external_id: &str) -> Option<Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(external_id).copied()
    }

    fn remember(&self, external_id: String, known: Known) {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= KNOWN_MAX && !all.contains_key(&external_id) {
            all.clear();
        }
        all.insert(external_id, known);
    }
}

impl Chat {
    /// On whose behalf a token of the host application speaks.
    pub(in crate::account) async fn host_actor(&self, host: &Host, jwt: &Jwt<'_>) -> Result<Actor> {
        let now = self.now();
        let (identity, expires_at) = host.verifier.verify(jwt, now).await?;
        // A time ahead of ours would be the newest until it is reached.
        let issued_at = identity.issued_at.min(now.seconds());
        let known = match host.known(&identity.external_id) {
            Some(known) => known,
            None => Known { id: self.provision(&identity).await?.id, issued_at },
        };
        let mut actor = self.actor(known.id, None, Some(expires_at)).await?;
        let newest = issued_at >= known.issued_at;
        if newest && identity.profile.differs(&actor.user) {
            actor.user = self.provision(&identity).await?;
        }
        if newest {
            host.remember(identity.external_id, Known { issued_at, ..known });
        }
        Ok(actor)
    }

    async fn provision(&self, identity: &Identity) -> Result<User> {
        let write = Write::ProvisionUser(Box::new(ProvisionUser {
            id: UserId::from_uuid(self.new_id()),
            external_id: identity.external_id.clone(),
            usernames: self.usernames(identity.username.as_ref()),
            profile: identity.profile.update.clone(),
            role: identity.profile.role,
            at: self.now(),
        }));
        match self.store.queue(write).await?.await? {
            Written::User(user) => Ok(*user),
            other => Err(unexpected(&other)),
        }
    }

    /// The username that would suit, and one that is free, made of it and a little chance.
    fn usernames(&self, wanted: Option<&String>) -> Vec<String> {
        let stem = wanted.map_or("user", String::as_str);
        let mut chance = [0; 4];
        self.random.fill(&mut chance);
        let free = format!("{stem:.STEM_CHARS_MAX$}-{:08x}", u32::from_le_bytes(chance));
        wanted.cloned().into_iter().chain([free]).collect()
    }
}

impl Profile {
    fn differs(&self, user: &User) -> bool {
        let picture = |url: &String| Some(url).filter(|url| !url.is_empty()) != user.avatar_url.as_ref();
        self.update.display_name.as_ref().is_some_and(|name| *name != user.display_name)
            || self.update.avatar_url.as_ref().is_some_and(picture)
            || self.role.is_some_and(|role| role != user.role)
    }
}
