//! What every request can reach.

use crate::access::Access;
use crate::admission::Admission;
use crate::config::Config;
use crate::limit::Limiter;
use metrics_exporter_prometheus::PrometheusHandle;
use natter_chat::Chat;
use natter_realtime::Hub;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The parts of a running server. A clone is the same server.
#[derive(Clone)]
pub struct App {
    /// The domain.
    pub chat: Arc<Chat>,
    /// The open sockets.
    pub hub: Hub,
    /// Which addresses get in.
    pub(crate) access: Arc<Access>,
    /// How many clients get in at one time.
    pub(crate) admission: Arc<Admission>,
    /// How often they may ask.
    pub(crate) limiter: Arc<Limiter>,
    /// What the operator decided.
    pub config: Arc<Config>,
    /// Renders `/metrics`.
    pub metrics: PrometheusHandle,
    /// Cancelled when the server begins to shut down.
    pub stopping: CancellationToken,
    /// The open connections, HTTP and sockets.
    pub connections: TaskTracker,
}
