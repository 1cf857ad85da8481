//! What must hold for every file, whatever is in it.
//!
//! The tests of `natter-files` include this file and feed it what they make up.

use natter_files::Refused;
use natter_files::kind::{BEGINNING_BYTES, TYPES_DEFAULT, Types};
use std::fs;

/// A file has an answer under every name, and never that it could not be read. What is taken is not refused by its
/// beginning.
pub(crate) fn kind(bytes: &[u8]) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("file");
    fs::write(&path, bytes).expect("a file");
    let types = Types::default();
    let beginning = bytes.get(..BEGINNING_BYTES).unwrap_or(bytes);
    for extension in TYPES_DEFAULT.split(',') {
        let name = format!("file.{extension}");
        match types.check(&name, &path) {
            Ok(_) => types.check_beginning(&name, beginning).expect("what is taken is not refused before"),
            Err(refused) => assert!(!matches!(refused, Refused::Unreadable(_)), "{name}: {refused:?}"),
        }
    }
}
