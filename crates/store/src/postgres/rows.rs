//! What a transaction does for [`crate::apply`].

mod account;
mod conversation;
mod file;
mod member;
mod message;
mod personal;
mod preview;
mod server;

use super::Statement;
use super::transaction::Transaction;
use crate::apply::rows::Database;
use natter_protocol::{ConversationId, UserId};

impl Database for Transaction<'_> {
    type Error = sqlx::Error;
}

/// A membership, as a parameter.
fn member<'a>(sql: &'static str, id: ConversationId, user: UserId) -> Statement<'a> {
    sqlx::query(sql).bind(id.uuid()).bind(user.uuid())
}
