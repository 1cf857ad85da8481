//! Previews of links in PostgreSQL.

use super::Postgres;
use super::row::to_time;
use crate::{KnownPreview, PreviewPicture, Previews, Result};
use async_trait::async_trait;
use natter_protocol::{ConversationId, Timestamp, UserId};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use uuid::Uuid;

pub(super) const WANTED: &str = "
    SELECT c.link_previews AND u.link_previews AS wanted
      FROM conversations AS c CROSS JOIN users AS u
     WHERE c.id = $1 AND c.deleted_at IS NULL AND u.id = $2";
pub(super) const KNOWN: &str =
    "SELECT preview, image_id FROM link_previews WHERE url = $1 AND expires_at > $2";
pub(super) const IMAGE: &str = "SELECT media_type, content FROM preview_images WHERE id = $1";

#[async_trait]
impl Previews for Postgres {
    async fn previews_wanted(&self, id: ConversationId, sender: UserId) -> Result<bool> {
        let statement = sqlx::query(WANTED).bind(id.uuid()).bind(sender.uuid());
        let wanted = self.first(statement, |row: &PgRow| row.try_get("wanted")).await?;
        Ok(wanted.unwrap_or(false))
    }

    async fn known_preview(&self, url: &str, now: Timestamp) -> Result<Option<KnownPreview>> {
        let read = |row: &PgRow| {
            let preview = row.try_get::<Option<Json<_>>, _>("preview")?.map(|Json(preview)| preview);
            Ok(KnownPreview { preview, image_id: row.try_get("image_id")? })
        };
        self.first(sqlx::query(KNOWN).bind(url.to_owned()).bind(to_time(now)), read).await
    }

    async fn preview_image(&self, id: Uuid) -> Result<Option<PreviewPicture>> {
        let read = |row: &PgRow| {
            Ok(PreviewPicture { media_type: row.try_get("media_type")?, content: row.try_get("content")? })
        };
        self.first(sqlx::query(IMAGE).bind(id), read).await
    }
}
