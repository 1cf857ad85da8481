//! What the rules ask about previews of links, in PostgreSQL.

use crate::apply::rows::PreviewRows;
use crate::postgres::row::to_time;
use crate::postgres::statement as sql;
use crate::postgres::transaction::{Step, Transaction};
use crate::preview::PREVIEW_IMAGE_SECONDS_MIN;
use crate::{KnownPreview, NewPreview};
use natter_protocol::{LinkPreview, MessageId, Timestamp};
use sqlx::types::Json;
use uuid::Uuid;

impl PreviewRows for Transaction<'_> {
    async fn put_preview(&mut self, new: &NewPreview) -> Step<()> {
        let KnownPreview { preview, image_id } = &new.known;
        if let (Some(id), Some(image)) = (image_id, &new.image) {
            let statement = sqlx::query(sql::INSERT_PREVIEW_IMAGE)
                .bind(id)
                .bind(&image.media_type)
                .bind(&image.content)
                .bind(to_time(new.at));
            self.run(statement).await?;
        }
        let statement = sqlx::query(sql::PUT_PREVIEW)
            .bind(&new.url)
            .bind(preview.as_ref().map(Json))
            .bind(image_id)
            .bind(to_time(new.expires_at));
        self.run(statement).await
    }

    async fn set_previews(&mut self, id: MessageId, previews: &[LinkPreview], images: &[Uuid]) -> Step<()> {
        let shown = (!previews.is_empty()).then_some(Json(previews));
        self.run(sqlx::query(sql::SET_PREVIEWS).bind(id.uuid()).bind(shown)).await?;
        self.run(sqlx::query(sql::DROP_PREVIEW_IMAGES).bind(id.uuid())).await?;
        if images.is_empty() {
            return Ok(());
        }
        self.run(sqlx::query(sql::HOLD_PREVIEW_IMAGES).bind(id.uuid()).bind(images.to_vec())).await
    }

    async fn erase_previews(&mut self, now: Timestamp, rows_max: u32) -> Step<u64> {
        let rows = i64::from(rows_max);
        let expired = self.count(sqlx::query(sql::ERASE_PREVIEWS).bind(to_time(now)).bind(rows)).await?;
        let before = to_time(now.plus_seconds(-PREVIEW_IMAGE_SECONDS_MIN));
        Ok(expired + self.count(sqlx::query(sql::ERASE_PREVIEW_IMAGES).bind(before).bind(rows)).await?)
    }
}
