//! `natter serve`: from a configuration to a listening server, and back down without losing anything.

use crate::access::Access;
use crate::admission::Admission;
use crate::app::App;
use crate::config::Config;
use crate::limit::Limiter;
use crate::net::{Patience, Phase, Stream};
use crate::open::Open;
use crate::seed::{self, DemoAccounts};
use crate::tls::Tls;
use crate::{data_dir, jobs, open, rest};
use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics_exporter_prometheus::PrometheusBuilder;
use natter_chat::{Random as _, SystemClock, SystemRandom};
use natter_realtime::Io;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::disable_transparent_huge_pages;
use socket2::SockRef;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// Connections that the kernel completes before we take them: a storm of reconnecting clients must not be refused.
const BACKLOG_MAX: u32 = 4_096;
/// Bytes of a connection that wait in the kernel without having been sent. Left to itself, it takes megabytes for a client
/// that does not read: a copy for each, of what waits in our queues once for all, and can be dropped there.
const UNSENT_BYTES_MAX: u32 = 64 * 1024;
/// Connections that are taken one after another; then everything else that goes on has its turn.
const ACCEPTED_IN_A_ROW_MAX: usize = 16;
/// How long to wait before accepting again when the process is out of descriptors.
const ACCEPT_RETRY_MS: u64 = 50;
/// Milliseconds over which clients spread their return after they were sent away.
const RECONNECT_SPREAD_MS: u64 = 3_000;

/// Seconds between two compactions of what the metrics remember.
const METRICS_UPKEEP_SECONDS: u64 = 5;
/// Upper bounds of the histograms' buckets, in seconds or in writes.
const BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 128.0, 512.0];

/// Serves until the process is asked to stop. The first lines on stdout say where.
pub fn run(config: Config, demo: bool) -> anyhow::Result<()> {
    keep_pages_small();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(config, demo))
}

/// Where the kernel gives two megabytes for the first byte that is touched in them, a server that does little owns much
/// more than it uses.
fn keep_pages_small() {
    if let Err(error) = disable_transparent_huge_pages(true) {
        tracing::debug!(%error, "memory comes in huge pages");
    }
}

async fn serve(config: Config, demo: bool) -> anyhow::Result<()> {
    let _locks = (data_dir::lock(&config)?, data_dir::lock_files(&config)?);
    raise_descriptor_limit();
    // Before the hub, which takes its metrics from the recorder that is installed by then.
    let metrics = PrometheusBuilder::new().set_buckets(&BUCKETS)?.install_recorder()?;
    let Open { chat, hub, committed, .. } = open::with_files(&config).await?;
    let mut relay = tokio::spawn(chat.relay().run(committed));
    let everybody_left = CancellationToken::new();
    let mut keeper = tokio::spawn(chat.keeper().run(everybody_left.clone().cancelled_owned()));
    let accounts = if demo { Some(seed::demo(&chat).await?) } else { None };
    let app = App {
        chat,
        hub,
        access: Arc::new(Access::new(&config.access)),
        admission: Arc::new(Admission::new()),
        limiter: Arc::new(Limiter::new(config.limits.clone(), Arc::new(SystemClock))),
        config: Arc::new(config),
        metrics: metrics.clone(),
        stopping: CancellationToken::new(),
        connections: TaskTracker::new(),
    };
    // Before anybody can ask: who is kept out does not get in for a moment after each start.
    app.access.reload(&app.chat, &app.hub).await?;
    let jobs = jobs::start(&app);
    let patience = seconds(app.config.limits.shutdown_seconds_max);
    // Before the address is told: whoever reads it may ask this process to stop.
    let stop = asked_to_stop()?;
    let server = Server::bind(app)?;
    let address = server.address()?;
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "listening");
    greet(&server.url()?, accounts.as_ref())?;
    let upkeep = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(METRICS_UPKEEP_SECONDS)).await;
            metrics.run_upkeep();
        }
    });
    alive(server.run(stop), &mut relay, &mut keeper).await?;
    if tokio::time::timeout(patience, jobs.wait()).await.is_err() {
        tracing::warn!(left = jobs.len(), "some jobs did not end in time");
    }
    upkeep.abort();
    // Only now is everybody gone of whom it is to be noted that they were here.
    everybody_left.cancel();
    if tokio::time::timeout(patience, keeper).await.is_err() {
        tracing::warn!("when people were last seen could not be written in time");
    }
    relay.abort();
    Ok(())
}

