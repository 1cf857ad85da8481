//! What chat means: who may do what, and what then happens.
//!
//! Invariant: every rule of the product is decided here and nowhere else, and what was decided is told to others only
//! after it is committed: the [`Relay`] takes events from the store's committed log and hands them to the hub. There
//! is no HTTP and no SQL here; time and randomness come in through [`Clock`] and [`Random`].

mod account;
mod actor;
mod announce;
mod clock;
mod conversation;
mod cursor;
mod error;
mod execute;
mod file;
mod message;
mod operate;
mod page;
mod permission;
mod person;
mod presence;
mod preview;
mod random;
mod relay;
mod search;
mod sync;
pub mod text;
mod typing;

pub use account::host_token::{ClaimNames, HostKeys, HostTokens, KeySource};
pub use account::import::{Import, ImportConversation, ImportMessage, Imported, check_import};
pub use account::jwt::{TokenFault, TokenKey, TokenKeyError};
pub use actor::Actor;
pub use clock::{Clock, SystemClock};
pub use error::Error;
pub use execute::Submitted;
pub use file::{FileHouse, FileRules, LinkProof, OpenFile, Receiving, UploadWay, Uploading};
pub use message::History;
pub use natter_store::{FileOrder, KeyHolder, ListFilter, PreviewPicture};
pub use operate::Claim;
pub use presence::Keeper;
pub use preview::{PageFault, Pages, WebPage};
pub use random::{Random, SystemRandom};
pub use relay::Relay;
pub use search::SearchRequest;
pub use sync::{Resume, Resumed};

use account::{host_token::Host, password::Passwords, revoke::Revocations, ticket::Tickets, token::Signer};
use cursor::Cursors;
use file::Files;
use natter_protocol::Timestamp;
use natter_realtime::Hub;
use natter_store::Store;
use preview::LinkPreviews;
use relay::Signals;
use std::sync::Arc;
use sync::Resumes;
use uuid::Uuid;

/// A result of the domain.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What an operator decides about the domain.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Whether strangers can sign up.
    pub registration: bool,
    /// Seconds that an access token lives.
    pub access_token_seconds: u32,
    /// Seconds that a refresh token lives unused.
    pub refresh_token_seconds: u32,
}

/// The domain. One for each process.
pub struct Chat {
    store: Arc<dyn Store>,
    hub: Hub,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    rules: Rules,
    passwords: Passwords,
    signer: Signer,
    host: Option<Host>,
    tickets: Tickets,
    revocations: Revocations,
    resumes: Resumes,
    cursors: Cursors,
    signals: Signals,
    files: Option<Files>,
    previews: Option<LinkPreviews>,
}

impl Chat {
    /// Puts the domain on top of its store and hub. Draws the installation's secrets if they are not there yet.
    pub async fn new(
        store: Arc<dyn Store>,
        hub: Hub,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        rules: Rules,
    ) -> Result<Self> {
        let secret = store.secret("access_token_secret", &random::secret(&*random)).await?;
        let cursor_secret = store.secret("cursor_secret", &random::secret(&*random)).await?;
        Ok(Self {
            passwords: Passwords::new(&*random),
            signer: Signer::new(&secret)?,
            host: None,
            tickets: Tickets::default(),
            revocations: Revocations::after(store.last_revocation().await?),
            resumes: Resumes::default(),
            cursors: Cursors::new(&cursor_secret),
            signals: Signals::default(),
            files: None,
            previews: None,
            store,
            hub,
            clock,
            random,
            rules,
        })
    }

    /// The same domain, which takes tokens of a host application beside its own.
    #[must_use]
    pub fn with_host(mut self, tokens: HostTokens) -> Self {
        self.host = Some(Host::new(tokens, Arc::clone(&self.clock)));
        self
    }

    /// The epoch of all logs.
    pub fn epoch(&self) -> &str {
        self.store.epoch()
    }

    /// The relay that belongs to this domain; run it once, with what the store commits.
    pub fn relay(&self) -> Relay {
        Relay::new(Arc::clone(&self.store), self.hub.clone(), &self.signals)
    }

    /// Answers when the database does.
    pub async fn ping(&self) -> Result<()> {
        Ok(self.store.ping().await?)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A new id.
    pub fn new_id(&self) -> Uuid {
        let mut bytes = [0; 10];
        self.random.fill(&mut bytes);
        id(self.now(), bytes)
    }

    /// The id of what a request creates: its own, if a repeat of it must find what is there.
    fn id_for(&self, actor: &Actor) -> Uuid {
        actor.request.unwrap_or_else(|| self.new_id())
    }
}

/// A `UUIDv7` (RFC 9562, section 5.7): ordered by time, so that it appends to the indexes that hold it.
fn id(time: Timestamp, random: [u8; 10]) -> Uuid {
    let millis = u64::try_from(time.millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}
