//! A program without an account, what it is answered, and each test on each database.

use anyhow::{Context as _, Result, ensure};
use natter_protocol::{Conversation, ConversationId, ErrorCode, Page, Problem, Seq};
use natter_testkit::natter::Natter;
use natter_testkit::person::Person;
use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

/// Until something happens that a test waits for.
pub(crate) const TIME_MAX: Duration = Duration::from_secs(30);

/// Runs each test on each database.
macro_rules! on_both_databases {
    ($($test:ident,)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() -> anyhow::Result<()> {
                super::$test(crate::natter().start().await?).await
            })*
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() -> anyhow::Result<()> {
                let database = natter_testkit::postgres::database()?;
                super::$test(crate::natter().database(database.url()).start().await?).await
            })*
        }
    };
}
pub(crate) use on_both_databases;

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn to(request: RequestBuilder) -> Result<Self> {
        let answer = request.send().await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        Ok(Self { status, headers, text: answer.text().await? })
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Result<Value> {
        ensure!(self.header("content-type") == "application/json", "{self:?}");
        Ok(serde_json::from_str(&self.text)?)
    }

    /// The problem, which must be of this code and complete.
    pub(crate) fn problem(&self, code: ErrorCode) -> Result<Problem> {
        ensure!(self.header("content-type") == "application/problem+json", "{self:?}");
        let problem: Problem = serde_json::from_str(&self.text)?;
        ensure!(problem.code == code, "{problem:?} instead of {code}");
        ensure!(self.status.as_u16() == code.status() && problem.status == code.status(), "{self:?}");
        ensure!(problem.title == code.title() && !problem.detail.is_empty(), "{problem:?}");
        ensure!(problem.kind == format!("/api/docs/errors/{code}"), "{problem:?}");
        ensure!(problem.retriable == code.retriable(), "{problem:?}");
        ensure!(problem.request_id == self.header("x-request-id"), "{self:?}");
        Ok(problem)
    }
}

/// Asks without an account.
pub(crate) async fn ask(natter: &Natter, method: Method, path: &str) -> Result<Answer> {
    Answer::to(client()?.request(method, natter.url(path))).await
}

/// Posts JSON without an account.
pub(crate) async fn post(natter: &Natter, path: &str, body: &Value) -> Result<Answer> {
    Answer::to(client()?.post(natter.url(path)).json(body)).await
}

/// A client that goes where it is told, and nowhere else.
pub(crate) fn client() -> Result<reqwest::Client> {
    Ok(reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?)
}

/// An opening handshake that is expected to be refused. A header of its own replaces the usual one.
pub(crate) async fn handshake(natter: &Natter, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
    let usual = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let mut map = HeaderMap::new();
    for (name, value) in usual.iter().chain(headers) {
        map.insert(HeaderName::try_from(*name)?, value.parse()?);
    }
    Answer::to(client()?.get(natter.url(path)).headers(map)).await
}

/// Asks as somebody; it must be refused with this code.
pub(crate) async fn refused(
    person: &Person,
    method: Method,
    path: &str,
    body: Option<Value>,
    code: ErrorCode,
) -> Result<Problem> {
    let (status, answer) = person.request(method, path, body).await?;
    let problem: Problem =
        serde_json::from_value(answer.clone()).with_context(|| format!("{path}: {status} {answer}"))?;
    ensure!(
        problem.code == code && status.as_u16() == code.status(),
        "{path}: {problem:?} instead of {code}"
    );
    Ok(problem)
}

/// The fields that a problem complains about.
pub(crate) fn fields(problem: &Problem) -> Vec<&str> {
    let mut fields: Vec<_> = problem.errors.iter().map(|error| error.field.as_str()).collect();
    fields.dedup();
    fields
}

/// Asks again until the answer is there. For what nothing announces.
pub(crate) async fn eventually<T>(mut ask: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let asking = async {
        loop {
            if let Some(answer) = ask().await? {
                return Ok(answer);
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(TIME_MAX, asking).await.context("it does not happen")?
}

/// Asks as somebody; it must be answered with this status. For 204 there is nothing to read.
pub(crate) async fn answered<T: DeserializeOwned>(
    person: &Person,
    method: Method,
    path: &str,
    body: Option<Value>,
    status: StatusCode,
) -> Result<T> {
    let (got, answer) = person.request(method, path, body).await?;
    ensure!(got == status, "{path}: {got} instead of {status}: {answer}");
    serde_json::from_value(answer.clone()).with_context(|| format!("{path}: {answer}"))
}

/// Asks as somebody for what ends with 204.
pub(crate) async fn done(person: &Person, method: Method, path: &str, body: Option<Value>) -> Result<()> {
    answered(person, method, path, body, StatusCode::NO_CONTENT).await
}

/// The types of the events in a conversation's log past a position, in order.
pub(crate) async fn happened(person: &Person, id: ConversationId, after: Seq) -> Result<Vec<String>> {
    let path = format!("/conversations/{id}/events?limit=1000&after={after}");
    let page: Page<Value> = person.get(&path).await?;
    Ok(page.data.iter().map(|event| event["type"].as_str().unwrap_or_default().to_owned()).collect())
}

/// A conversation as somebody sees it.
pub(crate) async fn seen(person: &Person, id: ConversationId) -> Result<Conversation> {
    person.get(&format!("/conversations/{id}")).await
}
