//! What the server does by itself, beside what it is asked to do.

mod revoke;

use crate::app::App;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use natter_chat::Chat;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Between two looks for scheduled messages whose time has come.
const DUE_SECONDS: u64 = 1;
/// Scheduled messages that are sent before the next look.
const DUE_MESSAGES_MAX: u32 = 100;
/// Between two looks for what can be erased.
const ERASE_SECONDS: u64 = 60;
/// Between two steps of erasing, so that whoever waits behind one gets a turn.
const ERASE_PAUSE: Duration = Duration::from_millis(20);

/// Between two looks for messages that can be indexed.
const INDEX_SECONDS: u64 = 2;
/// Between two looks for rules about addresses that were made on other nodes.
const IP_RULES_SECONDS: u64 = 2;
/// Between two looks for files to be scanned that came to other nodes, or whose scanner did not answer.
const SCAN_SECONDS: u64 = 2;
/// Between two counts of the files that wait to be scanned.
const SCANS_MEASURED_SECONDS: u64 = 5;
/// Between two looks for files that nobody sent.
const COLLECT_SECONDS: u64 = 60;
/// Between two looks through all content that is kept.
const STRAYS_SECONDS: u64 = 24 * 60 * 60;

/// Starts the jobs. They end when the server stops; one that is at work finishes its step.
pub(crate) fn start(app: &App) -> TaskTracker {
    let App { chat, stopping, .. } = app;
    let tracker = TaskTracker::new();
    let jobs = Jobs { tracker: &tracker, chat, stopping };
    jobs.every(DUE_SECONDS, |chat| async move {
        if let Err(error) = chat.send_due(DUE_MESSAGES_MAX).await {
            tracing::warn!(%error, "scheduled messages wait");
        }
    });
    jobs.every(ERASE_SECONDS, |chat| async move {
        to_the_end(ERASE_PAUSE, "what was deleted is not erased yet", || chat.erase()).await;
    });
    jobs.every(INDEX_SECONDS, |chat| async move {
        let complaint = "messages wait to be indexed, which makes searches slower";
        to_the_end(Duration::ZERO, complaint, || chat.index()).await;
    });
    tracker.spawn(revoke::run(app.clone()));
    let App { hub, access, .. } = app.clone();
    jobs.every(IP_RULES_SECONDS, move |chat| {
        let (hub, access) = (hub.clone(), Arc::clone(&access));
        async move {
            if let Err(error) = access.reload(&chat, &hub).await {
                tracing::warn!(%error, "the rules about addresses stay as they are");
            }
        }
    });
    files(&jobs);
    previews(&jobs);
    tracker.close();
    tracker
}

/// What is done about files.
fn files(jobs: &Jobs<'_>) {
    let (chat, stop) = (Arc::clone(jobs.chat), jobs.stopping.clone());
    jobs.tracker.spawn(async move {
        // Each takes its own time, and what comes meanwhile does not wait for the slowest.
        let mut scans = FuturesUnordered::new();
        let complain = |error| tracing::warn!(%error, "files wait to be looked through for viruses");
        while !stop.is_cancelled() {
            match chat.claim_scans(scans.len()).await {
                Ok(due) => scans.extend(due.into_iter().map(|due| chat.scan(due))),
                Err(error) => complain(error),
            }
            tokio::select! {
                Some(done) = scans.next() => done.unwrap_or_else(complain),
                () = chat.scan_due() => {}
                () = tokio::time::sleep(Duration::from_secs(SCAN_SECONDS)) => {}
                () = stop.cancelled() => {}
            }
        }
        // What was taken is nobody else's for a while.
        while let Some(done) = scans.next().await {
            done.unwrap_or_else(complain);
        }
    });
    jobs.every(SCANS_MEASURED_SECONDS, |chat| async move {
        if let Err(error) = chat.measure_scans().await {
            tracing::warn!(%error, "it is not known how many files wait to be looked through for viruses");
        }
    });
    jobs.every(COLLECT_SECONDS, |chat| async move {
        if let Err(error) = chat.sweep_uploads().await {
            tracing::warn!(%error, "uploads that nobody goes on with stay for a while");
        }
        to_the_end(ERASE_PAUSE, "files that nobody sent are not erased yet", || chat.erase_files()).await;
    });
    jobs.every(STRAYS_SECONDS, |chat| async move {
        if let Err(error) = chat.sweep_blobs().await {
            tracing::warn!(%error, "content that no file has stays for a while");
        }
    });
}

/// What is done about links.
fn previews(jobs: &Jobs<'_>) {
    let (chat, stop) = (Arc::clone(jobs.chat), jobs.stopping.clone());
    jobs.tracker.spawn(async move { stop.run_until_cancelled(chat.preview_links()).await });
    jobs.every(ERASE_SECONDS, |chat| async move {
        let complaint = "what was found behind links is not erased yet";
        to_the_end(ERASE_PAUSE, complaint, || chat.erase_previews()).await;
    });
}

/// Where jobs are started, and what all of them work on.
struct Jobs<'a> {
    tracker: &'a TaskTracker,
    chat: &'a Arc<Chat>,
    stopping: &'a CancellationToken,
}

impl Jobs<'_> {
    /// Does something again and again, the first time at once, until the server stops.
    fn every<F>(&self, seconds: u64, work: impl Fn(Arc<Chat>) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (chat, stopping) = (Arc::clone(self.chat), self.stopping.clone());
        self.tracker.spawn(async move {
            while !stopping.is_cancelled() {
                work(Arc::clone(&chat)).await;
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_secs(seconds)) => {}
                    () = stopping.cancelled() => {}
                }
            }
        });
    }
}

/// Takes step after step, with a pause between them, until one says that there is no more, or fails.
async fn to_the_end<F>(pause: Duration, complaint: &'static str, step: impl Fn() -> F)
where
    F: Future<Output = natter_chat::Result<bool>>,
{
    loop {
        match step().await {
            Ok(true) if pause.is_zero() => {}
            Ok(true) => tokio::time::sleep(pause).await,
            Ok(false) => break,
            Err(error) => {
                tracing::warn!(%error, "{complaint}");
                break;
            }
        }
    }
}
