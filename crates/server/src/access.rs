//! Which addresses the server talks to, and which address a request comes from.

use crate::config;
use http::HeaderMap;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// Where a proxy writes down whom it asks for: a list, to which each proxy adds the address that asked it.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// A range of addresses; a single one is a range of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cidr(IpNet);

/// Decides who gets in.
#[derive(Debug)]
pub(crate) struct Access {
    trusted_proxies: Ranges,
    rules: Rules,
}

/// What keeps addresses out. Once anything is allowed, nothing else is; what is blocked is blocked all the same.
#[derive(Debug, Clone, Default)]
struct Rules {
    allow: Ranges,
    block: Ranges,
}

impl Access {
    pub(crate) fn new(config: &config::Access) -> Self {
        Self {
            trusted_proxies: config.trusted_proxies.iter().collect(),
            rules: Rules { allow: config.ip_allow.iter().collect(), block: config.ip_block.iter().collect() },
        }
    }

    /// Whether the address gets in.
    pub(crate) fn admits(&self, address: IpAddr) -> bool {
        self.rules.admit(address)
    }

    /// The address that a request comes from: its peer's, unless that is a trusted proxy. Then it is the last one in
    /// `X-Forwarded-For` that is not: everything to the left of it is only what the client says. What cannot be read
    /// was not written by such a proxy, so that it is the peer that asks.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        let mut client = peer;
        // From the right: the headers from the last one on, and each of them from its end.
        for line in headers.get_all(FORWARDED_FOR).iter().rev() {
            for entry in line.as_bytes().rsplit(|byte| *byte == b',') {
                if !self.trusted_proxies.contain(client) {
                    return client;
                }
                match read_entry(entry) {
                    Some(address) => client = address,
                    None => return peer,
                }
            }
        }
        client
    }
}

impl Rules {
    fn admit(&self, address: IpAddr) -> bool {
        !self.block.contain(address) && (self.allow.are_none() || self.allow.contain(address))
    }
}

/// An address, which some proxies write with its port.
fn read_entry(entry: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(entry).ok()?.trim();
    let address = text.parse().or_else(|_| text.parse().map(|address: SocketAddr| address.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

/// Ranges of addresses. Whether one contains an address takes a look-up for each length of prefix, however many there
/// are.
#[derive(Debug, Clone, Default)]
struct Ranges {
    ranges: HashSet<IpNet>,
    prefix_bits: BTreeSet<u8>,
}

impl Ranges {
    fn contain(&self, address: IpAddr) -> bool {
        self.prefix_bits
            .iter()
            .filter_map(|bits| IpNet::new(address, *bits).ok())
            .any(|range| self.ranges.contains(&range.trunc()))
    }

    fn are_none(&self) -> bool {
        self.ranges.is_empty()
    }
}

impl<'a> FromIterator<&'a Cidr> for Ranges {
    fn from_iter<I: IntoIterator<Item = &'a Cidr>>(cidrs: I) -> Self {
        let ranges: HashSet<_> = cidrs.into_iter().map(|cidr| cidr.0).collect();
        let prefix_bits = ranges.iter().map(IpNet::prefix_len).collect();
        Self { ranges, prefix_bits }
    }
}

impl TryFrom<String> for Cidr {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = text.trim();
        let range =
            text.parse().or_else(|_| text.parse().map(|address: IpAddr| address.to_canonical().into()));
        range.map(|range: IpNet| Self(range.trunc())).map_err(|_| "no address or range of addresses")
    }
}

impl From<Cidr> for String {
    fn from(cidr: Cidr) -> Self {
        cidr.to_string()
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
