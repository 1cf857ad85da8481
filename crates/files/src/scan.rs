//! The virus scanner: a client of clamd, over TCP or a socket of the same machine.
//!
//! A file is streamed to it with `INSTREAM`, one connection for each file, so that the scanner needs no access to where
//! the files are.

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::str::FromStr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

/// Until a connection is there.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
/// Until the scanner takes more of a file. It gives up itself after its `ReadTimeout`, 120 seconds if not set.
const WRITE_TIME_MAX: Duration = Duration::from_secs(30);
/// Until it says what it found, counted from the end of the file. Its own `MaxScanTime` is 120 seconds if not set.
const VERDICT_TIME_MAX: Duration = Duration::from_mins(3);
/// Until it answers what costs it nothing.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);
/// Bytes of an answer. Real ones are a path and a name.
const ANSWER_BYTES_MAX: u64 = 4 * 1024;
/// Bytes of a chunk. It must be below the scanner's `StreamMaxLength`, which nobody sets as low.
const CHUNK_BYTES_MAX: usize = 256 * 1024;

/// Where clamd listens: `tcp://HOST:PORT` or `unix:/PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClamdAddr {
    /// A host and its port.
    Tcp(String),
    /// A socket of this machine.
    Unix(PathBuf),
}

/// The text is no address of clamd.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected tcp://HOST:PORT or unix:/PATH")]
pub struct ParseClamdAddrError;

/// What the scanner found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Clean,
    /// A virus, or what the operator's own signatures describe; its name.
    Infected(String),
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// It cannot be reached, or went away while it was asked.
    #[error("clamd at {addr} cannot be reached")]
    Unreachable {
        /// Where it should be.
        addr: ClamdAddr,
        /// What the system says.
        source: io::Error,
    },
    /// It does not answer.
    #[error("clamd at {addr} does not answer")]
    Silent {
        /// Where it is.
        addr: ClamdAddr,
    },
    /// It does not take files of this size. Asking again does not help; its `StreamMaxLength` must be raised.
    #[error("the file is larger than clamd takes: raise its StreamMaxLength")]
    TooLarge,
    /// It says that it failed.
    #[error("clamd failed: {0}")]
    Failed(String),
    /// The file could not be read.
    #[error("the file could not be read for clamd")]
    Unreadable(#[source] io::Error),
}

/// A clamd. It holds no connection, so it may come and go.
#[derive(Debug, Clone)]
pub struct Clamd {
    addr: ClamdAddr,
}

impl Clamd {
    /// The one at this address. Whether it is there shows when it is asked.
    pub const fn new(addr: ClamdAddr) -> Self {
        Self { addr }
    }

    /// Whether it is there and ready.
    pub async fn ping(&self) -> Result<(), Unavailable> {
        match self.ask(b"zPING\0").await?.as_str() {
            "PONG" => Ok(()),
            answer => Err(Unavailable::Failed(answer.to_owned())),
        }
    }

    /// Its version, and that of its signatures.
    pub async fn version(&self) -> Result<String, Unavailable> {
        self.ask(b"zVERSION\0").await
    }

    /// Has a file looked through. Nothing of it is kept here but one chunk.
    pub async fn scan(
        &self,
        content: impl Stream<Item = io::Result<Bytes>> + Send,
    ) -> Result<Verdict, Unavailable> {
        let mut connection = self.connect().await?;
        let sent = self.send(&mut connection, content).await;
        if let Err(error @ Unavailable::Unreadable(_)) = sent {
            return Err(error);
        }
        // If it stopped taking the file, it may have said why before it hung up.
        let time = if sent.is_ok() { VERDICT_TIME_MAX } else { ANSWER_TIME_MAX };
        let verdict = match self.answer(&mut connection, time).await {
            Ok(answer) if answer.is_empty() => Err(self.unreachable(io::ErrorKind::UnexpectedEof.into())),
            answer => answer.and_then(|answer| verdict(&answer)),
        };
        match (sent, verdict) {
            // Only of what it has seen to its end it can say that nothing is in it.
            (
                Err(error),
                Ok(Verdict::Clean) | Err(Unavailable::Unreachable { .. } | Unavailable::Silent { .. }),
            ) => Err(error),
            (_, verdict) => verdict,
        }
    }

