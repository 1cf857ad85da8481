//! How enumerations of the wire are spelled in text columns. A spelling is on disk, so it never changes.

use crate::RevocationKind;
use natter_protocol::{
    ConversationKind, ConversationStatus, ErrorCode, FileKind, FileStatus, GroupMention, IpAction,
    MemberRole, MessageKind, PlatformRole, Visibility,
};

/// An enumeration that is stored as text.
pub(crate) trait TextEnum: Copy {
    fn to_text(self) -> &'static str;
    fn parse(text: &str) -> Option<Self>;
}

macro_rules! text_enum {
    ($name:ident: $($variant:ident $text:literal),*) => {
        impl TextEnum for $name {
            fn to_text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

text_enum! { ConversationKind: Direct "direct", Group "group", Channel "channel" }
text_enum! { ConversationStatus: Active "active", Archived "archived", Closed "closed" }
text_enum! { FileKind: Image "image", Video "video", Audio "audio", Document "document" }
text_enum! { FileStatus: Scanning "scanning", Ready "ready", Rejected "rejected" }
text_enum! { GroupMention: Here "here", All "all" }
text_enum! { IpAction: Allow "allow", Block "block" }
text_enum! { MemberRole: Member "member", Moderator "moderator", Admin "admin", Owner "owner" }
text_enum! { MessageKind: Text "text", Voice "voice", System "system" }
text_enum! { PlatformRole: User "user", Moderator "moderator", Admin "admin" }
text_enum! { RevocationKind: Ended "ended", UserChanged "user_changed" }
text_enum! { Visibility: Public "public", Private "private" }

/// The wire's own spelling, which never changes either.
impl TextEnum for ErrorCode {
    fn to_text(self) -> &'static str {
        self.as_str()
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|code| code.as_str() == text).copied()
    }
}
