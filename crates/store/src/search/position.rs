//! Where a page of found messages ended.

use natter_protocol::MessageId;
use uuid::Uuid;

/// Where a page of found messages ended, and how it goes on.
///
/// What is found is shown in windows: the newest messages that match, the best of them first, then the window before
/// them. A position holds the bounds of its window, so that what is sent or deleted meanwhile moves nothing on the
/// pages that follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchPosition {
    /// All messages of the window have smaller ids.
    pub(super) below: MessageId,
    /// How far the window was shown; none if it was not begun.
    pub(super) shown: Option<Shown>,
}

/// How far a window was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shown {
    /// All messages of the window have this id or greater ones.
    pub(super) bottom: MessageId,
    /// Whether there is another window below.
    pub(super) more: bool,
    /// The score and the id of the last message that was shown.
    pub(super) last: (u32, MessageId),
}

const ID_BYTES: usize = 16;

impl SearchPosition {
    /// Before the first page.
    pub(super) const START: Self = Self { below: MessageId::from_uuid(Uuid::max()), shown: None };

    /// The position as bytes, for a cursor.
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = self.below.uuid().into_bytes().to_vec();
        if let Some(Shown { bottom, more, last: (score, id) }) = self.shown {
            bytes.extend_from_slice(bottom.uuid().as_bytes());
            bytes.extend_from_slice(id.uuid().as_bytes());
            bytes.extend_from_slice(&score.to_be_bytes());
            bytes.push(u8::from(more));
        }
        bytes
    }

    /// The position that was made into these bytes.
    pub fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let below = take_id(&mut bytes)?;
        if bytes.is_empty() {
            return Some(Self { below, shown: None });
        }
        let (bottom, id) = (take_id(&mut bytes)?, take_id(&mut bytes)?);
        let (score, more) = bytes.split_last_chunk::<1>()?;
        let last = (u32::from_be_bytes(score.try_into().ok()?), id);
        Some(Self { below, shown: Some(Shown { bottom, more: *more == [1], last }) })
    }
}

/// The smallest id above this one.
pub(super) fn above(id: MessageId) -> MessageId {
    MessageId::from_uuid(Uuid::from_u128(id.uuid().as_u128().saturating_add(1)))
}

fn take_id(bytes: &mut &[u8]) -> Option<MessageId> {
    let (id, rest) = bytes.split_at_checked(ID_BYTES)?;
    *bytes = rest;
    Uuid::from_slice(id).ok().map(MessageId::from_uuid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_read_back() {
        let id = |number| MessageId::from_uuid(Uuid::from_u128(number));
        let begun = |more| SearchPosition {
            below: id(9),
            shown: Some(Shown { bottom: id(3), more, last: (70_000, id(5)) }),
        };
        for position in [SearchPosition::START, begun(true), begun(false)] {
            let bytes = position.to_bytes();
            assert_eq!(SearchPosition::from_bytes(&bytes), Some(position));
            for length in (0..bytes.len()).filter(|length| *length != ID_BYTES) {
                assert_eq!(SearchPosition::from_bytes(&bytes[..length]), None, "{length} bytes");
            }
        }
    }
}
