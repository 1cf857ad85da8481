//! Which addresses the server talks to, and which address a request comes from.

use crate::config;
use http::HeaderMap;
use ipnet::{IpNet, Ipv4Net};
use natter_chat::Chat;
use natter_protocol::{CloseCode, ConnectionId, IpAction, IpRule, IpRuleId, SessionId, UserId};
use natter_realtime::Hub;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, RwLock, RwLockReadGuard};

/// Where a proxy writes down whom it asks for: a list, to which each proxy adds the address that asked it.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Bits in front of an IPv4 address that is written as IPv6 (RFC 4291, section 2.5.5.2).
const MAPPED_BITS: u8 = 96;

/// A range of addresses; a single one is a range of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cidr(IpNet);

impl Cidr {
    /// Whether an address is in it.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

/// Decides who gets in, by the rules of the configuration and those that admins make while the server runs.
pub(crate) struct Access {
    trusted_proxies: Ranges,
    configured: Rules,
    made: RwLock<Made>,
    reloading: tokio::sync::Mutex<()>,
    /// The open sockets: an address that is kept out from now on may have some.
    sockets: Mutex<HashMap<ConnectionId, Guest>>,
    /// Whether it was said that a proxy is not trusted.
    warned: Once,
}

/// The rules that admins have made.
#[derive(Default)]
struct Made {
    rules: Vec<IpRule>,
    /// They and the configured ones.
    all: Rules,
}

/// What keeps addresses out. Once anything is allowed, nothing else is; what is blocked is blocked all the same.
#[derive(Debug, Clone, Default)]
struct Rules {
    allow: Ranges,
    block: Ranges,
}

/// Who is on a socket.
struct Guest {
    address: IpAddr,
    user_id: UserId,
    session_id: SessionId,
}

/// An open socket's place among those that a rule can close; dropping it leaves.
pub(crate) struct Entry {
    access: Arc<Access>,
    connection_id: ConnectionId,
}

impl Access {
    pub(crate) fn new(config: &config::Access) -> Self {
        let configured = Rules {
            allow: config.ip_allow.iter().copied().collect(),
            block: config.ip_block.iter().copied().collect(),
        };
        Self {
            trusted_proxies: config.trusted_proxies.iter().copied().collect(),
            made: RwLock::new(Made { rules: Vec::new(), all: configured.clone() }),
            configured,
            reloading: tokio::sync::Mutex::default(),
            sockets: Mutex::default(),
            warned: Once::new(),
        }
    }

    /// Whether the address gets in.
    pub(crate) fn admits(&self, address: IpAddr) -> bool {
        self.made().all.admit(address)
    }

    /// Whether the address would still get in if this rule were made.
    pub(crate) fn would_admit_with(&self, address: IpAddr, cidr: Cidr, action: IpAction) -> bool {
        let mut rules = self.made().all.clone();
        rules.add(cidr, action);
        rules.admit(address)
    }

    /// Whether the address would still get in if this rule were deleted.
    pub(crate) fn would_admit_without(&self, address: IpAddr, id: IpRuleId) -> bool {
        let made = self.made();
        self.configured.and(made.rules.iter().filter(|rule| rule.id != id)).admit(address)
    }

    /// Reads the rules that there are now. The sockets of those who are kept out by them are closed.
    pub(crate) async fn reload(&self, chat: &Chat, hub: &Hub) -> Result<(), natter_chat::Error> {
        // One after the other: what was read first must not be taken last.
        let _turn = self.reloading.lock().await;
        self.take(chat.all_ip_rules().await?, hub);
        Ok(())
    }

    fn take(&self, rules: Vec<IpRule>, hub: &Hub) {
        if self.made().rules == rules {
            return;
        }
        let all = self.configured.and(rules.iter());
        *self.made.write().unwrap_or_else(PoisonError::into_inner) = Made { rules, all };
        let made = self.made();
        for Guest { address, user_id, session_id } in self.sockets().values() {
            if !made.all.admit(*address) {
                let reason = "this address is kept out";
                hub.close_session(*user_id, *session_id, CloseCode::SignedOut, reason);
            }
        }
    }

    /// Makes an open socket known. Whoever asks [`Access::admits`] after that cannot slip past a new rule: either it is
    /// seen there, or the socket is seen by [`Access::reload`].
    pub(crate) fn enter(
        self: &Arc<Self>,
        connection_id: ConnectionId,
        address: IpAddr,
        user_id: UserId,
        session_id: SessionId,
    ) -> Entry {
        self.sockets().insert(connection_id, Guest { address, user_id, session_id });
        Entry { access: Arc::clone(self), connection_id }
    }

    /// The address that a request comes from: its peer's, unless that is a trusted proxy. Then it is the last one in
    /// `X-Forwarded-For` that is not: everything to the left of it is only what the client says. What cannot be read
    /// was not written by such a proxy, so that it is the peer that asks.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        let mut client = peer;
        if headers.contains_key(FORWARDED_FOR) && !self.trusted_proxies.contain(peer) {
            self.warned.call_once(|| {
                tracing::warn!(
                    %peer,
                    "requests come with X-Forwarded-For from a peer that is no trusted proxy, so all of them count as \
                     its own; if it is a proxy of yours, add it to access.trusted_proxies"
                );
            });
        }
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

    fn made(&self) -> RwLockReadGuard<'_, Made> {
        self.made.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn sockets(&self) -> MutexGuard<'_, HashMap<ConnectionId, Guest>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.access.sockets().remove(&self.connection_id);
    }
}

impl Rules {
    /// These and some that admins have made.
    fn and<'a>(&self, made: impl Iterator<Item = &'a IpRule>) -> Self {
        let mut rules = self.clone();
        for rule in made {
            match Cidr::try_from(rule.cidr.clone()) {
                Ok(cidr) => rules.add(cidr, rule.action),
                Err(error) => {
                    tracing::error!(id = %rule.id, cidr = rule.cidr, error, "a rule cannot be read");
                }
            }
        }
        rules
    }

    fn add(&mut self, cidr: Cidr, action: IpAction) {
        match action {
            IpAction::Allow => self.allow.extend([cidr]),
            IpAction::Block => self.block.extend([cidr]),
        }
    }

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

impl Extend<Cidr> for Ranges {
    fn extend<I: IntoIterator<Item = Cidr>>(&mut self, cidrs: I) {
        for Cidr(range) in cidrs {
            self.prefix_bits.insert(range.prefix_len());
            self.ranges.insert(range);
        }
    }
}

impl FromIterator<Cidr> for Ranges {
    fn from_iter<I: IntoIterator<Item = Cidr>>(cidrs: I) -> Self {
        let mut ranges = Self::default();
        ranges.extend(cidrs);
        ranges
    }
}

impl TryFrom<String> for Cidr {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = text.trim();
        let range = text.parse().or_else(|_| text.parse().map(|address: IpAddr| address.into()));
        range.map(|range| Self(canonical(range).trunc())).map_err(|_| "no address or range of addresses")
    }
}

/// Addresses are compared in their shortest form, so a range of IPv4 addresses written as IPv6 has to be one of IPv4.
fn canonical(range: IpNet) -> IpNet {
    match (range.addr().to_canonical(), range.prefix_len()) {
        (IpAddr::V4(address), bits @ MAPPED_BITS..) if range.addr().is_ipv6() => {
            // At most 128 less 96.
            Ipv4Net::new(address, bits - MAPPED_BITS).map_or(range, IpNet::V4)
        }
        _ => range,
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
