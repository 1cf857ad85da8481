//! `/conversations/{id}/draft` and `/users/me/drafts`

use crate::support::{answered, done, fields, on_both_databases, refused};
use anyhow::Result;
use natter_protocol::{ConversationId, Draft, ErrorCode, Page, limits};
use natter_testkit::natter::Natter;
use natter_testkit::person::Person;
use reqwest::{Method, StatusCode};
use serde_json::json;

on_both_databases! {
    a_draft_is_kept_until_it_is_forgotten,
    drafts_are_ones_own,
    drafts_are_listed_newest_first,
    what_makes_no_sense_is_refused,
}

fn path(id: ConversationId) -> String {
    format!("/conversations/{id}/draft")
}

async fn save(person: &Person, id: ConversationId, content: &str) -> Result<Draft> {
    answered(person, Method::PUT, &path(id), Some(json!({ "content": content })), StatusCode::OK).await
}

async fn a_draft_is_kept_until_it_is_forgotten(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let id = ada.group("Harbour", &[]).await?.info.id;
    let sent = ada.send(id, "Where?").await?.id;
    refused(&ada, Method::GET, &path(id), None, ErrorCode::NotFound).await?;
    let body = json!({ "content": "At pier 4", "replyTo": sent });
    let draft: Draft = answered(&ada, Method::PUT, &path(id), Some(body), StatusCode::OK).await?;
    assert_eq!((draft.conversation_id, &*draft.content, draft.reply_to), (id, "At pier 4", Some(sent)));
    // On another device, too.
    let other = Person::login(natter.address(), "ada").await?;
    assert_eq!(other.get::<Draft>(&path(id)).await?, draft);
    let changed = save(&other, id, "At pier 5").await?;
    assert_eq!((changed.reply_to, ada.get::<Draft>(&path(id)).await?), (None, changed.clone()));

    done(&ada, Method::PUT, &path(id), Some(json!({ "content": "" }))).await?;
    refused(&ada, Method::GET, &path(id), None, ErrorCode::NotFound).await?;
    save(&ada, id, "Again").await?;
    for _ in 0..2 {
        done(&ada, Method::DELETE, &path(id), None).await?;
    }
    refused(&ada, Method::GET, &path(id), None, ErrorCode::NotFound).await?;
    assert_eq!(ada.log(id).await?.len(), 2, "nobody hears of a draft");
    Ok(())
}

async fn drafts_are_ones_own(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let eve = natter.person("eve").await?;
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    save(&ada, id, "mine").await?;
    refused(&bob, Method::GET, &path(id), None, ErrorCode::NotFound).await?;
    assert_eq!(bob.get::<Page<Draft>>("/users/me/drafts").await?.data, []);
    let body = Some(json!({ "content": "x" }));
    refused(&eve, Method::PUT, &path(id), body, ErrorCode::NotFound).await?;
    refused(&eve, Method::DELETE, &path(id), None, ErrorCode::NotFound).await?;
    // Whoever is not in it any more has no use for it.
    let leave = format!("/conversations/{id}/leave");
    save(&bob, id, "too").await?;
    done(&bob, Method::POST, &leave, None).await?;
    refused(&bob, Method::GET, &path(id), None, ErrorCode::NotFound).await?;
    assert_eq!(bob.get::<Page<Draft>>("/users/me/drafts").await?.data, []);
    Ok(())
}

async fn drafts_are_listed_newest_first(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let mut ids = Vec::new();
    for number in 0..5 {
        let id = ada.group(&format!("Group {number}"), &[]).await?.info.id;
        save(&ada, id, &number.to_string()).await?;
        ids.push(id);
    }
    save(&ada, ids[0], "changed").await?;
    for limit in [1, 2, 5, 100] {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page: Page<Draft> = ada.get(&format!("/users/me/drafts?limit={limit}{cursor}")).await?;
            assert!(page.data.len() <= limit);
            found.extend(page.data);
            let Some(next) = page.meta.next_cursor else { break };
            cursor = format!("&cursor={next}");
        }
        assert!(found.is_sorted_by(|one, next| one.updated_at >= next.updated_at), "{found:?}");
        assert_eq!((found.len(), &*found[0].content), (5, "changed"));
    }
    Ok(())
}

async fn what_makes_no_sense_is_refused(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let id = ada.group("Harbour", &[]).await?.info.id;
    let elsewhere = ada.group("Elsewhere", &[]).await?.info.id;
    let other = ada.send(elsewhere, "x").await?.id;
    for (body, field) in [
        (json!({ "content": "x".repeat(limits::MESSAGE_CHARS_MAX + 1) }), "content"),
        (json!({ "content": "x", "replyTo": other }), "replyTo"),
    ] {
        let problem = refused(&ada, Method::PUT, &path(id), Some(body), ErrorCode::ValidationFailed).await?;
        assert_eq!(fields(&problem), [field]);
    }
    refused(&ada, Method::PUT, &path(id), Some(json!({})), ErrorCode::InvalidJson).await?;
    // What could never be sent can still be a draft.
    save(&ada, id, "   ").await?;
    Ok(())
}
