//! The load: a process of its own that connects, sends, and checks what it receives.
//!
//! It runs on one thread, so that on a small machine it leaves the rest to the server, and it looks at the few
//! characters of a frame that it needs instead of parsing the JSON. It reads a [`Job`] from the first line of stdin and
//! connects; prints [`READY`]; starts at the next line; if nobody in it sends, reads from a further line what there is to
//! be received; prints the [`Outcome`]; and keeps its connections until stdin ends.

mod talker;

use super::figure::per_second;
use super::histogram::Histogram;
use super::socket::{Address, Socket, Way};
use super::subject::Subject;
use super::tls::Security;
use anyhow::{Context as _, Result, bail, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use natter_protocol::{ConversationId, Seq};
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::Stdio;
use std::rc::Rc;
use std::time::{Duration, Instant};
use talker::Talker;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;
use tokio::task::LocalSet;

/// What a load says once it is connected.
const READY: &str = "ready";
/// Connections that are opened at the same time.
const OPENING_MAX: usize = 128;
/// Until all connections are open.
const OPEN_TIME_MAX: Duration = Duration::from_mins(2);
/// After the last send, until everything must have arrived.
const SETTLE_TIME_MAX: Duration = Duration::from_mins(1);
/// Between two looks at whether it has.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What a load has to do.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    /// Where the server listens.
    pub(crate) server: SocketAddr,
    /// The file of its certificate, if it speaks TLS.
    pub(crate) certificate: Option<PathBuf>,
    /// The address of this machine to connect from; none: as the kernel chooses. An address has ports for some 28,000
    /// connections to one server.
    pub(crate) source: Option<IpAddr>,
    /// One connection for each.
    pub(crate) seats: Vec<Seat>,
    /// How those send who do.
    pub(crate) pace: Pace,
    /// Seconds of sending.
    pub(crate) seconds: u32,
    /// Characters of a message.
    pub(crate) content_chars: usize,
    /// What happens to the connections meanwhile.
    pub(crate) trouble: Trouble,
    /// How they are made.
    pub(crate) way: Way,
}

/// What happens to connections while others send.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Trouble {
    /// Nothing.
    #[default]
    None,
    /// All of them are gone at once, after so many seconds, and come back at once; and again each so many seconds.
    Cut { after_seconds: u32, again_seconds: Option<u32> },
    /// None of them reads until the sending is over.
    Stall,
}

/// A connection.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Seat {
    /// Who connects.
    pub(crate) token: String,
    /// What it takes part in; nothing else may be received.
    pub(crate) conversation: Option<ConversationId>,
    /// The newest position there before the load.
    pub(crate) seq: Seq,
    /// Whether it sends, rather than only receives.
    pub(crate) sends: bool,
}

/// How much is sent.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Pace {
    /// As much as the server takes: so many messages of each connection are on their way.
    Window(usize),
    /// So many messages in a second from all connections together, whether they are acknowledged or not.
    PerSecond(f64),
}

/// What came of it. Everything was acknowledged, and received by everybody, once and in order; if not, the load fails.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// Messages that were acknowledged while sending.
    pub(crate) acks: u64,
    /// Messages that were received by connections in the same time, the senders' own among them.
    pub(crate) deliveries: u64,
    /// How long that was.
    pub(crate) time: Duration,
    /// From a send to its acknowledgement.
    pub(crate) ack_latency: Histogram,
    /// From a send to its arrival at one connection.
    pub(crate) delivery_latency: Histogram,
    /// From the cut of a connection until it is open again and has everything.
    pub(crate) back_latency: Histogram,
    /// Times that a queue was dropped because its connection was too slow.
    pub(crate) laggings: u64,
    /// The newest acknowledged position of each conversation.
    pub(crate) heads: HashMap<ConversationId, Seq>,
}

impl Outcome {
    pub(super) fn acks_per_second(&self) -> f64 {
        per_second(self.acks, self.time)
    }

    pub(super) fn deliveries_per_second(&self) -> f64 {
        per_second(self.deliveries, self.time)
    }

    fn merge(&mut self, other: &Self) {
        self.acks += other.acks;
        self.deliveries += other.deliveries;
        self.time = self.time.max(other.time);
        self.ack_latency.merge(&other.ack_latency);
        self.delivery_latency.merge(&other.delivery_latency);
        self.back_latency.merge(&other.back_latency);
        self.laggings += other.laggings;
        self.heads.extend(&other.heads);
    }
}

