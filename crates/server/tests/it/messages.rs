//! `/conversations/{id}/messages` and `/messages/{id}`

use crate::support::{fields, on_both_databases, refused};
use anyhow::{Result, ensure};
use natter_protocol::{ConversationId, ErrorCode, Message, MessageId, Page, limits};
use natter_testkit::natter::Natter;
use natter_testkit::person::Person;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

on_both_databases! {
    a_message_is_kept_as_it_was_sent,
    a_repeat_answers_with_the_first_result,
    a_repeat_at_the_same_moment_lands_once,
    the_same_key_for_something_else_is_a_conflict,
    the_limits_count_characters,
    an_answer_stays_in_its_conversation,
    pages_put_together_are_the_whole,
    around_a_message_is_the_message,
    parameters_must_make_sense,
}

fn path(id: ConversationId) -> String {
    format!("/conversations/{id}/messages")
}

async fn talk(natter: &Natter) -> Result<(Person, Person, ConversationId)> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    Ok((ada, bob, id))
}

async fn a_message_is_kept_as_it_was_sent(natter: Natter) -> Result<()> {
    let (ada, bob, id) = talk(&natter).await?;
    for content in [
        "Hello",
        "  spaces, \ttabs\r\nand lines  ",
        "Grüße, 世界 👩‍🚀 🏴󠁧󠁢󠁳󠁣󠁴󠁿",
        "<script>alert(1)</script> & \"quotes\" 'n' \\ back",
        "\u{202e}desrever\u{202c} \u{feff}\u{200b}\u{7f}\u{1}",
        "'; drop table messages; --",
    ] {
        let (status, sent) =
            ada.request(Method::POST, &path(id), Some(json!({ "content": content }))).await?;
        assert_eq!(status, StatusCode::CREATED);
        assert_eq!(sent["content"], content);
        let sent: Message = serde_json::from_value(sent)?;
        assert_eq!((sent.sender.id, sent.conversation_id), (ada.id(), id));
        for person in [&ada, &bob] {
            let read: Message = person.get(&format!("/messages/{}", sent.id)).await?;
            assert_eq!(read, sent);
        }
    }
    let stranger = natter.person("eve").await?;
    let id = ada.send(id, "private").await?.id;
    refused(&stranger, Method::GET, &format!("/messages/{id}"), None, ErrorCode::NotFound).await?;
    Ok(())
}

fn keyed(content: &str, key: &str) -> Value {
    json!({ "content": content, "clientMessageId": key })
}

async fn a_repeat_answers_with_the_first_result(mut natter: Natter) -> Result<()> {
    let (ada, bob, id) = talk(&natter).await?;
    let (status, first) = ada.request(Method::POST, &path(id), Some(keyed("Hello", "k"))).await?;
    assert_eq!(status, StatusCode::CREATED);
    ada.send(id, "something else").await?;
    for _ in 0..2 {
        let (status, again) = ada.request(Method::POST, &path(id), Some(keyed("Hello", "k"))).await?;
        assert_eq!((status, &again), (StatusCode::OK, &first));
        natter.kill().await?;
        natter.start().await?;
    }
    assert_eq!(ada.log(id).await?.len(), 3);
    // The key is the sender's own.
    let (status, other) = bob.request(Method::POST, &path(id), Some(keyed("Hello", "k"))).await?;
    assert_eq!((status, &other["seq"]), (StatusCode::CREATED, &json!(4)));
    Ok(())
}

async fn a_repeat_at_the_same_moment_lands_once(natter: Natter) -> Result<()> {
    let (ada, _, id) = talk(&natter).await?;
    let sending: Vec<_> = (0..20)
        .map(|_| {
            let ada = ada.clone();
            tokio::spawn(async move { ada.request(Method::POST, &path(id), Some(keyed("Hello", "k"))).await })
        })
        .collect();
    let (mut created, mut answers) = (0, Vec::new());
    for sent in sending {
        let (status, message) = sent.await??;
        ensure!(status.is_success(), "{status}: {message}");
        created += usize::from(status == StatusCode::CREATED);
        answers.push(message);
    }
    assert_eq!(created, 1);
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(ada.log(id).await?.len(), 2);
    Ok(())
}

