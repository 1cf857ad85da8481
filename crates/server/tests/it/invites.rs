//! `/conversations/{id}/invites` and `/invites/{code}`

use crate::support::{answered, done, fields, happened, on_both_databases, refused, seen};
use anyhow::Result;
use natter_protocol::{
    Conversation, ConversationId, ConversationKind, ErrorCode, Invite, InvitePreview, MemberRole, Page,
    limits,
};
use natter_testkit::natter::Natter;
use natter_testkit::person::Person;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

on_both_databases! {
    a_link_lets_people_in,
    a_link_lets_in_as_many_as_it_may,
    a_revoked_link_lets_nobody_in,
    links_are_for_admins,
    what_makes_no_sense_is_refused,
    there_are_only_so_many_links,
}

fn path(id: ConversationId) -> String {
    format!("/conversations/{id}/invites")
}

async fn create(person: &Person, id: ConversationId, body: Option<Value>) -> Result<Invite> {
    answered(person, Method::POST, &path(id), body, StatusCode::CREATED).await
}

async fn join(person: &Person, code: &str) -> Result<Conversation> {
    answered(person, Method::POST, &format!("/invites/{code}"), None, StatusCode::OK).await
}

async fn a_link_lets_people_in(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("Harbour", &[]).await?.info.id;
    // Without a body it is good for ever and for everybody.
    let invite = create(&ada, id, None).await?;
    assert_eq!((invite.expires_at, invite.uses_max, invite.uses), (None, None, 0));
    assert!(invite.code.len() >= 20, "nobody guesses it");

    let preview: InvitePreview = bob.get(&format!("/invites/{}", invite.code)).await?;
    assert_eq!((preview.conversation_id, preview.kind), (id, ConversationKind::Group));
    assert_eq!((&*preview.name, preview.member_count, preview.joined), ("Harbour", 1, false));
    assert_eq!(preview.inviter.id, ada.id());
    refused(&bob, Method::GET, &format!("/conversations/{id}"), None, ErrorCode::NotFound).await?;

    for _ in 0..2 {
        let joined = join(&bob, &invite.code).await?;
        assert_eq!((joined.info.id, joined.me.role), (id, MemberRole::Member));
    }
    assert_eq!(happened(&ada, id, 1).await?, ["member.joined", "message.new"]);
    let preview: InvitePreview = bob.get(&format!("/invites/{}", invite.code)).await?;
    assert!(preview.joined);
    let page: Page<Invite> = ada.get(&path(id)).await?;
    assert_eq!(page.data, [Invite { uses: 1, ..invite }]);
    Ok(())
}

async fn a_link_lets_in_as_many_as_it_may(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let carol = natter.person("carol").await?;
    let id = ada.group("Harbour", &[]).await?.info.id;
    let invite = create(&ada, id, Some(json!({ "usesMax": 1, "expiresIn": 3600 }))).await?;
    assert_eq!(invite.expires_at, Some(invite.created_at.plus_seconds(3_600)));
    let path = format!("/invites/{}", invite.code);
    // Both at once: one of them gets in.
    let (one, other) =
        tokio::join!(bob.request(Method::POST, &path, None), carol.request(Method::POST, &path, None));
    let mut statuses = [one?.0, other?.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::GONE]);
    assert_eq!(seen(&ada, id).await?.member_count, 2);
    Ok(())
}

async fn a_revoked_link_lets_nobody_in(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("Harbour", &[]).await?.info.id;
    let invite = create(&ada, id, None).await?;
    done(&ada, Method::DELETE, &format!("{}/{}", path(id), invite.id), None).await?;
    for method in [Method::GET, Method::POST] {
        for code in [invite.code.as_str(), "nothing", "%00", "%F0%9F%8E%89"] {
            let path = format!("/invites/{code}");
            refused(&bob, method.clone(), &path, None, ErrorCode::InviteNotValid).await?;
        }
    }
    let again = format!("{}/{}", path(id), invite.id);
    refused(&ada, Method::DELETE, &again, None, ErrorCode::NotFound).await?;
    assert_eq!(ada.get::<Page<Invite>>(&path(id)).await?.data, []);

    // What a link led to may be gone.
    let invite = create(&ada, id, None).await?;
    done(&ada, Method::DELETE, &format!("/conversations/{id}"), None).await?;
    let gone = format!("/invites/{}", invite.code);
    refused(&bob, Method::POST, &gone, None, ErrorCode::InviteNotValid).await?;
    Ok(())
}

async fn links_are_for_admins(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let eve = natter.person("eve").await?;
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    let invite = create(&ada, id, None).await?;
    let one = format!("{}/{}", path(id), invite.id);
    for (person, code) in [(&bob, ErrorCode::Forbidden), (&eve, ErrorCode::NotFound)] {
        refused(person, Method::GET, &path(id), None, code).await?;
        refused(person, Method::POST, &path(id), None, code).await?;
        refused(person, Method::DELETE, &one, None, code).await?;
    }
    Ok(())
}

async fn what_makes_no_sense_is_refused(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let id = ada.group("Harbour", &[]).await?.info.id;
    for (body, field) in [
        (json!({ "expiresIn": 59 }), "expiresIn"),
        (json!({ "expiresIn": 31_536_001 }), "expiresIn"),
        (json!({ "usesMax": 0 }), "usesMax"),
        (json!({ "usesMax": 100_001 }), "usesMax"),
    ] {
        let problem = refused(&ada, Method::POST, &path(id), Some(body), ErrorCode::ValidationFailed).await?;
        assert_eq!(fields(&problem), [field]);
    }
    for body in [json!({ "usesMax": -1 }), json!({ "usesMax": "many" }), json!([]), json!(null)] {
        refused(&ada, Method::POST, &path(id), Some(body), ErrorCode::InvalidJson).await?;
    }
    Ok(())
}

async fn there_are_only_so_many_links(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let id = ada.group("Harbour", &[]).await?.info.id;
    for _ in 0..limits::CONVERSATION_INVITES_MAX {
        create(&ada, id, None).await?;
    }
    refused(&ada, Method::POST, &path(id), None, ErrorCode::LimitReached).await?;
    let page: Page<Invite> = ada.get(&path(id)).await?;
    assert_eq!(page.data.len() as u64, limits::CONVERSATION_INVITES_MAX);
    done(&ada, Method::DELETE, &format!("{}/{}", path(id), page.data[0].id), None).await?;
    create(&ada, id, None).await?;
    Ok(())
}
