//! `/conversations/{id}/members`, joining and leaving

use crate::support::{answered, done, fields, happened, on_both_databases, refused, seen};
use anyhow::Result;
use natter_protocol::{
    Conversation, ConversationId, ErrorCode, Event, EventBody, Member, MemberRole, Message, Page, SystemNote,
};
use natter_testkit::natter::Natter;
use natter_testkit::person::Person;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

on_both_databases! {
    somebody_is_added,
    what_makes_no_sense_is_refused,
    members_are_listed_in_pages,
    roles_are_given_and_taken,
    the_conversation_is_handed_over,
    somebody_is_removed_and_gets_nothing_any_more,
    whoever_leaves_first_leaves_it_to_the_next,
    a_public_channel_is_joined,
    a_direct_conversation_stays_between_two,
}

fn path(id: ConversationId) -> String {
    format!("/conversations/{id}/members")
}

async fn role(of: &Person, by: &Person, id: ConversationId, role: &str) -> Result<Member> {
    let path = format!("{}/{}", path(id), of.id());
    answered(by, Method::PATCH, &path, Some(json!({ "role": role })), StatusCode::OK).await
}

async fn roster(person: &Person, id: ConversationId) -> Result<Vec<(String, MemberRole)>> {
    let page: Page<Member> = person.get(&path(id)).await?;
    Ok(page.data.into_iter().map(|member| (member.user.username, member.role)).collect())
}

async fn somebody_is_added(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let carol = natter.person("carol").await?;
    let id = ada.group("Harbour", &[]).await?.info.id;
    let first = ada.send(id, "before").await?;
    let body = json!({ "username": "BOB", "role": "moderator" });
    let member: Member = answered(&ada, Method::POST, &path(id), Some(body), StatusCode::CREATED).await?;
    assert_eq!((member.user.id, member.role), (bob.id(), MemberRole::Moderator));
    assert_eq!(happened(&bob, id, first.seq).await?, ["member.joined", "message.new"]);
    let log: Page<Event> = bob.get(&format!("/conversations/{id}/events?after={}", first.seq)).await?;
    let EventBody::MemberJoined(joined) = &log.data[0].body else { panic!("{log:?}") };
    assert_eq!((joined.actor_id, joined.member.user.id, joined.member_count), (ada.id(), bob.id(), 2));
    let EventBody::MessageNew(told) = &log.data[1].body else { panic!("{log:?}") };
    assert_eq!(told.system, Some(SystemNote::MemberAdded { user_id: bob.id() }));
    // Whoever comes in sees what was before, but has it all read.
    assert_eq!(bob.get::<Message>(&format!("/messages/{}", first.id)).await?.content, "before");
    assert_eq!(seen(&bob, id).await?.unread_count, 0);

    // Twice is no mistake, and changes nothing.
    let body = json!({ "userId": bob.id() });
    let again: Member = answered(&ada, Method::POST, &path(id), Some(body), StatusCode::OK).await?;
    assert_eq!(again.role, MemberRole::Moderator);
    let last = seen(&ada, id).await?.last_seq;
    assert_eq!(last, log.data[1].seq);
    // In a group, members add members.
    let body = json!({ "userId": carol.id() });
    answered::<Member>(&bob, Method::POST, &path(id), Some(body), StatusCode::CREATED).await?;
    Ok(())
}

