//! `/conversations`

mod find;

use crate::support::{answered, done, fields, happened, on_both_databases, refused, seen};
use anyhow::{Context as _, Result, ensure};
use natter_protocol::{
    Conversation, ConversationId, ConversationStatus, ErrorCode, Event, EventBody, Me, MemberRole, Message,
    Page, Visibility,
};
use natter_testkit::natter::Natter;
use natter_testkit::person::Person;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::HashSet;

on_both_databases! {
    a_group_is_created,
    a_public_channel_is_created,
    a_direct_conversation_is_there_once,
    both_sides_at_once_get_the_same_direct_conversation,
    what_makes_no_sense_is_refused,
    strangers_cannot_tell_that_it_exists,
    the_list_is_by_activity_and_comes_in_pages,
    a_cursor_is_its_owners_and_its_lists,
    unread_counts_what_others_wrote,
    ids_that_are_none_are_refused,
    a_change_is_told_to_everybody,
    replacing_needs_a_name_and_clears_the_topic,
    changes_that_make_no_sense_are_refused,
    a_deleted_conversation_is_gone_for_everybody,
    an_archived_conversation_is_read_only,
    everybody_sorts_their_own_list,
    the_direct_conversation_is_found_by_name,
}

async fn a_group_is_created(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let body =
        json!({ "type": "group", "name": "  Harbour ", "topic": "Boats", "members": ["BOB", bob.id()] });
    let (status, group) = ada.request(Method::POST, "/conversations", Some(body)).await?;
    assert_eq!(status, StatusCode::CREATED);
    let group: Conversation = serde_json::from_value(group)?;
    assert_eq!((group.info.name.as_deref(), group.info.topic.as_deref()), (Some("Harbour"), Some("Boats")));
    assert_eq!((group.info.visibility, group.info.created_by), (Visibility::Private, ada.id()));
    assert_eq!((group.member_count, group.last_seq, group.unread_count), (2, 1, 0));
    assert_eq!(group.me.role, MemberRole::Owner);

    let seen: Conversation = bob.get(&format!("/conversations/{}", group.info.id)).await?;
    assert_eq!((seen.info, seen.me.role, seen.epoch), (group.info, MemberRole::Member, group.epoch));
    Ok(())
}

async fn a_public_channel_is_created(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let body = json!({ "type": "channel", "name": "harbour", "visibility": "public" });
    let channel: Conversation = ada.post("/conversations", body).await?;
    assert_eq!((channel.info.visibility, channel.member_count), (Visibility::Public, 1));
    Ok(())
}

fn direct(peer: &Person) -> Value {
    json!({ "type": "direct", "members": [peer.id()] })
}

async fn a_direct_conversation_is_there_once(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let (status, first) = ada.request(Method::POST, "/conversations", Some(direct(&bob))).await?;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!((&first["title"], &first["name"]), (&json!("bob"), &Value::Null));
    for (person, peer, title) in [(&ada, &bob, "bob"), (&bob, &ada, "ada")] {
        let (status, again) = person.request(Method::POST, "/conversations", Some(direct(peer))).await?;
        assert_eq!(status, StatusCode::OK);
        assert_eq!((&again["id"], &again["title"]), (&first["id"], &json!(title)));
    }
    Ok(())
}

async fn both_sides_at_once_get_the_same_direct_conversation(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let asking: Vec<_> = (0..10)
        .map(|number| {
            let (person, peer) = if number % 2 == 0 { (&ada, &bob) } else { (&bob, &ada) };
            let (person, body) = (person.clone(), direct(peer));
            tokio::spawn(async move { person.request(Method::POST, "/conversations", Some(body)).await })
        })
        .collect();
    let (mut ids, mut created) = (HashSet::new(), 0);
    for answer in asking {
        let (status, conversation) = answer.await??;
        ids.insert(conversation["id"].to_string());
        created += usize::from(status == StatusCode::CREATED);
    }
    assert_eq!((ids.len(), created), (1, 1));
    let list: Page<Conversation> = ada.get("/conversations").await?;
    assert_eq!(list.data.len(), 1);
    Ok(())
}

