//! Socket.IO packets of protocol 5: a digit that says what it is, then, where they are needed, a namespace, a number
//! under which an answer is expected, and JSON.

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The namespace that is meant when none is named.
pub(super) const DEFAULT_NAMESPACE: &str = "/";

/// What an end of the connection says to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    pub(super) kind: Kind,
    pub(super) namespace: &'a str,
    /// The number of the answer that is expected, or of what this one answers.
    pub(super) id: Option<u64>,
    /// JSON, or nothing. It has not been looked at.
    pub(super) data: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Enters a namespace, or says that somebody did.
    Connect,
    /// Leaves it.
    Disconnect,
    /// Something happened: a name and arguments.
    Event,
    /// Answers an event.
    Ack,
    /// The namespace cannot be entered.
    ConnectError,
    /// An event whose arguments are partly in binary messages that follow.
    BinaryEvent,
    /// An answer of that kind.
    BinaryAck,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::Connect,
        Self::Disconnect,
        Self::Event,
        Self::Ack,
        Self::ConnectError,
        Self::BinaryEvent,
        Self::BinaryAck,
    ];

    const fn is_binary(self) -> bool {
        matches!(self, Self::BinaryEvent | Self::BinaryAck)
    }
}

impl<'a> Packet<'a> {
    /// Reads a packet; none if it is not one. Of a binary one, how many messages follow is read and forgotten.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let digit = text.as_bytes().first()?.checked_sub(b'0')?;
        let kind = *Kind::ALL.get(usize::from(digit))?;
        let mut rest = text.get(1..)?;
        if kind.is_binary() {
            let (attachments, after) = rest.split_once('-')?;
            number(attachments)?;
            rest = after;
        }
        let mut namespace = DEFAULT_NAMESPACE;
        if rest.starts_with('/') {
            // Nothing follows the name of the namespace but after a comma.
            (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (id, data) = rest.split_at(digits);
        let id = if id.is_empty() { None } else { Some(number(id)?) };
        // What an event and an answer say is a list, so that no digit of it can be taken for one of the number.
        Some(Self { kind, namespace, id, data })
    }
}

impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, namespace, id, data } = self;
        write!(f, "{}", *kind as u8)?;
        if *namespace != DEFAULT_NAMESPACE {
            write!(f, "{namespace},")?;
        }
        if let Some(id) = id {
            write!(f, "{id}")?;
        }
        f.write_str(data)
    }
}

/// Digits only: `parse` would take a sign as well.
fn number(digits: &str) -> Option<u64> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// The data of an event. What comes after the first argument is passed over, and `null` is no argument.
#[derive(Debug)]
pub(super) struct Event<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) argument: Option<&'a RawValue>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Event<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(EventVisitor)
    }
}

struct EventVisitor;

/// A text that need not be copied if it is written without escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Visitor<'de> for EventVisitor {
    type Value = Event<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list that begins with the name of the event")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Event<'de>, A::Error> {
        let Name(name) = list.next_element()?.ok_or_else(|| serde::de::Error::invalid_length(0, &self))?;
        let argument: Option<&RawValue> = list.next_element()?;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Event { name, argument: argument.filter(|argument| argument.get() != "null") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packet() -> impl Strategy<Value = (usize, String, Option<u64>, String)> {
        (0..5_usize, "/[a-z0-9/_-]{0,8}", prop::option::of(any::<u64>()), "(\\[[^\x1e]{0,20}\\])?")
    }

    fn made((kind, namespace, id, data): &(usize, String, Option<u64>, String)) -> Packet<'_> {
        Packet { kind: Kind::ALL[*kind], namespace, id: *id, data }
    }

    proptest! {
        #[test]
        fn a_packet_is_read_as_it_was_written(parts in packet()) {
            let text = made(&parts).to_string();
            prop_assert_eq!(Packet::read(&text), Some(made(&parts)));
        }

        #[test]
        fn whatever_comes_is_read_or_refused(text in "[0-9a-z/,{}\\[\\]\"-]{0,20}|\\PC{0,20}") {
            if let Some(packet) = Packet::read(&text) {
                let _ = serde_json::from_str::<Event<'_>>(packet.data);
            }
        }

        #[test]
        fn an_event_has_its_name_and_first_argument(name in "\\PC{0,20}", argument in "\\PC{0,20}", more in 0..3_usize) {
            let mut list = vec![name.clone(), argument.clone()];
            list.extend(vec!["more".to_owned(); more]);
            let json = serde_json::to_string(&list).unwrap();
            let event: Event<'_> = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(event.name, name);
            let read: String = serde_json::from_str(event.argument.unwrap().get()).unwrap();
            prop_assert_eq!(read, argument);
        }
    }

    #[test]
    fn the_examples_of_the_protocol_are_read() {
        let plain = |kind, data| Packet { kind, namespace: "/", id: None, data };
        for (text, packet) in [
            ("0", plain(Kind::Connect, "")),
            (r#"0{"token":"123"}"#, plain(Kind::Connect, r#"{"token":"123"}"#)),
            ("0/admin,", Packet { namespace: "/admin", ..plain(Kind::Connect, "") }),
            ("0/admin", Packet { namespace: "/admin", ..plain(Kind::Connect, "") }),
            (r#"2["foo"]"#, plain(Kind::Event, r#"["foo"]"#)),
            (
                r#"2/admin,12["foo"]"#,
                Packet { namespace: "/admin", id: Some(12), ..plain(Kind::Event, r#"["foo"]"#) },
            ),
            (
                r#"3/admin,13["bar"]"#,
                Packet { namespace: "/admin", id: Some(13), ..plain(Kind::Ack, r#"["bar"]"#) },
            ),
            ("1/admin,", Packet { namespace: "/admin", ..plain(Kind::Disconnect, "") }),
            (
                r#"4{"message":"Not authorized"}"#,
                plain(Kind::ConnectError, r#"{"message":"Not authorized"}"#),
            ),
            (
                r#"51-["baz",{"_placeholder":true,"num":0}]"#,
                plain(Kind::BinaryEvent, r#"["baz",{"_placeholder":true,"num":0}]"#),
            ),
            (
                r#"61-/admin,456["x"]"#,
                Packet { namespace: "/admin", id: Some(456), ..plain(Kind::BinaryAck, r#"["x"]"#) },
            ),
        ] {
            assert_eq!(Packet::read(text), Some(packet), "{text}");
        }
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        for text in ["", "7", "x", "/", "5[\"x\"]", "5x-[\"x\"]", "5+1-[]", "299999999999999999999[]", "é2"]
        {
            assert_eq!(Packet::read(text), None, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_event_is_refused() {
        for data in ["", "[]", "{}", "\"x\"", "[1]", "[null]", "[\"x\"", "[\"x\",]", "[\"x\"]y", "[[\"x\"]]"]
        {
            assert!(serde_json::from_str::<Event<'_>>(data).is_err(), "{data}");
        }
        for data in ["[\"x\"]", "[\"x\",null]", "[\"\\u0078\",null,7]"] {
            let event: Event<'_> = serde_json::from_str(data).unwrap();
            assert_eq!((&*event.name, event.argument.is_none()), ("x", true), "{data}");
        }
        let deep = format!("[\"x\",{}{}]", "[".repeat(100_000), "]".repeat(100_000));
        let event: Event<'_> = serde_json::from_str(&deep).unwrap();
        assert_eq!(event.argument.unwrap().get().len(), 200_000);
    }
}
