//! `bus.*`

use super::setting::{Rule, settings};

settings! {
    /// How the nodes of a cluster tell each other what happened.
    pub struct Bus {
        /// `local` is for one node; this version knows no other.
        pub url: String = Self::LOCAL.to_owned(), Rule::Secret("local");
    }
}

impl Bus {
    /// One node, which has nobody to tell.
    pub const LOCAL: &str = "local";
}
