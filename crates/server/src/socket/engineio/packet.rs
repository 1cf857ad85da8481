//! Engine.IO packets of protocol 4, as text: a digit that says what it is, and its data.

use std::fmt;

/// Between the packets of a payload: the record separator of ASCII, which JSON never has as it is.
pub(super) const SEPARATOR: &str = "\x1e";

/// Packets in the body of a request. Those that change nothing count against no rate, and two bytes are enough for one.
const PAYLOAD_PACKETS_MAX: usize = 1_000;

/// What an end of the connection says to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packet<'a> {
    /// The first one of the server: what was agreed on, as JSON.
    Open(&'a str),
    /// The sender leaves.
    Close,
    /// To be answered with a pong of the same data.
    Ping(&'a str),
    /// The answer to a ping.
    Pong(&'a str),
    /// What the layer above has to say.
    Message(&'a str),
    /// The client goes on on this transport.
    Upgrade,
    /// Nothing, so that a request is answered.
    Noop,
}

impl<'a> Packet<'a> {
    /// Reads a packet; none if it is not one. Binary data, which a payload marks by `b`, are not taken.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let data = text.get(1..)?;
        let bare = |packet| data.is_empty().then_some(packet);
        match text.as_bytes().first()? {
            b'0' => Some(Self::Open(data)),
            b'1' => bare(Self::Close),
            b'2' => Some(Self::Ping(data)),
            b'3' => Some(Self::Pong(data)),
            b'4' => Some(Self::Message(data)),
            b'5' => bare(Self::Upgrade),
            b'6' => bare(Self::Noop),
            _ => None,
        }
    }
}

impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(data) => write!(f, "0{data}"),
            Self::Close => f.write_str("1"),
            Self::Ping(data) => write!(f, "2{data}"),
            Self::Pong(data) => write!(f, "3{data}"),
            Self::Message(data) => write!(f, "4{data}"),
            Self::Upgrade => f.write_str("5"),
            Self::Noop => f.write_str("6"),
        }
    }
}

/// Reads the packets that come in the body of a request; none if one of them is not one, or if there are too many.
pub(super) fn read_payload(payload: &str) -> Option<Vec<Packet<'_>>> {
    let is_too_long = payload.split(SEPARATOR).nth(PAYLOAD_PACKETS_MAX).is_some();
    if is_too_long { None } else { payload.split(SEPARATOR).map(Packet::read).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packet() -> impl Strategy<Value = (u8, String)> {
        (0..7_u8, "[^\x1e]{0,40}")
    }

    fn made((kind, data): &(u8, String)) -> Packet<'_> {
        match kind {
            0 => Packet::Open(data),
            1 => Packet::Close,
            2 => Packet::Ping(data),
            3 => Packet::Pong(data),
            4 => Packet::Message(data),
            5 => Packet::Upgrade,
            _ => Packet::Noop,
        }
    }

    proptest! {
        #[test]
        fn a_packet_is_read_as_it_was_written(parts in packet()) {
            let text = made(&parts).to_string();
            prop_assert_eq!(Packet::read(&text), Some(made(&parts)));
        }

        #[test]
        fn a_payload_is_read_as_it_was_written(parts in prop::collection::vec(packet(), 1..10)) {
            let packets: Vec<_> = parts.iter().map(made).collect();
            let texts: Vec<_> = packets.iter().map(ToString::to_string).collect();
            let payload = texts.join("\x1e");
            prop_assert_eq!(read_payload(&payload), Some(packets));
        }

        #[test]
        fn whatever_is_read_is_written_the_same(text in "\\PC{0,20}") {
            if let Some(packet) = Packet::read(&text) {
                prop_assert_eq!(packet.to_string(), text);
            }
        }
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        for text in ["", "7", "a", "bAQID", "1x", "5probe", "6 ", "é", "\u{1e}"] {
            assert_eq!(Packet::read(text), None, "{text:?}");
        }
        for payload in ["", "\x1e", "4a\x1e", "\x1e4a", "4a\x1e\x1e4b", "4a\x1ebAQID"] {
            assert_eq!(read_payload(payload), None, "{payload:?}");
        }
        let payload = |packets| vec!["3"; packets].join(SEPARATOR);
        assert_eq!(read_payload(&payload(1_000)).map(|packets| packets.len()), Some(1_000));
        assert_eq!(read_payload(&payload(1_001)), None);
    }
}
