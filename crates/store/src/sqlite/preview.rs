//! Previews of links in SQLite.

use super::Sqlite;
use super::row::Columns;
use crate::{KnownPreview, PreviewPicture, Previews, Result};
use async_trait::async_trait;
use natter_protocol::{ConversationId, Timestamp, UserId};
use rusqlite::OptionalExtension as _;
use uuid::Uuid;

pub(super) const WANTED: &str = "
    SELECT c.link_previews AND u.link_previews
      FROM conversations AS c CROSS JOIN users AS u
     WHERE c.id = ?1 AND c.deleted_at IS NULL AND u.id = ?2";
pub(super) const KNOWN: &str =
    "SELECT preview, image_id FROM link_previews WHERE url = ?1 AND expires_at > ?2";
pub(super) const IMAGE: &str = "SELECT media_type, content FROM preview_images WHERE id = ?1";

#[async_trait]
impl Previews for Sqlite {
    async fn previews_wanted(&self, id: ConversationId, sender: UserId) -> Result<bool> {
        self.readers
            .read(move |snapshot| {
                let wanted = snapshot
                    .prepare_cached(WANTED)?
                    .query_row((id.uuid(), sender.uuid()), |row| row.get(0))
                    .optional()?;
                Ok(wanted.unwrap_or(false))
            })
            .await
    }

    async fn known_preview(&self, url: &str, now: Timestamp) -> Result<Option<KnownPreview>> {
        let url = url.to_owned();
        self.readers
            .read(move |snapshot| {
                snapshot
                    .prepare_cached(KNOWN)?
                    .query_row((url, now.millis()), |row| {
                        let mut columns = Columns::of(row);
                        Ok(KnownPreview { preview: columns.json_opt()?, image_id: columns.get()? })
                    })
                    .optional()
            })
            .await
    }

    async fn preview_image(&self, id: Uuid) -> Result<Option<PreviewPicture>> {
        self.readers
            .read(move |snapshot| {
                snapshot
                    .prepare_cached(IMAGE)?
                    .query_row([id], |row| {
                        Ok(PreviewPicture { media_type: row.get(0)?, content: row.get(1)? })
                    })
                    .optional()
            })
            .await
    }
}
