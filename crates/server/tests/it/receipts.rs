//! `/conversations/{id}/read`, `/messages/{id}/read` and `/messages/{id}/receipts`

use crate::support::{answered, done, fields, on_both_databases, refused, seen};
use anyhow::Result;
use natter_protocol::{ConversationId, ErrorCode, Message, ReadState, ReceiptPage, UnreadTotal};
use natter_testkit::natter::Natter;
use natter_testkit::person::Person;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

on_both_databases! {
    reading_goes_forward_only,
    what_makes_no_sense_is_refused,
    readers_are_listed,
    the_total_leaves_out_what_is_muted_or_archived,
}

async fn read(person: &Person, id: ConversationId, body: Option<Value>) -> Result<ReadState> {
    answered(person, Method::POST, &format!("/conversations/{id}/read"), body, StatusCode::OK).await
}

async fn talk(natter: &Natter) -> Result<(Person, Person, ConversationId, Vec<Message>)> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    let mut sent = Vec::new();
    for text in ["one", "two @bob", "three", "four"] {
        sent.push(ada.send(id, text).await?);
    }
    Ok((ada, bob, id, sent))
}

async fn reading_goes_forward_only(natter: Natter) -> Result<()> {
    let (_ada, bob, id, sent) = talk(&natter).await?;
    let before = seen(&bob, id).await?;
    assert_eq!((before.unread_count, before.mention_count), (4, 1));
    let after = |last: usize, unread_count, mention_count| ReadState {
        conversation_id: id,
        last_read_seq: sent[last].seq,
        unread_count,
        mention_count,
    };
    assert_eq!(read(&bob, id, Some(json!({ "messageId": sent[0].id }))).await?, after(0, 3, 1));
    assert_eq!(read(&bob, id, Some(json!({ "seq": sent[1].seq }))).await?, after(1, 2, 0));
    let third = format!("/messages/{}/read", sent[2].id);
    let state: ReadState = answered(&bob, Method::POST, &third, None, StatusCode::OK).await?;
    assert_eq!(state, after(2, 1, 0));
    // Back is not possible, and beyond the end is the end.
    assert_eq!(read(&bob, id, Some(json!({ "seq": 0 }))).await?, after(2, 1, 0));
    assert_eq!(read(&bob, id, Some(json!({ "seq": 9_000 }))).await?, after(3, 0, 0));
    let now = seen(&bob, id).await?;
    assert_eq!((now.me.last_read_seq, now.unread_count, now.mention_count), (sent[3].seq, 0, 0));
    // Without a body, with an empty one, or with an empty object: all of it.
    for body in [None, Some(json!({}))] {
        assert_eq!(read(&bob, id, body).await?, after(3, 0, 0));
    }
    Ok(())
}

async fn what_makes_no_sense_is_refused(natter: Natter) -> Result<()> {
    let (ada, bob, id, sent) = talk(&natter).await?;
    let path = format!("/conversations/{id}/read");
    let body = json!({ "messageId": sent[0].id, "seq": 2 });
    let problem = refused(&bob, Method::POST, &path, Some(body), ErrorCode::ValidationFailed).await?;
    assert_eq!(fields(&problem), ["seq"]);
    for body in [json!({ "seq": -1 }), json!({ "seq": "1" }), json!({ "messageId": "x" }), json!([])] {
        refused(&bob, Method::POST, &path, Some(body), ErrorCode::InvalidJson).await?;
    }
    let elsewhere = ada.group("Elsewhere", &[&bob]).await?.info.id;
    let other = ada.send(elsewhere, "x").await?.id;
    let body = json!({ "messageId": other });
    refused(&bob, Method::POST, &path, Some(body), ErrorCode::NotFound).await?;

    let eve = natter.person("eve").await?;
    refused(&eve, Method::POST, &path, None, ErrorCode::NotFound).await?;
    for suffix in ["read", "receipts"] {
        let method = if suffix == "read" { Method::POST } else { Method::GET };
        let path = format!("/messages/{}/{suffix}", sent[0].id);
        refused(&eve, method, &path, None, ErrorCode::NotFound).await?;
    }
    Ok(())
}

async fn readers_are_listed(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let (carol, dora) = (natter.person("carol").await?, natter.person("dora").await?);
    let id = ada.group("Harbour", &[&bob, &carol, &dora]).await?.info.id;
    let sent = ada.send(id, "Who has read this?").await?;
    read(&bob, id, None).await?;
    read(&carol, id, None).await?;
    let readers = async |query: &str| {
        let page: ReceiptPage = ada.get(&format!("/messages/{}/receipts{query}", sent.id)).await?;
        let names: Vec<_> = page.data.iter().map(|receipt| receipt.user.username.clone()).collect();
        anyhow::Ok((names, page.meta.next_cursor, page.read_count))
    };
    assert_eq!(readers("").await?, (vec!["bob".to_owned(), "carol".to_owned()], None, 2));
    // However many are on a page, all are counted.
    let (first, cursor, count) = readers("?limit=1").await?;
    assert_eq!((first, count), (vec!["bob".to_owned()], 2));
    let second = readers(&format!("?limit=1&cursor={}", cursor.unwrap_or_default())).await?;
    assert_eq!(second, (vec!["carol".to_owned()], None, 2));

    // Where there is a block, neither sees what the other reads.
    let body = json!({ "username": "ada" });
    answered::<Value>(&carol, Method::POST, "/blocks", Some(body), StatusCode::CREATED).await?;
    assert_eq!(readers("").await?, (vec!["bob".to_owned()], None, 1));
    done(&carol, Method::DELETE, "/blocks/ada", None).await?;
    assert_eq!(readers("").await?.0, ["bob", "carol"]);
    Ok(())
}

async fn the_total_leaves_out_what_is_muted_or_archived(natter: Natter) -> Result<()> {
    let (ada, bob, id, _) = talk(&natter).await?;
    let other = ada.group("Elsewhere", &[&bob]).await?.info.id;
    ada.send(other, "five").await?;
    let total = async || bob.get::<UnreadTotal>("/conversations/unread-count").await;
    assert_eq!(total().await?, UnreadTotal { total: 5, conversations: 2, mentions: 1 });
    let me = format!("/conversations/{id}/me");
    let body = Some(json!({ "muted": true }));
    answered::<Value>(&bob, Method::PATCH, &me, body, StatusCode::OK).await?;
    assert_eq!(total().await?, UnreadTotal { total: 1, conversations: 1, mentions: 1 });
    let body = Some(json!({ "muted": false, "archived": true }));
    answered::<Value>(&bob, Method::PATCH, &me, body, StatusCode::OK).await?;
    assert_eq!(total().await?, UnreadTotal { total: 1, conversations: 1, mentions: 1 });
    read(&bob, other, None).await?;
    read(&bob, id, None).await?;
    assert_eq!(total().await?, UnreadTotal { total: 0, conversations: 0, mentions: 0 });
    Ok(())
}
