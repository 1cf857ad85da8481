//! Signing up, signing in, staying signed in.

pub(crate) mod host_token;
pub(crate) mod import;
pub(crate) mod jwt;
mod manage;
pub(crate) mod password;
mod register;
pub(crate) mod revoke;
mod session;
pub(crate) mod ticket;
pub(crate) mod token;

use crate::{Chat, Result};
use natter_protocol::PlatformRole;
use natter_store::Write;

impl Chat {
    /// Replaces a password and ends all sessions of the user. For operators.
    pub async fn set_password(&self, username: &str, password: &str) -> Result<()> {
        register::check_password(password)?;
        let user = self.person(username).await?;
        let password_hash = self.passwords.hash(password, &*self.random).await?;
        let write = Write::SetPassword { user_id: user.id, password_hash, except: None, now: self.now() };
        self.store.queue(write).await?.await?;
        Ok(())
    }

    /// Replaces a platform role. For operators.
    pub async fn set_role(&self, username: &str, role: PlatformRole) -> Result<()> {
        let user = self.person(username).await?;
        self.store.queue(Write::SetRole { user_id: user.id, role }).await?.await?;
        Ok(())
    }

    /// An access token without a session, for `natter token mint`: it ends by itself and cannot be signed out.
    pub async fn mint_token(&self, username: &str, seconds: u32) -> Result<String> {
        let user = self.person(username).await?;
        self.signer.sign(user.id, None, self.now(), seconds)
    }
}
