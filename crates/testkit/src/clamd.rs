//! A real clamd on a free port and a socket, with a few signatures of its own in a throw-away directory.

use crate::process::{self, Process};
use anyhow::{Result, ensure};
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What it finds in [`eicar`].
pub const EICAR_SIGNATURE: &str = "Natter.Test.Eicar.UNOFFICIAL";
/// What it finds where [`INFECTED`] is.
pub const INFECTED_SIGNATURE: &str = "Natter.Test.Boat.UNOFFICIAL";
/// What the signature of an operator's own is for.
pub const INFECTED: &[u8] = b"a boat with a stowaway";

/// Until it answers, or has stopped.
const TIME_MAX: Duration = Duration::from_secs(30);
/// Between two looks at whether it has.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// Where Debian has the program; elsewhere it is on the path.
const PROGRAM: &str = "/usr/sbin/clamd";

/// The file that every virus scanner takes for a virus, so that one need not be at hand. It is put together here: a
/// scanner that looks after this tree is not to find it.
pub fn eicar() -> Vec<u8> {
    [r"X5O!P%@AP[4\PZX54(P^)7CC)7}$", "EICAR-STANDARD", "-ANTIVIRUS-TEST-FILE!", "$H+H*"]
        .concat()
        .into_bytes()
}

/// A virus scanner. Dropping it stops it and removes its directory.
#[derive(Debug)]
pub struct Clamd {
    directory: TempDir,
    port: u16,
    running: Option<Process>,
}

impl Clamd {
    /// Starts one that takes files of 25 MB, as it does by itself.
    pub fn start() -> Result<Self> {
        Self::start_with(&[])
    }

    /// Starts one with settings of `clamd.conf`, each as `Name value`.
    pub fn start_with(settings: &[&str]) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("natter-clamd-").tempdir()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let place = directory.path();
        let signatures = place.join("signatures");
        std::fs::create_dir(&signatures)?;
        // In any kind of file: at its beginning, and anywhere.
        let signed = [("Natter.Test.Eicar", "0", eicar()), ("Natter.Test.Boat", "*", INFECTED.to_vec())];
        let lines = signed.map(|(name, offset, bytes)| format!("{name}:0:{offset}:{}\n", hex(&bytes)));
        std::fs::write(signatures.join("test.ndb"), lines.concat())?;
        let mut config = format!(
            "Foreground yes\nTCPAddr 127.0.0.1\nTCPSocket {port}\nLocalSocket {socket}\nDatabaseDirectory {signatures}\n\
             TemporaryDirectory {place}\nLogFile {place}/log\nSelfCheck 0\nMaxThreads 4\n",
            socket = socket(place).display(),
            signatures = signatures.display(),
            place = place.display(),
        );
        for setting in settings {
            writeln!(config, "{setting}")?;
        }
        std::fs::write(place.join("clamd.conf"), config)?;
        let mut clamd = Self { directory, port, running: None };
        clamd.restart()?;
        Ok(clamd)
    }

    /// `tcp://127.0.0.1:…`
    pub fn tcp(&self) -> String {
        format!("tcp://{}", self.address())
    }

    /// `unix:/…`
    pub fn unix(&self) -> String {
        format!("unix:{}", socket(self.directory.path()).display())
    }

    /// Ends it the way a crash does.
    pub fn kill(&mut self) -> Result<()> {
        self.end("KILL")
    }

    /// Ends it the way an operator does.
    pub fn stop(&mut self) -> Result<()> {
        self.end("TERM")
    }

    /// Starts it again where it was, if it does not run.
    pub fn restart(&mut self) -> Result<()> {
        if self.running.is_some() {
            return Ok(());
        }
        let mut command = process::command(&program(), "KILL", None)?;
        command.arg("--config-file").arg(self.directory.path().join("clamd.conf"));
        let mut running = Process::start(command)?;
        let deadline = Instant::now() + TIME_MAX;
        while !self.answers() {
            ensure!(!running.ends_within(LOOK_AGAIN), "clamd did not start:\n{}", self.log());
            ensure!(Instant::now() < deadline, "clamd does not answer:\n{}", self.log());
        }
        self.running = Some(running);
        Ok(())
    }

    fn end(&mut self, signal: &str) -> Result<()> {
        self.running.take().map_or(Ok(()), |running| running.stop(signal))
    }

    const fn address(&self) -> SocketAddr {
        SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), self.port)
    }

    fn answers(&self) -> bool {
        let ask = || -> std::io::Result<String> {
            let mut connection = TcpStream::connect(self.address())?;
            connection.write_all(b"zPING\0")?;
            let mut answer = String::new();
            connection.read_to_string(&mut answer)?;
            Ok(answer)
        };
        ask().is_ok_and(|answer| answer == "PONG\0")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Clamd {
    fn drop(&mut self) {
        if let Err(error) = self.stop()
            && !thread::panicking()
        {
            panic!("{error:#}");
        }
    }
}

fn program() -> PathBuf {
    let debian = PathBuf::from(PROGRAM);
    if debian.exists() { debian } else { "clamd".into() }
}

fn socket(place: &Path) -> PathBuf {
    place.join("socket")
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}
