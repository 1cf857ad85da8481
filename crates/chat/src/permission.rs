//! Who may do what in a conversation: the one table.
//!
//! The domain reads it to find the least role that an act takes; the store holds the actor to that role again in the
//! transaction that writes, because roles change in the meantime.

use crate::{Actor, Chat, Error, Result};
use natter_protocol::{ConversationId, ConversationKind, MemberRole, PlatformRole};
use natter_store::Standing;

/// What can be done in a conversation, apart from what takes nothing but membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    /// Deleting what somebody else wrote.
    DeleteOthersMessage,
    /// Seeing what a message said before.
    SeeVersions,
    /// Pinning and unpinning.
    Pin,
    /// Mentioning everybody at once, by `@here` or `@all`.
    MentionGroup,
    /// Bringing somebody in.
    AddMember,
    /// Removing somebody of a lower rank.
    RemoveMember,
    /// Changing the role of somebody of a lower rank.
    ChangeRole,
    /// Leaving.
    Leave,
    /// Changing name and topic.
    Rename,
    /// Changing who can find it.
    ChangeVisibility,
    /// Archiving, closing, and making active again.
    ChangeStatus,
    /// Making, seeing and revoking invite links.
    Invite,
    /// Deleting it with all that is in it.
    Delete,
}

/// The least role that an act takes; none: nobody may, whoever they are.
pub(crate) const fn role_min(act: Act, kind: ConversationKind) -> Option<MemberRole> {
    use ConversationKind::{Channel, Direct, Group};
    use MemberRole::{Admin, Member, Moderator, Owner};
    match (act, kind) {
        (Act::Pin, Direct) => Some(Member),
        // The two are equal, and nobody else is there.
        (_, Direct) => None,
        (Act::Leave, _) | (Act::Pin | Act::MentionGroup | Act::AddMember, Group) => Some(Member),
        (Act::Pin | Act::MentionGroup | Act::AddMember, Channel)
        | (Act::DeleteOthersMessage | Act::SeeVersions | Act::RemoveMember, _) => Some(Moderator),
        (Act::ChangeRole | Act::Rename | Act::ChangeVisibility | Act::ChangeStatus | Act::Invite, _) => {
            Some(Admin)
        }
        (Act::Delete, _) => Some(Owner),
    }
}

impl Chat {
    /// What the actor is in a conversation that they may see.
    pub(crate) async fn standing(&self, actor: &Actor, id: ConversationId) -> Result<Standing> {
        self.store.standing(id, actor.id()).await?.ok_or(Error::NotFound("conversation"))
    }

    /// The actor's standing and the least role for an act, which the actor must have now.
    pub(crate) async fn require(
        &self,
        actor: &Actor,
        id: ConversationId,
        act: Act,
    ) -> Result<(Standing, MemberRole)> {
        let standing = self.standing(actor, id).await?;
        let role_min = require_role(standing.kind, standing.role, act)?;
        Ok((standing, role_min))
    }

    /// A platform moderator who is a member sees what moderators of the conversation see.
    pub(crate) const fn is_platform_moderator(actor: &Actor) -> bool {
        matches!(actor.role(), PlatformRole::Moderator | PlatformRole::Admin)
    }
}

/// The least role for an act, or why this role may not do it.
fn require_role(kind: ConversationKind, role: MemberRole, act: Act) -> Result<MemberRole> {
    match role_min(act, kind) {
        None if kind == ConversationKind::Direct => Err(Error::Forbidden(
            "this cannot be done in a direct conversation; it can be muted or archived at /conversations/{id}/me",
        )),
        None => Err(Error::Forbidden("nobody may do this")),
        Some(min) if role < min => Err(Error::RoleTooLow(min)),
        Some(min) => Ok(min),
    }
}
