//! The data directory, and who may use it: an embedded database and uploads on their way belong to one process.

use crate::config::Config;
use std::fs::{DirBuilder, File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Why the data directory cannot be used. Each sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Something else is in its place.
    #[error("{0} is not a directory: move it away, or choose another directory with --data-dir")]
    NotADirectory(PathBuf),
    /// It is not there, and cannot be.
    #[error("cannot create the directory {path}: {error}. Choose another with --data-dir")]
    Uncreatable {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It is there, but this user may not write.
    #[error(
        "cannot write to {path}: {error}. Let this user write there, or choose another directory with --data-dir"
    )]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Another process has it.
    #[error(
        "{path} is in use by another natter{}: stop it, or choose another directory with --data-dir; several nodes need \
         PostgreSQL, and a directory each",
        .pid.as_ref().map(|pid| format!(" (pid {pid})")).unwrap_or_default()
    )]
    InUse {
        /// The directory.
        path: PathBuf,
        /// The process, if it has said so.
        pid: Option<String>,
    },
}

/// The right to be the only one that uses an embedded database, or uploads on their way; ends with this value or with the
/// process.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Makes sure that the data directory and the database file are there if they are needed. What is created is closed
/// to other users; what SQLite puts beside the file is as closed as the file.
pub fn prepare(config: &Config) -> Result<(), DataDirError> {
    let Some(database) = config.database.url.file(&config.data_dir) else { return Ok(()) };
    create(&config.data_dir)?;
    open(&database)?;
    Ok(())
}

/// The directory where uploads arrive, and the one above it, where the content of files is unless it is elsewhere.
pub fn prepare_for_files(config: &Config) -> Result<(PathBuf, PathBuf), DataDirError> {
    create(&config.data_dir)?;
    let kept = config.data_dir.join("files");
    let incoming = kept.join("incoming");
    create(&incoming)?;
    Ok((incoming, kept))
}

fn create(path: &Path) -> Result<(), DataDirError> {
    if path.exists() && !path.is_dir() {
        return Err(DataDirError::NotADirectory(path.to_owned()));
    }
    let created = DirBuilder::new().recursive(true).mode(0o700).create(path);
    created.map_err(|error| DataDirError::Uncreatable { path: path.to_owned(), error })
}

/// Opens a file for reading and writing, creating it if need be.
fn open(path: &Path) -> Result<File, DataDirError> {
    let opened = File::options().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    opened.map_err(|error| DataDirError::Unwritable { path: path.to_owned(), error })
}

/// Takes the embedded database for this process alone. A database server needs no lock.
///
/// The lock lies beside the database file, so that two data directories cannot share one database either.
pub fn lock(config: &Config) -> Result<Option<Lock>, DataDirError> {
    let Some(database) = config.database.url.file(&config.data_dir) else { return Ok(None) };
    prepare(config)?;
    Ok(Some(Lock { _file: lock_file(&database.with_extension("lock"))? }))
}

/// Takes the uploads on their way for this process alone.
pub fn lock_files(config: &Config) -> Result<Lock, DataDirError> {
    let (_, kept) = prepare_for_files(config)?;
    Ok(Lock { _file: lock_file(&kept.join("natter.lock"))? })
}

fn lock_file(path: &Path) -> Result<File, DataDirError> {
    let mut file = open(path)?;
    let unwritable = |error| DataDirError::Unwritable { path: path.to_owned(), error };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let directory = path.parent().unwrap_or(Path::new("."));
            return Err(DataDirError::InUse { path: directory.to_owned(), pid: pid(&mut file) });
        }
        Err(TryLockError::Error(error)) => return Err(unwritable(error)),
    }
    let noted =
        file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
    match noted {
        // Who holds the lock is told as a courtesy; what a full disk means is the database's to say.
        Err(error) if error.kind() == io::ErrorKind::StorageFull => {}
        noted => noted.map_err(unwritable)?,
    }
    Ok(file)
}

/// Who holds the lock. It may be about to say so, or be another program.
fn pid(file: &mut File) -> Option<String> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    let pid = text.trim();
    pid.parse::<u32>().ok().map(|pid| pid.to_string())
}
