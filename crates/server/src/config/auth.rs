//! `auth.*`

use super::setting::{Rule, settings};
use natter_protocol::limits;

settings! {
    /// Who gets in.
    pub struct Auth {
        /// Whether strangers can sign up. Without it, `natter user create` makes the accounts.
        pub registration: bool = true, Rule::Switch;
        /// Seconds that an access token lives.
        pub access_token_seconds: u32 = limits::ACCESS_TOKEN_SECONDS, Rule::Whole(10..=86_400);
        /// Seconds that a session lives unused.
        pub refresh_token_seconds: u32 = limits::REFRESH_TOKEN_SECONDS, Rule::Whole(60..=31_536_000);
    }
}
