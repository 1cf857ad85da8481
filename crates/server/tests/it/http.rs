//! What every request is: a body that can be read, a method that is taken, a name in the logs.

use crate::natter;
use crate::support::{Answer, ask, client, on_both_databases};
use anyhow::{Context as _, Result};
use natter_protocol::ErrorCode;
use natter_testkit::natter::Natter;
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::collections::HashSet;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

on_both_databases! {
    a_body_must_be_json_of_the_right_shape,
}

const LOGIN: &str = "/api/v1/auth/login";

async fn a_body_must_be_json_of_the_right_shape(natter: Natter) -> Result<()> {
    let send = async |content_type: &str, body: String| {
        Answer::to(client()?.post(natter.url(LOGIN)).header("content-type", content_type).body(body)).await
    };
    let good = json!({ "username": "nobody", "password": "nothing" }).to_string();
    for content_type in ["application/json", "application/json; charset=utf-8", "Application/JSON"] {
        send(content_type, good.clone()).await?.problem(ErrorCode::InvalidCredentials)?;
    }
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json", ""]
    {
        let answer = send(content_type, good.clone()).await?;
        answer.problem(ErrorCode::UnsupportedMediaType).with_context(|| content_type.to_owned())?;
    }
    let nested = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    for body in [
        String::new(),
        "{".to_owned(),
        format!("{good} x"),
        r#"{"username":"x"}"#.to_owned(),
        r#"{"username":7,"password":"x"}"#.to_owned(),
        r#"{"username":"x","username":"y","password":"x"}"#.to_owned(),
        "\u{feff}{}".to_owned(),
        r#"{"username":"\ud800","password":"x"}"#.to_owned(),
        nested.clone(),
    ] {
        let answer = send("application/json", body.clone()).await?;
        let problem = answer.problem(ErrorCode::InvalidJson)?;
        assert!(problem.detail.starts_with("the body: "), "{problem:?}");
    }
    // What a later version may add is not looked into, however deep it goes.
    let ignored = format!(r#"{{"later":{nested},{}"#, &good[1..]);
    send("application/json", ignored).await?.problem(ErrorCode::InvalidCredentials)?;
    Ok(())
}

#[tokio::test]
async fn a_body_has_a_limit_whether_its_length_is_announced_or_not() -> Result<()> {
    let natter = natter().env("NATTER_LIMITS_BODY_BYTES_MAX", "1024").start().await?;
    let body = |length: usize| format!("{}{{}}", " ".repeat(length - 2));
    let send = |length| client().map(|client| client.post(natter.url(LOGIN)).body(body(length)));
    let json = ("content-type", "application/json");
    let fits = Answer::to(send(1024)?.header(json.0, json.1)).await?;
    fits.problem(ErrorCode::InvalidJson)?;
    let problem =
        Answer::to(send(1025)?.header(json.0, json.1)).await?.problem(ErrorCode::PayloadTooLarge)?;
    assert!(problem.detail.contains("1024"), "{problem:?}");

    let mut stream = TcpStream::connect(natter.address()).await?;
    let head = format!(
        "POST {LOGIN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(format!("800\r\n{}\r\n", " ".repeat(0x800)).as_bytes()).await?;
    let mut status = [0; 12];
    stream.read_exact(&mut status).await?;
    assert_eq!(&status, b"HTTP/1.1 413");
    Ok(())
}

#[tokio::test]
async fn a_method_that_is_not_taken_is_told_which_are() -> Result<()> {
    let natter = natter().start().await?;
    for (method, path, allow) in [
        (Method::DELETE, "/api/v1/conversations", "GET,HEAD,POST"),
        (Method::GET, LOGIN, "POST"),
        (Method::PUT, "/api/v1/users/me", "GET,HEAD,PATCH"),
        (Method::POST, "/health", "GET,HEAD"),
        (Method::POST, "/api/v1/ws", "GET,HEAD"),
        (Method::PATCH, "/api/openapi.json", "GET,HEAD"),
        (Method::POST, "/", "GET,HEAD"),
        (Method::DELETE, "/index.html", "GET,HEAD"),
    ] {
        let answer = ask(&natter, method.clone(), path).await?;
        answer.problem(ErrorCode::MethodNotAllowed).with_context(|| format!("{method} {path}"))?;
        let mut methods: Vec<_> = answer.header("allow").split(',').map(str::trim).collect();
        methods.sort_unstable();
        assert_eq!(methods.join(","), allow, "{method} {path}");
    }
    Ok(())
}

#[tokio::test]
async fn whom_a_request_is_for_is_said_once() -> Result<()> {
    let natter = natter().start().await?;
    for (head, status) in [
        ("GET /health HTTP/1.1\r\nHost: x\r\n", "200"),
        ("GET /health HTTP/1.1\r\n", "400"),
        ("GET /health HTTP/1.1\r\nHost: x\r\nHost: x\r\n", "400"),
        ("GET /api/v1/users/me HTTP/1.1\r\nHost: x\r\nHost: y\r\n", "400"),
        ("GET /health HTTP/1.0\r\n", "200"),
    ] {
        let mut stream = TcpStream::connect(natter.address()).await?;
        stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        assert_eq!(answer.split(' ').nth(1), Some(status), "{head}: {answer}");
        assert_eq!(answer.contains("\"invalid_header\""), status == "400", "{head}: {answer}");
    }
    Ok(())
}

/// What cannot be read is refused by hyper, which knows nothing of problems.
#[tokio::test]
async fn a_head_has_a_limit() -> Result<()> {
    const HEAD_BYTES_MAX: usize = 64 * 1024;
    let natter = natter().start().await?;
    let head = |bytes: usize| {
        let begin = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Long: ";
        format!("{begin}{}\r\n\r\n", "x".repeat(bytes - begin.len() - 4))
    };
    let many = |headers: usize| {
        let more = "X-More: x\r\n".repeat(headers - 2);
        format!("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n")
    };
    for (what, head, status) in [
        ("as long as may be", head(HEAD_BYTES_MAX), "200"),
        ("a byte longer", head(HEAD_BYTES_MAX + 1), "431"),
        ("as many as may be", many(100), "200"),
        ("one more", many(101), "431"),
        ("no HTTP", "hello\r\n\r\n".to_owned(), "400"),
    ] {
        let mut stream = TcpStream::connect(natter.address()).await?;
        stream.write_all(head.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        assert_eq!(answer.split(' ').nth(1), Some(status), "{what}: {answer}");
    }
    Ok(())
}

#[tokio::test]
async fn every_request_has_an_id_and_a_harmless_one_is_kept() -> Result<()> {
    let natter = natter().start().await?;
    let asked = async |id: &str| {
        let answer =
            Answer::to(client()?.get(natter.url("/api/v1/users/me")).header("x-request-id", id)).await?;
        Ok::<_, anyhow::Error>(answer.problem(ErrorCode::Unauthenticated)?.request_id)
    };
    for id in ["r", "6f9619ff-8b86.d011_B42D", &"x".repeat(64)] {
        assert_eq!(asked(id).await?, id);
    }
    let mut drawn = HashSet::new();
    for id in ["", "two words", "new\tline", "<script>", "ä", &"x".repeat(65)] {
        let own = asked(id).await?;
        assert!(own != id && !own.is_empty() && drawn.insert(own), "{id:?}");
    }
    Ok(())
}

#[tokio::test]
async fn head_is_get_without_the_body() -> Result<()> {
    let natter = natter().start().await?;
    for path in ["/health", "/metrics", "/api/openapi.json", "/api/docs/"] {
        let head = ask(&natter, Method::HEAD, path).await?;
        assert_eq!((head.status, &*head.text), (StatusCode::OK, ""), "{path}");
    }
    let head = ask(&natter, Method::HEAD, "/api/v1/users/me").await?;
    assert_eq!(head.status, StatusCode::UNAUTHORIZED);
    Ok(())
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_their_turn() -> Result<()> {
    let natter = natter().env("NATTER_LIMITS_CONNECTIONS_MAX", "2").start().await?;
    let request = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut answer = [0; 12];
    let mut first = TcpStream::connect(natter.address()).await?;
    let mut second = TcpStream::connect(natter.address()).await?;
    for stream in [&mut first, &mut second] {
        stream.write_all(request).await?;
        stream.read_exact(&mut answer).await?;
        assert_eq!(&answer, b"HTTP/1.1 200");
    }
    let mut third = TcpStream::connect(natter.address()).await?;
    third.write_all(request).await?;
    // Meanwhile the others are served, so there is time for the third one; just no room.
    for _ in 0..20 {
        second.write_all(request).await?;
        let mut some = [0; 64];
        assert!(second.read(&mut some).await? > 0);
    }
    assert!(third.try_read(&mut answer).is_err(), "the third connection was taken");
    drop(first);
    third.read_exact(&mut answer).await?;
    assert_eq!(&answer, b"HTTP/1.1 200");
    Ok(())
}
