//! One large upload, with whatever can go wrong on its way.

use super::http::{Client, Content};
use super::source::Source;
use super::{MIB, TYPE, Upload};
use crate::bench::figure::{Figures, Limit};
use crate::bench::site::{Person, Site, people};
use crate::bench::subject::Subject;
use anyhow::{Context as _, Result, ensure};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io::Read as _;
use std::time::{Duration, Instant};
use tokio::task::spawn_blocking;

/// MB by which the memory of the server may grow.
const GROWTH_MB_MAX: f64 = 32.0;
/// Bytes that are read at one time.
const PIECE_BYTES: usize = 256 * 1024;
/// Between two questions whether an upload can be gone on with, and until it must.
const ASK_AGAIN: Duration = Duration::from_millis(10);
const GO_ON_TIME_MAX: Duration = Duration::from_secs(30);

pub(super) async fn measure(upload: &Upload, site: &mut Site, figures: &mut Figures) -> Result<()> {
    let mut people = site.prepare(async |chat| people(chat, "uploader", 1).await).await?;
    let person = people.pop().context("nobody was made")?;
    let path = site.config.data_dir.join("large");
    let (source, digest, copied) = spawn_blocking({
        let bytes = upload.large_mib * MIB;
        move || {
            let source = Source::make(path, bytes, bytes)?;
            let copy = source.path.with_extension("copy");
            let begun = Instant::now();
            let digest = source.copy(&[], &copy)?;
            let copied = begun.elapsed();
            fs::remove_file(copy)?;
            anyhow::Ok((source, digest, copied))
        }
    })
    .await??;
    figures.add("plain copy of the large file", "s", copied.as_secs_f64());
    let large = Large { upload, person, source, digest };

    let posted = large.post(site).await?;
    figures.add("by POST", "s", posted.time.as_secs_f64());
    figures.add("by POST / plain copy", "", posted.time.as_secs_f64() / copied.as_secs_f64());
    figures.require("memory that it grew by, POST", "MB", Limit::AtMost(GROWTH_MB_MAX), posted.growth_mb);
    let (sent, fetched) = large.send_in_pieces(site).await?;
    figures.add("by tus", "s", sent.time.as_secs_f64());
    figures.add("by tus / plain copy", "", sent.time.as_secs_f64() / copied.as_secs_f64());
    figures.require("memory that it grew by, tus", "MB", Limit::AtMost(GROWTH_MB_MAX), sent.growth_mb);
    figures.add("fetched in ranges", "s", fetched.as_secs_f64());
    Ok(())
}

struct Large<'a> {
    upload: &'a Upload,
    person: Person,
    source: Source,
    digest: String,
}

/// What an upload cost.
struct Taken {
    time: Duration,
    growth_mb: f64,
}

/// What goes wrong with a piece: it breaks off in its middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// Because the line is cut.
    Cut,
    /// And then the server is killed.
    Killed,
}

impl Large<'_> {
    async fn post(&self, site: &Site) -> Result<Taken> {
        let server = Subject::start(site).await?;
        let at_rest = server.memory()?.resident;
        let begun = Instant::now();
        let taken = self.ask(&server, |client, source| {
            let content = Content { head: &[], path: &source.path, range: 0..source.bytes };
            client.post(&format!("large.{TYPE}"), &content)
        });
        let taken = taken.await?;
        let time = begun.elapsed();
        ensure!(taken.sha256 == self.digest, "it arrived as {} instead of {}", taken.sha256, self.digest);
        let growth_mb = (server.peak()? - at_rest) / 1e6;
        server.kill().await?;
        Ok(Taken { time, growth_mb })
    }

    /// Sends it in pieces, and fetches it; with the time that fetching took.
    async fn send_in_pieces(&self, site: &Site) -> Result<(Taken, Duration)> {
        let mut server = Subject::start(site).await?;
        let mut at_rest = server.memory()?.resident;
        let mut growth_mb: f64 = 0.0;
        let bytes = self.source.bytes;
        let begun = Instant::now();
        let place =
            self.ask(&server, move |client, _| client.begin_upload(&format!("large.{TYPE}"), bytes)).await?;
        let mut troubles = vec![Trouble::Killed, Trouble::Cut];
        let (mut offset, mut refused_at) = (0, None);
        while offset < bytes {
            let trouble = if offset > 0 && refused_at.is_none() { troubles.pop() } else { None };
            let next = self.send_piece(&server, &place, offset, trouble).await?;
            if trouble == Some(Trouble::Killed) {
                growth_mb = growth_mb.max((server.peak()? - at_rest) / 1e6);
                server.kill().await?;
                server = Subject::start(site).await?;
                at_rest = server.memory()?.resident;
            }
            offset = if let Some(offset) = next {
                refused_at = None;
                offset
            } else {
                // The server may have to notice first that nothing more comes of the request before.
                let since: &mut Instant = refused_at.get_or_insert_with(Instant::now);
                ensure!(since.elapsed() < GO_ON_TIME_MAX, "the upload cannot be gone on with");
                tokio::time::sleep(ASK_AGAIN).await;
                let place = place.clone();
                self.ask(&server, move |client, _| client.offset(&place)).await?
            };
        }
        let time = begun.elapsed();
        ensure!(troubles.is_empty(), "the file has too few pieces for all that is to go wrong");
        let begun = Instant::now();
        let id = place.rsplit('/').next().unwrap_or_default().to_owned();
        let piece = self.upload.piece_mib * MIB;
        let digest =
            self.ask(&server, move |client, source| fetch(&client, &id, source.bytes, piece)).await?;
        let fetched = begun.elapsed();
        ensure!(digest == self.digest, "it was fetched as {digest} instead of {}", self.digest);
        growth_mb = growth_mb.max((server.peak()? - at_rest) / 1e6);
        server.kill().await?;
        Ok((Taken { time, growth_mb }, fetched))
    }

    /// Sends a piece; where the upload is then, unless the server has to be asked.
    async fn send_piece(
        &self,
        server: &Subject,
        place: &str,
        at: u64,
        trouble: Option<Trouble>,
    ) -> Result<Option<u64>> {
        let (place, piece) = (place.to_owned(), self.upload.piece_mib * MIB);
        let send = move |client: Client, source: Source| {
            let range = at..source.bytes.min(at + piece);
            let content = Content { head: &[], path: &source.path, range: range.clone() };
            if trouble.is_some() {
                client.cut_patch(&place, &content)?;
                return Ok(None);
            }
            let is_taken = client.patch(&place, &content)?;
            Ok(is_taken.then_some(range.end))
        };
        self.ask(server, send).await
    }

    /// Does something as the owner of the file, on a thread that may wait.
    async fn ask<T: Send + 'static>(
        &self,
        server: &Subject,
        work: impl FnOnce(Client, Source) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let client = Client { server: server.address, token: self.person.token.clone() };
        let source = self.source.clone();
        spawn_blocking(move || work(client, source)).await?
    }
}

/// The digest of what the server gives out.
fn fetch(client: &Client, id: &str, bytes: u64, piece: u64) -> Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; PIECE_BYTES];
    let mut at = 0;
    while at < bytes {
        let range = at..bytes.min(at + piece);
        let mut body = client.fetch(id, &range)?.body;
        while at < range.end {
            let read = body.read(&mut buffer)?;
            ensure!(read > 0, "a range ends at {at} instead of {}", range.end);
            hash.update(&buffer[..read]);
            at += read as u64;
        }
    }
    Ok(natter_files::Digest::from_bytes(hash.finalize().into()).to_string())
}
