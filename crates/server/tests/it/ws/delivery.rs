//! Who gets what, when, and in which order.

use super::{World, next, send};
use crate::natter;
use crate::support::on_both_databases;
use anyhow::{Context as _, Result, ensure};
use natter_protocol::{CloseCode, ConversationId, ErrorCode, EventBody, Message, Seq};
use natter_testkit::natter::Natter;
use natter_testkit::person::{Frame, Person, Socket};
use serde_json::{Value, json};

on_both_databases! {
    a_message_is_on_disk_when_it_is_acknowledged_and_reaches_every_connection,
    a_repeat_is_acknowledged_and_reaches_nobody_again,
    without_an_id_only_errors_are_answered,
    pipelined_messages_keep_their_order,
    everybody_gets_everything_in_order_under_concurrent_senders,
    who_stops_gracefully_says_when_to_come_back,
}

const NOTHING: [Value; 0] = [];

async fn a_message_is_on_disk_when_it_is_acknowledged_and_reaches_every_connection(
    mut natter: Natter,
) -> Result<()> {
    let world = World::new(&natter).await?;
    let World { ada, bob, eve, harbour, .. } = &world;
    let (mut own, mut other) = (ada.socket().await?, ada.socket().await?);
    let (mut first, mut second, mut stranger) =
        (bob.socket().await?, bob.socket().await?, eve.socket().await?);

    own.send(&send(Some("c1"), *harbour, "Hello")).await?;
    let mut answers = [next(&mut own).await?, next(&mut own).await?];
    answers.sort_by_key(|frame| frame["type"].as_str().map(str::to_owned));
    let [ack, event] = answers;
    assert_eq!((&ack["id"], &ack["type"]), (&json!("c1"), &json!("ack")));
    let message: Message = serde_json::from_value(ack["payload"].clone())?;
    assert_eq!((&*message.content, message.seq, message.sender.id), ("Hello", 2, ada.id()));
    assert_eq!(event, json!({ "type": "message.new", "payload": ack["payload"] }));
    for socket in [&mut other, &mut first, &mut second] {
        assert_eq!(next(socket).await?, event);
    }
    let rest = world.heard([&mut own, &mut other, &mut first, &mut second, &mut stranger]).await?;
    assert_eq!(rest, [NOTHING; 5], "once each, and nothing for a stranger");

    natter.kill().await?;
    natter.start().await?;
    let read: Message = bob.get(&format!("/messages/{}", message.id)).await?;
    assert_eq!(read, message);
    Ok(())
}

async fn a_repeat_is_acknowledged_and_reaches_nobody_again(natter: Natter) -> Result<()> {
    let world = World::new(&natter).await?;
    let (mut own, mut other) = (world.ada.socket().await?, world.bob.socket().await?);
    let mut frame = send(Some("c1"), world.harbour, "Hello");
    frame["payload"]["clientMessageId"] = json!("k");
    own.send(&frame).await?;
    let first = own.next_of("ack").await?;
    own.send(&frame).await?;
    assert_eq!(own.next_of("ack").await?, first);
    frame["payload"]["content"] = json!("Goodbye");
    own.send(&frame).await?;
    let error = own.next_of("error").await?;
    assert_eq!(error["payload"]["code"], "client_message_id_conflict");
    let [heard] = world.heard([&mut other]).await?;
    assert_eq!(heard, [json!({ "type": "message.new", "payload": first["payload"] })]);
    Ok(())
}

