//! The real program, run as a process of its own, so that it can be killed.

use crate::person::Person;
use anyhow::{Context as _, Result, bail, ensure};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Until a started server says where it listens, or a stopped one is gone.
const TIME_MAX: Duration = Duration::from_secs(30);
/// The kernel chooses.
const ANY_PORT: &str = "127.0.0.1:0";
/// The first line that `natter serve` prints.
const GREETING: &str = "Natter listens on http";

/// Where an instrumented program writes what was executed of it.
const PROFILE: &str = "LLVM_PROFILE_FILE";

/// How often somebody may do something in a minute. Tests are faster than people, so they have no such limit unless they
/// ask for one.
const RATES: [&str; 8] = [
    "NATTER_LIMITS_SENDS_PER_MINUTE",
    "NATTER_LIMITS_CONVERSATIONS_PER_MINUTE",
    "NATTER_LIMITS_UPLOADS_PER_MINUTE",
    "NATTER_LIMITS_SOCKET_MESSAGES_PER_MINUTE",
    "NATTER_LIMITS_SIGN_INS_PER_MINUTE",
    "NATTER_LIMITS_REGISTRATIONS_PER_MINUTE",
    "NATTER_LIMITS_REQUESTS_PER_MINUTE",
    "NATTER_LIMITS_ANONYMOUS_REQUESTS_PER_MINUTE",
];

/// How to start a server.
#[derive(Debug)]
pub struct Builder {
    program: PathBuf,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
    data_dir: Option<PathBuf>,
}

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub struct Natter {
    builder: Builder,
    data_dir: DataDir,
    child: Child,
    address: SocketAddr,
}

/// Where a server keeps its data: in a directory of its own, unless the test has made one.
#[derive(Debug)]
enum DataDir {
    Own(TempDir),
    Given(PathBuf),
}

/// A server that did not start, and why.
#[derive(Debug)]
pub struct Refused {
    /// How it ended.
    pub status: ExitStatus,
    /// What it said on stderr.
    pub stderr: String,
}

impl Natter {
    /// A server of this program, `env!("CARGO_BIN_EXE_natter")` in a test of the server's crate.
    pub fn builder(program: impl Into<PathBuf>) -> Builder {
        let mut environment = Vec::from(RATES.map(|rate| (rate.to_owned(), "0".to_owned())));
        // Tests mention websites that are not there.
        environment.push(("NATTER_LINK_PREVIEWS_ENABLED".to_owned(), "false".to_owned()));
        Builder { program: program.into(), environment, arguments: Vec::new(), data_dir: None }
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

    /// The most bytes of memory that it has held at one time.
    pub fn peak_bytes(&self) -> Result<u64> {
        let pid = self.pid().context("natter has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let kib = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        Ok(kib.context("the kernel does not tell")?.parse::<u64>()? * 1024)
    }

    /// Its process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Signs somebody up.
    pub async fn person(&self, username: &str) -> Result<Person> {
        Person::register(self.address, username).await
    }

    /// Runs another verb of the program on the same data, such as `["user", "role", "ada", "admin"]`, and gives what it
    /// prints.
    pub async fn run(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.builder.program);
        command.args(arguments).arg("--data-dir").arg(self.data_dir.path());
        let done = self.builder.surroundings(&mut command).output().await?;
        ensure!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).context("stdout is not UTF-8")
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

    /// Takes the rate limits back that every server has by itself.
    #[must_use]
    pub fn with_rates(mut self) -> Self {
        self.environment.retain(|(name, _)| !RATES.contains(&name.as_str()));
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

    /// Keeps its data here; the directory stays.
    #[must_use]
    pub fn data_dir(mut self, path: &Path) -> Self {
        self.data_dir = Some(path.to_owned());
        self
    }

    /// Starts it on a free port.
    pub async fn start(mut self) -> Result<Natter> {
        let data_dir = self.take_data_dir()?;
        let (child, address) = self.spawn(data_dir.path(), ANY_PORT).await?;
        Ok(Natter { builder: self, data_dir, child, address })
    }

    /// Starts it and waits until it has given up.
    pub async fn refused(mut self) -> Result<Refused> {
        let data_dir = self.take_data_dir()?;
        let running = self.command(data_dir.path(), ANY_PORT).stderr(Stdio::piped()).output();
        let output = tokio::time::timeout(TIME_MAX, running).await.context("natter does not give up")??;
        Ok(Refused {
            status: output.status,
            stderr: String::from_utf8(output.stderr).context("stderr is not UTF-8")?,
        })
    }

    fn take_data_dir(&mut self) -> Result<DataDir> {
        Ok(match self.data_dir.take() {
            Some(path) => DataDir::Given(path),
            None => DataDir::Own(TempDir::new()?),
        })
    }

    fn command(&self, data_dir: &Path, listen: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg("serve")
            .args(["--listen", listen])
            .arg("--data-dir")
            .arg(data_dir)
            .args(&self.arguments)
            .stdout(Stdio::piped());
        self.surroundings(&mut command);
        command
    }

    /// The same surroundings for every verb.
    fn surroundings<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env_clear()
            .envs(std::env::var_os(PROFILE).map(|path| (PROFILE, path)))
            .env("NATTER_LOG_LEVEL", "warn")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .kill_on_drop(true)
    }

    async fn spawn(&self, data_dir: &Path, listen: &str) -> Result<(Child, SocketAddr)> {
        let mut child = self
            .command(data_dir, listen)
            .spawn()
            .with_context(|| format!("starting {}", self.program.display()))?;
        let stdout = child.stdout.take().context("natter has no output")?;
        let mut lines = BufReader::new(stdout).lines();
        let greeting = async {
            while let Some(line) = lines.next_line().await? {
                if let Some(address) = line.strip_prefix(GREETING) {
                    let address = address.trim_start_matches(['s', ':', '/']).trim_end_matches('/');
                    return address.parse().with_context(|| format!("in {line:?}"));
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

/// An instrumented program writes down what was executed when it ends by itself, so it gets the time to.
impl Drop for Natter {
    fn drop(&mut self) {
        let (Some(pid), Some(_)) = (self.pid(), std::env::var_os(PROFILE)) else { return };
        // If it cannot be asked, or does not end in time, it is killed like any other.
        drop(std::process::Command::new("kill").args(["-TERM", &pid.to_string()]).status());
        let deadline = Instant::now() + TIME_MAX;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::yield_now();
        }
    }
}

impl DataDir {
    fn path(&self) -> &Path {
        match self {
            Self::Own(directory) => directory.path(),
            Self::Given(path) => path,
        }
    }
}