async fn what_makes_no_sense_is_refused(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let (carol, eve) = (natter.person("carol").await?, natter.person("eve").await?);
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    for (body, field) in [
        (json!({}), "username"),
        (json!({ "userId": carol.id(), "username": "carol" }), "username"),
        (json!({ "username": "nobody" }), "username"),
        (json!({ "username": "carol", "role": "owner" }), "role"),
    ] {
        let code = ErrorCode::ValidationFailed;
        let problem = refused(&ada, Method::POST, &path(id), Some(body), code).await?;
        assert_eq!(fields(&problem), [field], "{problem:?}");
    }
    let carols = json!({ "username": "carol", "role": "moderator" });
    refused(&bob, Method::POST, &path(id), Some(carols.clone()), ErrorCode::Forbidden).await?;
    refused(&eve, Method::POST, &path(id), Some(carols), ErrorCode::NotFound).await?;
    refused(&eve, Method::GET, &path(id), None, ErrorCode::NotFound).await?;

    let block = json!({ "username": "ada" });
    answered::<Value>(&carol, Method::POST, "/blocks", Some(block), StatusCode::CREATED).await?;
    let body = json!({ "username": "carol" });
    refused(&ada, Method::POST, &path(id), Some(body), ErrorCode::Blocked).await?;
    assert_eq!(roster(&ada, id).await?.len(), 2);

    let body = json!({ "status": "archived" });
    let patch = format!("/conversations/{id}");
    answered::<Conversation>(&ada, Method::PATCH, &patch, Some(body), StatusCode::OK).await?;
    let body = json!({ "username": "eve" });
    refused(&ada, Method::POST, &path(id), Some(body), ErrorCode::ConversationNotActive).await?;
    Ok(())
}

