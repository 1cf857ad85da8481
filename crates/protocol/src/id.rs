//! Identifiers. Each kind is its own type, so that a message id cannot be passed where a user id is meant.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// The text is not a UUID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid id: expected a UUID such as 0190163d-8694-739b-aea5-966c26f8ad91")]
pub struct ParseIdError;

const HYPHENATED_LEN: usize = uuid::fmt::Hyphenated::LENGTH;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String, format = "uuid", example = "0190163d-8694-739b-aea5-966c26f8ad91")]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID; whoever draws one passes its own clock and randomness.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside, for storage.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                // Only the form with hyphens: the others are 32 characters long, and a username can look like them.
                match Uuid::try_parse(text) {
                    Ok(uuid) if text.len() == HYPHENATED_LEN => Ok(Self(uuid)),
                    _ => Err(ParseIdError),
                }
            }
        }
    };
}

id! {
    /// Identifies a user for ever.
    UserId
}
id! {
    /// Identifies a conversation for ever.
    ConversationId
}
id! {
    /// Identifies a message for ever. It never orders messages: `seq` does.
    MessageId
}
id! {
    /// Identifies an uploaded file.
    FileId
}
id! {
    /// Identifies one sign-in: the family of refresh tokens that descend from it.
    SessionId
}
id! {
    /// Identifies one open socket, for logs and support.
    ConnectionId
}
id! {
    /// Identifies an invite link.
    InviteId
}
id! {
    /// Identifies a message that is to be sent later.
    ScheduledMessageId
}
id! {
    /// Identifies a rule about addresses.
    IpRuleId
}