async fn what_makes_no_sense_is_refused(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    natter.person("bob").await?;
    for (body, field) in [
        (json!({ "type": "group" }), "name"),
        (json!({ "type": "channel", "name": "" }), "name"),
        (json!({ "type": "direct", "name": "Us", "members": ["bob"] }), "name"),
        (json!({ "type": "group", "name": "x".repeat(129) }), "name"),
        (json!({ "type": "group", "name": "x", "topic": "x".repeat(513) }), "topic"),
        (json!({ "type": "group", "name": "x", "topic": "zero\0" }), "topic"),
        (json!({ "type": "group", "name": "x", "visibility": "public" }), "visibility"),
        (json!({ "type": "direct", "members": [] }), "members"),
        (json!({ "type": "direct", "members": ["ada"] }), "members"),
        (json!({ "type": "group", "name": "x", "members": ["bob", "nobody"] }), "members"),
        (
            json!({ "type": "group", "name": "x", "members": [ConversationId::from_uuid(uuid::Uuid::nil())] }),
            "members",
        ),
        (json!({ "type": "group", "name": "x", "members": ["zero\0"] }), "members"),
        (json!({ "type": "group", "name": "x", "members": vec!["bob"; 501] }), "members"),
    ] {
        let path = "/conversations";
        let problem = refused(&ada, Method::POST, path, Some(body), ErrorCode::ValidationFailed).await?;
        assert_eq!(fields(&problem), [field], "{problem:?}");
    }
    for body in [json!({}), json!({ "type": "party" }), json!({ "type": "group", "name": 7 }), json!([])] {
        refused(&ada, Method::POST, "/conversations", Some(body), ErrorCode::InvalidJson).await?;
    }
    let list: Page<Conversation> = ada.get("/conversations").await?;
    ensure!(list.data.is_empty(), "none of that was created: {list:?}");
    Ok(())
}

async fn strangers_cannot_tell_that_it_exists(natter: Natter) -> Result<()> {
    let (ada, eve) = (natter.person("ada").await?, natter.person("eve").await?);
    let id = ada.group("Harbour", &[]).await?.info.id;
    let nowhere = ConversationId::from_uuid(uuid::Uuid::max());
    for suffix in ["", "/messages", "/events"] {
        let mut answers = Vec::new();
        for id in [id, nowhere] {
            let path = format!("/conversations/{id}{suffix}");
            let mut problem = refused(&eve, Method::GET, &path, None, ErrorCode::NotFound).await?;
            problem.request_id.clear();
            answers.push(problem);
        }
        assert_eq!(answers[0], answers[1]);
    }
    let send = format!("/conversations/{id}/messages");
    refused(&eve, Method::POST, &send, Some(json!({ "content": "Me too" })), ErrorCode::NotFound).await?;
    let seen: Page<Conversation> = eve.get("/conversations").await?;
    assert_eq!(seen, Page::new(Vec::new(), None));
    assert_eq!(ada.log(id).await?.len(), 1, "nothing was written");
    Ok(())
}

async fn pages(person: &Person, limit: usize) -> Result<Vec<Conversation>> {
    let (mut list, mut cursor) = (Vec::new(), String::new());
    loop {
        let page: Page<Conversation> = person.get(&format!("/conversations?limit={limit}{cursor}")).await?;
        ensure!(page.data.len() <= limit && page.meta.has_more == page.meta.next_cursor.is_some());
        list.extend(page.data);
        match page.meta.next_cursor {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(list),
        }
    }
}

async fn the_list_is_by_activity_and_comes_in_pages(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let mut ids = Vec::new();
    for number in 0..7 {
        ids.push(ada.group(&format!("Group {number}"), &[]).await?.info.id);
    }
    ada.send(ids[0], "up").await?;
    let whole = pages(&ada, 100).await?;
    assert_eq!(whole.len(), 7);
    assert_eq!(whole[0].info.id, ids[0], "the one that was talked in last");
    assert_eq!(whole[0].last_message.as_ref().map(|message| &*message.content), Some("up"));
    assert!(whole.is_sorted_by(|one, next| one.info.updated_at >= next.info.updated_at));
    for limit in [1, 3, 6, 7] {
        assert_eq!(pages(&ada, limit).await?, whole, "in pages of {limit}");
    }
    for limit in ["0", "101", "-1", "x", "1e1", "99999999999"] {
        let path = format!("/conversations?limit={limit}");
        refused(&ada, Method::GET, &path, None, ErrorCode::InvalidParameter).await?;
    }
    Ok(())
}

