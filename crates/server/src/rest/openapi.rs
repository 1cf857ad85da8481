//! The OpenAPI document: what the handlers say of themselves, and what holds for all of them.
//!
//! A handler describes what it takes and what it answers when it succeeds. What it can answer otherwise follows from its
//! form and from one table, and each example follows from the type that it is an example of; so neither is written twice.

mod examples;
mod problems;

pub(super) use examples::Examples;
pub(super) use problems::example as problem_example;

use super::middleware::{IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED, REQUEST_ID};
use crate::limit;
use http::{HeaderName, header};
use natter_protocol::catalogue;
use serde_json::{Value, json};
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, Content, ObjectBuilder, OpenApi, Ref, RefOr, Required, Response, Type};
use utoipa::{Modify, OpenApi as _};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Natter",
        description = "Real-time messaging.\n\n\
            Errors are `application/problem+json` (RFC 9457) with a stable `code`; [each has a page](/api/docs/errors/). \
            Lists answer `{data, meta: {nextCursor, hasMore}}`; pass `meta.nextCursor` as `cursor` to go on. \
            A write can carry an `Idempotency-Key`, and is then safe to repeat. Ids are UUIDs, times are RFC 3339 in UTC. \
            Unknown fields and parameters are ignored. What you may not see answers as if it did not exist. \
            What travels on sockets is [described apart](/api/asyncapi.json).",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "auth", description = "Signing up, signing in, staying signed in"),
        (name = "users", description = "People"),
        (name = "sessions", description = "Your sign-ins, and your password"),
        (name = "blocks", description = "Keeping people away"),
        (name = "conversations", description = "Direct, group and channel conversations"),
        (name = "members", description = "Who is in a conversation, and what they may do"),
        (name = "invites", description = "Links that let people in"),
        (name = "messages", description = "Messages"),
        (name = "files", description = "Files: sending, fetching, links to them"),
        (name = "reactions", description = "Emoji under messages"),
        (name = "receipts", description = "What is read"),
        (name = "pins", description = "Messages on top of their conversation"),
        (name = "drafts", description = "Texts that are not sent yet"),
        (name = "scheduled messages", description = "Messages that are sent later"),
        (name = "search", description = "Finding messages"),
        (name = "admin", description = "Running the installation")
    ),
    security(("token" = [])),
    modifiers(&Token)
)]
struct Base;

struct Token;

impl Modify for Token {
    fn modify(&self, openapi: &mut OpenApi) {
        let token = Http::builder().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        openapi
            .components
            .get_or_insert_default()
            .security_schemes
            .insert("token".to_owned(), SecurityScheme::Http(token).into());
    }
}

/// What the parameter of a write is called among the components.
const KEY_PARAMETER: &str = "IdempotencyKey";

pub(super) fn base() -> OpenApi {
    let mut openapi = Base::openapi();
    // What only sockets carry, too: clients generate their types from this document.
    openapi.components.get_or_insert_default().schemas.extend(catalogue::schemas());
    openapi
}

/// Adds to the writes that they take an `Idempotency-Key`.
pub(super) fn take_key(openapi: &mut OpenApi) {
    for item in openapi.paths.paths.values_mut() {
        for operation in writes(item) {
            let key = Ref::new(format!("#/components/parameters/{KEY_PARAMETER}"));
            operation.parameters.get_or_insert_default().push(RefOr::Ref(key));
        }
    }
}

/// Adds what holds for all operations: problems, headers and examples.
pub(super) fn finish(mut openapi: OpenApi) -> OpenApi {
    let mut components = openapi.components.take().unwrap_or_default();
    let examples = Examples::new(&components);
    for item in openapi.paths.paths.values_mut() {
        for operation in [&mut item.get, &mut item.head, &mut item.options].into_iter().flatten() {
            complete(operation, Form::Read, &examples, &mut components);
        }
        for operation in writes(item) {
            let keyed = operation.parameters.iter().flatten().any(|one| matches!(one, RefOr::Ref(_)));
            let form = if keyed { Form::KeyedWrite } else { Form::Write };
            complete(operation, form, &examples, &mut components);
        }
    }
    components.parameters.insert(KEY_PARAMETER.to_owned(), key_parameter());
    components.headers.extend(headers());
    openapi.components = Some(components);
    openapi
}