impl Job {
    /// Connections that nothing is sent on, and nothing happens to.
    pub(crate) fn new(server: &Subject, seats: Vec<Seat>) -> Self {
        Self {
            server: server.address,
            certificate: server.certificate.clone(),
            source: None,
            seats,
            pace: Pace::Window(0),
            seconds: 0,
            content_chars: 64,
            trouble: Trouble::None,
            way: Way::default(),
        }
    }

    fn address(&self, seat: &Seat, security: &Security) -> Address {
        Address {
            server: self.server,
            security: security.clone(),
            source: self.source,
            token: seat.token.clone(),
            way: self.way,
        }
    }
}

/// Loads that are connected. Dropping them ends them.
pub(crate) struct Load(Vec<Running>);

struct Running {
    /// Until it must have said what came of it.
    time_max: Duration,
    /// Whether somebody in it sends.
    sends: bool,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    /// Killed when it is dropped.
    _child: Child,
}

impl Load {
    /// Starts a process for each job and waits until all are connected.
    pub(crate) async fn connect(jobs: &[Job]) -> Result<Self> {
        let mut running = Vec::new();
        for job in jobs {
            let mut child = Command::new(std::env::current_exe()?)
                .args(["bench", "load"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .kill_on_drop(true)
                .spawn()
                .context("starting a load")?;
            let mut stdin = child.stdin.take().context("a load has no input")?;
            let stdout = child.stdout.take().context("a load has no output")?;
            stdin.write_all(format!("{}\n", serde_json::to_string(job)?).as_bytes()).await?;
            let sends = job.seats.iter().any(|seat| seat.sends);
            let time_max = seconds(job.seconds) + 2 * SETTLE_TIME_MAX;
            let lines = BufReader::new(stdout).lines();
            running.push(Running { time_max, sends, stdin, lines, _child: child });
        }
        for load in &mut running {
            let line = load.line(OPEN_TIME_MAX).await?;
            ensure!(line == READY, "a load said {line:?} instead of being ready");
        }
        Ok(Self(running))
    }

    /// Lets them send, and waits for the end.
    pub(crate) async fn run(&mut self) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        for one in self.run_each().await? {
            outcome.merge(&one);
        }
        Ok(outcome)
    }

    /// The same, with the outcome of each: those that send first.
    pub(crate) async fn run_each(&mut self) -> Result<Vec<Outcome>> {
        for load in &mut self.0 {
            load.stdin.write_all(b"go\n").await?;
        }
        let mut outcomes: Vec<Outcome> = Vec::new();
        let mut heads: HashMap<ConversationId, Seq> = HashMap::new();
        // Who only receives learns from the others how much there is.
        for sends in [true, false] {
            for load in self.0.iter_mut().filter(|load| load.sends == sends) {
                if !sends {
                    let heads = serde_json::to_string(&heads)?;
                    load.stdin.write_all(format!("{heads}\n").as_bytes()).await?;
                }
                let outcome: Outcome = serde_json::from_str(&load.line(load.time_max).await?)?;
                heads.extend(&outcome.heads);
                outcomes.push(outcome);
            }
        }
        Ok(outcomes)
    }
}

impl Running {
    async fn line(&mut self, time_max: Duration) -> Result<String> {
        let line = tokio::time::timeout(time_max, self.lines.next_line()).await.context("a load hangs")??;
        line.context("a load failed; what it says about it is above")
    }
}

/// Is a load: `natter bench load`.
pub(crate) fn run() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, work())
}

