//! Links to files: addresses that work for a while without a token.
//!
//! A link proves for whom it was made and nothing more: whether they may see the file is asked again at each fetch.

use crate::{Actor, Chat, Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac as _};
use natter_protocol::{FileId, FileLink, FileVariant, Timestamp, UserId, limits};
use sha2::Sha256;

/// What a link says.
#[derive(Debug, Clone)]
pub struct LinkProof {
    /// Which file it leads to.
    pub file_id: FileId,
    /// What of it.
    pub variant: FileVariant,
    /// For whom it was made.
    pub user_id: UserId,
    /// Until when it works, in seconds since 1970.
    pub expires: i64,
    /// Proves that this server made it.
    pub signature: String,
}

/// Signs links, and checks them.
pub(crate) struct Links {
    key: Hmac<Sha256>,
}

impl Links {
    pub(crate) fn new(secret: &str) -> Self {
        let key = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes());
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        Self { key: key.expect("HMAC takes keys of any length") }
    }

    fn sign(&self, file: FileId, variant: FileVariant, user: UserId, expires: i64) -> String {
        URL_SAFE_NO_PAD.encode(self.mac(file, variant, user, expires).finalize().into_bytes())
    }

    fn holds(&self, proof: &LinkProof) -> bool {
        let LinkProof { file_id, variant, user_id, expires, ref signature } = *proof;
        let tag = URL_SAFE_NO_PAD.decode(signature);
        tag.is_ok_and(|tag| self.mac(file_id, variant, user_id, expires).verify_slice(&tag).is_ok())
    }

    /// Each part has a fixed length, so none can be taken for another.
    fn mac(&self, file: FileId, what: FileVariant, user: UserId, expires: i64) -> Hmac<Sha256> {
        let mut mac = self.key.clone();
        mac.update(file.uuid().as_bytes());
        mac.update(&[what as u8]);
        mac.update(user.uuid().as_bytes());
        mac.update(&expires.to_be_bytes());
        mac
    }
}

impl Chat {
    /// Links to files that the actor may see; what they may not see is left out.
    pub async fn file_links(&self, actor: &Actor, wanted: &[(FileId, FileVariant)]) -> Result<Vec<FileLink>> {
        if wanted.len() > limits::FILE_LINKS_MAX {
            let (count, max) = (wanted.len(), limits::FILE_LINKS_MAX);
            return Err(Error::field("files", format!("names {count} files; at most {max} are allowed")));
        }
        let files = self.files()?;
        // A link lives in whole seconds, and for as long as it says.
        let lifetime = i64::from(files.house.rules.link_seconds);
        let expires = self.now().millis().div_euclid(1_000) + lifetime;
        let mut links = Vec::with_capacity(wanted.len());
        for (file_id, variant) in wanted.iter().copied() {
            if self.store.file(file_id, actor.id()).await?.is_none() {
                continue;
            }
            let signature = files.links.sign(file_id, variant, actor.id(), expires);
            let (user, name) = (actor.id(), name(variant));
            links.push(FileLink {
                file_id,
                variant,
                url: format!(
                    "/api/v1/files/{file_id}?variant={name}&user={user}&expires={expires}&signature={signature}"
                ),
                expires_at: Timestamp::from_millis(expires * 1_000),
            });
        }
        Ok(links)
    }

    /// Whoever a link was made for.
    pub async fn follow_link(&self, proof: &LinkProof) -> Result<Actor> {
        if !self.files()?.links.holds(proof) {
            return Err(Error::Unauthenticated);
        }
        let expires_at = Timestamp::from_millis(proof.expires.saturating_mul(1_000));
        if expires_at <= self.now() {
            return Err(Error::LinkExpired(expires_at));
        }
        // Whoever is disabled is not found.
        let user = self.store.user(proof.user_id).await?.ok_or(Error::Unauthenticated)?;
        Ok(Actor::on_behalf_of(user))
    }
}

/// As the query spells it.
const fn name(variant: FileVariant) -> &'static str {
    match variant {
        FileVariant::Original => "original",
        FileVariant::Small => "small",
        FileVariant::Large => "large",
    }
}
