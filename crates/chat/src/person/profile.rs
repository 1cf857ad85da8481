//! How somebody shows themselves

use crate::execute::{Submitted, unexpected};
use crate::text::Check;
use crate::{Actor, Chat, Error, Result};
use natter_protocol::{OwnUser, Reply, UpdateProfile, UserId, limits};
use natter_store::{Write, Written};
use std::sync::Arc;

impl Chat {
    /// The actor, as they are now.
    pub async fn me(&self, actor: &Actor) -> Result<OwnUser> {
        self.own_user(actor.id()).await
    }

    async fn own_user(&self, id: UserId) -> Result<OwnUser> {
        let own = self.store.own_user(id).await?.ok_or(Error::Unauthenticated)?;
        Ok(OwnUser { user: self.present(own.user), ..own })
    }

    pub(crate) async fn update_profile(
        self: &Arc<Self>,
        actor: &Actor,
        update: UpdateProfile,
    ) -> Result<Submitted> {
        let update = Box::new(checked(update)?);
        let write = Write::UpdateProfile { user_id: actor.id(), update };
        let id = actor.id();
        self.commit(write, async move |chat, written| match written {
            Written::Done => Ok(Reply::OwnUser(Box::new(chat.own_user(id).await?))),
            other => Err(unexpected(&other)),
        })
        .await
    }
}

/// The profile as it is kept, or what is wrong with it.
pub(crate) fn checked(update: UpdateProfile) -> Result<UpdateProfile> {
    let mut check = Check::default();
    let update = UpdateProfile {
        display_name: update
            .display_name
            .map(|name| check.name("displayName", &name, limits::DISPLAY_NAME_CHARS_MAX)),
        avatar_url: update.avatar_url.map(|url| url.trim().to_owned()),
        presence_visible: update.presence_visible,
        link_previews: update.link_previews,
    };
    if let Some(url) = update.avatar_url.as_deref().filter(|url| !url.is_empty()) {
        // A path of this server, such as an uploaded file, or an address that a browser fetches without running it.
        if !["https://", "http://", "/"].iter().any(|start| url.starts_with(start)) || url.starts_with("//") {
            check.fail("avatarUrl", "must begin with https://, http://, or / for a file of this server");
        }
        if url.contains(|c: char| c.is_whitespace() || c.is_control()) {
            check.fail("avatarUrl", "must not contain spaces");
        }
        check.length("avatarUrl", url, 1, limits::AVATAR_URL_CHARS_MAX);
    }
    check.done()?;
    Ok(update)
}
