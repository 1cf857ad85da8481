//! `/blocks`

use crate::support::{answered, done, fields, on_both_databases, refused, seen};
use anyhow::Result;
use natter_protocol::{Block, BlockStatus, Conversation, ErrorCode, Message, Page};
use natter_testkit::natter::Natter;
use natter_testkit::person::Person;
use reqwest::{Method, StatusCode};
use serde_json::json;

on_both_databases! {
    somebody_is_blocked_and_unblocked,
    blocks_are_listed_in_pages,
    what_makes_no_sense_is_refused,
    nobody_writes_across_a_block,
    in_a_group_both_stay,
}

async fn block(person: &Person, name: &str) -> Result<Block> {
    answered(person, Method::POST, "/blocks", Some(json!({ "username": name })), StatusCode::CREATED).await
}

async fn status(person: &Person, name: &str) -> Result<(bool, bool)> {
    let status: BlockStatus = person.get(&format!("/blocks/status/{name}")).await?;
    Ok((status.blocked_by_me, status.blocked_me))
}

async fn somebody_is_blocked_and_unblocked(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    assert_eq!(status(&ada, "bob").await?, (false, false));
    for name in ["BOB".to_owned(), bob.id().to_string()] {
        assert_eq!(block(&ada, &name).await?.user.id, bob.id());
    }
    assert_eq!((status(&ada, "bob").await?, status(&bob, "ada").await?), ((true, false), (false, true)));
    let page: Page<Block> = ada.get("/blocks").await?;
    assert_eq!(page.data.iter().map(|block| block.user.id).collect::<Vec<_>>(), [bob.id()]);
    assert_eq!(bob.get::<Page<Block>>("/blocks").await?.data, [], "only the caller's own");
    block(&bob, "ada").await?;
    assert_eq!(status(&ada, "bob").await?, (true, true));

    done(&ada, Method::DELETE, "/blocks/bob", None).await?;
    refused(&ada, Method::DELETE, "/blocks/bob", None, ErrorCode::NotFound).await?;
    assert_eq!(status(&ada, "bob").await?, (false, true));
    done(&bob, Method::DELETE, &format!("/blocks/{}", ada.id()), None).await?;
    assert_eq!(status(&ada, "bob").await?, (false, false));
    Ok(())
}

async fn blocks_are_listed_in_pages(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    for name in ["dora", "bob", "carol"] {
        natter.person(name).await?;
        block(&ada, name).await?;
    }
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let page: Page<Block> = ada.get(&format!("/blocks?limit=2{cursor}")).await?;
        assert!(page.data.len() <= 2);
        names.extend(page.data.into_iter().map(|block| block.user.username));
        let Some(next) = page.meta.next_cursor else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(names, ["bob", "carol", "dora"]);
    refused(&ada, Method::GET, "/blocks?cursor=x", None, ErrorCode::InvalidCursor).await?;
    Ok(())
}

async fn what_makes_no_sense_is_refused(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let path = "/blocks";
    let body = Some(json!({ "username": "ada" }));
    let problem = refused(&ada, Method::POST, path, body, ErrorCode::ValidationFailed).await?;
    assert_eq!(fields(&problem), ["username"]);
    let body = Some(json!({ "username": "nobody" }));
    refused(&ada, Method::POST, path, body, ErrorCode::NotFound).await?;
    refused(&ada, Method::POST, path, Some(json!({})), ErrorCode::InvalidJson).await?;
    for (method, path) in [(Method::DELETE, "/blocks/nobody"), (Method::GET, "/blocks/status/nobody")] {
        refused(&ada, method, path, None, ErrorCode::NotFound).await?;
    }
    Ok(())
}

async fn nobody_writes_across_a_block(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let direct: Conversation = ada.get("/conversations/with/bob").await?;
    let id = direct.info.id;
    let old = bob.send(id, "before").await?;
    block(&ada, "bob").await?;
    let send = format!("/conversations/{id}/messages");
    for (person, peer) in [(&ada, "bob"), (&bob, "ada")] {
        let body = Some(json!({ "content": "x" }));
        refused(person, Method::POST, &send, body, ErrorCode::Blocked).await?;
        let path = format!("/conversations/with/{peer}");
        refused(person, Method::GET, &path, None, ErrorCode::Blocked).await?;
        let body = Some(json!({ "type": "direct", "members": [peer] }));
        refused(person, Method::POST, "/conversations", body, ErrorCode::Blocked).await?;
        let body = Some(json!({ "type": "group", "name": "Us", "members": [peer] }));
        refused(person, Method::POST, "/conversations", body, ErrorCode::Blocked).await?;
        let body = Some(json!({ "emoji": "👍" }));
        let react = format!("/messages/{}/reactions", old.id);
        refused(person, Method::POST, &react, body, ErrorCode::Blocked).await?;
        // What was written before stays readable.
        let page: Page<Message> = person.get(&send).await?;
        assert_eq!(page.data.len(), 1);
    }
    done(&ada, Method::DELETE, "/blocks/bob", None).await?;
    bob.send(id, "after").await?;
    Ok(())
}

async fn in_a_group_both_stay(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let carol = natter.person("carol").await?;
    let id = ada.group("Harbour", &[&bob, &carol]).await?.info.id;
    block(&ada, "bob").await?;
    bob.send(id, "Hello @ada").await?;
    carol.send(id, "Hello @ada").await?;
    let conversation = seen(&ada, id).await?;
    assert_eq!((conversation.unread_count, conversation.mention_count), (1, 1), "carol's");
    let page: Page<Message> = ada.get(&format!("/conversations/{id}/messages")).await?;
    assert_eq!(page.data.len(), 2, "both are shown");
    assert_eq!((page.data[0].mentions.len(), page.data[1].mentions.len()), (0, 1));
    // Blocked by ada, bob counts what ada writes.
    ada.send(id, "Hello").await?;
    assert_eq!(seen(&bob, id).await?.unread_count, 2);
    Ok(())
}
