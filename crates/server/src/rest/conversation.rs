//! `/conversations`

use super::body::{Answer, Id, Json, Parameters, SignedIn, limit};
use super::failure::unexpected;
use super::{Failure, Toll, reply};
use crate::app::App;
use crate::limit::{Rate, Who};
use axum::extract::State;
use http::StatusCode;
use natter_chat::ListFilter;
use natter_protocol::{
    Command, Conversation, ConversationId, ConversationKind, CreateConversation, ErrorCode, Event, Me, Page,
    PublicChannel, Reply, Seq, UnreadTotal, UpdateConversation, UpdateMe, limits,
};
use serde::Deserialize;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParameters {
    /// What the name contains, or in a direct one the display name or username of the other person. Case and accents do
    /// not matter. Without it: all of them.
    #[param(max_length = 128, example = "harbour")]
    query: Option<String>,
    /// Those that you have archived, or those that you have not.
    #[param(default = false)]
    archived: Option<bool>,
    /// Only those that you have pinned, or only the others.
    pinned: Option<bool>,
    /// Only those of this type.
    #[serde(rename = "type")]
    #[param(rename = "type", inline)]
    kind: Option<ConversationKind>,
    /// Only those with something unread.
    #[param(default = false)]
    unread: Option<bool>,
    /// Entries on the page.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<u32>,
    /// Where the page begins: `meta.nextCursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// List conversations
///
/// Those that you are in and have not archived, newest activity first.
#[utoipa::path(get, path = "/conversations", tag = "conversations", operation_id = "listConversations", params(ListParameters),
    responses((status = 200, description = "A page of conversations", body = Page<Conversation>)))]
pub(super) async fn list(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Parameters(parameters): Parameters<ListParameters>,
) -> Result<Answer<Page<Conversation>>, Failure> {
    let ListParameters { query, archived, pinned, kind, unread, limit: asked, cursor } = parameters;
    let archived = Some(archived.unwrap_or_default());
    let filter = ListFilter { archived, pinned, kind, unread: unread.unwrap_or_default(), name: query };
    let limit = limit(asked, limits::PAGE_ENTRIES_MAX)?;
    Ok(Answer::ok(app.chat.conversations(&actor, filter, cursor.as_deref(), limit).await?))
}

/// Create a conversation
///
/// You become its owner. There is one direct conversation for each pair of people: asking for it again gives it back
/// with 200.
#[utoipa::path(post, path = "/conversations", tag = "conversations", operation_id = "createConversation", request_body = CreateConversation,
    responses(
        (status = 201, description = "Created", body = Conversation),
        (status = 200, description = "The direct conversation that was there before", body = Conversation)))]
pub(super) async fn create(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Json(create): Json<CreateConversation>,
) -> Result<Answer<Conversation>, Failure> {
    let command = Command::CreateConversation(create);
    let (conversation, existed) = reply::conversation(&app, &actor, command).await?;
    Ok(Answer::created(conversation, existed))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ChannelParameters {
    /// What the name contains. Without it: all of them.
    #[param(max_length = 128, example = "harbour")]
    query: Option<String>,
    /// Entries on the page.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<u32>,
    /// Where the page begins: `meta.nextCursor` of the page before.
    cursor: Option<String>,
}

/// Find public channels
///
/// In the order of their names.
#[utoipa::path(get, path = "/conversations/public", tag = "conversations", operation_id = "listPublicChannels", params(ChannelParameters),
    responses((status = 200, description = "A page of channels", body = Page<PublicChannel>)))]
pub(super) async fn public(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Parameters(parameters): Parameters<ChannelParameters>,
) -> Result<Answer<Page<PublicChannel>>, Failure> {
    let ChannelParameters { query, limit: asked, cursor } = parameters;
    let (query, limit) = (query.unwrap_or_default(), limit(asked, limits::PAGE_ENTRIES_MAX)?);
    Ok(Answer::ok(app.chat.public_channels(&actor, &query, cursor.as_deref(), limit).await?))
}

/// Count what is unread
///
/// Over all your conversations that are neither muted nor archived; mentions of you over all of them.
#[utoipa::path(get, path = "/conversations/unread-count", tag = "conversations", operation_id = "countUnread",
    responses((status = 200, description = "How much it is", body = UnreadTotal)))]
pub(super) async fn unread_count(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
) -> Result<Answer<UnreadTotal>, Failure> {
    Ok(Answer::ok(app.chat.unread_total(&actor).await?))
}

/// Get the direct conversation with somebody
///
/// It is created if there is none. Where one of the two has blocked the other, it is only found under its id.
#[utoipa::path(get, path = "/conversations/with/{username}", tag = "conversations", operation_id = "getDirectConversation",
    params(("username" = String, Path, description = "A username or id", example = "bob")),
    responses((status = 200, description = "The conversation", body = Conversation)))]
