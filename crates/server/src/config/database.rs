//! `database.*`

use super::setting::{Rule, settings};
use natter_store::DatabaseUrl;
use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

settings! {
    /// Where everything is kept.
    pub struct Database {
        /// Which database; `sqlite:` is the file `natter.db` in the data directory.
        #[serde(serialize_with = "without_password", deserialize_with = "parse")]
        pub url: DatabaseUrl = DatabaseUrl::Sqlite(None),
            Rule::Secret("sqlite:, sqlite:PATH or postgres://user:password@host/database");
        /// Connections that read at the same time.
        pub readers_max: u32 = 4, Rule::Whole(1..=64);
    }
}

fn without_password<S: Serializer>(url: &DatabaseUrl, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(url)
}

fn parse<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DatabaseUrl, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}