async fn the_same_key_for_something_else_is_a_conflict(natter: Natter) -> Result<()> {
    let (ada, _, id) = talk(&natter).await?;
    let first: Message = ada.post(&path(id), keyed("Hello", "k")).await?;
    let answer = json!({ "content": "Hello", "clientMessageId": "k", "replyTo": first.id });
    for body in [keyed("hello", "k"), answer] {
        refused(&ada, Method::POST, &path(id), Some(body), ErrorCode::ClientMessageIdConflict).await?;
    }
    assert_eq!(ada.log(id).await?.len(), 2);
    Ok(())
}

async fn the_limits_count_characters(natter: Natter) -> Result<()> {
    let (ada, _, id) = talk(&natter).await?;
    // Four bytes each in UTF-8, and twelve when a client escapes them.
    let longest = "🐚".repeat(limits::MESSAGE_CHARS_MAX);
    let sent = ada.send(id, &longest).await?;
    assert_eq!(sent.content, longest);
    let escaped = format!(r#"{{"content":"{}"}}"#, r"\ud83d\udc1a".repeat(limits::MESSAGE_CHARS_MAX));
    let answer = crate::support::client()?
        .post(natter.url(&format!("/api/v1{}", path(id))))
        .bearer_auth(&ada.sign_in().tokens.access_token)
        .header("content-type", "application/json")
        .body(escaped)
        .send()
        .await?;
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(answer.json::<Message>().await?.content, longest);

    for (body, field) in [
        (json!({ "content": "" }), "content"),
        (json!({ "content": " \n " }), "content"),
        (json!({ "content": "zero\0" }), "content"),
        (json!({ "content": "x".repeat(limits::MESSAGE_CHARS_MAX + 1) }), "content"),
        (keyed("x", ""), "clientMessageId"),
        (keyed("x", &"k".repeat(129)), "clientMessageId"),
        (keyed("x", "zero\0"), "clientMessageId"),
        (json!({ "content": "x", "attachments": [ada.id()] }), "attachments"),
        (json!({ "content": "x", "kind": "system" }), "kind"),
    ] {
        let problem = refused(&ada, Method::POST, &path(id), Some(body), ErrorCode::ValidationFailed).await?;
        assert_eq!(fields(&problem), [field], "{problem:?}");
    }
    for body in [json!({}), json!({ "content": null }), json!({ "content": ["x"] }), json!("x"), json!(null)]
    {
        refused(&ada, Method::POST, &path(id), Some(body), ErrorCode::InvalidJson).await?;
    }
    assert_eq!(ada.log(id).await?.len(), 3);
    Ok(())
}

async fn an_answer_stays_in_its_conversation(natter: Natter) -> Result<()> {
    let (ada, _, here) = talk(&natter).await?;
    let elsewhere = ada.group("Elsewhere", &[]).await?.info.id;
    let (good, bad) = (ada.send(here, "here").await?.id, ada.send(elsewhere, "elsewhere").await?.id);
    let answer: Message =
        ada.post(&path(here), json!({ "content": "x", "replyTo": good, "threadId": good })).await?;
    assert_eq!((answer.reply_to, answer.thread_id), (Some(good), Some(good)));
    for field in ["replyTo", "threadId"] {
        for id in [bad, MessageId::from_uuid(uuid::Uuid::max())] {
            let body = json!({ "content": "x", field: id });
            let problem =
                refused(&ada, Method::POST, &path(here), Some(body), ErrorCode::ValidationFailed).await?;
            assert_eq!(fields(&problem), [field]);
        }
    }
    Ok(())
}

/// Follows the cursors from a page to the end; the pages in the order of reading.
async fn follow(person: &Person, id: ConversationId, query: &str, limit: usize) -> Result<Vec<Vec<Message>>> {
    let (mut pages, mut query) = (Vec::new(), query.to_owned());
    loop {
        let page: Page<Message> = person.get(&format!("{}?limit={limit}{query}", path(id))).await?;
        ensure!(page.data.len() <= limit && page.data.is_sorted_by_key(|message| message.seq), "{page:?}");
        pages.push(page.data);
        match page.meta.next_cursor {
            Some(next) => query = format!("&cursor={next}"),
            None => return Ok(pages),
        }
    }
}

fn backwards(mut pages: Vec<Vec<Message>>) -> Vec<Message> {
    pages.reverse();
    pages.concat()
}

async fn some_messages(person: &Person, id: ConversationId) -> Result<Vec<Message>> {
    let mut messages = Vec::new();
    for number in 0..9 {
        messages.push(person.send(id, &number.to_string()).await?);
    }
    Ok(messages)
}

async fn pages_put_together_are_the_whole(natter: Natter) -> Result<()> {
    let (ada, bob, id) = talk(&natter).await?;
    let messages = some_messages(&ada, id).await?;
    for limit in [1, 4, 9, 100] {
        assert_eq!(backwards(follow(&bob, id, "", limit).await?), messages, "the newest");
        for at in [0, 4, 8] {
            let anchor = messages[at].id;
            let older = follow(&bob, id, &format!("&before={anchor}"), limit).await?;
            assert_eq!(backwards(older), messages[..at], "before {at} in pages of {limit}");
            let newer = follow(&bob, id, &format!("&after={anchor}"), limit).await?;
            assert_eq!(newer.concat(), messages[at + 1..], "after {at} in pages of {limit}");
        }
    }
    Ok(())
}

async fn around_a_message_is_the_message(natter: Natter) -> Result<()> {
    let (ada, bob, id) = talk(&natter).await?;
    let messages = some_messages(&ada, id).await?;
    for message in &messages {
        let page: Page<Message> = bob.get(&format!("{}?limit=3&around={}", path(id), message.id)).await?;
        assert!(page.data.contains(message), "{page:?}");
        let begins = usize::try_from(page.data[0].seq - messages[0].seq)?;
        assert_eq!(page.data, messages[begins..begins + page.data.len()]);
        // At the ends there is nothing on the other side.
        assert!((2..=3).contains(&page.data.len()), "{page:?}");
    }
    Ok(())
}

async fn parameters_must_make_sense(natter: Natter) -> Result<()> {
    let (ada, _, id) = talk(&natter).await?;
    let message = ada.send(id, "here").await?.id;
    let elsewhere = ada.group("Elsewhere", &[]).await?.info.id;
    let other = ada.send(elsewhere, "elsewhere").await?.id;
    for (query, code) in [
        (format!("before={message}&after={message}"), ErrorCode::InvalidParameter),
        (format!("around={message}&cursor=x"), ErrorCode::InvalidParameter),
        ("before=x".to_owned(), ErrorCode::InvalidParameter),
        ("after=%00".to_owned(), ErrorCode::InvalidParameter),
        ("limit=0".to_owned(), ErrorCode::InvalidParameter),
        ("limit=101".to_owned(), ErrorCode::InvalidParameter),
        ("limit=1&limit=2".to_owned(), ErrorCode::InvalidParameter),
        ("cursor=x".to_owned(), ErrorCode::InvalidCursor),
        (format!("before={other}"), ErrorCode::NotFound),
        (format!("around={}", ada.id()), ErrorCode::NotFound),
    ] {
        let path = format!("{}?{query}", path(id));
        refused(&ada, Method::GET, &path, None, code).await?;
    }
    // Unknown parameters are a later version's.
    let page: Page<Message> = ada.get(&format!("{}?colour=blue", path(id))).await?;
    assert_eq!(page.data.len(), 1);
    Ok(())
}
