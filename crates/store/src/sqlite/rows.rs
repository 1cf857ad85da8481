//! What the rules ask of a transaction, in SQLite.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the path of a method of Columns is for one lifetime, and what reads a row must be for any"
)]

mod account;
mod conversation;
mod file;
mod member;
mod message;
mod personal;
mod preview;
mod server;
pub(super) mod statement;

use super::batch::Batch;
use crate::apply::rows::Database;

impl Database for Batch<'_> {
    type Error = rusqlite::Error;
}