/// Serves as long as the relay and the keeper live. Without them messages would be acknowledged and told to nobody; a
/// supervisor starts the process anew, and clients resume where they were.
async fn alive(
    serving: impl Future<Output = ()>,
    relay: &mut JoinHandle<()>,
    keeper: &mut JoinHandle<()>,
) -> anyhow::Result<()> {
    let (name, ended) = tokio::select! {
        () = serving => return Ok(()),
        ended = relay => ("relay", ended),
        ended = keeper => ("keeper of presence", ended),
    };
    let why = ended.map_or_else(|error| error.to_string(), |()| "it returned".to_owned());
    tracing::error!(why, "the {name} has ended; the server cannot go on without it");
    anyhow::bail!(
        "the {name} has ended: {why}. Start the server again; nothing that was acknowledged is lost"
    )
}

/// Every connection is a file descriptor, and the usual soft limit of 1,024 is there for programs that cannot handle
/// more. What the operator set as the hard limit stays.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}

/// A program that starts this one reads the address from the first line.
fn greet(url: &str, accounts: Option<&DemoAccounts>) -> io::Result<()> {
    use std::io::Write as _;
    let mut out = io::stdout().lock();
    writeln!(out, "Natter listens on {url}/")?;
    writeln!(out, "  API documentation  {url}/api/docs/")?;
    if let Some(accounts) = accounts {
        let names: Vec<_> = accounts.people.iter().map(|person| person.username).collect();
        writeln!(out, "  Sign in as         {}", names.join(", "))?;
        writeln!(out, "  Password           {}", accounts.password)?;
    }
    out.flush()
}

/// Resolves at the first SIGTERM or SIGINT. A second one ends the process at once: what was acknowledged is on disk.
fn asked_to_stop() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            std::process::exit(1);
        });
    })
}

/// Bytes of a request's head; hyper refuses a longer one with 431.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Where a connection comes from: the client itself, or a proxy in front.
#[derive(Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// A connection's place under `limits.connections_max`; it goes with the connection when that becomes a socket.
#[derive(Clone)]
pub(crate) struct ConnectionPermit(#[expect(dead_code, reason = "held, not read")] Arc<OwnedSemaphorePermit>);

/// A server that listens.
pub struct Server {
    app: App,
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
}

impl Server {
    /// Binds the address. The server answers once [`Server::run`] is polled.
    pub fn bind(app: App) -> anyhow::Result<Self> {
        let address = app.config.listen;
        let listener = listen_on(address).map_err(|error| {
            anyhow::anyhow!(
                "cannot listen on {address}: {error}. Stop what listens there, or choose another address with --listen"
            )
        })?;
        let tls = Tls::open(&app.config.tls)?.map(Arc::new);
        Ok(Self { app, listener, tls })
    }

    /// Where it listens: with port 0, the kernel chose one.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The address as clients on this machine write it.
    pub fn url(&self) -> io::Result<String> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        Ok(format!("{scheme}://{}", self.address()?))
    }

    /// Serves until `stop` resolves, then lets everybody finish within `limits.shutdown_seconds_max`.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self { app, listener, tls } = self;
        // A task among the others. On the thread that called this it would take connections faster than they can be talked
        // to, and whoever is in already would wait behind them all.
        let accepting = tokio::spawn(accept(app.clone(), listener, tls.clone()));
        let keep_fresh = async {
            match &tls {
                Some(tls) => tls.keep_fresh().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = keep_fresh => {}
            () = stop => {}
        }
        accepting.abort();
        // The listener is closed by then.
        drop(accepting.await);
        shut_down(&app).await;
    }
}

/// Takes connections for as long as this runs.
async fn accept(app: App, listener: TcpListener, tls: Option<Arc<Tls>>) {
    let router = rest::router(app.clone());
    let permits = Arc::new(Semaphore::new(app.config.limits.connections_max));
    for number in 1_usize.. {
        if number.is_multiple_of(ACCEPTED_IN_A_ROW_MAX) {
            tokio::task::yield_now().await;
        }
        // Beyond the limit, connections wait in the kernel's backlog until others end.
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, peer)) => {
                let permit = ConnectionPermit(Arc::new(permit));
                let newcomer = Newcomer { stream, peer, permit, tls: tls.clone() };
                app.connections.spawn(connection(app.clone(), router.clone(), newcomer));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections; trying again");
                tokio::time::sleep(Duration::from_millis(ACCEPT_RETRY_MS)).await;
            }
        }
    }
}

fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket =
        if address.is_ipv4() { tokio::net::TcpSocket::new_v4()? } else { tokio::net::TcpSocket::new_v6()? };
    // A restarted server must not wait for the old connections' last packets.
    socket.set_reuseaddr(true)?;
    // The connections that it accepts inherit this.
    SockRef::from(&socket).set_tcp_notsent_lowat(UNSENT_BYTES_MAX)?;
    socket.bind(address)?;
    socket.listen(BACKLOG_MAX)
}

/// A client that has just come.
struct Newcomer {
    stream: TcpStream,
    peer: SocketAddr,
    permit: ConnectionPermit,
    tls: Option<Arc<Tls>>,
}

async fn connection(app: App, router: Router, newcomer: Newcomer) {
    let Newcomer { stream, peer, permit, tls } = newcomer;
    // Frames are written whole; waiting for more to come would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        return tracing::debug!(%error, %peer, "the client left at once");
    }
    let limits = &app.config.limits;
    let patience =
        Patience { head: seconds(limits.header_seconds_max), write: seconds(limits.write_stall_seconds_max) };
    let phase = Phase::default();
    let transport = match tls {
        None => Io::Tcp(stream),
        // The greeting has as much time as the head of a request.
        Some(tls) => match tokio::time::timeout(patience.head, tls.acceptor().accept(stream)).await {
            Ok(Ok(stream)) => Io::other(stream),
            Ok(Err(error)) => return tracing::debug!(%error, %peer, "a client cannot be greeted"),
            Err(_late) => return tracing::debug!(%peer, "a client did not greet in time"),
        },
    };
    let stream = Stream::new(transport, patience, phase.clone());
    let service = service_fn(move |mut request: http::Request<Incoming>| {
        let (router, phase) = (router.clone(), phase.clone());
        phase.turn();
        request.extensions_mut().insert(permit.clone());
        request.extensions_mut().insert(Peer(peer.ip()));
        async move {
            let answer = router.oneshot(request).await;
            phase.turn();
            answer
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // It runs from the moment when the connection becomes idle; the stream itself is stricter about the head.
        .header_read_timeout(seconds(limits.idle_seconds_max.max(limits.header_seconds_max)))
        .max_header_size(HEAD_BYTES_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = app.stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, %peer, "a connection ended");
    }
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(u64::from(seconds))
}

/// Takes nothing new, lets requests finish, and sends sockets away with a hint when to come back.
async fn shut_down(app: &App) {
    tracing::info!(connections = app.hub.connections(), "shutting down");
    app.stopping.cancel();
    let patience = seconds(app.config.limits.shutdown_seconds_max);
    let deadline = tokio::time::Instant::now() + patience;
    let left = app.hub.shutdown(reconnect_after_ms, patience).await;
    if left > 0 {
        tracing::warn!(left, "some sockets did not close in time");
    }
    app.connections.close();
    if tokio::time::timeout_at(deadline, app.connections.wait()).await.is_err() {
        tracing::warn!(left = app.connections.len(), "some connections did not end in time");
    }
}

/// When one of those who are sent away shall come back.
pub(crate) fn reconnect_after_ms() -> u64 {
    let mut bytes = [0; 8];
    SystemRandom.fill(&mut bytes);
    u64::from_le_bytes(bytes) % RECONNECT_SPREAD_MS
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    #[tokio::test]
    async fn a_server_whose_relay_or_keeper_has_ended_does_not_go_on() {
        let dies = || tokio::spawn(async { panic!("a fault of ours") });
        let lives = || tokio::spawn(pending());
        let relay_died = alive(pending(), &mut dies(), &mut lives()).await;
        assert!(relay_died.is_err_and(|error| error.to_string().contains("relay")));
        let keeper_died = alive(pending(), &mut lives(), &mut dies()).await;
        assert!(keeper_died.is_err_and(|error| error.to_string().contains("keeper")));
        assert!(alive(pending(), &mut tokio::spawn(ready(())), &mut lives()).await.is_err());
        assert!(alive(ready(()), &mut lives(), &mut lives()).await.is_ok());
    }
}