/// What an operation does to the server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Read,
    Write,
    /// A write that takes an `Idempotency-Key`.
    KeyedWrite,
}

fn writes(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.put, &mut item.post, &mut item.patch, &mut item.delete].into_iter().flatten()
}

fn complete(operation: &mut Operation, form: Form, examples: &Examples, components: &mut Components) {
    exemplify(operation, examples, components);
    let replayed = (form == Form::KeyedWrite).then_some(IDEMPOTENCY_REPLAYED);
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            add_headers(response, replayed.clone());
        }
    }
    problems::document(operation, form, components);
}

/// Gives each body of an operation, asked or answered, the example of its type.
fn exemplify(operation: &mut Operation, examples: &Examples, components: &mut Components) {
    let asked = operation.request_body.as_mut().and_then(|body| match body {
        RefOr::T(body) => Some(body.content.values_mut()),
        RefOr::Ref(_) => None,
    });
    let answered = operation.responses.responses.values_mut().filter_map(|response| match response {
        RefOr::T(response) => Some(response.content.values_mut()),
        RefOr::Ref(_) => None,
    });
    for content in asked.into_iter().flatten().chain(answered.flatten()) {
        if let RefOr::T(content) = content
            && let Some((name, value)) = examples.of(content)
        {
            show(content, &name);
            let example = ExampleBuilder::new().value(Some(value)).build();
            components.examples.insert(name, example.into());
        }
    }
}

/// Shows an example of the components.
fn show(content: &mut Content, name: &str) {
    let reference = Ref::new(format!("#/components/examples/{name}"));
    content.examples.insert(name.to_owned(), RefOr::Ref(reference));
}

/// Says that a response carries the headers that all have, and perhaps one more.
fn add_headers(response: &mut Response, more: Option<HeaderName>) {
    for name in [REQUEST_ID, limit::LIMIT, limit::REMAINING, limit::RESET].into_iter().chain(more) {
        let reference = Ref::new(format!("#/components/headers/{name}"));
        response.headers.insert(name.to_string(), RefOr::Ref(reference));
    }
}

/// The headers among the components.
fn headers() -> impl Iterator<Item = (String, RefOr<Header>)> {
    let header = |name: HeaderName, kind: Type, description: &str, example: Value| {
        let header = HeaderBuilder::new()
            .schema(Some(ObjectBuilder::new().schema_type(kind)))
            .description(Some(description))
            .example(Some(example))
            .build();
        (name.to_string(), header.into())
    };
    let id = "0190163d-8694-739b-aea5-966c26f8ad91";
    [
        header(REQUEST_ID, Type::String, "Finds the request in the server's logs.", json!(id)),
        header(
            limit::LIMIT,
            Type::Integer,
            "How often this may be done in a minute; absent if there is no limit. Of several limits, the one of which \
             the least is left.",
            json!(600),
        ),
        header(limit::REMAINING, Type::Integer, "How much of that is left.", json!(599)),
        header(limit::RESET, Type::Integer, "Seconds until all of it is back.", json!(60)),
        header(header::RETRY_AFTER, Type::Integer, "Seconds to wait before the next attempt.", json!(1)),
        header(
            header::WWW_AUTHENTICATE,
            Type::String,
            "How to prove who is asking.",
            json!("Bearer"),
        ),
        header(
            IDEMPOTENCY_REPLAYED,
            Type::String,
            "`true` when this is the answer to an earlier request with the same `Idempotency-Key`.",
            json!("true"),
        ),
    ]
    .into_iter()
}

fn key_parameter() -> RefOr<utoipa::openapi::path::Parameter> {
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(255))
        .pattern(Some("^[!-~]+$"))
        .examples([json!("9f2c1a70-order-17")]);
    ParameterBuilder::new()
        .name(IDEMPOTENCY_KEY.as_str())
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Your own key for this request. A repeat with the same key is answered with the first answer for a day.",
        ))
        .schema(Some(schema))
        .build()
        .into()
}
