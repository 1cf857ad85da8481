//! `POST /files/links`: addresses that need no token, for a while.

use super::{PICTURE, note, send, upload};
use crate::natter;
use crate::support::{Answer, client, eventually, fields, refused};
use anyhow::{Context as _, Result};
use natter_protocol::{ErrorCode, FileId, FileLink, FileVariant, Page};
use natter_testkit::natter::Natter;
use natter_testkit::person::Person;
use reqwest::{Method, StatusCode};
use serde_json::json;

async fn link(person: &Person, id: FileId, variant: &str) -> Result<FileLink> {
    let wanted = json!({ "files": [{ "id": id, "variant": variant }] });
    let links: Page<FileLink> = person.post("/files/links", wanted).await?;
    links.data.into_iter().next().context("there is no link")
}

async fn follow(natter: &Natter, url: &str) -> Result<Answer> {
    Answer::to(client()?.get(natter.url(url))).await
}

#[tokio::test]
async fn a_link_leads_to_what_it_says_without_a_token() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let picture = upload(&ada, "harbour.png", PICTURE).await?;
    let original = link(&ada, picture.id, "original").await?;
    assert_eq!((original.file_id, original.variant), (picture.id, FileVariant::Original));
    let answer = client()?.get(natter.url(&original.url)).send().await?;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.bytes().await?, PICTURE);
    let small = follow(&natter, &link(&ada, picture.id, "small").await?.url).await?;
    assert_eq!(small.status, StatusCode::OK);
    assert!(small.header("content-type").starts_with("image/"), "{:?}", small.headers);
    Ok(())
}

#[tokio::test]
async fn a_link_that_was_changed_leads_nowhere() -> Result<()> {
    let natter = natter().start().await?;
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let (mine, other) = (note(&ada, "mine").await?.id, note(&ada, "other").await?.id);
    let url = link(&ada, mine, "original").await?.url;
    let (front, signature) = url.rsplit_once("signature=").context("it is not signed")?;
    let mut tampered = vec![
        url.replace(&mine.to_string(), &other.to_string()),
        url.replace(&ada.id().to_string(), &bob.id().to_string()),
        url.replace("variant=original", "variant=small"),
        url.replace("variant=original&", ""),
        url.replace("expires=", "expires=9"),
        format!("{front}signature="),
        front.trim_end_matches('&').to_owned(),
        format!("{front}signature={}", "A".repeat(signature.len())),
    ];
    // The part that says what is meant by default means the same.
    assert_eq!(follow(&natter, &tampered.remove(3)).await?.status, StatusCode::OK);
    for url in tampered {
        follow(&natter, &url).await?.problem(ErrorCode::Unauthenticated)?;
    }
    assert_eq!(follow(&natter, &url).await?.status, StatusCode::OK);
    Ok(())
}

#[tokio::test]
async fn a_link_ends() -> Result<()> {
    let natter = natter().env("NATTER_FILES_LINK_SECONDS", "10").start().await?;
    let ada = natter.person("ada").await?;
    let id = ada.group("Harbour", &[]).await?.info.id;
    let file = note(&ada, "Fresh herring").await?.id;
    let url = link(&ada, file, "original").await?.url;
    assert_eq!(follow(&natter, &url).await?.status, StatusCode::OK);
    let ended = eventually(async || {
        let answer = follow(&natter, &url).await?;
        Ok((answer.status != StatusCode::OK).then_some(answer))
    });
    let problem = ended.await?.problem(ErrorCode::LinkExpired)?;
    assert!(problem.detail.contains("until"), "{problem:?}");
    // It is not the file that ended.
    send(&ada, id, "", &[file]).await?;
    assert_eq!(follow(&natter, &link(&ada, file, "original").await?.url).await?.status, StatusCode::OK);
    Ok(())
}

#[tokio::test]
async fn a_link_is_worth_what_its_user_is() -> Result<()> {
    let natter = natter().start().await?;
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    let file = note(&ada, "Fresh herring").await?.id;
    send(&ada, id, "", &[file]).await?;
    let (hers, his) = (link(&ada, file, "original").await?.url, link(&bob, file, "original").await?.url);
    ada.request(Method::DELETE, &format!("/conversations/{id}/members/{}", bob.id()), None).await?;
    follow(&natter, &his).await?.problem(ErrorCode::NotFound)?;
    assert_eq!(follow(&natter, &hers).await?.status, StatusCode::OK);
    natter.run(&["user", "disable", "ada"]).await?;
    follow(&natter, &hers).await?.problem(ErrorCode::Unauthenticated)?;
    Ok(())
}

#[tokio::test]
async fn so_many_links_are_given_at_once() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let file = note(&ada, "Fresh herring").await?.id;
    let wanted = |count: usize| Some(json!({ "files": vec![json!({ "id": file }); count] }));
    let links: Page<FileLink> = ada.post("/files/links", wanted(100).unwrap_or_default()).await?;
    assert_eq!(links.data.len(), 100);
    let problem =
        refused(&ada, Method::POST, "/files/links", wanted(101), ErrorCode::ValidationFailed).await?;
    assert_eq!(fields(&problem), ["files"]);
    Ok(())
}
