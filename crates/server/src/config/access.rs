//! `access.*`

use super::setting::{Rule, settings};
use crate::access::Cidr;

const CIDRS: &str = "addresses such as 203.0.113.7 or 2001:db8::/32";

settings! {
    /// Which addresses the server talks to. Admins can add to `ip_allow` and `ip_block` while it runs.
    pub struct Access {
        /// Addresses that get in. Without any, here and by admins, all do that are not blocked.
        pub ip_allow: Vec<Cidr> = Vec::new(), Rule::List(CIDRS);
        /// Addresses that are kept out, also when they are allowed.
        pub ip_block: Vec<Cidr> = Vec::new(), Rule::List(CIDRS);
        /// Addresses of the proxies in front of this server. Only from them `X-Forwarded-For` is believed: who asks is
        /// its last address that is no such proxy. Without them every client of a proxy counts as the same address.
        pub trusted_proxies: Vec<Cidr> = Vec::new(), Rule::List(CIDRS);
        /// Seconds for which browsers shall come back by HTTPS only (`Strict-Transport-Security`); 0 does not ask for
        /// it. Set it once a proxy in front serves HTTPS for good.
        pub hsts_seconds: u32 = 0, Rule::Whole(0..=63_072_000);
    }
}