pub(super) async fn with(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(name): Id<String>,
) -> Result<Answer<Conversation>, Failure> {
    if let Some(conversation) = app.chat.direct(&actor, &name).await? {
        return Ok(Answer::ok(conversation));
    }
    // Only now is it known that one will be created, which counts as such.
    Toll::of(&app).pay(Rate::Conversations, Who::User(actor.id()))?;
    let (conversation, _) = reply::conversation(&app, &actor, Command::OpenDirect(name)).await?;
    Ok(Answer::ok(conversation))
}

/// Get a conversation
#[utoipa::path(get, path = "/conversations/{id}", tag = "conversations", operation_id = "getConversation",
    params(("id" = ConversationId, Path, description = "The conversation")),
    responses((status = 200, description = "The conversation", body = Conversation)))]
pub(super) async fn get(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<ConversationId>,
) -> Result<Answer<Conversation>, Failure> {
    Ok(Answer::ok(app.chat.conversation(&actor, id).await?))
}

/// Replace a conversation's name and topic
///
/// A name is required, and an absent topic clears it. An absent visibility or status stays. For admins.
#[utoipa::path(put, path = "/conversations/{id}", tag = "conversations", operation_id = "replaceConversation", request_body = UpdateConversation,
    params(("id" = ConversationId, Path, description = "The conversation")),
    responses((status = 200, description = "The conversation as it is now", body = Conversation)))]
pub(super) async fn replace(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<ConversationId>,
    Json(update): Json<UpdateConversation>,
) -> Result<Answer<Conversation>, Failure> {
    // What is absent is empty here: as a topic that is none, and as a name the domain refuses it.
    let (name, topic) = (update.name.unwrap_or_default(), update.topic.unwrap_or_default());
    let update = UpdateConversation { name: Some(name), topic: Some(topic), ..update };
    let command = Command::UpdateConversation(id, update);
    Ok(Answer::ok(reply::conversation(&app, &actor, command).await?.0))
}

/// Change a conversation
///
/// What is absent stays. For admins.
#[utoipa::path(patch, path = "/conversations/{id}", tag = "conversations", operation_id = "updateConversation", request_body = UpdateConversation,
    params(("id" = ConversationId, Path, description = "The conversation")),
    responses((status = 200, description = "The conversation as it is now", body = Conversation)))]
pub(super) async fn update(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<ConversationId>,
    Json(update): Json<UpdateConversation>,
) -> Result<Answer<Conversation>, Failure> {
    let command = Command::UpdateConversation(id, update);
    Ok(Answer::ok(reply::conversation(&app, &actor, command).await?.0))
}

/// Delete a conversation
///
/// With all that is in it, for everybody. For the owner.
#[utoipa::path(delete, path = "/conversations/{id}", tag = "conversations", operation_id = "deleteConversation",
    params(("id" = ConversationId, Path, description = "The conversation")),
    responses((status = 204, description = "It is gone")))]
pub(super) async fn delete(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<ConversationId>,
) -> Result<StatusCode, Failure> {
    reply::done(&app, &actor, Command::DeleteConversation(id)).await
}

/// Mute, pin or archive a conversation
///
/// For yourself; nobody else sees it. What is absent stays.
#[utoipa::path(patch, path = "/conversations/{id}/me", tag = "conversations", operation_id = "updateConversationMe", request_body = UpdateMe,
    params(("id" = ConversationId, Path, description = "The conversation")),
    responses((status = 200, description = "Your own relation to it", body = Me)))]
pub(super) async fn update_me(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<ConversationId>,
    Json(update): Json<UpdateMe>,
) -> Result<Answer<Me>, Failure> {
    match app.chat.execute(&actor, Command::UpdateMe(id, update)).await? {
        Reply::Me(me) => Ok(Answer::ok(me)),
        other => Err(unexpected(&other)),
    }
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct EventParameters {
    /// The last position that you have; 0 for the whole log.
    #[param(value_type = Option<u64>, default = 0)]
    after: Option<Seq>,
    /// `meta.nextCursor` of the page before; the same as `after`.
    #[param(value_type = Option<u64>)]
    cursor: Option<Seq>,
    /// Entries on the page.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<u32>,
}

/// Get what happened since
///
/// The durable events of the conversation after a position, in order and without gaps, for healing a gap. To go on,
/// pass `meta.nextCursor` as `cursor`, or the `seq` of the last event as `after`.
#[utoipa::path(get, path = "/conversations/{id}/events", tag = "conversations", operation_id = "listEvents",
    params(("id" = ConversationId, Path, description = "The conversation"), EventParameters),
    responses((status = 200, description = "A page of events", body = Page<Event>)))]
pub(super) async fn events(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Id(id): Id<ConversationId>,
    Parameters(parameters): Parameters<EventParameters>,
) -> Result<Answer<Page<Event>>, Failure> {
    let limit = limit(parameters.limit, limits::EVENTS_PAGE_ENTRIES_MAX)?;
    if parameters.after.is_some() && parameters.cursor.is_some() {
        let detail = "cursor and after exclude each other: pass one of them";
        return Err(Failure::new(ErrorCode::InvalidParameter, detail));
    }
    let after = parameters.cursor.or(parameters.after);
    Ok(Answer::ok(app.chat.events(&actor, id, after.unwrap_or_default(), limit).await?))
}
