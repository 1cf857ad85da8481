//! What the server does by itself, beside what it is asked to do.

mod revoke;

use crate::app::App;
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
const ERASE_PAUSE_MS: u64 = 20;

/// Between two looks for messages that can be indexed.
const INDEX_SECONDS: u64 = 2;
/// Between two looks for rules about addresses that were made on other nodes.
const IP_RULES_SECONDS: u64 = 2;
/// Between two looks for files to be scanned that came to other nodes, or whose scanner did not answer.
const SCAN_SECONDS: u64 = 2;
/// Between two looks for files that nobody sent.
const COLLECT_SECONDS: u64 = 60;
/// Between two looks through all content that is kept.
const STRAYS_SECONDS: u64 = 24 * 60 * 60;

/// Starts the jobs. They end when the server stops; one that is at work finishes its step.
pub(crate) fn start(app: &App) -> TaskTracker {
    let App { chat, stopping, .. } = app;
    let jobs = TaskTracker::new();
    let due = Arc::clone(chat);
    jobs.spawn(every(Duration::from_secs(DUE_SECONDS), stopping.clone(), move || {
        let chat = Arc::clone(&due);
        async move {
            if let Err(error) = chat.send_due(DUE_MESSAGES_MAX).await {
                tracing::warn!(%error, "scheduled messages wait");
            }
        }
    }));
    let erase = Arc::clone(chat);
    jobs.spawn(every(Duration::from_secs(ERASE_SECONDS), stopping.clone(), move || {
        let chat = Arc::clone(&erase);
        async move {
            loop {
                match chat.erase().await {
                    Ok(true) => tokio::time::sleep(Duration::from_millis(ERASE_PAUSE_MS)).await,
                    Ok(false) => break,
                    Err(error) => {
                        tracing::warn!(%error, "what was deleted is not erased yet");
                        break;
                    }
                }
            }
        }
    }));
    let index = Arc::clone(chat);
    jobs.spawn(every(Duration::from_secs(INDEX_SECONDS), stopping.clone(), move || {
        let chat = Arc::clone(&index);
        async move {
            loop {
                match chat.index().await {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => {
                        tracing::warn!(%error, "messages wait to be indexed, which makes searches slower");
                        break;
                    }
                }
            }
        }
    }));
    jobs.spawn(revoke::run(app.clone()));
    let rules = app.clone();
    jobs.spawn(every(Duration::from_secs(IP_RULES_SECONDS), stopping.clone(), move || {
        let App { chat, hub, access, .. } = rules.clone();
        async move {
            if let Err(error) = access.reload(&chat, &hub).await {
                tracing::warn!(%error, "the rules about addresses stay as they are");
            }
        }
    }));
    files(app, &jobs);
    previews(app, &jobs);
    jobs.close();
    jobs
}

/// What is done about files.
fn files(app: &App, jobs: &TaskTracker) {
    let App { chat, stopping, .. } = app;
    let (scanning, stop) = (Arc::clone(chat), stopping.clone());
    jobs.spawn(async move {
        while !stop.is_cancelled() {
            match scanning.scan_files().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "files wait to be looked through for viruses"),
            }
            tokio::select! {
                () = scanning.scan_due() => {}
                () = tokio::time::sleep(Duration::from_secs(SCAN_SECONDS)) => {}
                () = stop.cancelled() => {}
            }
        }
    });
    let collect = Arc::clone(chat);
    jobs.spawn(every(Duration::from_secs(COLLECT_SECONDS), stopping.clone(), move || {
        let chat = Arc::clone(&collect);
        async move {
            if let Err(error) = chat.sweep_uploads().await {
                tracing::warn!(%error, "uploads that nobody goes on with stay for a while");
            }
            loop {
                match chat.erase_files().await {
                    Ok(true) => tokio::time::sleep(Duration::from_millis(ERASE_PAUSE_MS)).await,
                    Ok(false) => break,
                    Err(error) => {
                        tracing::warn!(%error, "files that nobody sent are not erased yet");
                        break;
                    }
                }
            }
        }
    }));
    let sweep = Arc::clone(chat);
    jobs.spawn(every(Duration::from_secs(STRAYS_SECONDS), stopping.clone(), move || {
        let chat = Arc::clone(&sweep);
        async move {
            if let Err(error) = chat.sweep_blobs().await {
                tracing::warn!(%error, "content that no file has stays for a while");
            }
        }
    }));
}

/// What is done about links.
fn previews(app: &App, jobs: &TaskTracker) {
    let App { chat, stopping, .. } = app;
    let (looking, stop) = (Arc::clone(chat), stopping.clone());
    jobs.spawn(async move { stop.run_until_cancelled(looking.preview_links()).await });
    let erase = Arc::clone(chat);
    jobs.spawn(every(Duration::from_secs(ERASE_SECONDS), stopping.clone(), move || {
        let chat = Arc::clone(&erase);
        async move {
            loop {
                match chat.erase_previews().await {
                    Ok(true) => tokio::time::sleep(Duration::from_millis(ERASE_PAUSE_MS)).await,
                    Ok(false) => break,
                    Err(error) => {
                        tracing::warn!(%error, "what was found behind links is not erased yet");
                        break;
                    }
                }
            }
        }
    }));
}

/// Does something again and again, the first time at once, until the server stops.
async fn every<F: Future<Output = ()>>(
    pause: Duration,
    stopping: CancellationToken,
    work: impl Fn() -> F + Send,
) {
    while !stopping.is_cancelled() {
        work().await;
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stopping.cancelled() => {}
        }
    }
}
