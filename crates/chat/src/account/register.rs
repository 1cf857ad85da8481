//! Signing up.

use crate::text::Check;
use crate::{Chat, Error, Result};
use natter_protocol::{PlatformRole, Presence, RegisterRequest, SignIn, User, UserId, limits};
use natter_store::{NewUser, Write};

impl Chat {
    /// Creates an account and signs it in.
    pub async fn register(&self, request: RegisterRequest) -> Result<SignIn> {
        if !self.rules.registration {
            return Err(Error::RegistrationClosed);
        }
        let user = self.create_user(request, PlatformRole::User).await?;
        self.sign_in(user).await
    }

    /// Creates an account. For operators; strangers use [`Chat::register`].
    pub async fn create_user(&self, request: RegisterRequest, role: PlatformRole) -> Result<User> {
        let username = request.username.trim().to_lowercase();
        let display_name = validate(&username, &request)?.unwrap_or_else(|| username.clone());
        let password_hash = self.passwords.hash(&request.password, &*self.random).await?;
        self.insert_user(username, display_name, request.email, role, Some(password_hash)).await
    }

    pub(super) async fn insert_user(
        &self,
        username: String,
        display_name: String,
        email: Option<String>,
        role: PlatformRole,
        password_hash: Option<String>,
    ) -> Result<User> {
        let new = NewUser {
            id: UserId::from_uuid(self.new_id()),
            username,
            display_name,
            email,
            role,
            password_hash,
            created_at: self.now(),
        };
        let user = User {
            id: new.id,
            username: new.username.clone(),
            display_name: new.display_name.clone(),
            avatar_url: None,
            role,
            presence: Presence::Offline,
            last_seen: None,
        };
        self.store.queue(Write::CreateUser(Box::new(new))).await?.await?;
        Ok(user)
    }
}

/// The name to show, as it is kept.
fn validate(username: &str, request: &RegisterRequest) -> Result<Option<String>> {
    let mut check = Check::default();
    check_username(&mut check, username);
    let display_name = request
        .display_name
        .as_ref()
        .map(|name| check.name("displayName", name, limits::DISPLAY_NAME_CHARS_MAX));
    if let Some(email) = &request.email {
        let plausible =
            email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
        if !plausible || email.chars().any(char::is_whitespace) {
            check.fail("email", "must be an e-mail address such as name@example.com");
        }
        check.length("email", email, 1, limits::EMAIL_CHARS_MAX);
    }
    password_length(&mut check, &request.password);
    check.done()?;
    Ok(display_name)
}

pub(super) fn check_username(check: &mut Check, username: &str) {
    check.length("username", username, limits::USERNAME_CHARS_MIN, limits::USERNAME_CHARS_MAX);
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.');
    if !username.chars().all(allowed) || !username.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        check.fail(
            "username",
            "may hold the letters a to z, digits, '_', '-' and '.', and starts with a letter or digit",
        );
    }
    if limits::USERNAMES_RESERVED.contains(&username) {
        check.fail("username", "has a meaning of its own here; choose another one");
    }
}

pub(super) fn check_password(password: &str) -> Result<()> {
    let mut check = Check::default();
    password_length(&mut check, password);
    check.done()
}

fn password_length(check: &mut Check, password: &str) {
    check.length("password", password, limits::PASSWORD_CHARS_MIN, limits::PASSWORD_CHARS_MAX);
}