async fn a_cursor_is_its_owners_and_its_lists(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("One", &[&bob]).await?.info.id;
    ada.group("Two", &[&bob]).await?;
    ada.send(id, "one").await?;
    ada.send(id, "two").await?;
    let page: Page<Conversation> = ada.get("/conversations?limit=1").await?;
    let cursor = page.meta.next_cursor.unwrap_or_default();
    let tampered = format!("{}{}", if cursor.starts_with('A') { 'B' } else { 'A' }, &cursor[1..]);
    for (person, path) in [
        (&ada, format!("/conversations?cursor={tampered}")),
        (&ada, "/conversations?cursor=".to_owned()),
        (&ada, "/conversations?cursor=%00%ff".to_owned()),
        (&bob, format!("/conversations?cursor={cursor}")),
        (&ada, format!("/conversations/{id}/messages?cursor={cursor}")),
    ] {
        refused(person, Method::GET, &path, None, ErrorCode::InvalidCursor).await?;
    }
    Ok(())
}

async fn unread_counts_what_others_wrote(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    for text in ["one", "two", "three"] {
        ada.send(id, text).await?;
    }
    bob.send(id, "four").await?;
    let mut unread = Vec::new();
    for person in [&ada, &bob] {
        let one: Conversation = person.get(&format!("/conversations/{id}")).await?;
        let list: Page<Conversation> = person.get("/conversations").await?;
        assert_eq!(
            list.data,
            std::slice::from_ref(&one),
            "the list and the conversation itself say the same"
        );
        unread.push(one.unread_count);
    }
    assert_eq!(unread, [1, 3]);
    Ok(())
}

async fn ids_that_are_none_are_refused(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    for id in ["x", "0", "0190163d8694739baea5966c26f8ad91", "%00", "%ff", "..%2f..%2fetc"] {
        for path in [
            format!("/conversations/{id}"),
            format!("/conversations/{id}/messages"),
            format!("/conversations/{id}/events"),
            format!("/messages/{id}"),
        ] {
            refused(&ada, Method::GET, &path, None, ErrorCode::InvalidParameter).await?;
        }
    }
    // An id of another kind is well-formed; there is just nothing under it.
    let path = format!("/conversations/{}", ada.id());
    refused(&ada, Method::GET, &path, None, ErrorCode::NotFound).await?;
    Ok(())
}

async fn a_change_is_told_to_everybody(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let body = json!({ "type": "channel", "name": "harbour", "members": ["bob"] });
    let channel: Conversation = ada.post("/conversations", body).await?;
    let path = format!("/conversations/{}", channel.info.id);
    let body = json!({ "name": " docks ", "topic": "Cranes", "visibility": "public" });
    let changed: Conversation = answered(&ada, Method::PATCH, &path, Some(body), StatusCode::OK).await?;
    assert_eq!(
        (changed.info.name.as_deref(), changed.info.topic.as_deref()),
        (Some("docks"), Some("Cranes"))
    );
    assert_eq!((changed.info.visibility, &*changed.title), (Visibility::Public, "docks"));
    assert_eq!(seen(&bob, channel.info.id).await?.info, changed.info);

    let log: Page<Event> = bob.get(&format!("{path}/events?after=1")).await?;
    let EventBody::ConversationUpdated(told) = &log.data[0].body else { panic!("{log:?}") };
    assert_eq!((told.seq, told.actor_id, &told.conversation), (2, ada.id(), &changed.info));
    // And in words: the name, the topic, and who can find it.
    assert_eq!(happened(&bob, channel.info.id, 2).await?, ["message.new"; 3]);
    assert_eq!(changed.unread_count, 0, "what the server writes is not unread");

    // What changes nothing is no event.
    let body = json!({ "name": "docks" });
    answered::<Conversation>(&ada, Method::PATCH, &path, Some(body), StatusCode::OK).await?;
    assert_eq!(seen(&ada, channel.info.id).await?.last_seq, 5);
    Ok(())
}

