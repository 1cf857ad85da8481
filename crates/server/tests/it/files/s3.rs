//! The same with the content in an object store that speaks S3.

use super::{PICTURE, ask, fetch, note, upload};
use crate::natter;
use crate::support::{self, Answer, client, done, eventually};
use anyhow::Result;
use natter_protocol::ErrorCode;
use natter_testkit::natter::Builder;
use natter_testkit::s3::{ACCESS_KEY, S3, SECRET_KEY};
use reqwest::{Method, StatusCode};
use std::path::Path;

fn on(s3: &S3) -> Builder {
    natter()
        .env("NATTER_FILES_URL", &s3.url())
        .env("NATTER_FILES_S3_ACCESS_KEY", ACCESS_KEY)
        .env("NATTER_FILES_S3_SECRET_KEY", SECRET_KEY)
}

/// Objects whose names have this in them.
fn objects(directory: &Path, part: &str) -> usize {
    let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
    let count = |entry: std::fs::DirEntry| {
        let path = entry.path();
        if path.is_dir() { objects(&path, part) } else { usize::from(path.to_string_lossy().contains(part)) }
    };
    entries.filter_map(Result::ok).map(count).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn content_is_kept_read_and_deleted_there() -> Result<()> {
    let mut s3 = S3::start()?;
    let natter = on(&s3).start().await?;
    let ada = natter.person("ada").await?;
    let file = note(&ada, &"Fresh herring ".repeat(10_000)).await?;
    assert_eq!(objects(&s3.directory(), &file.sha256), 1);
    assert_eq!(objects(&natter.data_dir().join("files"), &file.sha256), 0);
    assert_eq!(fetch(&ada, file.id).await?.text.len(), 140_000);
    let part = ask(&ada, Method::GET, &format!("/files/{}", file.id)).header("range", "bytes=6-12");
    assert_eq!(Answer::to(part).await?.text, "herring");
    let picture = upload(&ada, "harbour.png", PICTURE).await?;
    let thumbnail = ask(&ada, Method::GET, &format!("/files/{}/thumbnail", picture.id)).send().await?;
    assert_eq!(thumbnail.status(), StatusCode::OK);

    s3.stop()?;
    let away = fetch(&ada, file.id).await?;
    assert!(away.problem(ErrorCode::Unavailable)?.retriable);
    s3.restart()?;
    eventually(async || Ok((fetch(&ada, file.id).await?.status == StatusCode::OK).then_some(()))).await?;
    done(&ada, Method::DELETE, &format!("/files/{}", picture.id), None).await?;
    assert_eq!(objects(&s3.directory(), &picture.sha256), 0, "with the picture go its thumbnails");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_may_be_sent_there() -> Result<()> {
    let s3 = S3::start()?;
    let natter = on(&s3).env("NATTER_FILES_REDIRECT", "true").start().await?;
    let ada = natter.person("ada").await?;
    let file = note(&ada, "Fresh herring").await?;
    let request = client()?.get(natter.url(&format!("/api/v1/files/{}", file.id)));
    let answer = Answer::to(request.bearer_auth(&ada.sign_in().tokens.access_token)).await?;
    assert_eq!(answer.status, StatusCode::FOUND);
    let there = Answer::to(client()?.get(answer.header("location"))).await?;
    assert_eq!((there.status, there.text.as_str()), (StatusCode::OK, "Fresh herring"));
    let policy = support::ask(&natter, Method::GET, "/").await?.header("content-security-policy").to_owned();
    let host = answer.header("location").split('/').take(3).collect::<Vec<_>>().join("/");
    assert!(policy.contains(&format!("img-src 'self' data: blob: {host};")), "{policy}");
    let tampered = answer.header("location").replace(&file.sha256[..8], "00000000");
    assert!(!client()?.get(tampered).send().await?.status().is_success());
    Ok(())
}

/// The object store ends the addresses that are given out for it, as the server ends its own.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_there_ends() -> Result<()> {
    let s3 = S3::start()?;
    let natter =
        on(&s3).env("NATTER_FILES_REDIRECT", "true").env("NATTER_FILES_LINK_SECONDS", "10").start().await?;
    let ada = natter.person("ada").await?;
    let file = note(&ada, "Fresh herring").await?;
    let request = client()?.get(natter.url(&format!("/api/v1/files/{}", file.id)));
    let answer = Answer::to(request.bearer_auth(&ada.sign_in().tokens.access_token)).await?;
    let there = answer.header("location").to_owned();
    assert_eq!(client()?.get(&there).send().await?.status(), StatusCode::OK);
    let ended = eventually(async || {
        let status = client()?.get(&there).send().await?.status();
        Ok((status != StatusCode::OK).then_some(status))
    });
    assert_eq!(ended.await?, StatusCode::FORBIDDEN);
    // Whoever may still see it is given another one.
    assert_eq!(fetch(&ada, file.id).await?.text, "Fresh herring");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_reach_its_store_says_so_at_once() -> Result<()> {
    let s3 = S3::start()?;
    let refused = on(&s3).env("NATTER_FILES_S3_SECRET_KEY", "wrong").refused().await?;
    assert!(refused.stderr.contains("files.url"), "{refused:?}");
    Ok(())
}
