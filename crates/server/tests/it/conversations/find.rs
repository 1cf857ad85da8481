//! `/conversations?query=` and `/conversations/public`

use crate::support::{answered, on_both_databases, refused};
use anyhow::Result;
use natter_protocol::{Conversation, ErrorCode, Page, PublicChannel, limits};
use natter_testkit::natter::Natter;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

on_both_databases! {
    conversations_are_found_by_their_names,
    public_channels_are_found,
}

async fn conversations_are_found_by_their_names(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    for name in ["Harbour", "Old H\u{e1}rbour", "Zoo"] {
        ada.group(name, &[&bob]).await?;
    }
    let body = json!({ "type": "direct", "members": ["bob"] });
    let direct: Conversation = ada.post("/conversations", body).await?;
    let found = async |query: &str| -> Result<Vec<String>> {
        let (mut titles, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/conversations?limit=1{query}{cursor}");
            let page: Page<Conversation> = ada.get(&path).await?;
            titles.extend(page.data.into_iter().map(|one| one.title));
            let Some(next) = page.meta.next_cursor else { return Ok(titles) };
            cursor = format!("&cursor={next}");
        }
    };
    assert_eq!(found("&query=HARB").await?, ["Old H\u{e1}rbour", "Harbour"]);
    assert_eq!(found("&query=+h%C3%A4rbour+").await?, ["Old H\u{e1}rbour", "Harbour"]);
    assert_eq!(found("&query=bob").await?, [direct.title]);
    assert_eq!(found("&query=o&type=group").await?, ["Zoo", "Old H\u{e1}rbour", "Harbour"]);
    assert_eq!(found("&query=o&type=group&unread=true").await?, [""; 0]);
    assert_eq!(found("&query=nothing").await?, [""; 0]);
    assert_eq!(found("&query=").await?.len(), 4);

    // A cursor goes on in the list that it was given for.
    let page: Page<Conversation> = ada.get("/conversations?limit=1&query=harb").await?;
    let cursor = page.meta.next_cursor.unwrap_or_default();
    let path = format!("/conversations?limit=1&query=zoo&cursor={cursor}");
    refused(&ada, Method::GET, &path, None, ErrorCode::InvalidCursor).await?;
    let longest = "x".repeat(limits::CONVERSATION_NAME_CHARS_MAX);
    assert_eq!(found(&format!("&query={longest}")).await?, [""; 0]);
    let path = format!("/conversations?query={longest}x");
    refused(&ada, Method::GET, &path, None, ErrorCode::InvalidParameter).await?;
    Ok(())
}

async fn public_channels_are_found(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    for (name, visibility) in
        [("harbour", "public"), ("old harbour", "public"), ("zoo", "public"), ("harbour-staff", "private")]
    {
        let body = json!({ "type": "channel", "name": name, "visibility": visibility });
        ada.post::<Conversation>("/conversations", body).await?;
    }
    let found = async |query: &str| -> Result<Vec<PublicChannel>> {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/conversations/public?limit=2{query}{cursor}");
            let page: Page<PublicChannel> = bob.get(&path).await?;
            found.extend(page.data);
            let Some(next) = page.meta.next_cursor else { return Ok(found) };
            cursor = format!("&cursor={next}");
        }
    };
    let names = |found: &[PublicChannel]| -> Vec<String> {
        found.iter().map(|channel| channel.name.clone()).collect()
    };
    let all = found("").await?;
    assert_eq!(names(&all), ["harbour", "old harbour", "zoo"]);
    assert!(all.iter().all(|channel| !channel.joined && channel.member_count == 1));
    assert_eq!(names(&found("&query=HARB").await?), ["harbour", "old harbour"]);
    assert_eq!(found("&query=nothing").await?, []);
    answered::<Value>(
        &bob,
        Method::POST,
        &format!("/conversations/{}/join", all[0].id),
        None,
        StatusCode::OK,
    )
    .await?;
    let again = found("&query=harbour").await?;
    assert_eq!((again[0].joined, again[0].member_count, again[1].joined), (true, 2, false));
    Ok(())
}
