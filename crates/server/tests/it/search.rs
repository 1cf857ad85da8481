//! `/search/messages`

use crate::support::{on_both_databases, refused};
use anyhow::{Result, ensure};
use natter_protocol::{ErrorCode, Page, SearchHit};
use natter_testkit::natter::Natter;
use natter_testkit::person::Person;
use reqwest::Method;
use serde_json::json;

on_both_databases! {
    messages_are_found_in_any_language_as_soon_as_they_are_sent,
    highlights_count_as_a_browser_does,
    filters_narrow_what_is_found,
    only_what_the_caller_may_see_is_found,
    pages_go_on_where_the_last_one_ended,
    what_cannot_be_looked_for_is_said,
}

async fn find(person: &Person, query: &str) -> Result<Vec<String>> {
    let found: Page<SearchHit> = person.get(&format!("/search/messages?{query}")).await?;
    Ok(found.data.into_iter().map(|hit| hit.message.content).collect())
}

async fn messages_are_found_in_any_language_as_soon_as_they_are_sent(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let room = ada.group("room", &[]).await?.info.id;
    for (text, query) in [
        ("The deployment failed on Friday", "deploy"),
        ("Grüße aus Köln", "koln"),
        ("see std::collections::HashMap", "collections"),
        ("اجتماع الفريق غداً", "الفريق"),
        ("明日の会議は三時です", "会議"),
        ("今天天气很好", "天气"),
        ("all green 🚀", "🚀"),
        ("exactly this phrase, nothing else", "%22this%20phrase%22"),
    ] {
        let sent = ada.send(room, text).await?;
        let found: Page<SearchHit> = ada.get(&format!("/search/messages?q={query}")).await?;
        ensure!(found.data.iter().any(|hit| hit.message.id == sent.id), "{query} does not find {text:?}");
    }
    ensure!(find(&ada, "q=nonsense").await?.is_empty(), "found what nobody wrote");

    // What is edited or deleted is found as it is now.
    let sent = ada.send(room, "temporary").await?;
    let path = format!("/messages/{}", sent.id);
    ada.request(Method::PATCH, &path, Some(json!({"content": "permanent"}))).await?;
    ensure!(find(&ada, "q=temporary").await?.is_empty() && find(&ada, "q=permanent").await?.len() == 1);
    ada.request(Method::DELETE, &path, None).await?;
    ensure!(find(&ada, "q=permanent").await?.is_empty(), "a deleted message is found");
    Ok(())
}

async fn highlights_count_as_a_browser_does(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let room = ada.group("room", &[]).await?.info.id;
    ada.send(room, "👩‍🚀 says: the Café is open").await?;
    let found: Page<SearchHit> = ada.get("/search/messages?q=cafe").await?;
    let hit = &found.data[0];
    let units: Vec<u16> = hit.message.content.encode_utf16().collect();
    let [highlight] = hit.highlights.as_slice() else { anyhow::bail!("{hit:?}") };
    let part = &units[highlight.start as usize..highlight.end as usize];
    ensure!(String::from_utf16(part)? == "Café", "{hit:?}");
    Ok(())
}

async fn filters_narrow_what_is_found(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let (one, other) = (ada.group("one", &[&bob]).await?.info.id, ada.group("other", &[&bob]).await?.info.id);
    ada.send(one, "apple from ada in one").await?;
    let middle = bob.send(one, "apple from bob in one").await?;
    ada.send(other, "apple from ada in other").await?;

    ensure!(find(&ada, "q=apple").await?.len() == 3);
    ensure!(find(&ada, &format!("q=apple&conversationId={other}")).await? == ["apple from ada in other"]);
    ensure!(find(&ada, "q=apple&from=bob").await? == ["apple from bob in one"]);
    ensure!(find(&ada, &format!("q=apple&from={}", bob.id())).await?.len() == 1);
    ensure!(find(&ada, "q=apple&from=nobody").await?.is_empty());
    ensure!(find(&ada, "q=apple&has=file").await?.is_empty());
    let time = middle.created_at.to_string();
    let before = find(&ada, &format!("q=apple&before={time}")).await?;
    let after = find(&ada, &format!("q=apple&after={time}")).await?;
    ensure!(before.len() + after.len() == 3 && after.contains(&"apple from bob in one".to_owned()));
    ensure!(find(&ada, "q=apple&after=2100-01-01T00:00:00.000Z").await?.is_empty());
    Ok(())
}

async fn only_what_the_caller_may_see_is_found(natter: Natter) -> Result<()> {
    let (ada, bob, eve) =
        (natter.person("ada").await?, natter.person("bob").await?, natter.person("eve").await?);
    let room = ada.group("room", &[&bob]).await?.info.id;
    ada.send(room, "a secret").await?;
    ensure!(find(&bob, "q=secret").await?.len() == 1 && find(&eve, "q=secret").await?.is_empty());
    let path = format!("/search/messages?q=secret&conversationId={room}");
    refused(&eve, Method::GET, &path, None, ErrorCode::NotFound).await?;

    bob.request(Method::POST, "/blocks", Some(json!({"username": "ada"}))).await?;
    ensure!(find(&bob, "q=secret").await?.is_empty(), "somebody blocked is found");
    bob.request(Method::DELETE, "/blocks/ada", None).await?;
    ensure!(find(&bob, "q=secret").await?.len() == 1);

    bob.request(Method::POST, &format!("/conversations/{room}/leave"), None).await?;
    ensure!(find(&bob, "q=secret").await?.is_empty(), "somebody who left finds what is there");
    Ok(())
}

async fn pages_go_on_where_the_last_one_ended(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let room = ada.group("room", &[]).await?.info.id;
    for number in 0..23 {
        ada.send(room, &format!("pebble {number}")).await?;
    }
    let (mut found, mut path) = (Vec::new(), "/search/messages?q=pebble&limit=10".to_owned());
    loop {
        let page: Page<SearchHit> = ada.get(&path).await?;
        found.extend(page.data.into_iter().map(|hit| hit.message.content));
        // What comes in between moves nothing.
        ada.send(room, "another pebble").await?;
        let Some(cursor) = page.meta.next_cursor else { break };
        path = format!("/search/messages?q=pebble&limit=10&cursor={cursor}");
    }
    found.sort();
    let mut expected: Vec<_> = (0..23).map(|number| format!("pebble {number}")).collect();
    expected.sort();
    ensure!(found == expected, "{found:?}");

    let page: Page<SearchHit> = ada.get("/search/messages?q=pebble&limit=10").await?;
    let cursor = page.meta.next_cursor.unwrap_or_default();
    for path in [
        format!("/search/messages?q=another&limit=10&cursor={cursor}"),
        format!("/search/messages?q=pebble&limit=10&cursor={cursor}A"),
    ] {
        refused(&ada, Method::GET, &path, None, ErrorCode::InvalidCursor).await?;
    }
    Ok(())
}

async fn what_cannot_be_looked_for_is_said(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let long = "a".repeat(257);
    let many = "one%20two%20three%20four%20five%20six%20seven%20eight%20nine%20ten%20eleven";
    for query in [
        "",
        "q=",
        "q=%20",
        "q=%2C%2C",
        &format!("q={long}"),
        &format!("q={many}"),
        "q=a&limit=0",
        "q=a&has=fun",
    ] {
        let path = format!("/search/messages?{query}");
        refused(&ada, Method::GET, &path, None, ErrorCode::InvalidParameter).await?;
    }
    Ok(())
}
