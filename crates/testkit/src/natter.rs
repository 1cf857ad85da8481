//! The real program, run as a process of its own, so that it can be killed.

use crate::person::Person;
use anyhow::{Context as _, Result, bail, ensure};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Until a started server says where it listens, or a stopped one is gone.
const TIME_MAX: Duration = Duration::from_secs(30);
/// The first line that `natter serve` prints.
const GREETING: &str = "Natter listens on http://";

/// How to start a server.
#[derive(Debug)]
pub struct Builder {
    program: PathBuf,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
}

/// A running server with a data directory of its own. Dropping it kills it.
#[derive(Debug)]
pub struct Natter {
    builder: Builder,
    data_dir: TempDir,
    child: Child,
    address: SocketAddr,
}

impl Natter {
    /// A server of this program, `env!("CARGO_BIN_EXE_natter")` in a test of the server's crate.
    pub fn builder(program: impl Into<PathBuf>) -> Builder {
        Builder { program: program.into(), environment: Vec::new(), arguments: Vec::new() }
    }

    /// Where it listens; the same after a restart.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Where it keeps its data.
    pub fn data_dir(&self) -> &Path {
        self.data_dir.path()
    }

    /// Its process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Signs somebody up.
    pub async fn person(&self, username: &str) -> Result<Person> {
        Person::register(self.address, username).await
    }

    /// Ends it as `kill -9` does.
    pub async fn kill(&mut self) -> Result<()> {
        self.child.kill().await.context("killing natter")
    }

    /// Asks it to end, as a service manager does, and waits until it has.
    pub async fn stop(&mut self) -> Result<ExitStatus> {
        let pid = self.pid().context("natter has ended already")?;
        let asked = Command::new("kill").args(["-TERM", &pid.to_string()]).status().await?;
        ensure!(asked.success(), "kill -TERM {pid} failed");
        tokio::time::timeout(TIME_MAX, self.child.wait())
            .await
            .context("natter does not stop")?
            .context("waiting")
    }

    /// Starts it again on the same address with the same data. It must have ended.
    pub async fn start(&mut self) -> Result<()> {
        let (child, address) = self.builder.spawn(self.data_dir.path(), &self.address.to_string()).await?;
        self.child = child;
        ensure!(self.address == address, "natter listens on {address} instead of {}", self.address);
        Ok(())
    }
}

impl Builder {
    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds an argument after `serve`.
    #[must_use]
    pub fn arg(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Keeps its data in this database instead of the embedded one.
    #[must_use]
    pub fn database(self, url: &str) -> Self {
        self.env("NATTER_DATABASE_URL", url)
    }

    /// Starts it on a free port.
    pub async fn start(self) -> Result<Natter> {
        let data_dir = TempDir::new()?;
        let (child, address) = self.spawn(data_dir.path(), "127.0.0.1:0").await?;
        Ok(Natter { builder: self, data_dir, child, address })
    }

    async fn spawn(&self, data_dir: &Path, listen: &str) -> Result<(Child, SocketAddr)> {
        let mut child = Command::new(&self.program)
            .arg("serve")
            .args(["--listen", listen])
            .arg("--data-dir")
            .arg(data_dir)
            .args(&self.arguments)
            .env_clear()
            .env("NATTER_LOG_LEVEL", "warn")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {}", self.program.display()))?;
        let stdout = child.stdout.take().context("natter has no output")?;
        let mut lines = BufReader::new(stdout).lines();
        let greeting = async {
            while let Some(line) = lines.next_line().await? {
                if let Some(address) = line.strip_prefix(GREETING) {
                    return address.trim_end_matches('/').parse().with_context(|| format!("in {line:?}"));
                }
            }
            bail!("natter ended without a greeting")
        };
        let address = tokio::time::timeout(TIME_MAX, greeting).await.context("natter does not start")??;
        // Read on, so that the program never waits for somebody to read what it prints.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok((child, address))
    }
}
