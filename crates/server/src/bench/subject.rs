//! The server under test.

use super::process::{CpuTime, Memory};
use super::site::Site;
use super::tls::Security;
use anyhow::{Context as _, Result, bail};
use natter_store::DatabaseUrl;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// Until a server has answered its first request.
const START_TIME_MAX: Duration = Duration::from_secs(30);
/// The beginning of the first line that `natter serve` prints.
const GREETING: &str = "Natter listens on ";

/// A running server. Dropping it kills it.
pub(crate) struct Subject {
    child: Child,
    pub(super) pid: u32,
    pub(super) address: SocketAddr,
    /// The file of its certificate, if it speaks TLS.
    pub(super) certificate: Option<PathBuf>,
    /// From before it was started until the answer to its first request was read.
    pub(super) started_in: Duration,
}

impl Subject {
    /// Starts this executable as a server on a site whose database is closed.
    pub(super) async fn start(site: &Site) -> Result<Self> {
        tokio::time::timeout(START_TIME_MAX, Self::spawn(site)).await.context("the server does not start")?
    }

    async fn spawn(site: &Site) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["serve", "--listen", "127.0.0.1:0", "--config"]).arg(site.configuration()?);
        // Nothing of the environment may lead the server to another database.
        command.env_clear().env("NATTER_LOG_LEVEL", "error");
        if let DatabaseUrl::Postgres(url) = &site.config.database.url {
            // The file does not hold the password.
            command.env("NATTER_DATABASE_URL", url);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let begun = Instant::now();
        let mut child = command.spawn().context("starting the server")?;
        let stdout = child.stdout.take().context("the server has no output")?;
        let mut lines = BufReader::new(stdout).lines();
        let address = loop {
            let Some(line) = lines.next_line().await? else { bail!("the server ended instead of starting") };
            if let Some((_scheme, address)) =
                line.strip_prefix(GREETING).and_then(|url| url.split_once("://"))
            {
                break address.trim_end_matches('/').parse().with_context(|| format!("in {line:?}"))?;
            }
        };
        let certificate = site.config.tls.is_on().then(|| site.config.tls.certificate_path.clone());
        ask_whether_ready(address, &Security::new(certificate.as_deref())?).await?;
        let started_in = begun.elapsed();
        // Read on, so that the server never waits for somebody to read what it prints.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let pid = child.id().context("the server ended at once")?;
        Ok(Self { child, pid, address, certificate, started_in })
    }

    pub(super) fn cpu_time(&self) -> Result<CpuTime> {
        CpuTime::of(self.pid)
    }

    pub(super) fn memory(&self) -> Result<Memory> {
        Memory::of(self.pid)
    }

    /// The most bytes of memory that it has held at one time.
    pub(super) fn peak(&self) -> Result<f64> {
        Memory::peak_of(self.pid)
    }

    /// Ends it, without giving it time to tidy up.
    pub(super) async fn kill(mut self) -> Result<()> {
        self.child.kill().await.context("ending the server")
    }
}

async fn ask_whether_ready(address: SocketAddr, security: &Security) -> Result<()> {
    let mut stream = security.secure(TcpStream::connect(address).await?).await?;
    let request = format!("GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    if answer.starts_with("HTTP/1.1 200 ") { Ok(()) } else { bail!("the server is not ready: {answer}") }
}