    async fn send(
        &self,
        connection: &mut Connection,
        content: impl Stream<Item = io::Result<Bytes>> + Send,
    ) -> Result<(), Unavailable> {
        let mut content = pin!(content);
        self.write(connection, b"zINSTREAM\0").await?;
        while let Some(bytes) = content.next().await {
            for chunk in bytes.map_err(Unavailable::Unreadable)?.chunks(CHUNK_BYTES_MAX) {
                let length = u32::try_from(chunk.len()).unwrap_or_default();
                self.write(connection, &length.to_be_bytes()).await?;
                self.write(connection, chunk).await?;
            }
        }
        self.write(connection, &0_u32.to_be_bytes()).await
    }

    async fn ask(&self, command: &[u8]) -> Result<String, Unavailable> {
        let mut connection = self.connect().await?;
        self.write(&mut connection, command).await?;
        self.answer(&mut connection, ANSWER_TIME_MAX).await
    }

    async fn connect(&self) -> Result<Connection, Unavailable> {
        let connecting = async {
            Ok::<Connection, io::Error>(match &self.addr {
                ClamdAddr::Tcp(addr) => {
                    let stream = TcpStream::connect(addr).await?;
                    stream.set_nodelay(true)?;
                    Box::new(stream)
                }
                ClamdAddr::Unix(path) => Box::new(UnixStream::connect(path).await?),
            })
        };
        self.in_time(CONNECT_TIME_MAX, connecting).await
    }

    async fn write(&self, connection: &mut Connection, bytes: &[u8]) -> Result<(), Unavailable> {
        self.in_time(WRITE_TIME_MAX, connection.write_all(bytes)).await
    }

    /// What it answers before it hangs up, without the zero at its end.
    async fn answer(&self, connection: &mut Connection, time: Duration) -> Result<String, Unavailable> {
        let mut answer = Vec::new();
        let mut limited = connection.take(ANSWER_BYTES_MAX);
        let reading = limited.read_to_end(&mut answer);
        // Hanging up on what was not read yet looks like a fault, but the answer may be there.
        match self.in_time(time, reading).await {
            Err(error) if answer.is_empty() => return Err(error),
            _ => {}
        }
        Ok(String::from_utf8_lossy(&answer).trim_end_matches(['\0', '\n']).to_owned())
    }

    async fn in_time<T>(
        &self,
        time: Duration,
        work: impl Future<Output = io::Result<T>>,
    ) -> Result<T, Unavailable> {
        match timeout(time, work).await {
            Ok(done) => done.map_err(|source| self.unreachable(source)),
            Err(_) => Err(Unavailable::Silent { addr: self.addr.clone() }),
        }
    }

    fn unreachable(&self, source: io::Error) -> Unavailable {
        Unavailable::Unreachable { addr: self.addr.clone(), source }
    }
}

type Connection = Box<dyn Duplex>;

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// `stream: OK`, `stream: NAME FOUND`, or something that ends in `ERROR`.
fn verdict(answer: &str) -> Result<Verdict, Unavailable> {
    let found = answer.strip_prefix("stream: ").unwrap_or(answer);
    match found.strip_suffix(" FOUND") {
        Some(signature) => Ok(Verdict::Infected(signature.to_owned())),
        None if found == "OK" => Ok(Verdict::Clean),
        None if found.starts_with("INSTREAM size limit exceeded") => Err(Unavailable::TooLarge),
        None => Err(Unavailable::Failed(answer.to_owned())),
    }
}

impl FromStr for ClamdAddr {
    type Err = ParseClamdAddrError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("unix:").filter(|path| path.starts_with('/')) {
            return Ok(Self::Unix(path.into()));
        }
        let addr = text.strip_prefix("tcp://").ok_or(ParseClamdAddrError)?;
        match addr.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
                Ok(Self::Tcp(addr.to_owned()))
            }
            _ => Err(ParseClamdAddrError),
        }
    }
}

impl fmt::Display for ClamdAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(addr) => write!(f, "tcp://{addr}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}
