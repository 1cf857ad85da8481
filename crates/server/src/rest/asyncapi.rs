//! The AsyncAPI document: the protocol's catalogue of frames, in the form that tools for sockets read.

use super::openapi::{Examples, problem_example};
use natter_protocol::catalogue::{
    self, ACK, Answer, CLIENT_TYPES, CLOSES, ClientType, Delivery, ERROR, Payload, SERVER_TYPES, Schemas,
    ServerType,
};
use natter_protocol::{ErrorCode, limits};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// The name of the one channel.
const CHANNEL: &str = "socket";

/// The AsyncAPI document.
pub(super) fn document() -> Value {
    let schemas = schemas();
    let messages = messages(&Examples::of_schemas(schemas.clone()));
    let listed: Map<String, Value> =
        messages.keys().map(|name| (name.clone(), refer(&format!("components/messages/{name}")))).collect();
    let security =
        ["ticket", "token", "bearer"].map(|way| refer(&format!("components/securitySchemes/{way}")));
    let mut document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Natter's sockets",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Real-time messaging. A socket carries what happens as it happens, and takes what a client \
                wants to change; each write means the same as its request of the REST API, which `/api/openapi.json` \
                describes.",
            "license": { "name": "Apache-2.0" },
        },
        "defaultContentType": "application/json",
        "servers": {
            "natter": {
                "host": "{host}",
                "protocol": "ws",
                "description": "`wss` where the server is reached by HTTPS.",
                "variables": { "host": { "default": "127.0.0.1:8080" } },
                "security": security,
            },
        },
        "channels": {
            CHANNEL: {
                "address": "/api/v1/ws",
                "title": "The socket",
                "description": channel_description(),
                "servers": [refer("servers/natter")],
                "messages": listed,
                "bindings": { "ws": handshake() },
            },
        },
        "operations": operations(),
        "components": { "messages": messages, "schemas": schemas, "securitySchemes": security_schemes() },
    });
    simplify(&mut document);
    document
}

/// Every type that is in a frame, by its name.
fn schemas() -> Map<String, Value> {
    let schemas = catalogue::schemas().into_iter();
    schemas.filter_map(|(name, schema)| Some((name, serde_json::to_value(schema).ok()?))).collect()
}

fn channel_description() -> String {
    let mut text = format!(
        "Text frames, one JSON object each, of at most {} KiB. Ignore types and fields that you do not know.\n\n\
         Over Socket.IO, at `/socket.io`, each `type` is the name of an event, its argument is the `payload`, and the \
         callback gets the payload of the answer, or `{{error: problem}}`. There are three events more: \
         `join_room {{room}}`, `leave_room {{room}}` and `send_message {{room, content, clientMessageId?}}`, where the room \
         is the id of a conversation or the name of a public channel.\n\n\
         | Close code | Meaning | What to do |\n|---|---|---|\n",
        limits::FRAME_BYTES_MAX / 1024
    );
    for close in CLOSES {
        // Writing to a string does not fail.
        let _ = writeln!(text, "| {} | {} | {} |", close.code.code(), close.meaning, close.advice);
    }
    text
}

/// What is asked with the opening request.
fn handshake() -> Value {
    let secret = |description: &str| json!({ "type": "string", "description": description });
    json!({
        "method": "GET",
        "query": {
            "type": "object",
            "properties": {
                "ticket": secret("A ticket of `POST /auth/ticket`, which opens one socket within 30 seconds."),
                "token": secret("An access token. Addresses are written to logs: a ticket is better."),
            },
        },
        "headers": {
            "type": "object",
            "properties": { "Authorization": secret("`Bearer` and an access token, where headers can be set.") },
        },
        "bindingVersion": "0.1.0",
    })
}

fn security_schemes() -> Value {
    json!({
        "ticket": { "type": "httpApiKey", "in": "query", "name": "ticket" },
        "token": { "type": "httpApiKey", "in": "query", "name": "token" },
        "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
    })
}

/// Seen from the server, as the specification wants it: it receives what clients send.
fn operations() -> Map<String, Value> {
    let channel = refer(&format!("channels/{CHANNEL}"));
    let listed = |name: &str| refer(&format!("channels/{CHANNEL}/messages/{name}"));
    let receive = CLIENT_TYPES.iter().map(|kind| {
        let operation = json!({
            "action": "receive",
            "channel": channel,
            "summary": kind.summary,
            "messages": [listed(kind.name)],
            "reply": { "channel": channel, "messages": [listed(&answer_name(kind)), listed(ERROR)] },
        });
        (kind.name.to_owned(), operation)
    });
    let send = SERVER_TYPES.iter().filter(|kind| !answers(kind.name)).map(|kind| {
        let operation = json!({
            "action": "send",
            "channel": channel,
            "summary": kind.summary,
            "messages": [listed(kind.name)],
        });
        (kind.name.to_owned(), operation)
    });
    receive.chain(send).collect()
}

