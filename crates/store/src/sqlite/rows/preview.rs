//! What the rules ask about previews of links, in SQLite.

use super::statement as sql;
use crate::apply::rows::{PreviewRows, Step};
use crate::preview::PREVIEW_IMAGE_SECONDS_MIN;
use crate::sqlite::batch::Batch;
use crate::{KnownPreview, NewPreview};
use natter_protocol::{LinkPreview, MessageId, Timestamp};
use rusqlite::Error;
use serde_json::json;
use uuid::Uuid;

impl PreviewRows for Batch<'_> {
    async fn put_preview(&mut self, new: &NewPreview) -> Step<(), Error> {
        let KnownPreview { preview, image_id } = &new.known;
        if let (Some(id), Some(image)) = (image_id, &new.image) {
            let row = (id, &image.media_type, &image.content, new.at.millis());
            self.run(sql::INSERT_PREVIEW_IMAGE, row)?;
        }
        let preview = preview.as_ref().map(|preview| json!(preview).to_string());
        self.run(sql::PUT_PREVIEW, (&new.url, preview, image_id, new.expires_at.millis()))
    }

    async fn set_previews(
        &mut self,
        id: MessageId,
        previews: &[LinkPreview],
        images: &[Uuid],
    ) -> Step<(), Error> {
        let previews = (!previews.is_empty()).then(|| json!(previews).to_string());
        self.run(sql::SET_PREVIEWS, (id.uuid(), previews))?;
        self.run(sql::DROP_PREVIEW_IMAGES, [id.uuid()])?;
        for image in images {
            self.run(sql::HOLD_PREVIEW_IMAGE, (id.uuid(), image))?;
        }
        Ok(())
    }

    async fn erase_previews(&mut self, now: Timestamp, rows_max: u32) -> Step<u64, Error> {
        let expired = self.changes(sql::ERASE_PREVIEWS, (now.millis(), rows_max))?;
        let before = now.plus_seconds(-PREVIEW_IMAGE_SECONDS_MIN).millis();
        Ok(expired + self.changes(sql::ERASE_PREVIEW_IMAGES, (before, rows_max))?)
    }
}
