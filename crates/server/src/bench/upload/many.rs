//! Many uploads at the same time, beside a conversation.

use super::http::{Client, Content};
use super::source::Source;
use super::{MIB, TYPE, Upload, rate};
use crate::bench::figure::{Figures, Limit};
use crate::bench::load::{Job, Load, Outcome, Pace};
use crate::bench::process::CpuTime;
use crate::bench::site::{Person, Room, Site, people};
use crate::bench::subject::Subject;
use anyhow::{Context as _, Result, ensure};
use natter_protocol::limits;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How much longer a message may take because of the uploads: less than twice as long.
const SLOWER_MAX: f64 = 2.0;
/// Users as whom each uploads in turn: one may have so many files that are not sent, and no more.
const USERS_EACH: usize = 20;
/// How far the clients that upload stand back.
const NICENESS: i32 = 10;
/// Digits of the number with which a file begins, so that no two are the same.
const HEAD_DIGITS: usize = 32;

pub(super) async fn measure(upload: &Upload, site: &mut Site, figures: &mut Figures) -> Result<()> {
    let room = site.room("member", upload.members).await?;
    let uploaders =
        site.prepare(async |chat| people(chat, "uploader", upload.uploads * USERS_EACH).await).await?;
    let directory = site.config.data_dir.join("sources");
    let sources = make(upload, &directory)?;
    let copied = copy(upload, &sources).await?;

    let server = Subject::start(site).await?;
    let mut room = room;
    let quiet = talk(upload, &server, &mut room).await?;
    let before = server.cpu_time()?;
    let (loud, uploaded) = {
        let stop = Arc::new(AtomicBool::new(false));
        let begun = Instant::now();
        let uploads = start(&server, &uploaders, &sources, &stop);
        let loud = talk(upload, &server, &mut room).await;
        stop.store(true, Relaxed);
        let outcomes = uploads.join_all().await.into_iter().collect::<Result<Vec<_>>>()?;
        (loud?, Uploaded { time: begun.elapsed(), files: outcomes.concat() })
    };
    let CpuTime { user, system } = server.cpu_time()?.since(before);
    server.kill().await?;
    uploaded.check(upload, &sources).await?;

    let bytes = uploaded.files.len() as u64 * (upload.mib * MIB);
    let uploads = rate(bytes, uploaded.time);
    figures.add("plain copies with SHA-256 and fsync", "MB/s", copied);
    figures.add("uploads", "MB/s", uploads);
    figures.add("uploads / plain copies", "", uploads / copied);
    figures.add("server's processor time per GB", "s", (user + system).as_secs_f64() / (bytes_in_gb(bytes)));
    let ack = |outcome: &Outcome, share| outcome.ack_latency.percentile_ms(share);
    figures.add("acknowledgement alone, p50", "ms", ack(&quiet, 0.5));
    figures.add("acknowledgement beside uploads, p50", "ms", ack(&loud, 0.5));
    figures.add("acknowledgement alone, p99", "ms", ack(&quiet, 0.99));
    figures.add("acknowledgement beside uploads, p99", "ms", ack(&loud, 0.99));
    let slower = ack(&loud, 0.99) / ack(&quiet, 0.99);
    figures.require("acknowledgement, p99 beside / alone", "", Limit::AtMost(SLOWER_MAX), slower);
    let delivery = |outcome: &Outcome, share| outcome.delivery_latency.percentile_ms(share);
    figures.add("delivery alone, p99", "ms", delivery(&quiet, 0.99));
    figures.add("delivery beside uploads, p99", "ms", delivery(&loud, 0.99));
    let slower = delivery(&loud, 0.99) / delivery(&quiet, 0.99);
    figures.require("delivery, p99 beside / alone", "", Limit::AtMost(SLOWER_MAX), slower);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn bytes_in_gb(bytes: u64) -> f64 {
    bytes as f64 / 1e9
}

fn make(upload: &Upload, directory: &Path) -> Result<Vec<Source>> {
    fs::create_dir_all(directory)?;
    let bytes = upload.mib * MIB - HEAD_DIGITS as u64;
    (0..upload.uploads)
        .map(|number| Source::make(directory.join(number.to_string()), number as u64, bytes))
        .collect()
}

/// What a file begins with.
fn head(number: u64) -> String {
    format!("{number:0HEAD_DIGITS$}")
}

/// Megabytes in a second that as many threads copy plainly, each file once.
async fn copy(upload: &Upload, sources: &[Source]) -> Result<f64> {
    let begun = Instant::now();
    let mut copying = JoinSet::new();
    for (source, number) in sources.iter().cloned().zip(0..) {
        copying.spawn_blocking(move || {
            source.copy(head(number).as_bytes(), &source.path.with_extension("copy"))
        });
    }
    copying.join_all().await.into_iter().collect::<Result<Vec<_>>>()?;
    let time = begun.elapsed();
    // The messages that are sent next must not wait until the disk is done with this. The copies stay to the end: a disk
    // may be at it for seconds to discard what is deleted.
    tokio::task::spawn_blocking(rustix::fs::sync).await?;
    Ok(rate(sources.len() as u64 * upload.mib * MIB, time))
}

/// Has the members of the room write for a while.
async fn talk(upload: &Upload, server: &Subject, room: &mut Room) -> Result<Outcome> {
    let mut seats: Vec<_> = room.seats().collect();
    for seat in &mut seats {
        seat.sends = true;
    }
    let job = Job {
        pace: Pace::PerSecond(f64::from(upload.rate)),
        seconds: upload.seconds,
        ..Job::new(server, seats)
    };
    let mut load = Load::connect(&[job]).await?;
    let outcome = load.run().await?;
    room.seq = *outcome.heads.get(&room.id).context("nothing was written")?;
    ensure!(outcome.acks > 0, "nothing was acknowledged in time");
    Ok(outcome)
}

/// A file that was uploaded: whose source it is, its number, and the digest in the answer.
type File = (usize, u64, String);

fn start(
    server: &Subject,
    uploaders: &[Person],
    sources: &[Source],
    stop: &Arc<AtomicBool>,
) -> JoinSet<Result<Vec<File>>> {
    let mut uploading = JoinSet::new();
    let numbers = Arc::new(AtomicU64::new(sources.len() as u64));
    for (index, (people, source)) in uploaders.chunks(USERS_EACH).zip(sources).enumerate() {
        let (server, people) = (server.address, people.to_vec());
        let (source, stop, numbers) = (source.clone(), Arc::clone(stop), Arc::clone(&numbers));
        uploading.spawn_blocking(move || {
            let mut files = Vec::new();
            // Those who upload are on machines of their own; on this one they give way to the server.
            rustix::process::setpriority_process(None, NICENESS)?;
            while !stop.load(Relaxed) {
                let number = numbers.fetch_add(1, Relaxed);
                let head = head(number);
                let turn = files.len() as u64 / limits::UPLOADS_MAX;
                let person = people.get(usize::try_from(turn)?).context("there are too few users")?;
                let client = Client { server, token: person.token.clone() };
                let content = Content { head: head.as_bytes(), path: &source.path, range: 0..source.bytes };
                let taken = client.post(&format!("{number}.{TYPE}"), &content)?;
                files.push((index, number, taken.sha256));
            }
            Ok(files)
        });
    }
    uploading
}

struct Uploaded {
    time: Duration,
    files: Vec<File>,
}

impl Uploaded {
    /// Whether what arrived is what was sent.
    async fn check(&self, upload: &Upload, sources: &[Source]) -> Result<()> {
        ensure!(self.files.len() >= upload.uploads, "not everybody uploaded a file");
        for (index, number, sha256) in self.files.iter().cloned() {
            let source = sources[index].clone();
            let digest =
                tokio::task::spawn_blocking(move || source.digest(head(number).as_bytes())).await??;
            ensure!(digest == sha256, "file {number} arrived as {sha256} instead of {digest}");
        }
        Ok(())
    }
}
