//! `clamd.*`

use super::setting::{Rule, optional, settings};
use natter_files::scan::ClamdAddr;
use serde::{Deserialize, Serialize};

settings! {
    /// The virus scanner that files are shown to.
    pub struct Clamd {
        /// Where clamd listens. When empty, files are not scanned.
        #[serde(with = "optional")]
        pub addr: Option<ScannerAddr> = None,
            Rule::Text("empty, tcp://HOST:PORT or unix:/PATH");
        /// What becomes of files while clamd does not answer: `block` keeps them back until it does, `allow-with-flag`
        /// gives them out and marks them as not scanned. They are scanned as soon as it answers in any case.
        pub unavailable: WhenUnavailable = WhenUnavailable::Block,
            Rule::Text("`block` or `allow-with-flag`");
    }
}

/// Where a virus scanner listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct ScannerAddr(ClamdAddr);

impl ScannerAddr {
    /// The address.
    pub const fn clamd(&self) -> &ClamdAddr {
        &self.0
    }
}

impl TryFrom<String> for ScannerAddr {
    type Error = natter_files::scan::ParseClamdAddrError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

impl From<ScannerAddr> for String {
    fn from(ScannerAddr(addr): ScannerAddr) -> Self {
        addr.to_string()
    }
}

/// What becomes of files while the virus scanner does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenUnavailable {
    /// They wait.
    Block,
    /// They can be fetched, and say that they were not scanned.
    AllowWithFlag,
}
