//! Links that let people in

use crate::execute::{Submitted, unexpected};
use crate::permission::Act as Deed;
use crate::text::Check;
use crate::{Actor, Chat, Error, Result};
use natter_protocol::{ConversationId, CreateInvite, Invite, InviteId, InvitePreview, Reply, limits};
use natter_store::{Act, NewInvite, Write, Written};
use std::sync::Arc;

impl Chat {
    /// The invite links of a conversation, oldest first.
    pub async fn invites(&self, actor: &Actor, id: ConversationId) -> Result<Vec<Invite>> {
        self.require(actor, id, Deed::Invite).await?;
        Ok(self.store.invites(id).await?)
    }

    /// What a link leads to.
    pub async fn invite(&self, actor: &Actor, code: &str) -> Result<InvitePreview> {
        self.store.invite(code, actor.id(), self.now()).await?.ok_or(Error::InviteNotValid)
    }

    pub(crate) async fn create_invite(
        self: &Arc<Self>,
        actor: &Actor,
        id: ConversationId,
        create: CreateInvite,
    ) -> Result<Submitted> {
        validate(create)?;
        let (_, role_min) = self.require(actor, id, Deed::Invite).await?;
        let now = self.now();
        let invite_id = InviteId::from_uuid(self.id_for(actor));
        let invite = Invite {
            id: invite_id,
            conversation_id: id,
            // Follows from the id, so that a request that is repeated after a crash gives the same link again. Nobody
            // else can make it.
            code: self.cursors.seal("invite", invite_id.uuid().as_bytes()),
            created_by: actor.id(),
            created_at: now,
            expires_at: create.expires_in.map(|seconds| now.plus_seconds(i64::from(seconds))),
            uses_max: create.uses_max,
            uses: 0,
        };
        let act = Act { conversation_id: id, actor: actor.summary(), role_min, at: now };
        self.commit(
            Write::CreateInvite(Box::new(NewInvite { act, invite })),
            async |_, written| match written {
                Written::Invite(invite) => Ok(Reply::Invite(invite)),
                other => Err(unexpected(&other)),
            },
        )
        .await
    }

    pub(crate) async fn revoke_invite(
        self: &Arc<Self>,
        actor: &Actor,
        id: ConversationId,
        invite: InviteId,
    ) -> Result<Submitted> {
        let (_, role_min) = self.require(actor, id, Deed::Invite).await?;
        let act = Act { conversation_id: id, actor: actor.summary(), role_min, at: self.now() };
        self.commit(Write::RevokeInvite { act, id: invite }, async |_, written| match written {
            Written::Found(true) => Ok(Reply::Done),
            Written::Found(false) => Err(Error::NotFound("invite")),
            other => Err(unexpected(&other)),
        })
        .await
    }
}

fn validate(create: CreateInvite) -> Result<()> {
    let mut check = Check::default();
    let (min, max) = (limits::INVITE_SECONDS_MIN, limits::INVITE_SECONDS_MAX);
    if create.expires_in.is_some_and(|seconds| !(min..=max).contains(&seconds)) {
        check.fail("expiresIn", format!("must be {min} to {max} seconds, or null for never"));
    }
    let max = limits::INVITE_USES_MAX;
    if create.uses_max.is_some_and(|uses| !(1..=max).contains(&uses)) {
        check.fail("usesMax", format!("must be 1 to {max}, or null for any number"));
    }
    check.done()
}
