//! From the configuration to a working chat, for the server and for the verbs of the command line alike.

use crate::config::Config;
use crate::data_dir;
use anyhow::Result;
use natter_chat::{Chat, Random as _, Rules, SystemClock, SystemRandom};
use natter_protocol::limits;
use natter_realtime::{Hub, Limits};
use natter_store::{Committed, OpenOptions, Store};
use std::sync::Arc;

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
    data_dir::prepare(config)?;
    let natter_store::Opened { store, committed } = natter_store::open(options(config)).await?;
    let hub = Hub::start(Limits {
        message_bytes_max: config.limits.frame_bytes_max,
        queue_bytes_max: config.limits.connection_queue_bytes_max,
        commands_max: limits::CONNECTION_COMMANDS_MAX,
        heartbeat_seconds: config.socket.heartbeat_seconds,
        write_stall_seconds_max: config.socket.write_stall_seconds_max,
    });
    let rules = Rules {
        registration: config.auth.registration,
        access_token_seconds: config.auth.access_token_seconds,
        refresh_token_seconds: config.auth.refresh_token_seconds,
    };
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    let chat = Chat::new(Arc::clone(&store), hub.clone(), clock, random, rules).await?;
    Ok(Open { chat: Arc::new(chat), store, hub, committed })
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
