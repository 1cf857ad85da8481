//! `POST /files`

use super::{BOUNDARY, PICTURE, ask, fetch, form, note, post_form, sound, try_upload, upload};
use crate::natter;
use crate::support::{Answer, eventually, fields, on_both_databases};
use anyhow::{Context as _, Result};
use natter_protocol::{ErrorCode, File, FileStatus, ThumbnailSize};
use natter_testkit::natter::Natter;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

on_both_databases! {
    what_is_uploaded_can_be_fetched,
    a_repeat_with_the_same_key_is_the_same_file,
}

fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

async fn what_is_uploaded_can_be_fetched(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let content = "Fresh herring at pier 4\n".repeat(20_000);
    let file = upload(&ada, "Häfen 🚢.txt", content.as_bytes()).await?;
    assert_eq!(file.name, "Häfen 🚢.txt");
    assert_eq!((file.media_type.as_str(), file.size), ("text/plain", content.len() as u64));
    assert_eq!((file.status, file.unscanned), (FileStatus::Ready, false));
    assert_eq!(file.sha256, sha256(content.as_bytes()));
    let answer = fetch(&ada, file.id).await?;
    assert_eq!((answer.status, answer.text == content), (StatusCode::OK, true));
    let info: File = ada.get(&format!("/files/{}/info", file.id)).await?;
    assert_eq!(info, file);

    let picture = upload(&ada, "harbour.png", PICTURE).await?;
    assert_eq!((picture.look.width, picture.look.height), (Some(800), Some(600)));
    assert!(picture.look.placeholder.is_some());
    let small = picture.look.thumbnails.iter().find(|thumbnail| thumbnail.size == ThumbnailSize::Small);
    assert_eq!(small.map(|small| (small.width, small.height)), Some((320, 240)));

    let tone = upload(&ada, "tone.wav", &sound()).await?;
    assert_eq!(tone.look.duration_ms, Some(1_000));
    assert_eq!(tone.look.waveform.as_ref().map(Vec::len), Some(64));
    Ok(())
}

/// The same content is kept once, under as many names as it is given.
#[tokio::test]
async fn the_same_content_is_kept_once() -> Result<()> {
    let natter = natter().start().await?;
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let (mine, his) = (note(&ada, "the same").await?, upload(&bob, "other.txt", b"the same").await?);
    assert!(mine.id != his.id && mine.sha256 == his.sha256);
    let mut kept = Vec::new();
    let directory = natter.data_dir().join("files").join(&mine.sha256[..2]);
    for entry in std::fs::read_dir(directory)? {
        kept.push(entry?.file_name().into_string().unwrap_or_default());
    }
    assert_eq!(kept.iter().filter(|name| name.starts_with(&mine.sha256)).count(), 1, "{kept:?}");
    let done = ask(&ada, Method::DELETE, &format!("/files/{}", mine.id)).send().await?.status();
    assert_eq!(done, StatusCode::NO_CONTENT);
    assert_eq!(fetch(&bob, his.id).await?.text, "the same", "another name of it is still there");
    Ok(())
}

async fn a_repeat_with_the_same_key_is_the_same_file(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let keyed = |content: &str| {
        Answer::to(post_form(&ada, form("a.txt", content.as_bytes())).header("idempotency-key", "k1"))
    };
    let first = keyed("one").await?;
    assert_eq!(first.status, StatusCode::CREATED);
    let repeat = keyed("one").await?;
    assert_eq!(repeat.header("idempotency-replayed"), "true");
    assert_eq!(repeat.json()?, first.json()?);
    keyed("another length").await?.problem(ErrorCode::IdempotencyKeyReused)?;
    Ok(())
}

#[tokio::test]
async fn a_form_must_hold_a_file() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let other = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nhello\r\n--{BOUNDARY}--\r\n"
    );
    let problem = Answer::to(post_form(&ada, other.clone().into_bytes())).await?;
    assert_eq!(fields(&problem.problem(ErrorCode::ValidationFailed)?), ["file"]);
    for body in [Vec::new(), b"garbage".to_vec(), form("a.txt", b"hello")[..120].to_vec()] {
        let problem = Answer::to(post_form(&ada, body)).await?;
        assert_eq!(fields(&problem.problem(ErrorCode::ValidationFailed)?), ["file"]);
    }
    for kind in ["application/json", "multipart/form-data", "text/plain; boundary=x"] {
        let request = ask(&ada, Method::POST, "/files").header("content-type", kind).body("{}");
        Answer::to(request).await?.problem(ErrorCode::UnsupportedMediaType)?;
    }
    // Fields that nobody asked for are passed over.
    let with_more =
        [&other.as_bytes()[..other.len() - BOUNDARY.len() - 6], &form("a.txt", b"hello")].concat();
    assert_eq!(Answer::to(post_form(&ada, with_more)).await?.status, StatusCode::CREATED);
    // What is around the file is never kept in memory as a whole.
    let endless = [form("a.txt", b"")[..40].to_vec(), vec![b'x'; 1024 * 1024]].concat();
    let problem = Answer::to(post_form(&ada, endless)).await?;
    problem.problem(ErrorCode::ValidationFailed)?;
    Ok(())
}

