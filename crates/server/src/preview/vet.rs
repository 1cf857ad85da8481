//! Which addresses a preview may be fetched from: those of the public internet, and what the operator allows.

use crate::access::Cidr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What the operator allows besides the public internet.
#[derive(Debug, Clone, Default)]
pub(super) struct Reach {
    allowed: Vec<Cidr>,
}

impl Reach {
    pub(super) fn new(allowed: Vec<Cidr>) -> Self {
        Self { allowed }
    }

    /// Whether an address may be asked.
    pub(super) fn covers(&self, address: IpAddr) -> bool {
        is_public(address) || self.is_allowed(address)
    }

    /// Whether the operator allows an address.
    pub(super) fn is_allowed(&self, address: IpAddr) -> bool {
        self.allowed.iter().any(|range| range.contains(address))
    }
}

/// Whether an address belongs to the public internet, by IANA's registries of special-purpose addresses. An IPv6 address
/// that stands for an IPv4 address does not: whoever means that one can say so.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match a {
        // This network, private, loopback, multicast, reserved and broadcast.
        0 | 10 | 127 | 224..=255 => true,
        // Behind the provider's translation (RFC 6598).
        100 => b & 0b1100_0000 == 64,
        // Link-local, among it what clouds tell their machines.
        169 => b == 254,
        172 => b & 0b1111_0000 == 16,
        192 => matches!((b, c), (168, _) | (0, 0 | 2) | (88, 99)),
        // Benchmarks (RFC 2544) and documentation.
        198 => b & 0b1111_1110 == 18 || (b, c) == (51, 100),
        203 => (b, c) == (0, 113),
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // Only this block is given out to the public (RFC 4291): loopback, mapped, translated, unique local, link-local and
    // multicast addresses are outside of it.
    let global = a & 0b1110_0000_0000_0000 == 0x2000;
    let special = match a {
        // For protocols, Teredo among them, and documentation.
        0x2001 => b < 0x0200 || b == 0x0db8,
        // 6to4: stands for an IPv4 address.
        0x2002 => true,
        // Documentation (RFC 9637).
        0x3fff => b < 0x1000,
        _ => false,
    };
    global && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_internet_can_be_asked() {
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.1.1",
            "169.255.0.1",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "192.88.98.1",
            "192.167.1.1",
            "192.169.1.1",
            "198.17.255.255",
            "198.20.0.0",
            "198.51.99.1",
            "203.0.112.1",
            "223.255.255.255",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700:4700::1111",
            "2a00:1450::1",
            "3fff:1000::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn nothing_else_can() {
        for private in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.0.170",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:0:7f00:1::",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:808:808::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[test]
    fn the_operator_can_allow_more() {
        let reach = Reach::new(vec![Cidr::try_from("10.1.0.0/16".to_owned()).unwrap()]);
        assert!(reach.covers("10.1.2.3".parse().unwrap()));
        assert!(!reach.covers("10.2.2.3".parse().unwrap()));
        assert!(reach.covers("8.8.8.8".parse().unwrap()) && !reach.is_allowed("8.8.8.8".parse().unwrap()));
    }
}
