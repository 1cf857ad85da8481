//! What the rules ask about users and their sessions, in SQLite.

use super::statement as sql;
use crate::apply::rows::{AccountRows, Step};
use crate::sqlite::account;
use crate::sqlite::batch::{Batch, told};
use crate::text_enum::TextEnum as _;
use crate::{NewSession, NewUser, ProvisionUser, Session, SessionRotation};
use natter_protocol::{PlatformRole, SessionId, Timestamp, UpdateProfile, User, UserId};
use rusqlite::Error;

impl AccountRows for Batch<'_> {
    async fn user(&mut self, id: UserId) -> Step<Option<User>, Error> {
        self.first(&account::USER, [id.uuid()], |columns| columns.user())
    }

    async fn insert_user(&mut self, user: &NewUser) -> Step<bool, Error> {
        self.hits(
            sql::INSERT_USER,
            (
                user.id.uuid(),
                &user.username,
                &user.display_name,
                &user.email,
                user.role.to_text(),
                &user.password_hash,
                user.created_at.millis(),
            ),
        )
    }

    async fn user_of_host(&mut self, external_id: &str) -> Step<Option<User>, Error> {
        self.first(&sql::USER_OF_HOST, [external_id], |columns| columns.user())
    }

    async fn insert_user_of_host(&mut self, user: &ProvisionUser, username: &str) -> Step<bool, Error> {
        self.hits(sql::INSERT_USER_OF_HOST, (user.id.uuid(), username, &user.external_id, user.at.millis()))
    }

    async fn update_profile(&mut self, id: UserId, update: &UpdateProfile) -> Step<bool, Error> {
        let UpdateProfile { display_name, avatar_url, presence_visible, link_previews } = update;
        let row = (id.uuid(), display_name, avatar_url, presence_visible, link_previews);
        self.hits(sql::UPDATE_PROFILE, row)
    }

    async fn set_seen(&mut self, seen: &[(UserId, Timestamp)]) -> Step<(), Error> {
        for (user, at) in seen {
            self.run(sql::SET_SEEN, (user.uuid(), at.millis()))?;
        }
        Ok(())
    }

    async fn set_password(&mut self, id: UserId, hash: &str) -> Step<bool, Error> {
        self.hits(sql::SET_PASSWORD, (id.uuid(), hash))
    }

    async fn set_role(&mut self, id: UserId, role: PlatformRole) -> Step<bool, Error> {
        self.hits(sql::SET_ROLE, (id.uuid(), role.to_text()))
    }

    async fn set_disabled(&mut self, id: UserId, at: Option<Timestamp>) -> Step<bool, Error> {
        self.hits(sql::SET_DISABLED, (id.uuid(), at.map(Timestamp::millis)))
    }

    async fn delete_old_sessions(&mut self, user: UserId, now: Timestamp) -> Step<(), Error> {
        self.run(sql::DELETE_OLD_SESSIONS, (user.uuid(), now.millis()))
    }

    async fn insert_session(&mut self, session: &NewSession) -> Step<bool, Error> {
        let (id, user) = (session.id.uuid(), session.user_id.uuid());
        let (created_at, expires_at) = (session.created_at.millis(), session.expires_at.millis());
        self.run(sql::INSERT_SESSION, (id, user, session.refresh_hash, created_at, expires_at))?;
        self.exists(sql::IS_USER, [user])
    }

    async fn session(&mut self, id: SessionId, now: Timestamp) -> Step<Option<Session>, Error> {
        told(account::session(self.connection(), id, now))
    }

    async fn rotate_session(&mut self, rotation: &SessionRotation) -> Step<bool, Error> {
        let (now, expires_at) = (rotation.now.millis(), rotation.expires_at.millis());
        let (presented, next) = (rotation.presented_hash, rotation.next_hash);
        let repeated_since = rotation.repeated_since().millis();
        let row = (rotation.id.uuid(), presented, next, now, expires_at, repeated_since);
        self.hits(sql::ROTATE_SESSION, row)
    }

    async fn end_session(&mut self, id: SessionId, now: Timestamp) -> Step<(), Error> {
        self.run(sql::END_SESSION, (id.uuid(), now.millis()))
    }

    async fn end_sessions(
        &mut self,
        user: UserId,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Step<Vec<SessionId>, Error> {
        let (except, now) = (except.map(SessionId::uuid), now.millis());
        self.ids(sql::END_SESSIONS, (user.uuid(), except, now), SessionId::from_uuid)
    }

    async fn erase_revocations(&mut self, before: Timestamp, rows_max: u32) -> Step<u64, Error> {
        self.changes(sql::ERASE_REVOCATIONS, (before.millis(), rows_max))
    }
}
