//! What the rules ask about users and their sessions, in PostgreSQL.

use crate::apply::rows::AccountRows;
use crate::postgres::row::{Columns as _, to_time};
use crate::postgres::transaction::{Step, Transaction};
use crate::postgres::{account, row, statement as sql};
use crate::text_enum::TextEnum as _;
use crate::{NewSession, NewUser, ProvisionUser, Session, SessionRotation};
use natter_protocol::{PlatformRole, SessionId, Timestamp, UpdateProfile, User, UserId};
use sqlx::postgres::PgRow;

impl AccountRows for Transaction<'_> {
    async fn user(&mut self, id: UserId) -> Step<Option<User>> {
        self.first(sqlx::query(account::USER).bind(id.uuid()), row::user).await
    }

    async fn insert_user(&mut self, user: &NewUser) -> Step<bool> {
        let statement = sqlx::query(sql::INSERT_USER)
            .bind(user.id.uuid())
            .bind(&user.username)
            .bind(&user.display_name)
            .bind(&user.email)
            .bind(user.role.to_text())
            .bind(&user.password_hash)
            .bind(to_time(user.created_at));
        self.changes(statement).await
    }

    async fn user_of_host(&mut self, external_id: &str) -> Step<Option<User>> {
        self.first(sqlx::query(sql::USER_OF_HOST).bind(external_id), row::user).await
    }

    async fn insert_user_of_host(&mut self, user: &ProvisionUser, username: &str) -> Step<bool> {
        let statement = sqlx::query(sql::INSERT_USER_OF_HOST)
            .bind(user.id.uuid())
            .bind(username)
            .bind(&user.external_id)
            .bind(to_time(user.at));
        self.changes(statement).await
    }

    async fn update_profile(&mut self, id: UserId, update: &UpdateProfile) -> Step<bool> {
        let statement = sqlx::query(sql::UPDATE_PROFILE)
            .bind(id.uuid())
            .bind(&update.display_name)
            .bind(&update.avatar_url)
            .bind(update.presence_visible)
            .bind(update.link_previews);
        self.changes(statement).await
    }

    async fn set_seen(&mut self, seen: &[(UserId, Timestamp)]) -> Step<()> {
        let statement = sqlx::query(sql::SET_SEEN)
            .bind(seen.iter().map(|(user, _)| user.uuid()).collect::<Vec<_>>())
            .bind(seen.iter().map(|(_, at)| to_time(*at)).collect::<Vec<_>>());
        self.run(statement).await
    }

    async fn set_password(&mut self, id: UserId, hash: &str) -> Step<bool> {
        self.changes(sqlx::query(sql::SET_PASSWORD).bind(id.uuid()).bind(hash)).await
    }

    async fn set_role(&mut self, id: UserId, role: PlatformRole) -> Step<bool> {
        self.changes(sqlx::query(sql::SET_ROLE).bind(id.uuid()).bind(role.to_text())).await
    }

    async fn set_disabled(&mut self, id: UserId, at: Option<Timestamp>) -> Step<bool> {
        self.changes(sqlx::query(sql::SET_DISABLED).bind(id.uuid()).bind(at.map(to_time))).await
    }

    async fn delete_old_sessions(&mut self, user: UserId, now: Timestamp) -> Step<()> {
        self.run(sqlx::query(sql::DELETE_OLD_SESSIONS).bind(user.uuid()).bind(to_time(now))).await
    }

    async fn insert_session(&mut self, session: &NewSession) -> Step<bool> {
        let statement = sqlx::query(sql::INSERT_SESSION)
            .bind(session.id.uuid())
            .bind(session.user_id.uuid())
            .bind(session.refresh_hash)
            .bind(to_time(session.created_at))
            .bind(to_time(session.expires_at));
        self.is(statement).await
    }

    async fn session(&mut self, id: SessionId, now: Timestamp) -> Step<Option<Session>> {
        let read = |row: &PgRow| Ok(Session { id, user: row::user(row)? });
        self.first(account::session_statement(id, now), read).await
    }

    async fn rotate_session(&mut self, rotation: &SessionRotation) -> Step<bool> {
        let statement = sqlx::query(sql::ROTATE_SESSION)
            .bind(rotation.id.uuid())
            .bind(rotation.presented_hash)
            .bind(rotation.next_hash)
            .bind(to_time(rotation.now))
            .bind(to_time(rotation.expires_at))
            .bind(to_time(rotation.repeated_since()));
        self.changes(statement).await
    }

    async fn end_session(&mut self, id: SessionId, now: Timestamp) -> Step<()> {
        self.run(sqlx::query(sql::END_SESSION).bind(id.uuid()).bind(to_time(now))).await
    }

    async fn end_sessions(
        &mut self,
        user: UserId,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Step<Vec<SessionId>> {
        let statement = sqlx::query(sql::END_SESSIONS)
            .bind(user.uuid())
            .bind(except.map(SessionId::uuid))
            .bind(to_time(now));
        self.all(statement, |row| row.id("id", SessionId::from_uuid)).await
    }

    async fn erase_revocations(&mut self, before: Timestamp, rows_max: u32) -> Step<u64> {
        self.count(sqlx::query(sql::ERASE_REVOCATIONS).bind(to_time(before)).bind(i64::from(rows_max))).await
    }
}
