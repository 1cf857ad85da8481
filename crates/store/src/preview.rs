//! Previews of links, as the store takes and gives them.

use crate::Result;
use async_trait::async_trait;
use natter_protocol::{ConversationId, LinkPreview, MessageId, Timestamp, UserId};
use uuid::Uuid;

/// Seconds for which a picture is kept although nothing shows it: whoever has just brought it is about to.
pub(crate) const PREVIEW_IMAGE_SECONDS_MIN: i64 = 24 * 60 * 60;

/// What is read about previews of links.
#[async_trait]
pub trait Previews {
    /// Whether what somebody sends in a conversation gets previews: neither of the two has switched them off.
    async fn previews_wanted(&self, id: ConversationId, sender: UserId) -> Result<bool>;

    /// What is known to be behind a link, which may be nothing; none if nobody has looked lately.
    async fn known_preview(&self, url: &str, now: Timestamp) -> Result<Option<KnownPreview>>;

    /// The picture of a preview.
    async fn preview_image(&self, id: Uuid) -> Result<Option<PreviewPicture>>;
}

/// What is known to be behind a link.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownPreview {
    /// What there is to show; none if there is nothing.
    pub preview: Option<LinkPreview>,
    /// The picture that it shows.
    pub image_id: Option<Uuid>,
}

/// The picture of a preview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewPicture {
    /// Its media type.
    pub media_type: String,
    /// The picture.
    pub content: Vec<u8>,
}

/// What was found behind a link, for all messages that have it until it expires.
#[derive(Debug, Clone)]
pub struct NewPreview {
    /// The link.
    pub url: String,
    /// What was found.
    pub known: KnownPreview,
    /// The picture that `known` names.
    pub image: Option<PreviewPicture>,
    /// Until when it is believed.
    pub expires_at: Timestamp,
    /// When it was found.
    pub at: Timestamp,
}

/// What is behind the links of a message.
#[derive(Debug, Clone)]
pub struct AttachPreviews {
    /// Which.
    pub message_id: MessageId,
    /// The text in which the links were found. If it is another by now, nothing happens.
    pub content: String,
    /// All that is to be shown, in the order of the links.
    pub previews: Vec<KnownPreview>,
    /// When.
    pub at: Timestamp,
}
