//! Who may fetch a file: everybody, in every situation.

use super::{PICTURE, ask, note, send, upload};
use crate::support::{Answer, done, fields, on_both_databases};
use anyhow::{Context as _, Result, ensure};
use natter_protocol::{ErrorCode, FileId, FileLink, Message, Page};
use natter_testkit::natter::Natter;
use natter_testkit::person::Person;
use reqwest::{Method, StatusCode};
use serde_json::json;

on_both_databases! {
    members_of_a_conversation_that_holds_it_may,
    its_owner_may_as_long_as_nothing_holds_it,
    with_the_message_goes_the_right,
    each_conversation_counts_for_itself,
    a_block_takes_nothing_back,
}

/// May they? Asked in every way there is: all of it, a part, its headers, its thumbnails, what is known of it, and links.
async fn may(person: &Person, id: FileId) -> Result<bool> {
    let fetched = status(person, Method::GET, &format!("/files/{id}")).await?;
    for (method, path) in [
        (Method::HEAD, format!("/files/{id}")),
        (Method::GET, format!("/files/{id}?variant=small")),
        (Method::HEAD, format!("/files/{id}?variant=large")),
        (Method::GET, format!("/files/{id}/thumbnail")),
        (Method::GET, format!("/files/{id}/thumbnail?size=large")),
    ] {
        let answered = status(person, method, &path).await?;
        ensure!(answered == fetched, "{path}: {answered}, but all of it {fetched}");
    }
    let part = ask(person, Method::GET, &format!("/files/{id}")).header("range", "bytes=-1").send().await?;
    let part = part.status();
    let info = Answer::to(ask(person, Method::GET, &format!("/files/{id}/info"))).await?;
    let links: Page<FileLink> = person.post("/files/links", json!({ "files": [{ "id": id }] })).await?;
    let may = fetched == StatusCode::OK;
    ensure!(may == (part == StatusCode::PARTIAL_CONTENT), "{fetched}, but {part}");
    ensure!(may == (info.status == StatusCode::OK), "{fetched}, but {info:?}");
    ensure!(may != links.data.is_empty(), "{fetched}, but {links:?}");
    if !may {
        ensure!(fetched == StatusCode::NOT_FOUND && part == StatusCode::NOT_FOUND, "{fetched}, {part}");
        info.problem(ErrorCode::NotFound)?;
    }
    Ok(may)
}

async fn status(person: &Person, method: Method, path: &str) -> Result<StatusCode> {
    Ok(ask(person, method, path).send().await?.status())
}

/// A picture that nobody has sent yet.
async fn picture(person: &Person) -> Result<FileId> {
    Ok(upload(person, "harbour.png", PICTURE).await?.id)
}

async fn members_of_a_conversation_that_holds_it_may(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let (former, stranger) = (natter.person("former").await?, natter.person("stranger").await?);
    natter.run(&["user", "role", "stranger", "admin"]).await?;
    let id = ada.group("Harbour", &[&bob, &former]).await?.info.id;
    let file = picture(&ada).await?;
    assert!(!may(&bob, file).await?, "it was not sent yet");
    send(&ada, id, "", &[file]).await?;
    for (person, expected) in [(&ada, true), (&bob, true), (&former, true), (&stranger, false)] {
        assert_eq!(may(person, file).await?, expected);
    }
    done(&former, Method::POST, &format!("/conversations/{id}/leave"), None).await?;
    assert!(!may(&former, file).await?, "who left");
    // Whoever comes sees what is there, and so may fetch it.
    let newcomer = natter.person("newcomer").await?;
    let added = json!({ "userId": newcomer.id() });
    ada.post::<serde_json::Value>(&format!("/conversations/{id}/members"), added).await?;
    assert!(may(&newcomer, file).await?);
    // Who owns it has no other right to it than the others once it is sent.
    done(&ada, Method::POST, &format!("/conversations/{id}/leave"), None).await?;
    assert!(!may(&ada, file).await?, "the owner who left");
    assert!(may(&bob, file).await?);
    Ok(())
}

