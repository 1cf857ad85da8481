//! `log.*`

use super::setting::{Rule, settings};
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

settings! {
    /// What the server tells its operator.
    pub struct Log {
        /// `pretty` is for people, `json` for machines; `auto` is `pretty` on a terminal and `json` elsewhere.
        pub format: LogFormat = LogFormat::Auto, Rule::Text("auto, json or pretty");
        /// How much is told.
        pub level: Levels = Levels("info".to_owned()),
            Rule::Text("error, warn, info, debug, trace or off, with other levels for parts, such as info,natter_store=debug");
    }
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people on a terminal, for machines elsewhere.
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Pretty,
}

/// Which events are logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Levels(String);

impl Levels {
    /// The filter that does it.
    pub fn filter(&self) -> EnvFilter {
        EnvFilter::new(&self.0)
    }
}

impl TryFrom<String> for Levels {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        // The filter takes any bare word for the name of a part, so that a slip such as "inof" would silence the log.
        let known = |part: &str| part.contains(['=', '[']) || part.trim().parse::<LevelFilter>().is_ok();
        let right = text.split(',').all(known) && EnvFilter::try_new(&text).is_ok();
        if right { Ok(Self(text)) } else { Err("not a level") }
    }
}