async fn members_are_listed_in_pages(natter: Natter) -> Result<()> {
    let mut people = Vec::new();
    for name in ["ada", "bob", "carol", "dora", "eve"] {
        people.push(natter.person(name).await?);
    }
    let id = people[3].group("Harbour", &people.iter().collect::<Vec<_>>()).await?.info.id;
    for limit in [1, 2, 5, 100] {
        let (mut names, mut cursor) = (Vec::new(), String::new());
        loop {
            let page: Page<Member> = people[0].get(&format!("{}?limit={limit}{cursor}", path(id))).await?;
            assert!(page.data.len() <= limit);
            names.extend(page.data.into_iter().map(|member| member.user.username));
            let Some(next) = page.meta.next_cursor else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(names, ["ada", "bob", "carol", "dora", "eve"], "in pages of {limit}");
    }
    Ok(())
}

async fn roles_are_given_and_taken(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let (carol, dora) = (natter.person("carol").await?, natter.person("dora").await?);
    let id = ada.group("Harbour", &[&bob, &carol, &dora]).await?.info.id;
    assert_eq!(role(&bob, &ada, id, "admin").await?.role, MemberRole::Admin);
    assert_eq!(role(&carol, &bob, id, "moderator").await?.role, MemberRole::Moderator);
    let kinds = happened(&ada, id, 1).await?;
    assert_eq!(kinds, ["member.updated", "message.new", "member.updated", "message.new"]);
    for (by, of, role) in [
        (&bob, &dora, "admin"),       // as high as one's own
        (&bob, &ada, "member"),       // of somebody above
        (&carol, &dora, "moderator"), // which takes an admin
        (&dora, &carol, "member"),
        (&bob, &dora, "owner"),
    ] {
        let path = format!("{}/{}", path(id), of.id());
        refused(by, Method::PATCH, &path, Some(json!({ "role": role })), ErrorCode::Forbidden).await?;
    }
    let nobody = format!("{}/{}", path(id), uuid::Uuid::nil());
    refused(&ada, Method::PATCH, &nobody, Some(json!({ "role": "member" })), ErrorCode::NotFound).await?;
    let odd = format!("{}/{}", path(id), bob.id());
    refused(&ada, Method::PATCH, &odd, Some(json!({ "role": "king" })), ErrorCode::InvalidJson).await?;
    Ok(())
}

async fn the_conversation_is_handed_over(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    assert_eq!(role(&bob, &ada, id, "owner").await?.role, MemberRole::Owner);
    let expected = [("ada".to_owned(), MemberRole::Admin), ("bob".to_owned(), MemberRole::Owner)];
    assert_eq!(roster(&ada, id).await?, expected);
    let path = format!("/conversations/{id}");
    refused(&ada, Method::DELETE, &path, None, ErrorCode::Forbidden).await?;
    done(&bob, Method::DELETE, &path, None).await
}

async fn somebody_is_removed_and_gets_nothing_any_more(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let carol = natter.person("carol").await?;
    let id = ada.group("Harbour", &[&bob, &carol]).await?.info.id;
    let sent = bob.send(id, "mine").await?;
    let bobs = format!("{}/{}", path(id), bob.id());
    refused(&carol, Method::DELETE, &bobs, None, ErrorCode::Forbidden).await?;
    done(&ada, Method::DELETE, &bobs, None).await?;
    assert_eq!(happened(&ada, id, sent.seq).await?, ["member.left", "message.new"]);
    for path in [format!("/conversations/{id}"), format!("/messages/{}", sent.id), path(id)] {
        refused(&bob, Method::GET, &path, None, ErrorCode::NotFound).await?;
    }
    let messages = format!("/conversations/{id}/messages");
    refused(&bob, Method::POST, &messages, Some(json!({ "content": "x" })), ErrorCode::NotFound).await?;
    refused(&ada, Method::DELETE, &bobs, None, ErrorCode::NotFound).await?;
    assert_eq!(seen(&ada, id).await?.member_count, 2);
    // Removing oneself is leaving.
    done(&carol, Method::DELETE, &format!("{}/{}", path(id), carol.id()), None).await?;
    assert_eq!(roster(&ada, id).await?.len(), 1);
    Ok(())
}

async fn whoever_leaves_first_leaves_it_to_the_next(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let carol = natter.person("carol").await?;
    let id = ada.group("Harbour", &[&bob, &carol]).await?.info.id;
    role(&carol, &ada, id, "moderator").await?;
    let leave = format!("/conversations/{id}/leave");
    done(&ada, Method::POST, &leave, None).await?;
    refused(&ada, Method::POST, &leave, None, ErrorCode::NotFound).await?;
    let expected = [("bob".to_owned(), MemberRole::Member), ("carol".to_owned(), MemberRole::Owner)];
    assert_eq!(roster(&bob, id).await?, expected);
    done(&carol, Method::POST, &leave, None).await?;
    assert_eq!(roster(&bob, id).await?, [("bob".to_owned(), MemberRole::Owner)]);
    done(&bob, Method::POST, &leave, None).await?;
    assert_eq!(bob.get::<Page<Conversation>>("/conversations").await?.data, []);
    Ok(())
}

async fn a_public_channel_is_joined(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let create = |visibility: &str| json!({ "type": "channel", "name": "harbour", "visibility": visibility });
    let open: Conversation = ada.post("/conversations", create("public")).await?;
    let closed: Conversation = ada.post("/conversations", create("private")).await?;
    let join = |id: ConversationId| format!("/conversations/{id}/join");
    for _ in 0..2 {
        let joined: Conversation =
            answered(&bob, Method::POST, &join(open.info.id), None, StatusCode::OK).await?;
        assert_eq!((joined.me.role, joined.member_count), (MemberRole::Member, 2));
    }
    assert_eq!(happened(&ada, open.info.id, 1).await?, ["member.joined", "message.new"]);
    refused(&bob, Method::POST, &join(closed.info.id), None, ErrorCode::NotFound).await?;
    // In a channel, members do not add members.
    natter.person("carol").await?;
    let body = json!({ "username": "carol" });
    refused(&bob, Method::POST, &path(open.info.id), Some(body), ErrorCode::Forbidden).await?;
    Ok(())
}

async fn a_direct_conversation_stays_between_two(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    natter.person("carol").await?;
    let direct: Conversation = ada.get("/conversations/with/bob").await?;
    let id = direct.info.id;
    let bobs = format!("{}/{}", path(id), bob.id());
    for (method, path, body) in [
        (Method::POST, path(id), Some(json!({ "username": "carol" }))),
        (Method::PATCH, bobs.clone(), Some(json!({ "role": "admin" }))),
        (Method::DELETE, bobs, None),
        (Method::POST, format!("/conversations/{id}/leave"), None),
        (Method::POST, format!("/conversations/{id}/invites"), None),
    ] {
        refused(&ada, method, &path, body, ErrorCode::Forbidden).await?;
    }
    assert_eq!(roster(&bob, id).await?.len(), 2);
    Ok(())
}
