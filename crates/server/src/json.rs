//! Reading JSON from strangers.

use serde::Deserialize;
use serde::de::Error as _;

/// Reads an object.
///
/// Serde by itself would also take an array that has the fields in the order in which they happen to be declared.
pub(crate) fn object<'a, T: Deserialize<'a>>(json: &'a str) -> serde_json::Result<T> {
    match json.trim_ascii_start().chars().next() {
        Some('{') | None => serde_json::from_str(json),
        Some(_) => Err(serde_json::Error::custom("expected an object")),
    }
}

#[cfg(test)]
mod tests {
    use super::object;
    use natter_protocol::{ClientFrame, LoginRequest};

    #[test]
    fn an_array_is_no_object() {
        let login: LoginRequest = object(" \r\n\t{\"username\":\"ada\",\"password\":\"x\"}").unwrap();
        assert_eq!(login.username, "ada");
        assert!(object::<LoginRequest>("[\"ada\",\"x\"]").is_err());
        assert!(object::<ClientFrame<'_>>("[\"c1\",\"ping\",null]").is_err());
        for json in ["", "null", "7", "\"ada\"", "{", "\u{feff}{}"] {
            assert!(object::<LoginRequest>(json).is_err(), "{json:?}");
        }
    }
}
