//! Showing files to the virus scanner.
//!
//! What is to be scanned is in the database, so it is scanned whatever happens to a process; and whoever has taken some
//! content has it for a while only, so two nodes do not do the same.

use super::Files;
use super::fetch::key;
use crate::execute::unexpected;
use crate::{Chat, Result};
use natter_files::scan::Verdict;
use natter_protocol::{ConversationId, FileRejection, FileStatus, MemberRole, UserId, limits};
use natter_realtime::Frame;
use natter_store::{DueScan, ScanQueue, ScanVerdict, ScannedFile, Write, Written};
use std::collections::HashSet;
use std::sync::Arc;

/// Content that is scanned at one time. The scanner has a bounded number of threads itself, and others may use it.
const SCANS_MAX: usize = 4;
/// Seconds for which whoever has taken some content has it to themselves. A scan that takes longer may be done twice, which
/// finds the same; one whose process died is done so much later.
const LEASE_SECONDS: i64 = 5 * 60;
/// Seconds until a scanner that could not be asked is asked again, at first and at most.
const RETRY_SECONDS: (i64, i64) = (2, 5 * 60);
/// Seconds until content that no scanner looks at is considered again.
const UNSCANNED_SECONDS: i64 = 24 * 60 * 60;

/// Names what is measured here.
pub(super) fn describe_metrics() {
    metrics::describe_gauge!("natter_scans_waiting", "Contents that wait to be looked through for viruses.");
    metrics::describe_gauge!("natter_scans_waiting_seconds", "For how long the first of them has waited.");
    metrics::describe_counter!("natter_scans_total", "Contents shown to the virus scanner, by outcome.");
}

#[expect(clippy::cast_precision_loss, reason = "neither is as many as a float counts exactly")]
const fn float(count: u64) -> f64 {
    count as f64
}

impl Chat {
    /// Resolves when a file has come that is to be scanned.
    pub async fn scan_due(&self) {
        match &self.files {
            Some(files) => files.scan_due.notified().await,
            None => std::future::pending().await,
        }
    }

    /// Takes what is due, as much of it as there is room for besides what is being scanned already. Whoever takes it has
    /// each scanned.
    pub async fn claim_scans(&self, under_way: usize) -> Result<Vec<DueScan>> {
        let (room, now) = (SCANS_MAX.saturating_sub(under_way), self.now());
        // Asking costs next to nothing; taking is a commit.
        if self.files.is_none() || room == 0 || self.store.next_scan().await?.is_none_or(|next| next > now) {
            return Ok(Vec::new());
        }
        let until = now.plus_seconds(LEASE_SECONDS);
        let count_max = u32::try_from(room).unwrap_or(u32::MAX);
        match self.store.queue(Write::ClaimScans { now, until, count_max }).await?.await? {
            Written::Scans(due) => Ok(due),
            other => Err(unexpected(&other)),
        }
    }

    /// Tells the metrics how much waits to be scanned, and for how long.
    pub async fn measure_scans(&self) -> Result<()> {
        if self.files.is_none() {
            return Ok(());
        }
        let ScanQueue { blobs, oldest } = self.store.scan_queue().await?;
        let waited_ms = oldest.map_or(0, |oldest| self.now().millis() - oldest.millis());
        metrics::gauge!("natter_scans_waiting").set(float(blobs));
        metrics::gauge!("natter_scans_waiting_seconds").set(float(waited_ms.max(0).unsigned_abs() / 1_000));
        Ok(())
    }

    /// Whether the virus scanner answers; none if there is none.
    pub async fn scanner_answers(&self) -> Option<bool> {
        let scanner = self.files.as_ref()?.house.scanner.as_ref()?;
        Some(scanner.ping().await.is_ok())
    }

