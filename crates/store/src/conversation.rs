//! Conversations, as the store takes and gives them.

use natter_protocol::{ConversationId, ConversationInfo, ConversationKind, Seq, Timestamp, UserId};

/// A conversation to be created.
#[derive(Debug, Clone)]
pub struct NewConversation {
    /// What everybody in it will see. `created_by` becomes its owner.
    pub info: ConversationInfo,
    /// Who is in it besides `created_by`, each once. Exactly one for a direct conversation.
    pub members: Vec<UserId>,
}

impl NewConversation {
    /// Both user ids of a direct conversation, the smaller first: the key that makes it the only one of the pair.
    pub fn direct_key(&self) -> Option<[u8; 32]> {
        let [peer] = self.members.as_slice() else { return None };
        if self.info.kind != ConversationKind::Direct {
            return None;
        }
        let mut pair = [self.info.created_by, *peer];
        pair.sort_unstable();
        let mut key = [0; 32];
        key[..16].copy_from_slice(pair[0].uuid().as_bytes());
        key[16..].copy_from_slice(pair[1].uuid().as_bytes());
        Some(key)
    }
}

/// Where a page of the conversation list ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListPosition {
    /// `updatedAt` of the last conversation on the page.
    pub updated_at: Timestamp,
    /// Its id, which decides between equal times.
    pub id: ConversationId,
}

/// Who is in a conversation, as of one position of its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    /// The members, in no order.
    pub members: Vec<UserId>,
    /// The head of the log in the same snapshot.
    pub last_seq: Seq,
}
