//! What becomes of the commands that several handlers share.

use super::Failure;
use super::body::Answer;
use super::failure::unexpected;
use crate::app::App;
use http::StatusCode;
use natter_chat::Actor;
use natter_protocol::{Command, Conversation, Message, ReadState, Reply};

/// Of a command after which there is nothing to tell.
pub(super) async fn done(app: &App, actor: &Actor, command: Command) -> Result<StatusCode, Failure> {
    match app.chat.execute(actor, command).await? {
        Reply::Done => Ok(StatusCode::NO_CONTENT),
        other => Err(unexpected(&other)),
    }
}

/// Of a command that creates or changes a message: the message, and whether it was there before.
pub(super) async fn message(app: &App, actor: &Actor, command: Command) -> Result<(Message, bool), Failure> {
    match app.chat.execute(actor, command).await? {
        Reply::Message { message, repeat } => Ok((*message, repeat)),
        other => Err(unexpected(&other)),
    }
}

/// Of a command that changes a message: the message as it is now.
pub(super) async fn changed_message(
    app: &App,
    actor: &Actor,
    command: Command,
) -> Result<Answer<Message>, Failure> {
    Ok(Answer::ok(message(app, actor, command).await?.0))
}

/// Of a command that leads to a conversation: the conversation, and whether it was there before.
pub(super) async fn conversation(
    app: &App,
    actor: &Actor,
    command: Command,
) -> Result<(Conversation, bool), Failure> {
    match app.chat.execute(actor, command).await? {
        Reply::Conversation { conversation, existed } => Ok((*conversation, existed)),
        other => Err(unexpected(&other)),
    }
}

/// Of marking as read.
pub(super) async fn read_state(
    app: &App,
    actor: &Actor,
    command: Command,
) -> Result<Answer<ReadState>, Failure> {
    match app.chat.execute(actor, command).await? {
        Reply::Read(state) => Ok(Answer::ok(state)),
        other => Err(unexpected(&other)),
    }
}
