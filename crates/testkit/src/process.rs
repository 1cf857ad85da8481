//! A server process that ends with its test.

use anyhow::{Context as _, Result, bail, ensure};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

/// Until a process has ended that was asked to.
const TIME_MAX: Duration = Duration::from_secs(30);

/// A running process. It is the child of a thread of its own that waits for it: the kernel's signal for the death of
/// the parent means the parent's thread, and a test's thread ends with its test.
#[derive(Debug)]
pub(crate) struct Process {
    pid: u32,
    /// Never says anything: it is hung up when the process has ended.
    alive: Mutex<mpsc::Receiver<()>>,
}

impl Process {
    /// Starts what [`command`] made.
    pub(crate) fn start(mut command: Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let (tell, told) = mpsc::channel();
        let (line, alive) = mpsc::channel();
        thread::Builder::new().name(name).spawn(move || {
            let child: std::io::Result<Child> = command.spawn();
            let (pid, child) =
                child.map_or_else(|error| (Err(error), None), |child| (Ok(child.id()), Some(child)));
            // The other end waits for it.
            drop(tell.send(pid));
            if let Some(mut child) = child {
                drop(child.wait());
            }
            drop(line);
        })?;
        Ok(Self { pid: told.recv()??, alive: Mutex::new(alive) })
    }

    /// Its id.
    pub(crate) const fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether it ends by itself within this time.
    pub(crate) fn ends_within(&mut self, time: Duration) -> bool {
        let alive = self.alive.get_mut().unwrap_or_else(PoisonError::into_inner);
        alive.recv_timeout(time) == Err(mpsc::RecvTimeoutError::Disconnected)
    }

    /// Sends it a signal and waits until it has ended.
    pub(crate) fn stop(mut self, signal: &str) -> Result<()> {
        output(Command::new("kill").args(["-s", signal, &self.pid.to_string()]))?;
        if !self.ends_within(TIME_MAX) {
            output(Command::new("kill").args(["-s", "KILL", &self.pid.to_string()]))?;
            bail!("process {} did not stop within {TIME_MAX:?} of signal {signal}", self.pid);
        }
        Ok(())
    }
}

/// A command that ends when this process does, by this signal; under root it is run as another user, if one is given.
pub(crate) fn command(program: &Path, death_signal: &str, user: Option<&str>) -> Result<Command> {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", death_signal]);
    if let Some(user) = user
        && is_root()?
    {
        command.args(["--reuid", user, "--regid", user, "--clear-groups"]);
    }
    command.arg("--").arg(program).current_dir("/").stdin(Stdio::null()).stdout(Stdio::null());
    Ok(command)
}

/// Whether this process may do anything.
pub(crate) fn is_root() -> Result<bool> {
    Ok(output(Command::new("id").arg("-u"))?.trim() == "0")
}

/// Runs a command to its end; answers what it prints.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
