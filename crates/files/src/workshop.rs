//! Threads for work that takes time and can wait: hashing, and looking into files.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::{io, thread};
use tokio::sync::{mpsc, oneshot};

/// Jobs that wait for a thread. Who has another one waits until there is room.
const JOBS_WAITING_MAX: usize = 64;
/// How far the threads stand back. With 10, a thread of the usual niceness gets nine times as much of a busy core.
const NICENESS: i32 = 10;

type Job = Box<dyn FnOnce() + Send>;

/// A few threads of low priority. Uploads may keep them all busy: whoever sends a message does not feel it.
#[derive(Debug, Clone)]
pub struct Workshop {
    jobs: mpsc::Sender<Job>,
}

/// The work was not done, or not to its end: it panicked, or the process is going down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the work on the file was broken off")]
pub struct Closed;

impl Workshop {
    /// Starts its threads. They end with the last clone.
    pub fn start(threads: usize) -> io::Result<Self> {
        let (jobs, waiting) = mpsc::channel(JOBS_WAITING_MAX);
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..threads.max(1) {
            let waiting = Arc::clone(&waiting);
            thread::Builder::new().name(format!("files-{number}")).spawn(move || work(&waiting))?;
        }
        Ok(Self { jobs })
    }

    /// Does one piece of work. Once it has begun it is done to its end, even if nobody waits for it any more.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Closed> {
        self.begin(work).await?.await.map_err(|_| Closed)
    }

    /// Waits until there is room for one piece of work, and not for its end.
    pub(crate) async fn begin<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<oneshot::Receiver<T>, Closed> {
        let (tell, done) = oneshot::channel();
        // Nobody may wait any more when it is done. Then its result is dropped, and with it what it holds.
        let job = Box::new(move || drop(tell.send(work())));
        self.jobs.send(job).await.map_err(|_| Closed)?;
        Ok(done)
    }

    /// Has one piece of work done if there is room for it, and drops it otherwise.
    pub(crate) fn leave(&self, work: impl FnOnce() + Send + 'static) {
        drop(self.jobs.try_send(Box::new(work)));
    }
}

fn work(waiting: &Mutex<mpsc::Receiver<Job>>) {
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::warn!(%error, "the priority of a thread for files could not be lowered");
    }
    loop {
        // The lock is given back before the work begins.
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let Some(job) = next else { return };
        // Who waits for it hears that it was broken off; the panic has told the rest. The thread is needed for others.
        drop(catch_unwind(AssertUnwindSafe(job)));
    }
}
