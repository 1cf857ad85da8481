//! A real PostgreSQL for tests: its own cluster on a free port in a throw-away directory.
//!
//! [`database`] is what most tests want: a new database in the one server of this test process. A test that stops or
//! kills its server starts a [`Server`] of its own.

use crate::process::{self, Process, is_root, output};
use anyhow::{Context as _, Result, ensure};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Until a server answers, or has stopped.
const TIME_MAX: Duration = Duration::from_secs(30);
/// Between two looks at whether it has.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// What is run, all from one directory.
const PROGRAMS: [&str; 5] = ["initdb", "postgres", "createdb", "pg_isready", "psql"];
/// PostgreSQL refuses to run as root, so under root it runs as this user.
const USER: &str = "postgres";

/// A database of its own for one test. The server stops with the last of them.
pub fn database() -> Result<Database> {
    static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
    let server = {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            server
        } else {
            let server = Arc::new(Server::start()?);
            *shared = Arc::downgrade(&server);
            server
        }
    };
    let url = server.create_database()?;
    Ok(Database { url, server })
}

/// An empty database. Hold it for as long as it is used.
#[derive(Debug)]
pub struct Database {
    url: String,
    server: Arc<Server>,
}

impl Database {
    /// `postgres://…`
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs statements in it and answers what they print, unadorned.
    pub fn run_sql(&self, sql: &str) -> Result<String> {
        self.server.run_sql(&self.url, sql)
    }
}

/// A PostgreSQL server. Dropping it stops it and removes its directory.
#[derive(Debug)]
pub struct Server {
    programs: PathBuf,
    directory: TempDir,
    port: u16,
    settings: Vec<String>,
    running: Option<Process>,
    databases: AtomicU32,
}

impl Server {
    /// Starts a server that does not wait for the disk: what kills a process does not kill the machine.
    pub fn start() -> Result<Self> {
        Self::start_with(&["fsync=off"])
    }

    /// Starts a server with settings of `postgresql.conf`, each as `name=value`.
    pub fn start_with(settings: &[&str]) -> Result<Self> {
        let programs = programs()?;
        let directory = tempfile::Builder::new().prefix("natter-postgres-").tempdir()?;
        if is_root()? {
            let id =
                |flag| -> Result<u32> { Ok(output(Command::new("id").args([flag, USER]))?.trim().parse()?) };
            chown(directory.path(), Some(id("-u")?), Some(id("-g")?))?;
        }
        let data = directory.path().join("data");
        output(as_user(&programs.join("initdb"))?.arg("-D").arg(&data).args([
            "--username=postgres",
            "--auth=trust",
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ]))?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let mut server = Self {
            programs,
            directory,
            port,
            settings: settings.iter().map(|&setting| setting.to_owned()).collect(),
            running: None,
            databases: AtomicU32::new(0),
        };
        server.restart()?;
        Ok(server)
    }

    /// Creates an empty database; answers its URL.
    pub fn create_database(&self) -> Result<String> {
        let name = format!("natter_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let port = self.port.to_string();
        output(Command::new(self.programs.join("createdb")).args([
            "--host=127.0.0.1",
            "--username=postgres",
            "--port",
            &port,
            &name,
        ]))?;
        Ok(format!("postgres://postgres@127.0.0.1:{port}/{name}"))
    }

    /// Runs statements in a database of this server and answers what they print, unadorned.
    pub fn run_sql(&self, url: &str, sql: &str) -> Result<String> {
        output(Command::new(self.programs.join("psql")).args([
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set=ON_ERROR_STOP=1",
            "--command",
            sql,
            url,
        ]))
    }

    /// Ends the server the way a crash does: its main process at once, those that serve connections as soon as they
    /// notice, which may be one statement later.
    pub fn kill(&mut self) -> Result<()> {
        self.end("KILL")
    }

    /// Ends the server the way an operator does, without waiting for its clients. Nothing of it is left.
    pub fn stop(&mut self) -> Result<()> {
        self.end("INT")
    }

    /// Holds the server still, as if the network to it were cut: connections stay, and nothing answers.
    pub fn pause(&self) -> Result<Paused> {
        let main = self.running.as_ref().context("PostgreSQL does not run")?.pid();
        let mut paused = Paused(vec![main]);
        // The main process first: from then on there are no new ones.
        signal("STOP", main)?;
        let children = std::fs::read_to_string(format!("/proc/{main}/task/{main}/children"))?;
        for child in children.split_whitespace() {
            let child = child.parse()?;
            paused.0.push(child);
            signal("STOP", child)?;
        }
        Ok(paused)
    }

    fn end(&mut self, signal: &str) -> Result<()> {
        self.running.take().map_or(Ok(()), |running| running.stop(signal))
    }

    /// Starts the server again on the same port, if it does not run.
    pub fn restart(&mut self) -> Result<()> {
        let deadline = Instant::now() + TIME_MAX;
        while self.running.is_none() {
            let mut running = Process::start(self.command()?)?;
            loop {
                if self.is_ready()? {
                    self.running = Some(running);
                    break;
                }
                // After a kill it refuses to start until the last process of its predecessor has noticed.
                if running.ends_within(LOOK_AGAIN) {
                    break;
                }
                ensure!(Instant::now() < deadline, "PostgreSQL did not start:\n{}", self.log());
            }
            ensure!(Instant::now() < deadline, "PostgreSQL did not start:\n{}", self.log());
        }
        Ok(())
    }

    fn command(&self) -> Result<Command> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log_path())?;
        let mut command = as_user(&self.programs.join("postgres"))?;
        command
            .arg("-D")
            .arg(self.directory.path().join("data"))
            .args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c"])
            .arg(format!("unix_socket_directories={}", self.directory.path().display()))
            .stderr(log);
        for setting in &self.settings {
            command.args(["-c", setting]);
        }
        Ok(command)
    }

    fn is_ready(&self) -> Result<bool> {
        let status = Command::new(self.programs.join("pg_isready"))
            .args(["--quiet", "--host=127.0.0.1", "--port", &self.port.to_string()])
            .status()?;
        Ok(status.success())
    }

    fn log_path(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.stop()
            && !thread::panicking()
        {
            panic!("{error:#}");
        }
    }
}

/// The processes of a server that is held still. Dropping it lets them go on.
#[derive(Debug)]
pub struct Paused(Vec<u32>);

impl Drop for Paused {
    fn drop(&mut self) {
        for process in self.0.iter().rev() {
            if let Err(error) = signal("CONT", *process)
                && !thread::panicking()
            {
                panic!("{error:#}");
            }
        }
    }
}

fn signal(name: &str, process: u32) -> Result<()> {
    output(Command::new("kill").args(["-s", name, &process.to_string()])).map(drop)
}

/// Where the server's programs are: on the path or, on Debian, in a directory of their own; the newest if several.
fn programs() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut installed: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|versions| versions.flatten().map(|version| version.path().join("bin")).collect())
        .unwrap_or_default();
    installed.sort();
    std::env::split_paths(&path)
        .chain(installed.into_iter().rev())
        .find(|directory| PROGRAMS.iter().all(|program| directory.join(program).exists()))
        .context("no PostgreSQL found: install the package postgresql, or put its programs on the PATH")
}

/// A command that may not run as root, and that ends when this process does.
fn as_user(program: &Path) -> Result<Command> {
    process::command(program, "INT", Some(USER))
}
