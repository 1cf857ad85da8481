//! `natter bench upload`: many uploads beside a conversation, and a large one.

mod http;
mod large;
mod many;
mod source;

use super::figure::Figures;
use super::scenario::Scenario;
use super::site::Site;
use crate::config::FileType;
use anyhow::Result;
use natter_store::DatabaseUrl;
use serde::Serialize;

/// The type under which random bytes are taken.
const TYPE: &str = "bin";
const MIB: u64 = 1024 * 1024;

/// How much is uploaded.
#[derive(Debug, Serialize, clap::Args)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Upload {
    /// Files that are uploaded at the same time, each by users of its own
    #[arg(long, default_value_t = 50, value_parser = super::between::<1, 1_000>)]
    pub(crate) uploads: usize,
    /// Size of each of them in MiB
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(crate) mib: u64,
    /// People who write in one room meanwhile
    #[arg(long, default_value_t = 10, value_parser = super::between::<2, 500>)]
    pub(crate) members: usize,
    /// Messages of all of them in a second
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) rate: u32,
    /// Seconds for which they write, with uploads and without
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=300))]
    pub(crate) seconds: u32,
    /// Size of the large file in MiB
    #[arg(long, default_value_t = 2_048, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub(crate) large_mib: u64,
    /// Size in MiB of the pieces in which it is sent and fetched
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(crate) piece_mib: u64,
}

impl Scenario for Upload {
    const NAME: &'static str = "upload";

    fn method(&self, _: &DatabaseUrl) -> Vec<String> {
        vec![
            format!(
                "{} connections upload files of {} MiB by POST /files, one after the other each, for as long as {} others write \
                 {} messages a second in one room, which takes {} seconds. No two files are the same, all of them are \
                 random bytes, and the digest in each answer is held against them afterwards. It is held against as many \
                 threads that read the same files, write them to the same disk, calculate their SHA-256 and wait for \
                 fsync. The messages are held against the same conversation with nothing beside it in the same run. The \
                 clients that upload run with a niceness of 10: they would be on machines of their own.",
                self.uploads, self.mib, self.members, self.rate, self.seconds
            ),
            format!(
                "One file of {} MiB, first by POST /files; then by tus in pieces of {} MiB, of which one is cut off in its \
                 middle, and before another one the server is killed and started again; then it is fetched in as many \
                 ranges, and its SHA-256 must be right. Times include the server's last byte on the disk, and with tus \
                 its start. They are held against one thread that copies the same file in the same way as above. The \
                 memory is the most that a process of the server held at one time, less what it held before its \
                 first upload.",
                self.large_mib, self.piece_mib
            ),
        ]
    }

    async fn measure(&self, site: &mut Site, figures: &mut Figures) -> Result<()> {
        let files = &mut site.config.files;
        files.types_allowed = vec![FileType::try_from(TYPE.to_owned())?];
        files.size_bytes_max = self.mib.max(self.large_mib) * MIB;
        many::measure(self, site, figures).await?;
        site.empty().await?;
        large::measure(self, site, figures).await
    }
}

/// Megabytes in a second.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn rate(bytes: u64, time: std::time::Duration) -> f64 {
    bytes as f64 / 1e6 / time.as_secs_f64()
}