async fn without_an_id_only_errors_are_answered(natter: Natter) -> Result<()> {
    let world = World::new(&natter).await?;
    let (mut own, mut other) = (world.ada.socket().await?, world.bob.socket().await?);
    own.send(&send(None, world.harbour, "Hello")).await?;
    own.send(&send(None, world.harbour, "")).await?;
    assert_eq!(other.next_of("message.new").await?["payload"]["content"], "Hello");
    let mut kinds = [next(&mut own).await?, next(&mut own).await?].map(|frame| {
        assert!(frame.get("id").is_none(), "{frame}");
        frame["type"].to_string()
    });
    kinds.sort();
    assert_eq!(kinds, [r#""error""#, r#""message.new""#]);
    assert_eq!(world.heard([&mut own]).await?, [NOTHING]);
    Ok(())
}

async fn pipelined_messages_keep_their_order(natter: Natter) -> Result<()> {
    let World { ada, bob, harbour: id, .. } = World::new(&natter).await?;
    let (mut own, mut other) = (ada.socket().await?, bob.socket().await?);
    let reading = tokio::spawn(async move {
        for number in 0..300 {
            let event = other.next_of("message.new").await?;
            ensure!(
                event["payload"]["content"] == number.to_string().as_str(),
                "{event} instead of {number}"
            );
            ensure!(event["payload"]["seq"] == number + 2, "{event}");
        }
        anyhow::Ok(())
    });
    // More than may be on their way at one time, and more than one read of the socket.
    for number in 0..300 {
        own.feed(&send(Some(&number.to_string()), id, &number.to_string())).await?;
    }
    own.flush().await?;
    for _ in 0..300 {
        let ack = own.next_of("ack").await?;
        assert_eq!(ack["id"], ack["payload"]["content"], "each acknowledgement is of its message");
    }
    reading.await?
}

/// Follows a conversation from the next event on: in order, nothing twice, nothing missing.
async fn follow(mut socket: Socket, id: ConversationId, first: Seq, last: Seq) -> Result<Vec<Message>> {
    let mut messages = Vec::new();
    for seq in first..=last {
        let event = loop {
            let frame = next(&mut socket).await?;
            if frame["payload"]["conversationId"] == json!(id) && frame["type"] == "message.new" {
                break frame;
            }
            ensure!(frame["type"] == "ack", "{frame}");
        };
        let message: Message = serde_json::from_value(event["payload"].clone())?;
        ensure!(message.seq == seq, "{} came instead of {seq}", message.seq);
        messages.push(message);
    }
    Ok(messages)
}

async fn everybody_gets_everything_in_order_under_concurrent_senders(natter: Natter) -> Result<()> {
    const SENDERS: u64 = 8;
    const EACH: u64 = 40;
    let mut people = Vec::new();
    for number in 0..SENDERS {
        people.push(natter.person(&format!("sender{number}")).await?);
    }
    let others: Vec<&Person> = people[1..].iter().collect();
    let id = people[0].group("Harbour", &others).await?.info.id;
    let mut following = Vec::new();
    for person in &people {
        for _ in 0..2 {
            following.push(tokio::spawn(follow(person.socket().await?, id, 2, SENDERS * EACH + 1)));
        }
    }
    let mut sending = Vec::new();
    for (number, person) in people.iter().enumerate() {
        let person = person.clone();
        // Half of them by socket, half by request: the order is one.
        let mut socket = if number % 2 == 0 { Some(person.socket().await?) } else { None };
        sending.push(tokio::spawn(async move {
            for count in 0..EACH {
                let content = format!("{number} {count}");
                match &mut socket {
                    Some(socket) => {
                        socket.send(&send(Some("c"), id, &content)).await?;
                        socket.next_of("ack").await?;
                    }
                    None => drop(person.send(id, &content).await?),
                }
            }
            anyhow::Ok(())
        }));
    }
    for sender in sending {
        sender.await??;
    }
    let log: Vec<Message> = people[0]
        .log(id)
        .await?
        .into_iter()
        .filter_map(|event| match event.body {
            EventBody::MessageNew(message) => Some(*message),
            _ => None,
        })
        .collect();
    for follower in following {
        assert_eq!(follower.await??, log);
    }
    for number in 0..SENDERS {
        let prefix = format!("{number} ");
        let of_one = log.iter().filter_map(|message| message.content.strip_prefix(&prefix));
        assert!(of_one.eq((0..EACH).map(|count| count.to_string()).collect::<Vec<_>>()), "sender {number}");
    }
    Ok(())
}

async fn who_stops_gracefully_says_when_to_come_back(mut natter: Natter) -> Result<()> {
    let World { ada, bob, harbour: id, .. } = World::new(&natter).await?;
    let (mut own, mut other) = (ada.socket().await?, bob.socket().await?);
    for number in 0..50 {
        own.feed(&send(Some(&number.to_string()), id, "Hello")).await?;
    }
    own.flush().await?;
    own.next_of("ack").await?;
    let ending = tokio::spawn(async move {
        let mut acked = 1;
        loop {
            match own.next_raw().await? {
                Frame::Text(text) => {
                    acked += usize::from(serde_json::from_str::<Value>(&text)?["type"] == "ack");
                }
                Frame::Close(close) => {
                    return anyhow::Ok((acked, close.context("no code")?));
                }
                other => anyhow::bail!("{other:?}"),
            }
        }
    });
    let others = tokio::spawn(async move { other.closed().await });
    let status = natter.stop().await?;
    assert!(status.success(), "{status}");
    let (acked, close) = ending.await??;
    for (code, reason) in [(close.code.into(), close.reason), others.await??] {
        assert_eq!(code, CloseCode::GoingAway.code());
        let hint: Value = serde_json::from_str(&reason)?;
        assert!(hint["reconnectAfterMs"].as_u64().is_some_and(|ms| ms < 60_000), "{reason}");
    }
    natter.start().await?;
    let kept = ada.log(id).await?.len() - 1;
    assert!(kept >= acked, "{acked} were acknowledged, {kept} kept");
    Ok(())
}

#[tokio::test]
async fn what_is_not_understood_is_answered_and_the_connection_stays() -> Result<()> {
    let natter = natter().start().await?;
    let World { ada, harbour: id, .. } = World::new(&natter).await?;
    let mut socket = ada.socket().await?;
    let content = |content: Value| json!({ "conversationId": id, "content": content });
    let send = |payload: Value| json!({ "id": "c1", "type": "message.send", "payload": payload }).to_string();
    for (text, answered, code) in [
        ("", false, ErrorCode::InvalidJson),
        ("hello", false, ErrorCode::InvalidJson),
        ("{", false, ErrorCode::InvalidJson),
        ("[]", false, ErrorCode::InvalidJson),
        ("null", false, ErrorCode::InvalidJson),
        (r#"{"id":"c1"}"#, false, ErrorCode::InvalidJson),
        (r#"{"id":"c1","type":null}"#, false, ErrorCode::InvalidJson),
        (r#"{"id":"c1","type":"shout"}"#, true, ErrorCode::UnknownType),
        (r#"{"id":"c1","type":""}"#, true, ErrorCode::UnknownType),
        (r#"{"id":"c1","type":"ready","payload":{}}"#, true, ErrorCode::UnknownType),
        (r#"{"id":"c1","type":"message.send"}"#, true, ErrorCode::InvalidJson),
        (r#"{"id":"c1","type":"message.send","payload":null}"#, true, ErrorCode::InvalidJson),
        (&send(json!([])), true, ErrorCode::InvalidJson),
        (&send(json!({})), true, ErrorCode::InvalidJson),
        (&send(json!({ "content": "x" })), true, ErrorCode::InvalidJson),
        (&send(json!({ "conversationId": "x", "content": "x" })), true, ErrorCode::InvalidJson),
        (&send(content(json!(7))), true, ErrorCode::InvalidJson),
        (&send(content(json!(""))), true, ErrorCode::ValidationFailed),
        (&send(content(json!("zero\0"))), true, ErrorCode::ValidationFailed),
        (&send(content(json!("x".repeat(16_001)))), true, ErrorCode::ValidationFailed),
        (&send(json!({ "conversationId": ada.id(), "content": "x" })), true, ErrorCode::NotFound),
        (&json!({ "id": "i".repeat(129), "type": "ping" }).to_string(), false, ErrorCode::InvalidJson),
        (&format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000)), false, ErrorCode::InvalidJson),
    ] {
        socket.send_raw(Frame::text(text)).await?;
        let error = next(&mut socket).await?;
        let excerpt: String = text.chars().take(80).collect();
        assert_eq!(error["type"], "error", "{excerpt}: {error}");
        assert_eq!(error.get("id").is_some(), answered, "{excerpt}: {error}");
        let problem = &error["payload"];
        assert_eq!(
            (&problem["code"], &problem["status"]),
            (&json!(code), &json!(code.status())),
            "{excerpt}"
        );
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{excerpt}: {error}");
    }
    socket
        .send(&json!({ "id": "c2", "type": "message.send", "payload": content(json!("still here")) }))
        .await?;
    assert_eq!(socket.next_of("ack").await?["id"], "c2");
    Ok(())
}

#[tokio::test]
async fn who_is_put_into_a_conversation_hears_of_it() -> Result<()> {
    let natter = natter().start().await?;
    let world = World::new(&natter).await?;
    let World { ada, bob, eve, .. } = &world;
    let (mut own, mut other, mut stranger) = (ada.socket().await?, bob.socket().await?, eve.socket().await?);
    let group = ada.group("Another", &[bob]).await?;
    for socket in [&mut own, &mut other] {
        let created = loop {
            let created = socket.next_of("conversation.created").await?;
            if created["payload"]["conversationId"] == json!(group.info.id) {
                break created;
            }
        };
        assert_eq!(
            (&created["payload"]["seq"], &created["payload"]["actorId"]),
            (&json!(1), &json!(ada.id()))
        );
        assert_eq!(created["payload"]["conversation"], json!(group.info));
    }
    let mark = ada.send(world.square, "mark").await?;
    loop {
        let frame = stranger.next().await?;
        if frame["payload"]["id"] == json!(mark.id) {
            return Ok(());
        }
        assert_ne!(frame["payload"]["conversationId"], json!(group.info.id));
    }
}

/// A connection that does not read is told where to pull once it reads again, and pulling completes it.
#[tokio::test]
async fn a_slow_reader_learns_where_to_pull_and_delays_nobody() -> Result<()> {
    /// Together far more than the kernel and the queue keep for a connection.
    const SENT: u64 = 300;
    let natter = natter().start().await?;
    let World { ada, bob, harbour: id, .. } = World::new(&natter).await?;
    let (mut own, mut fast, mut slow) = (ada.socket().await?, bob.socket().await?, bob.socket().await?);
    let shells = "🐚".repeat(15_000);
    for seq in 2..SENT + 2 {
        own.send(&send(Some("c"), id, &shells)).await?;
        // The other connection of the same user misses nothing.
        assert_eq!(fast.next_of("message.new").await?["payload"]["seq"], seq);
        own.next_of("ack").await?;
    }
    let mut seen = 1;
    let lagging = loop {
        let frame = next(&mut slow).await?;
        if frame["type"] != "message.new" {
            break frame;
        }
        seen += 1;
        assert_eq!(frame["payload"]["seq"], seen, "what comes before the gap is in order");
    };
    assert_eq!(lagging["type"], "sync.lagging");
    assert_eq!(lagging["payload"]["conversations"][0]["id"], json!(id));
    let head = lagging["payload"]["conversations"][0]["seq"].as_u64().context("no position")?;
    assert!(head > seen && head <= SENT + 1, "{seen} were seen: {lagging}");
    let log = bob.log(id).await?;
    assert!(log.iter().map(|event| event.seq).eq(1..=SENT + 1));
    Ok(())
}
