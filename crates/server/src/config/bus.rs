//! `bus.*`

use super::setting::{Rule, settings};

settings! {
    /// How the nodes of a cluster tell each other what happened.
    pub struct Bus {
        /// Which bus; one node needs none, and this version knows none.
        pub url: String = Self::LOCAL.to_owned(), Rule::Secret("local");
    }
}

impl Bus {
    /// One node, which has nobody to tell.
    pub const LOCAL: &str = "local";
}