    /// Has some content scanned that was taken by [`Self::claim_scans`], and tells what came of it.
    pub async fn scan(&self, due: DueScan) -> Result<()> {
        let files = self.files()?;
        let verdict = self.verdict(files, &due).await;
        let outcome = match &verdict {
            ScanVerdict::Clean => "clean",
            ScanVerdict::Infected { .. } => "infected",
            ScanVerdict::Unavailable { .. } => "unavailable",
        };
        metrics::counter!("natter_scans_total", "outcome" => outcome).increment(1);
        let at = self.now();
        let mut rejected: Vec<ScannedFile> = Vec::new();
        loop {
            let write = Write::FinishScan { blob_id: due.blob.id, verdict: verdict.clone(), at };
            let scanned = match self.store.queue(write).await?.await? {
                Written::Scanned(scanned) => *scanned,
                other => return Err(unexpected(&other)),
            };
            for file in scanned.files {
                self.hub.deliver_to_user(file.owner.id, &Frame::ephemeral("file.updated", &file.file)).await;
                if file.file.status == FileStatus::Rejected {
                    rejected.push(file);
                }
            }
            if !scanned.more {
                break;
            }
        }
        if let ScanVerdict::Infected { signature } = verdict {
            // From here on nobody is given it; should this fail, the collection finds it.
            let deleted = files.house.blobs.delete(&key(&due.blob)).await;
            for ScannedFile { file, owner, conversation_ids, .. } in rejected {
                tracing::warn!(file = %file.id, owner = %owner.id, signature, "a virus was found in a file");
                let signature = signature.clone();
                let rejection = FileRejection { file, owner, signature, conversation_ids, rejected_at: at };
                self.tell_of_rejection(&rejection).await?;
            }
            deleted?;
        }
        Ok(())
    }

    async fn verdict(&self, files: &Files, due: &DueScan) -> ScanVerdict {
        let house = &files.house;
        if let Some(signature) = &due.signature {
            // Whoever found it died before everybody was told.
            return ScanVerdict::Infected { signature: signature.clone() };
        }
        let Some(scanner) = &house.scanner else {
            // There was a scanner when it came, and the operator has taken it away.
            return ScanVerdict::Unavailable {
                retry_at: self.now().plus_seconds(UNSCANNED_SECONDS),
                allow: true,
            };
        };
        let (why, allow) = match house.blobs.read(&key(&due.blob), None).await {
            Ok(content) => match scanner.scan(content).await {
                Ok(Verdict::Clean) => return ScanVerdict::Clean,
                Ok(Verdict::Infected(signature)) => return ScanVerdict::Infected { signature },
                Err(error) => (error.to_string(), house.rules.allow_unscanned),
            },
            Err(error) => (error.to_string(), false),
        };
        let (least, most) = RETRY_SECONDS;
        let wait = least.saturating_mul(1 << due.attempts.min(16)).min(most);
        tracing::warn!(why, blob = %due.blob.id, again_in_seconds = wait, "a file could not be scanned");
        ScanVerdict::Unavailable { retry_at: self.now().plus_seconds(wait), allow }
    }

    /// Tells whoever uploaded it, and the moderators of where it was sent who are there now. The others see it in the list.
    async fn tell_of_rejection(&self, rejection: &FileRejection) -> Result<()> {
        let mut told = HashSet::from([rejection.owner.id]);
        for id in &rejection.conversation_ids {
            told.extend(self.moderators_online(*id).await?);
        }
        self.hub.deliver(&Arc::new(told), &Frame::ephemeral("file.rejected", rejection)).await;
        Ok(())
    }

    async fn moderators_online(&self, id: ConversationId) -> Result<Vec<UserId>> {
        let Some(roster) = self.store.roster(id, None).await? else { return Ok(Vec::new()) };
        let online = roster.members.into_iter().filter(|user| self.hub.is_online(*user));
        let mut moderators = Vec::new();
        for user in online.take(limits::HERE_MENTIONS_MAX) {
            let standing = self.store.standing(id, user).await?;
            if standing.is_some_and(|standing| standing.role >= MemberRole::Moderator) {
                moderators.push(user);
            }
        }
        Ok(moderators)
    }
}
