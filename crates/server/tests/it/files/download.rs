//! `GET /files/{id}`: parts, conditions and headers.

use super::{PICTURE, ask, fetch, note, upload};
use crate::natter;
use crate::support::{Answer, on_both_databases};
use anyhow::Result;
use natter_protocol::ErrorCode;
use natter_testkit::natter::Natter;
use natter_testkit::person::Person;
use reqwest::{Method, StatusCode};

on_both_databases! {
    parts_make_the_whole,
}

async fn get(person: &Person, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
    let request = headers
        .iter()
        .fold(ask(person, Method::GET, path), |request, (name, value)| request.header(*name, *value));
    Answer::to(request).await
}

async fn parts_make_the_whole(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let content: String =
        (0..100_000).map(|number: u32| number.to_string()).collect::<Vec<_>>().join(" ") + " ";
    let file = upload(&ada, "numbers.txt", content.as_bytes()).await?;
    let path = format!("/files/{}", file.id);
    let size = content.len();
    let mut read = String::new();
    while read.len() < size {
        let range = format!("bytes={}-{}", read.len(), read.len() + 99_999);
        let answer = get(&ada, &path, &[("range", &range)]).await?;
        assert_eq!(answer.status, StatusCode::PARTIAL_CONTENT);
        let end = (read.len() + 100_000).min(size);
        assert_eq!(answer.header("content-range"), format!("bytes {}-{}/{size}", read.len(), end - 1));
        assert_eq!(answer.header("content-length"), answer.text.len().to_string());
        read.push_str(&answer.text);
    }
    assert!(read == content);
    let last = get(&ada, &path, &[("range", "bytes=-7")]).await?;
    assert_eq!((last.status, last.text.as_str()), (StatusCode::PARTIAL_CONTENT, &content[size - 7..]));
    let behind = get(&ada, &path, &[("range", &format!("bytes={size}-"))]).await?;
    behind.problem(ErrorCode::RangeNotSatisfiable)?;
    assert_eq!(behind.header("content-range"), format!("bytes */{size}"));
    Ok(())
}

#[tokio::test]
async fn what_is_there_already_is_not_sent_again() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let file = note(&ada, "Fresh herring").await?;
    let path = format!("/files/{}", file.id);
    let whole = fetch(&ada, file.id).await?;
    let tag = whole.header("etag").to_owned();
    assert_eq!(tag, format!("\"{}\"", file.sha256));
    let known = get(&ada, &path, &[("if-none-match", &tag)]).await?;
    assert_eq!(
        (known.status, known.text.as_str(), known.header("etag")),
        (StatusCode::NOT_MODIFIED, "", tag.as_str())
    );
    let other = get(&ada, &path, &[("if-none-match", "\"other\"")]).await?;
    assert_eq!((other.status, other.text.as_str()), (StatusCode::OK, "Fresh herring"));
    get(&ada, &path, &[("if-match", "\"other\"")]).await?.problem(ErrorCode::PreconditionFailed)?;
    let part = get(&ada, &path, &[("range", "bytes=6-"), ("if-range", &tag)]).await?;
    assert_eq!((part.status, part.text.as_str()), (StatusCode::PARTIAL_CONTENT, "herring"));
    let changed = get(&ada, &path, &[("range", "bytes=6-"), ("if-range", "\"other\"")]).await?;
    assert_eq!((changed.status, changed.text.as_str()), (StatusCode::OK, "Fresh herring"));
    Ok(())
}

#[tokio::test]
async fn the_headers_say_what_it_is_and_how_to_save_it() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let file = upload(&ada, "Häfen 4.txt", b"Fresh herring").await?;
    let answer = fetch(&ada, file.id).await?;
    for (name, value) in [
        ("content-type", "text/plain; charset=utf-8"),
        ("content-length", "13"),
        ("content-disposition", "inline; filename=\"H_fen 4.txt\"; filename*=UTF-8''H%C3%A4fen%204.txt"),
        ("accept-ranges", "bytes"),
        ("cache-control", "private, no-cache"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    let head = Answer::to(ask(&ada, Method::HEAD, &format!("/files/{}", file.id))).await?;
    assert_eq!((head.status, head.text.as_str(), head.header("content-length")), (StatusCode::OK, "", "13"));
    assert_eq!(head.header("etag"), answer.header("etag"));
    let part = ask(&ada, Method::HEAD, &format!("/files/{}", file.id)).header("range", "bytes=0-4");
    let part = Answer::to(part).await?;
    assert_eq!((part.status, part.header("content-length")), (StatusCode::PARTIAL_CONTENT, "5"));
    Ok(())
}

#[tokio::test]
async fn a_thumbnail_is_a_smaller_picture() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let picture = upload(&ada, "harbour.png", PICTURE).await?;
    for path in [
        format!("/files/{}/thumbnail", picture.id),
        format!("/files/{}/thumbnail?size=small", picture.id),
        format!("/files/{}?variant=small", picture.id),
    ] {
        let answer = ask(&ada, Method::GET, &path).send().await?;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let kind = answer.headers()["content-type"].to_str()?.to_owned();
        assert!(["image/jpeg", "image/webp"].contains(&kind.as_str()), "{kind}");
        let tag = answer.headers()["etag"].to_str()?.to_owned();
        let bytes = answer.bytes().await?;
        assert!(bytes.starts_with(b"\xff\xd8") || bytes.starts_with(b"RIFF"));
        let known = get(&ada, &path, &[("if-none-match", &tag)]).await?;
        assert_eq!(known.status, StatusCode::NOT_MODIFIED);
    }
    let note = note(&ada, "no picture").await?;
    get(&ada, &format!("/files/{}/thumbnail", note.id), &[]).await?.problem(ErrorCode::NotFound)?;
    get(&ada, &format!("/files/{}/thumbnail?size=huge", note.id), &[])
        .await?
        .problem(ErrorCode::InvalidParameter)?;
    Ok(())
}
