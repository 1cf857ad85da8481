//! `/conversations/{id}/messages` and `/messages/{id}`

use crate::support::{answered, fields, happened, on_both_databases, refused, seen};
use anyhow::{Context as _, Result, ensure};
use natter_protocol::{
    Conversation, ConversationId, ErrorCode, Event, EventBody, Message, MessageId, MessageVersion, Page,
    SystemNote, limits,
};
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
    an_edit_keeps_what_was_there_for_moderators,
    a_message_is_changed_by_whoever_wrote_it,
    a_deleted_message_leaves_its_place,
    a_thread_is_read_by_itself,
    a_message_is_forwarded,
    a_forward_that_makes_no_sense_is_refused,
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
        "  spaces, \ttabs\nand lines  ",
        "Grüße, 世界 👩‍🚀 🏴󠁧󠁢󠁳󠁣󠁴󠁿",
        "<script>alert(1)</script> & \"quotes\" 'n' \\ back",
        "\u{202e}desrever\u{202c} \u{feff}\u{200b}",
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
    // Lines end alike, whatever system they were written on, and a direction ends with its line.
    let sent = ada.send(id, "one\r\ntwo\rthree \u{202e}four").await?;
    assert_eq!(sent.content, "one\ntwo\nthree \u{202e}four\u{202c}");
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
        (json!({}), "content"),
        (json!({ "content": "" }), "content"),
        (json!({ "content": " \n " }), "content"),
        (json!({ "content": "zero\0" }), "content"),
        (json!({ "content": "bell\u{7}" }), "content"),
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
    for body in [json!({ "content": null }), json!({ "content": ["x"] }), json!("x"), json!(null)] {
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

fn text(content: &str) -> Value {
    json!({ "content": content })
}

async fn an_edit_keeps_what_was_there_for_moderators(natter: Natter) -> Result<()> {
    let (ada, bob, id) = talk(&natter).await?;
    let sent = bob.send(id, "one").await?;
    let path = format!("/messages/{}", sent.id);
    let edited: Message = answered(&bob, Method::PATCH, &path, Some(text("two")), StatusCode::OK).await?;
    assert_eq!((&*edited.content, edited.seq, edited.created_at), ("two", sent.seq, sent.created_at));
    assert!(edited.edited_at.is_some_and(|at| at >= sent.created_at));
    let replaced: Message = answered(&bob, Method::PUT, &path, Some(text("three")), StatusCode::OK).await?;
    assert_eq!(ada.get::<Message>(&path).await?, replaced);
    // The same again changes nothing.
    answered::<Message>(&bob, Method::PUT, &path, Some(text("three")), StatusCode::OK).await?;
    assert_eq!(happened(&ada, id, sent.seq).await?, ["message.updated"; 2]);
    let log: Page<Event> = ada.get(&format!("/conversations/{id}/events?after={}", sent.seq)).await?;
    for event in &log.data {
        let EventBody::MessageUpdated(change) = &event.body else { panic!("{event:?}") };
        // A replay shows the message as it is now.
        assert_eq!(
            (change.message_seq, change.actor_id, &*change.message.content),
            (sent.seq, bob.id(), "three")
        );
        assert_eq!((change.message.seq, change.message.id), (event.seq, sent.id));
    }
    let versions = format!("{path}/versions");
    let page: Page<MessageVersion> = ada.get(&versions).await?;
    let said: Vec<_> = page.data.iter().map(|version| version.content.as_str()).collect();
    assert_eq!(said, ["one", "two"]);
    assert!(page.data.iter().all(|version| version.replaced_by == bob.id()));
    assert_eq!(page.data[0].replaced_at, page.data[1].created_at);
    refused(&bob, Method::GET, &versions, None, ErrorCode::Forbidden).await?;
    let eve = natter.person("eve").await?;
    refused(&eve, Method::GET, &versions, None, ErrorCode::NotFound).await?;
    Ok(())
}

async fn a_message_is_changed_by_whoever_wrote_it(natter: Natter) -> Result<()> {
    let (ada, bob, id) = talk(&natter).await?;
    let eve = natter.person("eve").await?;
    let sent = bob.send(id, "mine").await?;
    let path = format!("/messages/{}", sent.id);
    for method in [Method::PUT, Method::PATCH] {
        refused(&ada, method.clone(), &path, Some(text("yours")), ErrorCode::Forbidden).await?;
        refused(&eve, method.clone(), &path, Some(text("yours")), ErrorCode::NotFound).await?;
        let problem = refused(&bob, method, &path, Some(text(" ")), ErrorCode::ValidationFailed).await?;
        assert_eq!(fields(&problem), ["content"]);
    }
    let other = ada.send(id, "ada's").await?;
    let path = format!("/messages/{}", other.id);
    refused(&bob, Method::DELETE, &path, None, ErrorCode::Forbidden).await?;
    refused(&eve, Method::DELETE, &path, None, ErrorCode::NotFound).await?;
    assert_eq!(ada.log(id).await?.len(), 3);
    Ok(())
}

async fn a_deleted_message_leaves_its_place(natter: Natter) -> Result<()> {
    let (ada, bob, id) = talk(&natter).await?;
    let (one, two) = (bob.send(id, "one").await?, bob.send(id, "two @ada").await?);
    let before = seen(&ada, id).await?;
    assert_eq!((before.unread_count, before.mention_count), (2, 1));
    for (person, message) in [(&bob, &one), (&ada, &two)] {
        let path = format!("/messages/{}", message.id);
        for _ in 0..2 {
            let left: Message = answered(person, Method::DELETE, &path, None, StatusCode::OK).await?;
            assert_eq!((left.seq, &*left.content, left.mentions.len()), (message.seq, "", 0));
            assert!(left.deleted_at.is_some());
        }
        for (method, path, body) in [
            (Method::PATCH, path.clone(), Some(text("x"))),
            (Method::POST, format!("{path}/reactions"), Some(json!({ "emoji": "👍" }))),
            (Method::PUT, format!("{path}/pin"), None),
            (Method::POST, format!("{path}/forward"), Some(json!({ "conversationIds": [id] }))),
        ] {
            refused(person, method, &path, body, ErrorCode::NotFound).await?;
        }
    }
    assert_eq!(happened(&ada, id, two.seq).await?, ["message.deleted"; 2]);
    let after = seen(&ada, id).await?;
    assert_eq!((after.unread_count, after.mention_count), (0, 0));
    // The log has it from the beginning as it is now: without the text.
    let log = ada.log(id).await?;
    assert!(!serde_json::to_string(&log)?.contains("two"), "{log:?}");
    // What it said is kept for moderators.
    let page: Page<MessageVersion> = ada.get(&format!("/messages/{}/versions", one.id)).await?;
    assert_eq!(page.data.len(), 1);
    Ok(())
}

async fn a_thread_is_read_by_itself(natter: Natter) -> Result<()> {
    let (ada, bob, id) = talk(&natter).await?;
    let start = ada.send(id, "Who comes?").await?;
    let mut thread = vec![start.clone()];
    for number in 0..5 {
        let body = json!({ "content": number.to_string(), "threadId": start.id });
        thread.push(bob.post::<Message>(&path(id), body).await?);
        ada.send(id, "something else").await?;
    }
    thread[0] = ada.get(&format!("/messages/{}", start.id)).await?;
    assert_eq!(thread[0].reply_count, 5);
    let query = format!("&threadId={}", start.id);
    let page: Page<Message> = ada.get(&format!("{}?limit=100{query}", path(id))).await?;
    assert_eq!(page.data, thread);
    let first: Page<Message> = ada.get(&format!("{}?limit=2{query}", path(id))).await?;
    assert_eq!(first.data, thread[4..]);
    let cursor = first.meta.next_cursor.unwrap_or_default();
    let next: Page<Message> = ada.get(&format!("{}?limit=2{query}&cursor={cursor}", path(id))).await?;
    assert_eq!(next.data, thread[2..4]);
    let wrong = format!("{}?cursor={cursor}", path(id));
    refused(&ada, Method::GET, &wrong, None, ErrorCode::InvalidCursor).await?;
    Ok(())
}

async fn a_message_is_forwarded(natter: Natter) -> Result<()> {
    let (ada, bob, id) = talk(&natter).await?;
    let (one, two) = (bob.group("One", &[]).await?.info.id, bob.group("Two", &[]).await?.info.id);
    let sent = ada.send(id, "Fresh herring").await?;
    let forward = format!("/messages/{}/forward", sent.id);
    let body = json!({ "conversationIds": [two, one], "clientMessageId": "k" });
    for _ in 0..2 {
        let copies: Page<Message> =
            answered(&bob, Method::POST, &forward, Some(body.clone()), StatusCode::CREATED).await?;
        assert_eq!(copies.data.iter().map(|copy| copy.conversation_id).collect::<Vec<_>>(), [two, one]);
        for copy in &copies.data {
            assert_eq!((copy.sender.id, &*copy.content), (bob.id(), "Fresh herring"));
            let from = copy.forwarded_from.as_ref().context("says where it is from")?;
            assert_eq!((from.sender.id, from.created_at), (ada.id(), sent.created_at));
        }
    }
    for id in [one, two] {
        assert_eq!(happened(&bob, id, 1).await?, ["message.new"], "once, although it was asked for twice");
    }
    // A copy of a copy says who wrote it first.
    let copy: Page<Message> = bob.get(&path(one)).await?;
    let again = format!("/messages/{}/forward", copy.data[0].id);
    let body = Some(json!({ "conversationIds": [two] }));
    let copies: Page<Message> = answered(&bob, Method::POST, &again, body, StatusCode::CREATED).await?;
    assert_eq!(copies.data[0].forwarded_from.as_ref().map(|from| from.sender.id), Some(ada.id()));
    Ok(())
}

async fn a_forward_that_makes_no_sense_is_refused(natter: Natter) -> Result<()> {
    let (ada, bob, id) = talk(&natter).await?;
    let sent = ada.send(id, "Fresh herring").await?;
    let (mine, theirs) = (bob.group("Mine", &[]).await?.info.id, ada.group("Theirs", &[]).await?.info.id);
    let forward = format!("/messages/{}/forward", sent.id);
    let to = |ids: &[ConversationId]| json!({ "conversationIds": ids });
    for (body, field) in [
        (to(&[]), "conversationIds"),
        (to(&[mine; 21]), "conversationIds"),
        (to(&[mine, mine]), "conversationIds"),
        (json!({ "conversationIds": [mine], "clientMessageId": "k".repeat(65) }), "clientMessageId"),
    ] {
        let code = ErrorCode::ValidationFailed;
        let problem = refused(&bob, Method::POST, &forward, Some(body), code).await?;
        assert_eq!(fields(&problem), [field]);
    }
    // All or nothing: bob is not in the second one.
    let body = Some(to(&[mine, theirs]));
    refused(&bob, Method::POST, &forward, body, ErrorCode::NotFound).await?;
    assert_eq!(bob.log(mine).await?.len(), 1);
    // Nor what the server wrote.
    let body = Some(json!({ "name": "Other" }));
    let renamed = format!("/conversations/{mine}");
    answered::<Conversation>(&bob, Method::PATCH, &renamed, body, StatusCode::OK).await?;
    let page: Page<Message> = bob.get(&path(mine)).await?;
    let note = page.data.first().context("a note")?;
    assert_eq!(note.system, Some(SystemNote::Renamed { name: "Other".to_owned() }));
    let system = format!("/messages/{}/forward", note.id);
    refused(&bob, Method::POST, &system, Some(to(&[id])), ErrorCode::NotFound).await?;
    Ok(())
}
