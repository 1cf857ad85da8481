//! Writes about previews of links.

use super::Work;
use crate::apply::rows::{Rows, Step};
use crate::{AttachPreviews, Written, log};
use natter_protocol::LinkPreview;
use uuid::Uuid;

impl<R: Rows> Work<'_, R> {
    pub(super) async fn attach_previews(&mut self, attach: &AttachPreviews) -> Step<Written, R::Error> {
        let id = attach.message_id;
        let Some(message) = self.rows.message(id).await? else { return Ok(Written::Found(false)) };
        // Nothing of a conversation changes any more once its head is locked; it may have been deleted a moment ago.
        if self.is_gone(message.conversation_id).await? {
            return Ok(Written::Found(false));
        }
        let previews: Vec<LinkPreview> =
            attach.previews.iter().filter_map(|known| known.preview.clone()).collect();
        let now = self.rows.message(id).await?;
        let Some(mut message) =
            now.filter(|now| now.content == attach.content && now.link_previews != previews)
        else {
            return Ok(Written::Found(false));
        };
        let images: Vec<Uuid> = attach.previews.iter().filter_map(|known| known.image_id).collect();
        self.rows.set_previews(id, &previews, &images).await?;
        message.link_previews = previews;
        let sender = message.sender.id;
        self.changed(message, sender, attach.at, log::MESSAGE_UPDATED).await?;
        Ok(Written::Found(true))
    }
}
