//! The one way in for everything that changes a conversation.

use crate::{Actor, Chat, Error, Result};
use natter_protocol::{Command, Reply};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A command that has its place in line. Resolves once it is committed, or has failed.
///
/// Dropping it does not take the command back.
pub struct Submitted(Pin<Box<dyn Future<Output = Result<Reply>> + Send>>);

impl Submitted {
    pub(crate) fn new(reply: impl Future<Output = Result<Reply>> + Send + 'static) -> Self {
        Self(Box::pin(reply))
    }
}

impl Future for Submitted {
    type Output = Result<Reply>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

impl Chat {
    /// Checks a command and puts it in line. Commands are committed in the order in which this returns, so a caller
    /// that awaits one submission before it begins the next keeps a sender's order without waiting for the disk.
    pub async fn submit(self: &std::sync::Arc<Self>, actor: &Actor, command: Command) -> Result<Submitted> {
        match command {
            Command::SendMessage(send) => self.send_message(actor, send).await,
            Command::CreateConversation(create) => self.create_conversation(actor, create).await,
        }
    }

    /// Does a command, to the end.
    pub async fn execute(self: &std::sync::Arc<Self>, actor: &Actor, command: Command) -> Result<Reply> {
        self.submit(actor, command).await?.await
    }
}

/// The store answered a write with what belongs to another kind of write.
pub(crate) fn unexpected(written: &natter_store::Written) -> Error {
    Error::Internal(format!("the store answered {written:?}"))
}
