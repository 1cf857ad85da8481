//! What can be wrong with a configuration. Each sentence names the place and says what would be right.

use std::fmt;
use std::path::PathBuf;

/// All that is wrong with a configuration, so that it is repaired in one go.
#[derive(Debug)]
pub struct ConfigError(pub(super) Vec<Fault>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&faults.join("\n"))
    }
}

impl std::error::Error for ConfigError {}

/// Where a value was given.
#[derive(Debug, Clone)]
pub(super) enum Place {
    Flag(String),
    Variable(String),
    File(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("{place}: there is no setting {name}; {}", suggestion(.nearest.as_deref()))]
    UnknownKey { place: Place, name: String, nearest: Option<String> },
    #[error("{name} is no variable of natter; {}", suggestion(.nearest.as_deref()))]
    UnknownVariable { name: String, nearest: Option<String> },
    #[error("{place}: {key} is {shown}; it must be {expected}")]
    Invalid { place: Place, key: String, shown: String, expected: String },
    #[error("{name} and {name}_FILE are both set; keep one of them")]
    Twice { name: String },
    #[error("{place} names the file {path}, which cannot be read: {error}")]
    Unreadable { place: Place, path: PathBuf, error: std::io::Error },
    #[error("{0}: the value is not UTF-8 text")]
    NotText(String),
    #[error("{0}: a configuration file must end in .toml, .yaml or .yml")]
    UnknownFormat(PathBuf),
    #[error("{path} cannot be understood: {error}")]
    Syntax { path: PathBuf, error: String },
    #[error("{0}")]
    Conflict(&'static str),
}

fn suggestion(nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => "`natter config print` shows all that there are".to_owned(),
    }
}