fn messages(examples: &Examples) -> Map<String, Value> {
    let mut messages = Map::new();
    for kind in CLIENT_TYPES {
        let id = "Chosen by the client, and repeated in the answer; without it nothing is acknowledged.";
        let envelope = Envelope { kind: kind.name, id: Some(id), payload: kind.payload };
        messages.insert(kind.name.to_owned(), envelope.message(kind.summary, &[], examples));
        if let Answer::Ack(payload) = kind.answer {
            let envelope = Envelope { kind: ACK, id: Some(ANSWERED), payload };
            let summary = format!("{} is done, and committed", kind.name);
            messages.insert(answer_name(kind), envelope.message(&summary, &[], examples));
        }
    }
    for kind in SERVER_TYPES {
        let id = answers(kind.name).then_some(ANSWERED);
        let envelope = Envelope { kind: kind.name, id, payload: Some(kind.payload) };
        messages.insert(kind.name.to_owned(), envelope.message(kind.summary, &[tag(kind)], examples));
    }
    messages
}

const ANSWERED: &str = "That of the frame that this one answers, if it had one.";

/// The name of the message that answers a client.
fn answer_name(kind: &ClientType) -> String {
    match kind.answer {
        Answer::Ack(_) => format!("{}.{ACK}", kind.name),
        Answer::Frame(name) => name.to_owned(),
    }
}

/// Whether a type of the server answers a client.
fn answers(name: &str) -> bool {
    name == ERROR
        || CLIENT_TYPES.iter().any(|kind| matches!(kind.answer, Answer::Frame(answer) if answer == name))
}

fn tag(kind: &ServerType) -> Value {
    let (name, description) = match kind.delivery {
        Delivery::Log => {
            ("log", "Durable and numbered: nothing is missing, nothing comes twice, in the order of `seq`.")
        }
        Delivery::Connection => ("connection", "Told to one connection."),
        Delivery::Latest => {
            ("latest", "The latest state. Nothing is replayed, and a slow connection may miss some.")
        }
    };
    json!({ "name": name, "description": description })
}

/// A whole frame.
struct Envelope {
    kind: &'static str,
    /// What is to be said of its id; none: it never has one.
    id: Option<&'static str>,
    payload: Option<Payload>,
}

impl Envelope {
    fn message(&self, summary: &str, tags: &[Value], examples: &Examples) -> Value {
        let mut properties = Map::new();
        let mut example = Map::new();
        if let Some(description) = self.id {
            let id = json!({ "type": "string", "maxLength": limits::FRAME_ID_CHARS_MAX, "description": description });
            properties.insert("id".to_owned(), id);
            example.insert("id".to_owned(), json!("c1"));
        }
        properties.insert("type".to_owned(), json!({ "type": "string", "const": self.kind }));
        example.insert("type".to_owned(), json!(self.kind));
        let schema = match self.payload {
            Some(payload) => json!(payload.describe(&mut Schemas::new())),
            None => json!({ "type": "object", "properties": {} }),
        };
        let shown = match self.kind {
            // Put together from its fields it would be of no code.
            ERROR => Some(json!(problem_example(ErrorCode::UnknownType))),
            _ => examples.example(&schema),
        };
        example.insert("payload".to_owned(), shown.unwrap_or_default());
        properties.insert("payload".to_owned(), schema);
        // What would be empty may be absent.
        let required = if self.payload.is_some() { json!(["type", "payload"]) } else { json!(["type"]) };
        let mut message = json!({
            "name": self.kind,
            "title": self.kind,
            "summary": summary,
            "payload": { "type": "object", "required": required, "properties": properties },
            "examples": [{ "payload": example }],
        });
        if self.id.is_some() {
            message["correlationId"] = json!({ "location": "$message.payload#/id" });
        }
        if !tags.is_empty() {
            message["tags"] = json!(tags);
        }
        message
    }
}

fn refer(to: &str) -> Value {
    json!({ "$ref": format!("#/{to}") })
}

/// Schemas of OpenAPI become plain JSON Schema, where a reference has nothing beside it and examples are a list.
fn simplify(document: &mut Value) {
    match document {
        Value::Object(fields) => {
            fields.values_mut().for_each(simplify);
            if let Some(example) = fields.remove("example") {
                fields.insert("examples".to_owned(), json!([example]));
            }
            if fields.len() > 1
                && let Some(reference) = fields.remove("$ref")
            {
                fields.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
            }
        }
        Value::Array(entries) => entries.iter_mut().for_each(simplify),
        _ => {}
    }
}