async fn replacing_needs_a_name_and_clears_the_topic(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let body = json!({ "type": "channel", "name": "harbour", "topic": "Boats", "visibility": "public" });
    let channel: Conversation = ada.post("/conversations", body).await?;
    let path = format!("/conversations/{}", channel.info.id);
    for body in [json!({}), json!({ "topic": "Cranes" }), json!({ "name": null })] {
        let problem = refused(&ada, Method::PUT, &path, Some(body), ErrorCode::ValidationFailed).await?;
        assert_eq!(fields(&problem), ["name"]);
    }
    let body = Some(json!({ "name": "docks" }));
    let replaced: Conversation = answered(&ada, Method::PUT, &path, body, StatusCode::OK).await?;
    assert_eq!((replaced.info.name.as_deref(), replaced.info.topic), (Some("docks"), None));
    assert_eq!(replaced.info.visibility, Visibility::Public, "who can find it stays");
    Ok(())
}

async fn changes_that_make_no_sense_are_refused(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let group = ada.group("Harbour", &[&bob]).await?.info.id;
    let path = format!("/conversations/{group}");
    for (body, field) in [
        (json!({}), "name"),
        (json!({ "name": " " }), "name"),
        (json!({ "name": "x".repeat(129) }), "name"),
        (json!({ "topic": "x".repeat(513) }), "topic"),
        (json!({ "visibility": "public" }), "visibility"),
    ] {
        let problem = refused(&ada, Method::PATCH, &path, Some(body), ErrorCode::ValidationFailed).await?;
        assert_eq!(fields(&problem), [field], "{problem:?}");
    }
    let direct: Conversation = ada.get("/conversations/with/bob").await?;
    let name = || Some(json!({ "name": "x" }));
    refused(&bob, Method::PATCH, &path, name(), ErrorCode::Forbidden).await?;
    refused(&bob, Method::DELETE, &path, None, ErrorCode::Forbidden).await?;
    let direct = format!("/conversations/{}", direct.info.id);
    for (method, body) in [(Method::PUT, name()), (Method::PATCH, name()), (Method::DELETE, None)] {
        refused(&ada, method, &direct, body, ErrorCode::Forbidden).await?;
    }
    assert_eq!(ada.log(group).await?.len(), 1, "nothing has changed");
    Ok(())
}

async fn a_deleted_conversation_is_gone_for_everybody(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    let sent = bob.send(id, "Hello").await?;
    let path = format!("/conversations/{id}");
    done(&ada, Method::DELETE, &path, None).await?;
    for person in [&ada, &bob] {
        for path in [path.clone(), format!("{path}/messages"), format!("/messages/{}", sent.id)] {
            refused(person, Method::GET, &path, None, ErrorCode::NotFound).await?;
        }
        assert_eq!(person.get::<Page<Conversation>>("/conversations").await?.data, []);
    }
    refused(&ada, Method::DELETE, &path, None, ErrorCode::NotFound).await?;
    Ok(())
}

async fn an_archived_conversation_is_read_only(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    let sent = bob.send(id, "Hello").await?;
    let path = format!("/conversations/{id}");
    let messages = format!("{path}/messages");
    let text = || Some(json!({ "content": "x" }));
    for status in ["archived", "closed"] {
        let body = Some(json!({ "status": status }));
        let changed: Conversation = answered(&ada, Method::PATCH, &path, body, StatusCode::OK).await?;
        assert_ne!(changed.info.status, ConversationStatus::Active);
        refused(&bob, Method::POST, &messages, text(), ErrorCode::ConversationNotActive).await?;
        let edit = format!("/messages/{}", sent.id);
        refused(&bob, Method::PATCH, &edit, text(), ErrorCode::ConversationNotActive).await?;
        assert!(!bob.get::<Page<Message>>(&messages).await?.data.is_empty(), "it can be read");
    }
    let body = Some(json!({ "status": "active" }));
    answered::<Conversation>(&ada, Method::PATCH, &path, body, StatusCode::OK).await?;
    bob.send(id, "again").await?;
    Ok(())
}

