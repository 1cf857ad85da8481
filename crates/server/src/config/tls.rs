//! `tls.*`

use super::setting::{Rule, settings};
use std::path::PathBuf;

settings! {
    /// TLS in this process, for a server without a proxy in front.
    pub struct Tls {
        /// File with the certificate and those that lead to its authority, in PEM. With it, the server speaks HTTPS and
        /// nothing else. It is read again within a minute when it changes.
        pub certificate_path: PathBuf = PathBuf::new(), Rule::Text("empty or the path of a file");
        /// File with the certificate's private key, in PEM.
        pub key_path: PathBuf = PathBuf::new(), Rule::Text("empty or the path of a file");
    }
}

impl Tls {
    /// Whether the server speaks HTTPS.
    pub fn is_on(&self) -> bool {
        !self.certificate_path.as_os_str().is_empty()
    }

    /// What is wrong with settings that are right one by one.
    pub(super) fn conflicts(&self) -> Option<&'static str> {
        (self.is_on() == self.key_path.as_os_str().is_empty()).then_some(
            "tls.certificate_path and tls.key_path belong together: set both for HTTPS, or neither",
        )
    }
}
