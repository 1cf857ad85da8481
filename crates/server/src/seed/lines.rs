//! A file of messages, one JSON object a line, read without ever holding more than one of them.

use anyhow::{Context as _, Result, anyhow, bail};
use liblzma::bufread::XzDecoder;
use natter_chat::check_import;
use serde::Deserialize;
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;

/// Bytes of a line: a message of the greatest length with every character escaped, and its names.
const LINE_BYTES_MAX: u64 = 256 * 1024;
const BUFFER_BYTES: usize = 64 * 1024;

/// A message, as a line of the file says it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line {
    /// Its place in the file, from 1.
    #[serde(skip)]
    pub(crate) number: u64,
    /// The name of the channel.
    pub(crate) conversation: String,
    /// A username.
    pub(crate) sender: String,
    /// Seconds since the Unix epoch.
    pub(crate) sent_at: i64,
    pub(crate) text: String,
}

/// The lines of a file, checked one by one.
pub(crate) struct Lines {
    reader: Box<dyn BufRead>,
    buffer: Vec<u8>,
    number: u64,
    path: String,
}

impl Lines {
    /// Opens a `.jsonl` file, or one that is compressed as `.xz`.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let file = BufReader::with_capacity(BUFFER_BYTES, file);
        let reader: Box<dyn BufRead> = if path.extension().is_some_and(|ending| ending == "xz") {
            Box::new(BufReader::with_capacity(BUFFER_BYTES, XzDecoder::new_multi_decoder(file)))
        } else {
            Box::new(file)
        };
        Ok(Self { reader, buffer: Vec::new(), number: 0, path: path.display().to_string() })
    }

    fn read(&mut self) -> Result<Option<Line>> {
        self.buffer.clear();
        let read = self.reader.by_ref().take(LINE_BYTES_MAX + 1).read_until(b'\n', &mut self.buffer)?;
        if read == 0 {
            return Ok(None);
        }
        if self.buffer.len() as u64 > LINE_BYTES_MAX {
            bail!("the line is longer than {LINE_BYTES_MAX} bytes");
        }
        let line: Line = serde_json::from_slice(&self.buffer).map_err(|error| {
            // Its own line numbers would count within this line.
            let what = error.to_string();
            let what = what.rsplit_once(" at line ").map_or(what.as_str(), |(what, _)| what);
            anyhow!("{what} (column {})", error.column())
        })?;
        check_import(&line.sender, &line.conversation, &line.text)?;
        Ok(Some(Line { number: self.number, ..line }))
    }
}

impl Iterator for Lines {
    type Item = Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        self.number += 1;
        let line = self.read().with_context(|| format!("line {} of {}", self.number, self.path));
        line.transpose()
    }
}
