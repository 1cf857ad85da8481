//! `/health`, `/health/ready` and `/metrics`, for whoever watches over the server.

use super::Failure;
use super::body::Answer;
use crate::app::App;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use natter_protocol::ErrorCode;
use serde_json::{Value, json};

/// The process answers.
pub(super) async fn alive() -> Answer<Value> {
    Answer::ok(json!({ "status": "ok" }))
}

/// The process can do its work: the database answers, and it is not shutting down. Without the virus scanner it can do
/// less, which is said and is no reason to send nobody here.
pub(super) async fn ready(State(app): State<App>) -> Result<Answer<Value>, Failure> {
    if app.stopping.is_cancelled() {
        return Err(Failure::new(ErrorCode::Unavailable, "the server is shutting down"));
    }
    // Somebody waits for the database already.
    if app.hub.is_suspended() {
        return Err(Failure::new(ErrorCode::Unavailable, "the database does not answer"));
    }
    app.chat.ping().await?;
    let mut answer = json!({ "status": "ok", "connections": app.hub.connections() });
    if let Some(answers) = app.chat.scanner_answers().await {
        answer["scanner"] = if answers { "ok" } else { "unavailable" }.into();
        if !answers {
            answer["status"] = "degraded".into();
        }
    }
    Ok(Answer::ok(answer))
}

/// In Prometheus' text format.
pub(super) async fn metrics(State(app): State<App>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.render())
        .into_response()
}
