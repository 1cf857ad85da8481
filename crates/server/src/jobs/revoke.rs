//! Sockets stay open as long as this node hears who was signed out.

use crate::app::App;
use crate::serve::reconnect_after_ms;
use std::time::Duration;
use tokio::time::Instant;

/// Between two looks for sign-outs and the like that other processes have seen to.
const REVOKE_SECONDS: u64 = 1;
/// Seconds without an answer of the database after which nobody may rely on this node: it does not know any more who was
/// signed out, and what others write on other nodes does not get here.
const DATABASE_SILENCE_SECONDS_MAX: u64 = 5;

/// Has sign-outs and the like reach the sockets, until the server stops. While the database is silent there are no sockets:
/// their clients are sent away, and let in again once it answers.
pub(super) async fn run(app: App) {
    let patience = Duration::from_secs(DATABASE_SILENCE_SECONDS_MAX);
    let mut silent_since = None;
    while !app.stopping.is_cancelled() {
        let since = *silent_since.get_or_insert_with(Instant::now);
        let left = if app.hub.is_suspended() { patience } else { patience.saturating_sub(since.elapsed()) };
        match tokio::time::timeout(left, app.chat.revoke()).await {
            Ok(Ok(())) => {
                silent_since = None;
                if app.hub.is_suspended() {
                    tracing::info!("the database answers again");
                    app.hub.resume();
                }
            }
            Ok(Err(error)) => tracing::warn!(%error, "sockets of sessions that may have ended stay open"),
            Err(_late) => tracing::warn!("the database does not answer"),
        }
        if silent_since.is_some() && since.elapsed() >= patience && !app.hub.is_suspended() {
            tracing::error!(
                connections = app.hub.connections(),
                "the database is not heard of any more; everybody is sent away"
            );
            app.hub.suspend(reconnect_after_ms);
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(REVOKE_SECONDS)) => {}
            () = app.stopping.cancelled() => {}
        }
    }
}
