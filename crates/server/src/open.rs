//! From the configuration to a working chat, for the server and for the verbs of the command line alike.

use crate::config::{Auth, Claim, Config, LinkPreviews, WhenUnavailable};
use crate::data_dir;
use crate::jwks::PublishedJwks;
use crate::preview::WebPages;
use anyhow::{Context as _, Result};
use natter_chat::{
    Chat, ClaimNames, FileHouse, FileRules, HostKeys, HostTokens, Random as _, Rules, SystemClock,
    SystemRandom, TokenKey,
};
use natter_files::blobs::S3Credentials;
use natter_files::intake::Limits as IntakeLimits;
use natter_files::{Blobs, Intake, Workshop};
use natter_protocol::limits;
use natter_realtime::{Hub, Limits};
use natter_store::{Committed, OpenOptions, Store};
use std::sync::Arc;

/// Threads that look into files and hash them. Of low priority: there is always something else to do.
const WORKERS: usize = 2;

/// A chat and what is under it.
pub struct Open {
    /// The domain.
    pub chat: Arc<Chat>,
    /// The database.
    pub store: Arc<dyn Store>,
    /// The connections.
    pub hub: Hub,
    /// What is committed from here on. Whoever serves nobody drops it.
    pub committed: Committed,
}

/// Opens the database, creating it if need be, and puts the domain on top. A Tokio runtime must be there.
pub async fn chat(config: &Config) -> Result<Open> {
    put_together(config, None).await
}

/// The same for a server, which takes files as well and looks at pages. The data directory must be this process's alone.
pub async fn with_files(config: &Config) -> Result<Open> {
    put_together(config, Some(files(config).await?)).await
}

async fn put_together(config: &Config, files: Option<FileHouse>) -> Result<Open> {
    data_dir::prepare(config)?;
    let natter_store::Opened { store, committed } = natter_store::open(options(config)).await?;
    let hub = Hub::start(Limits {
        message_bytes_max: config.limits.frame_bytes_max,
        queue_bytes_max: config.limits.connection_queue_bytes_max,
        user_connections_max: config.limits.user_connections_max,
        heartbeat_seconds: config.socket.heartbeat_seconds,
        write_stall_seconds_max: config.socket.write_stall_seconds_max,
        ..Limits::default()
    });
    let rules = Rules {
        registration: config.auth.registration,
        access_token_seconds: config.auth.access_token_seconds,
        refresh_token_seconds: config.auth.refresh_token_seconds,
    };
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    let chat = Chat::new(Arc::clone(&store), hub.clone(), clock, random, rules).await?;
    let chat = match host_tokens(&config.auth)? {
        Some(tokens) => chat.with_host(tokens),
        None => chat,
    };
    let chat = match files {
        Some(files) => with_previews(config, chat.with_files(files).await?)?,
        None => chat,
    };
    Ok(Open { chat: Arc::new(chat), store, hub, committed })
}

/// Shows what is behind links, if the operator wants that.
fn with_previews(config: &Config, chat: Chat) -> Result<Chat> {
    let LinkPreviews { enabled, addresses_allowed } = &config.link_previews;
    if !enabled {
        return Ok(chat);
    }
    Ok(chat.with_previews(Arc::new(WebPages::new(addresses_allowed)?)))
}

/// What files are kept with and looked at by.
async fn files(config: &Config) -> Result<FileHouse> {
    let (incoming, kept) = data_dir::prepare_for_files(config)?;
    let files = &config.files;
    let workshop = Workshop::start(WORKERS)?;
    let limits = IntakeLimits {
        file_bytes_max: files.size_bytes_max,
        user_uploads_max: limits::UPLOADS_MAX,
        free_bytes_min: files.free_bytes_min,
    };
    let credentials = files.s3_secret_key.as_ref().map(|secret| S3Credentials {
        access_key: files.s3_access_key.clone(),
        secret_key: secret.reveal().to_owned(),
    });
    let blobs = Blobs::open(files.url.url(), &kept, credentials.as_ref())?;
    blobs.check().await.context(
        "files cannot be reached where files.url says that they are; set it right, or leave it out to keep them in the \
         data directory",
    )?;
    let bound = |bytes: u64| (bytes > 0).then_some(bytes);
    Ok(FileHouse {
        intake: Intake::open(&incoming, limits, workshop.clone())?,
        blobs,
        workshop,
        types: files.types()?,
        scanner: config.clamd.addr.as_ref().map(|addr| natter_files::scan::Clamd::new(addr.clamd().clone())),
        rules: FileRules {
            file_bytes_max: files.size_bytes_max,
            user_bytes_max: bound(files.user_bytes_max),
            total_bytes_max: bound(files.total_bytes_max),
            link_seconds: files.link_seconds,
            allow_unscanned: config.clamd.unavailable == WhenUnavailable::AllowWithFlag,
        },
    })
}

/// How the host application's tokens are verified, if they are to be taken.
fn host_tokens(auth: &Auth) -> Result<Option<HostTokens>> {
    let keys = match auth {
        Auth { jwt_secret: Some(secret), .. } => HostKeys::Fixed(TokenKey::from_secret(secret.reveal())?),
        Auth { jwt_public_key: Some(key), .. } => HostKeys::Fixed(TokenKey::from_pem(key.as_str())?),
        Auth { jwks_url: Some(url), .. } => HostKeys::Published(Arc::new(PublishedJwks::new(url)?)),
        _ => return Ok(None),
    };
    let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let claim = |claim: &Claim| claim.as_str().to_owned();
    Ok(Some(HostTokens {
        keys,
        issuer: given(&auth.jwt_issuer),
        audience: given(&auth.jwt_audience),
        claims: ClaimNames {
            id: claim(&auth.jwt_claim_id),
            username: claim(&auth.jwt_claim_username),
            display_name: claim(&auth.jwt_claim_name),
            avatar: claim(&auth.jwt_claim_avatar),
            role: claim(&auth.jwt_claim_role),
        },
    }))
}

/// The same for a verb that may run beside a server. It makes a schema where there is none, but leaves an older one as it
/// is: a server of that version may be at work on it.
pub async fn beside(config: &Config) -> Result<Open> {
    data_dir::prepare(config)?;
    let steps = natter_store::migrator(&options(config)).await?.status().await?;
    if steps.iter().any(|step| step.applied) && steps.iter().any(|step| !step.applied) {
        anyhow::bail!(
            "the database has the schema of an older natter, which may be running. Restart the server with this version, \
             or run `natter migrate up` while none runs; then try again. Nothing was changed."
        );
    }
    chat(config).await
}

/// How the configured database is opened.
pub fn options(config: &Config) -> OpenOptions {
    let mut epoch = [0; 8];
    SystemRandom.fill(&mut epoch);
    OpenOptions {
        url: config.database.url.clone(),
        data_dir: config.data_dir.clone(),
        readers_max: config.database.readers_max,
        new_epoch: format!("{:016x}", u64::from_be_bytes(epoch)),
    }
}