/// Said as soon as it is known, and so that every client gets to read it: also one that sends all of it first.
#[tokio::test]
async fn what_is_too_large_is_refused_at_once() -> Result<()> {
    let natter = natter().env("NATTER_FILES_SIZE_BYTES_MAX", "1000000").start().await?;
    let ada = natter.person("ada").await?;
    let problem =
        try_upload(&ada, "a.txt", &vec![b'a'; 20_000_000]).await?.problem(ErrorCode::FileTooLarge)?;
    assert!(problem.detail.contains("1000000"), "{problem:?}");
    try_upload(&ada, "a.txt", &vec![b'a'; 1_000_001]).await?.problem(ErrorCode::FileTooLarge)?;
    assert_eq!(try_upload(&ada, "a.txt", &vec![b'a'; 1_000_000]).await?.status, StatusCode::CREATED);

    // Who waits to be told to go on is not told to.
    let mut stream = TcpStream::connect(natter.address()).await?;
    let token = &ada.sign_in().tokens.access_token;
    let head = format!(
        "POST /api/v1/files HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nExpect: 100-continue\r\n\
         Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 90000000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("file_too_large"), "{answer}");
    Ok(())
}

#[tokio::test]
async fn an_upload_may_take_longer_than_a_request_but_must_go_on() -> Result<()> {
    let natter = natter()
        .env("NATTER_LIMITS_REQUEST_SECONDS_MAX", "1")
        .env("NATTER_FILES_STALL_SECONDS_MAX", "3")
        .start()
        .await?;
    let ada = natter.person("ada").await?;
    let body = form("a.txt", &vec![b'a'; 200_000]);
    let head = format!(
        "POST /api/v1/files HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
         Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {}\r\n\r\n",
        ada.sign_in().tokens.access_token,
        body.len()
    );
    let mut slow = TcpStream::connect(natter.address()).await?;
    slow.write_all(head.as_bytes()).await?;
    let begun = std::time::Instant::now();
    let (slowly, rest) = body.split_at(120_000);
    for piece in slowly.chunks(40_000) {
        slow.write_all(piece).await?;
        let answered = tokio::time::timeout(std::time::Duration::from_millis(500), slow.peek(&mut [0])).await;
        assert!(answered.is_err(), "it was answered too early");
    }
    slow.write_all(rest).await?;
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await?;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(begun.elapsed() > std::time::Duration::from_secs(1), "it took no longer than a request may");

    let mut stalled = TcpStream::connect(natter.address()).await?;
    stalled.write_all(head.as_bytes()).await?;
    stalled.write_all(&body[..1_000]).await?;
    let mut answer = String::new();
    stalled.read_to_string(&mut answer).await?;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("request_timeout"), "{answer}");
    Ok(())
}

/// Of an upload in one request nothing is of use any more once its client has left.
#[tokio::test]
async fn what_broke_off_is_thrown_away() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let incoming = natter.data_dir().join("files/incoming");
    let count = || std::fs::read_dir(&incoming).map(Iterator::count);
    {
        let mut stream = TcpStream::connect(natter.address()).await?;
        let body = form("a.txt", &vec![b'a'; 900_000]);
        let head = format!(
            "POST /api/v1/files HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\
             Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {}\r\n\r\n",
            ada.sign_in().tokens.access_token,
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(&body[..500_000]).await?;
        eventually(async || Ok((count()? > 0).then_some(()))).await?;
    }
    eventually(async || Ok((count()? == 0).then_some(()))).await
}

#[tokio::test]
async fn uploads_have_a_rate() -> Result<()> {
    let natter = natter().env("NATTER_LIMITS_UPLOADS_PER_MINUTE", "2").start().await?;
    let ada = natter.person("ada").await?;
    for _ in 0..2 {
        note(&ada, "hello").await?;
    }
    let refused = try_upload(&ada, "a.txt", b"hello").await?;
    refused.problem(ErrorCode::RateLimited)?;
    let begin = ask(&ada, Method::POST, "/files/uploads").header("tus-resumable", "1.0.0");
    let begin = begin.header("upload-length", "5").header("upload-metadata", "filename YS50eHQ=");
    Answer::to(begin).await?.problem(ErrorCode::RateLimited)?;
    Ok(())
}

#[tokio::test]
async fn a_form_of_an_unchanged_client_is_taken() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("Häfen \"4\".txt");
    std::fs::write(&path, "Fresh herring")?;
    let done = tokio::process::Command::new("curl")
        .args(["--silent", "--show-error", "--form"])
        .arg(format!("file=@\"{}\"", path.display().to_string().replace('"', "\\\"")))
        .args(["--header", &format!("Authorization: Bearer {}", ada.sign_in().tokens.access_token)])
        .arg(natter.url("/api/v1/files"))
        .output()
        .await?;
    let file: Value = serde_json::from_slice(&done.stdout).context(format!("{done:?}"))?;
    assert_eq!(file["size"], 13, "{file}");
    assert!(
        file["name"]
            .as_str()
            .is_some_and(|name| name.starts_with("Häfen") && name.rsplit('.').next() == Some("txt")),
        "{file}"
    );
    Ok(())
}