async fn its_owner_may_as_long_as_nothing_holds_it(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let file = picture(&ada).await?;
    assert!(may(&ada, file).await? && !may(&bob, file).await?);
    let path = format!("/files/{file}");
    Answer::to(ask(&bob, Method::DELETE, &path)).await?.problem(ErrorCode::NotFound)?;
    done(&ada, Method::DELETE, &path, None).await?;
    assert!(!may(&ada, file).await?);
    Answer::to(ask(&ada, Method::DELETE, &path)).await?.problem(ErrorCode::NotFound)?;
    Ok(())
}

async fn with_the_message_goes_the_right(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    let file = picture(&ada).await?;
    let message = send(&ada, id, "look", &[file]).await?;
    Answer::to(ask(&ada, Method::DELETE, &format!("/files/{file}")))
        .await?
        .problem(ErrorCode::AlreadyDone)?;
    let link: Page<FileLink> = bob.post("/files/links", json!({ "files": [{ "id": file }] })).await?;
    let link = natter.url(&link.data.first().context("there is no link")?.url);
    assert_eq!(reqwest::get(&link).await?.status(), StatusCode::OK);

    let edited = json!({ "content": "look here" });
    let (_, edited) = ada.request(Method::PATCH, &format!("/messages/{}", message.id), Some(edited)).await?;
    assert_eq!(edited["attachments"][0]["id"], json!(file), "an edit keeps what is attached");
    let (status, left) = ada.request(Method::DELETE, &format!("/messages/{}", message.id), None).await?;
    assert_eq!((status, &left["attachments"]), (StatusCode::OK, &json!([])));
    assert!(!may(&bob, file).await?);
    assert_eq!(
        reqwest::get(&link).await?.status(),
        StatusCode::NOT_FOUND,
        "a link gives nothing that its user may not have"
    );
    Ok(())
}

async fn each_conversation_counts_for_itself(natter: Natter) -> Result<()> {
    let (ada, bob, eve) =
        (natter.person("ada").await?, natter.person("bob").await?, natter.person("eve").await?);
    let (one, other) = (ada.group("One", &[&bob]).await?.info.id, ada.group("Other", &[&eve]).await?.info.id);
    let file = picture(&ada).await?;
    let first = send(&ada, one, "", &[file]).await?;
    assert!(may(&bob, file).await? && !may(&eve, file).await?);
    // Nobody attaches what is not theirs, whether they see it or not.
    for (person, id) in [(&bob, one), (&eve, other)] {
        let body = json!({ "attachments": [file] });
        let path = format!("/conversations/{id}/messages");
        let answer = Answer::to(ask(person, Method::POST, &path).json(&body)).await?;
        // Whether it is there or somebody else's is not said.
        assert_eq!(fields(&answer.problem(ErrorCode::ValidationFailed)?), ["attachments"]);
    }
    // Its owner sends it again, and somebody else forwards it.
    send(&ada, other, "", &[file]).await?;
    assert!(may(&eve, file).await?);
    let third = bob.group("Third", &[]).await?.info.id;
    let forward = json!({ "conversationIds": [third] });
    let copies: Page<Message> = bob.post(&format!("/messages/{}/forward", first.id), forward).await?;
    assert_eq!(copies.data[0].attachments.iter().map(|file| file.id).collect::<Vec<_>>(), [file]);
    let gone = ada.request(Method::DELETE, &format!("/messages/{}", first.id), None).await?.0;
    assert_eq!(gone, StatusCode::OK);
    assert!(may(&bob, file).await?, "the copy holds it");
    Ok(())
}

/// What two people have said to each other stays readable to both when one blocks the other, and so do the files.
async fn a_block_takes_nothing_back(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let direct = json!({ "type": "direct", "members": ["bob"] });
    let direct: natter_protocol::Conversation = ada.post("/conversations", direct).await?;
    let file = picture(&ada).await?;
    send(&ada, direct.info.id, "", &[file]).await?;
    ada.post::<serde_json::Value>("/blocks", json!({ "username": "bob" })).await?;
    assert!(may(&bob, file).await? && may(&ada, file).await?);
    let more = note(&ada, "and more").await?.id;
    let path = format!("/conversations/{}/messages", direct.info.id);
    let refused = Answer::to(ask(&ada, Method::POST, &path).json(&json!({ "attachments": [more] }))).await?;
    refused.problem(ErrorCode::Blocked)?;
    assert!(!may(&bob, more).await?);
    Ok(())
}
