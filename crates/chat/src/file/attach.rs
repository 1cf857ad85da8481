//! Files of messages.
//!
//! Whose files they are and whether they are there is decided in the transaction that appends the message. What a voice
//! message is follows from the file, which never changes, so that is looked at before.

use crate::text::Check;
use crate::{Actor, Chat, Error, Result};
use natter_protocol::{FileId, FileKind, MessageDraft, MessageKind, limits};
use std::collections::HashSet;

/// Notes what is wrong with the files of a message that somebody writes.
pub(crate) fn check(check: &mut Check, draft: &MessageDraft) {
    let (count, max) = (draft.attachments.len(), limits::MESSAGE_ATTACHMENTS_MAX);
    if count > max {
        check.fail("attachments", format!("names {count} files; at most {max} are allowed"));
    } else if draft.attachments.iter().collect::<HashSet<_>>().len() != count {
        check.fail("attachments", "names a file twice");
    }
    match draft.kind {
        MessageKind::Text => {}
        MessageKind::Voice if count == 1 => {}
        MessageKind::Voice => check.fail("attachments", "a voice message has exactly one file, of sound"),
        MessageKind::System => check.fail("kind", "only the server writes system messages"),
    }
}

impl Chat {
    /// Whether a message that is to be a voice message can be one. A file that the actor may not see is refused when the
    /// message is appended.
    pub(crate) async fn check_voice(&self, actor: &Actor, kind: MessageKind, files: &[FileId]) -> Result<()> {
        let (MessageKind::Voice, [id]) = (kind, files) else { return Ok(()) };
        let Some(kept) = self.store.file(*id, actor.id()).await? else { return Ok(()) };
        if kept.file.kind() != FileKind::Audio {
            return Err(Error::field("attachments", "a voice message has a file of sound"));
        }
        let milliseconds_max = u64::from(limits::VOICE_SECONDS_MAX) * 1_000;
        match kept.file.look.duration_ms {
            Some(milliseconds) if milliseconds <= milliseconds_max => Ok(()),
            Some(_) => Err(Error::field(
                "attachments",
                format!("a voice message lasts {} seconds at most", limits::VOICE_SECONDS_MAX),
            )),
            None => Err(Error::field("attachments", "it cannot be told how long the file lasts")),
        }
    }
}
