//! What an operator decides: flags, then environment, then file, then defaults.
//!
//! A setting is declared once, in its section's file: its name, type, default, meaning and what it may be. The
//! structure, the names of the environment, the checks, `natter.example.toml` and the documentation all come from
//! that declaration.

mod access;
mod auth;
mod bus;
mod clamd;
mod cors;
mod database;
mod docs;
mod fault;
mod files;
mod limits;
mod link_previews;
mod load;
mod log;
mod setting;
mod socket;
mod socket_io;
mod tls;

pub use access::Access;
pub use auth::{Auth, Claim, JwksUrl, PublicKey, Secret};
pub use bus::Bus;
pub use clamd::{Clamd, ScannerAddr, WhenUnavailable};
pub use cors::{Cors, Origin};
pub use database::Database;
pub use docs::{example, markdown, toml};
pub use fault::ConfigError;
pub use files::{FileType, Files, FilesPlace, SecretKey};
pub use limits::Limits;
pub use link_previews::LinkPreviews;
pub use load::{Flags, not_yet};
pub use log::{Levels, Log, LogFormat};
pub use setting::{Rule, Setting};
pub use socket::Socket;
pub use socket_io::{Origins, SocketIo, SocketIoPath};
pub use tls::Tls;

use natter_store::DatabaseUrl;
use setting::settings;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

settings! {
    /// Everything that an operator decides.
    pub struct Config {
        /// Address and port that the server listens on. The default answers this machine only; `0.0.0.0:8080` answers
        /// everybody.
        pub listen: SocketAddr = (Ipv4Addr::LOCALHOST, 8080).into(),
            Rule::Text("an address with a port, such as 127.0.0.1:8080");
        /// Directory that holds everything Natter keeps in files: the embedded database and its lock, uploads on
        /// their way, and the content of files unless `files.url` names another place. It is created when it is not there.
        pub data_dir: PathBuf = "./data".into(), Rule::Text("the path of a directory");
    }
    sections {
        /// Where everything is kept.
        database: Database,
        /// Files that people send.
        files: Files,
        /// The virus scanner that files are shown to.
        clamd: Clamd,
        /// What is shown of the pages behind links.
        link_previews: LinkPreviews,
        /// How the nodes of a cluster tell each other what happened.
        bus: Bus,
        /// Who gets in.
        auth: Auth,
        /// Which addresses get in.
        access: Access,
        /// Which other websites may use this server from a browser.
        cors: Cors,
        /// What the server tells its operator.
        log: Log,
        /// What bounds a client, so that nobody harms the others.
        limits: Limits,
        /// How long a WebSocket may be silent or slow.
        socket: Socket,
        /// Where clients of Socket.IO connect.
        socket_io: SocketIo,
        /// TLS in this process, for a server without a proxy in front.
        tls: Tls,
    }
}

impl Config {
    /// What is wrong with settings that are right one by one.
    fn conflicts(&self) -> Vec<&'static str> {
        let mut conflicts = Vec::new();
        if self.bus.url != Bus::LOCAL {
            conflicts.push(match self.database.url {
                DatabaseUrl::Sqlite(_) => {
                    "bus.url is not \"local\", but database.url is SQLite. SQLite is for one node: set bus.url to \
                     \"local\", or keep the data in PostgreSQL by setting database.url to postgres://…"
                }
                DatabaseUrl::Postgres(_) => {
                    "bus.url is not \"local\". This version of natter speaks only the local bus: set bus.url to \"local\" \
                     and run one node"
                }
            });
        }
        conflicts.extend(self.auth.conflicts());
        conflicts.extend(self.tls.conflicts());
        conflicts.extend(self.files.conflicts());
        conflicts
    }
}