async fn everybody_sorts_their_own_list(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let (one, two) = (ada.group("One", &[&bob]).await?.info.id, ada.group("Two", &[&bob]).await?.info.id);
    ada.get::<Conversation>("/conversations/with/bob").await?;
    bob.send(two, "Hello").await?;
    let me = |id: ConversationId| format!("/conversations/{id}/me");
    let body = Some(json!({ "muted": true, "pinned": true }));
    let state: Me = answered(&ada, Method::PATCH, &me(one), body, StatusCode::OK).await?;
    assert_eq!((state.muted, state.pinned, state.archived), (true, true, false));
    // What is absent stays.
    let body = Some(json!({ "archived": true }));
    let state: Me = answered(&ada, Method::PATCH, &me(one), body, StatusCode::OK).await?;
    assert_eq!((state.muted, state.pinned, state.archived), (true, true, true));
    assert_eq!(seen(&ada, one).await?.me, state);

    let titles = async |person: &Person, query: &str| {
        let page: Page<Conversation> = person.get(&format!("/conversations{query}")).await?;
        let mut titles: Vec<_> = page.data.into_iter().map(|conversation| conversation.title).collect();
        titles.sort();
        anyhow::Ok(titles)
    };
    for (query, expected) in [
        ("", vec!["Two", "bob"]),
        ("?archived=false", vec!["Two", "bob"]),
        ("?archived=true", vec!["One"]),
        ("?archived=true&pinned=true", vec!["One"]),
        ("?archived=true&pinned=false", vec![]),
        ("?type=direct", vec!["bob"]),
        ("?type=group&unread=true", vec!["Two"]),
        ("?unread=false", vec!["Two", "bob"]),
        ("?type=channel", vec![]),
    ] {
        assert_eq!(titles(&ada, query).await?, expected, "{query}");
    }
    assert_eq!(titles(&bob, "").await?, ["One", "Two", "ada"], "nobody else's list has changed");
    for query in ["archived=maybe", "type=party", "unread=1", "pinned="] {
        let path = format!("/conversations?{query}");
        let problem = refused(&ada, Method::GET, &path, None, ErrorCode::InvalidParameter).await?;
        let (name, _) = query.split_once('=').context("a parameter")?;
        assert!(problem.detail.starts_with(name), "{problem:?}");
    }
    // A cursor goes on in the list that it was given for.
    let page: Page<Conversation> = ada.get("/conversations?limit=1").await?;
    let path = format!("/conversations?type=group&cursor={}", page.meta.next_cursor.unwrap_or_default());
    refused(&ada, Method::GET, &path, None, ErrorCode::InvalidCursor).await?;
    let eve = natter.person("eve").await?;
    refused(&eve, Method::PATCH, &me(one), Some(json!({ "muted": true })), ErrorCode::NotFound).await?;
    Ok(())
}

async fn the_direct_conversation_is_found_by_name(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let first: Conversation = ada.get("/conversations/with/BOB").await?;
    assert_eq!(first.peer.as_ref().map(|peer| peer.id), Some(bob.id()));
    for (person, peer) in [(&ada, bob.id().to_string()), (&bob, "ada".to_owned())] {
        let again: Conversation = person.get(&format!("/conversations/with/{peer}")).await?;
        assert_eq!(again.info.id, first.info.id);
    }
    for nobody in ["nobody", "ada", "%00"] {
        let path = format!("/conversations/with/{nobody}");
        refused(&ada, Method::GET, &path, None, ErrorCode::NotFound).await?;
    }
    assert_eq!(ada.get::<Page<Conversation>>("/conversations").await?.data.len(), 1);
    Ok(())
}