async fn work() -> Result<()> {
    let job = order().await?.context("this is a part of natter bench; start that instead")?;
    let job: Job = serde_json::from_str(&job)?;
    let shared = Rc::new(Shared::new());
    let (phase, phases) = watch::channel(Phase::Waiting);
    let mut rooms = Rooms::new();
    let connecting = connect(&job, &mut rooms, &shared);
    let talkers = tokio::time::timeout(OPEN_TIME_MAX, connecting).await.context("connecting")??;
    let seats: Vec<_> = talkers.iter().map(Talker::seat).collect();
    for talker in talkers {
        let (shared, phases) = (Rc::clone(&shared), phases.clone());
        tokio::task::spawn_local(async move {
            if let Err(error) = talker.talk(phases).await {
                shared.fail(&error);
            }
        });
    }
    say(READY)?;
    if order().await?.is_none() {
        return Ok(());
    }

    let begun = Instant::now();
    phase.send_replace(Phase::Sending);
    let end = begun + seconds(job.seconds);
    if let Trouble::Cut { after_seconds, again_seconds } = job.trouble {
        let mut next = begun + seconds(after_seconds);
        let mut times = 0;
        while next < end {
            tokio::time::sleep_until(next.into()).await;
            times += 1;
            phase.send_replace(Phase::Cut { times });
            next = again_seconds.map_or(end, |again| next + seconds(again));
        }
    }
    tokio::time::sleep_until(end.into()).await;
    phase.send_replace(Phase::Settling);
    let (acks, deliveries) = (shared.acks.get(), shared.deliveries.get());
    let time = begun.elapsed();
    if !job.seats.iter().any(|seat| seat.sends) {
        let heads: HashMap<ConversationId, Seq> = serde_json::from_str(&order().await?.context("no heads")?)?;
        for (id, head) in heads {
            if let Some(room) = rooms.get(&id) {
                room.set(head);
            }
        }
    }
    settle(&shared, &seats).await?;
    let outcome = Outcome {
        acks,
        deliveries,
        time,
        ack_latency: shared.ack_latency.take(),
        delivery_latency: shared.delivery_latency.take(),
        back_latency: shared.back_latency.take(),
        laggings: shared.laggings.get(),
        heads: rooms.iter().map(|(id, head)| (*id, head.get())).collect(),
    };
    say(&serde_json::to_string(&outcome)?)?;
    while order().await?.is_some() {}
    Ok(())
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(u64::from(seconds))
}

/// The next line of stdin, without keeping the connections waiting.
async fn order() -> Result<Option<String>> {
    let line = tokio::task::spawn_blocking(|| std::io::stdin().lines().next().transpose()).await?;
    Ok(line?)
}

fn say(line: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")?;
    Ok(stdout.flush()?)
}

/// The newest position in each conversation that anybody here has an acknowledgement for.
type Rooms = HashMap<ConversationId, Rc<Cell<Seq>>>;

async fn connect(job: &Job, rooms: &mut Rooms, shared: &Rc<Shared>) -> Result<Vec<Talker>> {
    let security = Security::new(job.certificate.as_deref())?;
    let senders = job.seats.iter().filter(|seat| seat.sends).count();
    let sockets: Vec<Socket> = stream::iter(&job.seats)
        .map(|seat| Socket::open(job.address(seat, &security)))
        .buffered(OPENING_MAX)
        .try_collect()
        .await?;
    let mut sender = 0..senders;
    let talkers = job.seats.iter().zip(sockets).map(|(seat, socket)| {
        let room = seat.conversation.map(|id| {
            let head = rooms.entry(id).or_insert_with(|| Rc::new(Cell::new(seat.seq)));
            (id, Rc::clone(head))
        });
        let pace = if seat.sends { sender.next().map(|number| (job.pace, number, senders)) } else { None };
        Talker::new(socket, job.address(seat, &security), room, pace, job, Rc::clone(shared))
    });
    Ok(talkers.collect())
}

/// Waits until everything that was sent is acknowledged and has arrived everywhere.
async fn settle(shared: &Shared, seats: &[Rc<talker::Seen>]) -> Result<()> {
    let deadline = Instant::now() + SETTLE_TIME_MAX;
    loop {
        if let Some(failure) = shared.failure.take() {
            bail!(failure);
        }
        let missing = seats.iter().filter(|seen| !seen.is_complete()).count();
        if missing == 0 {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "{missing} of {} connections did not get everything", seats.len());
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Waiting,
    Sending,
    /// Sending goes on, but the connections of this load were cut so many times.
    Cut {
        times: u32,
    },
    Settling,
}

/// What the connections of a load count together.
struct Shared {
    /// What the times in messages count from.
    epoch: Instant,
    acks: Cell<u64>,
    deliveries: Cell<u64>,
    ack_latency: RefCell<Histogram>,
    delivery_latency: RefCell<Histogram>,
    back_latency: RefCell<Histogram>,
    laggings: Cell<u64>,
    /// The first one.
    failure: RefCell<Option<String>>,
}

impl Shared {
    fn new() -> Self {
        Self {
            epoch: Instant::now(),
            acks: Cell::default(),
            deliveries: Cell::default(),
            ack_latency: RefCell::default(),
            delivery_latency: RefCell::default(),
            back_latency: RefCell::default(),
            laggings: Cell::default(),
            failure: RefCell::default(),
        }
    }

    fn fail(&self, error: &anyhow::Error) {
        self.failure.borrow_mut().get_or_insert_with(|| format!("{error:#}"));
    }
}
