//! What a verified token says: when it holds, for whom it is, and whom it describes.

use crate::account::jwt::{Claims, TokenFault};
use crate::account::register::check_username;
use crate::person::profile::checked;
use crate::text::Check;
use natter_protocol::{PlatformRole, Timestamp, UpdateProfile, limits};
use serde_json::{Number, Value};

/// Seconds that the clocks of the host application and of this server may differ.
const LEEWAY_SECONDS: i64 = 60;
/// 9999-12-31T23:59:59Z. What is beyond was counted in milliseconds, and would never end.
const SECONDS_MAX: i64 = Timestamp::from_millis(i64::MAX).seconds();
/// Characters in a user's id (OIDC Core 1.0, section 2, of `sub`) and in an issuer.
const ID_CHARS_MAX: usize = 255;
/// What a claim that identifies must be.
const ID: &str = "1 to 255 characters, without control characters";
/// RFC 7519, section 2.
const NUMERIC_DATE: &str = "a number: seconds (not milliseconds) since 1970";

/// The claims that describe a user. Each is the name of a claim on the token's top level.
#[derive(Debug, Clone)]
pub struct ClaimNames {
    /// Who it is, for ever.
    pub id: String,
    /// Which username they would like.
    pub username: String,
    /// Name to show.
    pub display_name: String,
    /// Picture to show.
    pub avatar: String,
    /// `user`, `moderator` or `admin`.
    pub role: String,
}

/// Whom a token describes.
pub(super) struct Identity {
    /// Issuer and id, unambiguous: another issuer's user of the same id is somebody else.
    pub(super) external_id: String,
    /// What the user could be called: valid, but perhaps taken.
    pub(super) username: Option<String>,
    /// The rest, as far as the token says something that makes sense.
    pub(super) profile: Profile,
    /// When the token was made, so that an older one does not undo what a newer one said; 0 if it does not say.
    pub(super) issued_at: i64,
}

/// How a user is shown and what they may do. What is absent stays as it is.
pub(super) struct Profile {
    pub(super) update: UpdateProfile,
    pub(super) role: Option<PlatformRole>,
}

/// From when on the token is not taken any more, if it is taken now.
pub(super) fn check_time(claims: &Claims, now: Timestamp) -> Result<Timestamp, TokenFault> {
    let now = now.seconds();
    let expires_at = date(claims, "exp")?.ok_or_else(|| fault("exp", NUMERIC_DATE))?;
    let expires_at = expires_at.saturating_add(LEEWAY_SECONDS);
    if now >= expires_at {
        return Err(TokenFault::Expired);
    }
    match date(claims, "nbf")? {
        Some(not_before) if now.saturating_add(LEEWAY_SECONDS) < not_before => Err(TokenFault::NotYet),
        _ => Ok(Timestamp::from_millis(0).plus_seconds(expires_at)),
    }
}

pub(super) fn check_issuer(claims: &Claims, issuer: Option<&str>) -> Result<(), TokenFault> {
    match issuer {
        Some(issuer) if claims.get("iss").and_then(Value::as_str) != Some(issuer) => Err(TokenFault::Issuer),
        _ => Ok(()),
    }
}

pub(super) fn check_audience(claims: &Claims, audience: Option<&str>) -> Result<(), TokenFault> {
    let Some(audience) = audience else { return Ok(()) };
    let is_it = |value: &Value| value.as_str() == Some(audience);
    match claims.get("aud") {
        Some(Value::Array(audiences)) if audiences.iter().any(is_it) => Ok(()),
        Some(value) if is_it(value) => Ok(()),
        _ => Err(TokenFault::Audience),
    }
}

pub(super) fn identity(claims: &Claims, names: &ClaimNames) -> Result<Identity, TokenFault> {
    let id = match claims.get(&names.id) {
        Some(Value::String(id)) => id.clone(),
        // A database's own key: hosts with such ids rarely bother to write them as text.
        Some(Value::Number(id)) if id.is_i64() || id.is_u64() => id.to_string(),
        _ => return Err(fault(&names.id, ID)),
    };
    let issuer = match claims.get("iss") {
        None => "",
        Some(Value::String(issuer)) if plausible_id(issuer) => issuer,
        Some(_) => return Err(fault("iss", ID)),
    };
    if !plausible_id(&id) {
        return Err(fault(&names.id, ID));
    }
    let preferred = claims.get(&names.username).and_then(Value::as_str);
    Ok(Identity {
        external_id: Value::from(vec![issuer, &id]).to_string(),
        username: preferred.and_then(username).or_else(|| username(&id)),
        profile: Profile {
            update: UpdateProfile {
                display_name: claims.get(&names.display_name).and_then(display_name),
                avatar_url: claims.get(&names.avatar).and_then(avatar_url),
                presence_visible: None,
                link_previews: None,
            },
            role: claims.get(&names.role).map(role),
        },
        issued_at: date(claims, "iat")?.unwrap_or_default(),
    })
}

/// A time in whole seconds. A text is refused, even one with digits: what one program reads as a number and
/// another does not is a token that lives for ever in one of them.
fn date(claims: &Claims, name: &str) -> Result<Option<i64>, TokenFault> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::Number(number)) if whole(number) <= SECONDS_MAX => Ok(Some(whole(number))),
        Some(_) => Err(fault(name, NUMERIC_DATE)),
    }
}

fn fault(name: &str, expected: &'static str) -> TokenFault {
    TokenFault::Claim { name: name.to_owned(), expected }
}

#[expect(clippy::cast_possible_truncation, reason = "a time beyond what i64 holds is held at its end")]
fn whole(number: &Number) -> i64 {
    number.as_i64().unwrap_or_else(|| number.as_f64().unwrap_or_default().floor() as i64)
}

fn plausible_id(id: &str) -> bool {
    (1..=ID_CHARS_MAX).contains(&id.chars().count()) && !id.chars().any(char::is_control)
}

/// A username made of what the host application calls somebody, if that is possible: of an e-mail address, what is
/// before the `@`.
fn username(text: &str) -> Option<String> {
    let name = text.split('@').next().unwrap_or_default().trim().to_lowercase();
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let name: String = name.chars().map(|c| if allowed(c) { c } else { '-' }).collect();
    let name = name.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let mut check = Check::default();
    check_username(&mut check, name);
    check.done().is_ok().then(|| name.to_owned())
}

/// A name that is too long is cut: better a short one than none.
fn display_name(value: &Value) -> Option<String> {
    let name: String = value.as_str()?.trim().chars().take(limits::DISPLAY_NAME_CHARS_MAX).collect();
    checked(UpdateProfile { display_name: Some(name), ..UpdateProfile::default() }).ok()?.display_name
}

fn avatar_url(value: &Value) -> Option<String> {
    let url = match value {
        // As an empty one, it takes the picture away.
        Value::Null => String::new(),
        Value::String(url) => url.clone(),
        _ => return None,
    };
    checked(UpdateProfile { avatar_url: Some(url), ..UpdateProfile::default() }).ok()?.avatar_url
}

/// What is no role of ours makes nobody more than a user. Of several, the highest counts.
fn role(value: &Value) -> PlatformRole {
    match value {
        Value::String(role) if role == "admin" => PlatformRole::Admin,
        Value::String(role) if role == "moderator" => PlatformRole::Moderator,
        Value::Array(roles) => roles.iter().map(role).max().unwrap_or(PlatformRole::User),
        _ => PlatformRole::User,
    }
}
