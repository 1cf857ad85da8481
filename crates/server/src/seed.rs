//! Something to look at: sample people who talk, or a chat that happened elsewhere.
//!
//! Everything goes through the same commit pipeline as what users write, and under keys, so that a run that was
//! interrupted can be repeated and adds what is missing.

pub(crate) mod corpus;
mod flight;
pub(crate) mod lines;
pub(crate) mod rng;
mod sample;
mod texts;

pub use corpus::{import_copies, import_corpus};
pub use sample::{DemoAccounts, DemoPerson, accounts, demo, sample};

use natter_chat::Imported;
use serde::Serialize;
use std::fmt;

/// What a run added, and what an earlier one had added already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Accounts.
    pub people: Tally,
    /// Conversations.
    pub conversations: Tally,
    /// Messages.
    pub messages: Tally,
}

/// How many are new, and how many were there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// Added by this run.
    pub added: u64,
    /// Added by an earlier one.
    pub known: u64,
}

impl Tally {
    fn count(&mut self, imported: Imported) {
        match imported {
            Imported::New => self.added += 1,
            Imported::Known => self.known += 1,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { people, conversations, messages } = self;
        if people.added + conversations.added + messages.added == 0 {
            let (people, conversations, messages) = (people.known, conversations.known, messages.known);
            return write!(
                f,
                "Nothing to add: {people} people, {conversations} conversations and {messages} messages are there already."
            );
        }
        write!(
            f,
            "Added {} people, {} conversations and {} messages.",
            people.added, conversations.added, messages.added
        )?;
        match messages.known {
            0 => Ok(()),
            known => write!(f, " {known} messages were there already."),
        }
    }
}
