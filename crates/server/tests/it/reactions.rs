//! `/messages/{id}/reactions`

use crate::support::{answered, fields, happened, on_both_databases, refused};
use anyhow::Result;
use natter_protocol::{
    Conversation, ErrorCode, Event, EventBody, Message, MessageId, Page, Reaction, ReactionCount, limits,
};
use natter_testkit::natter::Natter;
use natter_testkit::person::Person;
use reqwest::{Method, StatusCode};
use serde_json::json;

on_both_databases! {
    reactions_are_counted_and_told,
    an_emoji_has_one_spelling,
    who_reacted_is_listed_in_pages,
    what_makes_no_sense_is_refused,
    there_are_only_so_many_emoji_under_a_message,
}

fn path(id: MessageId) -> String {
    format!("/messages/{id}/reactions")
}

async fn react(person: &Person, id: MessageId, emoji: &str) -> Result<Message> {
    answered(person, Method::POST, &path(id), Some(json!({ "emoji": emoji })), StatusCode::CREATED).await
}

/// Takes an emoji back; it is given as it stands in a path.
async fn take_back(person: &Person, id: MessageId, encoded: &str) -> Result<Message> {
    answered(person, Method::DELETE, &format!("{}/{encoded}", path(id)), None, StatusCode::OK).await
}

fn count(emoji: &str, count: u32, me: bool) -> ReactionCount {
    ReactionCount { emoji: emoji.to_owned(), count, me }
}

async fn reactions_are_counted_and_told(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let group = ada.group("Harbour", &[&bob]).await?.info.id;
    let sent = ada.send(group, "Hello").await?;
    assert_eq!(react(&bob, sent.id, "👍").await?.reactions, [count("👍", 1, true)]);
    assert_eq!(react(&ada, sent.id, "🎉").await?.reactions, [count("👍", 1, false), count("🎉", 1, true)]);
    for _ in 0..2 {
        assert_eq!(react(&ada, sent.id, "👍").await?.reactions, [count("👍", 2, true), count("🎉", 1, true)]);
    }
    let seen: Message = bob.get(&format!("/messages/{}", sent.id)).await?;
    assert_eq!(seen.reactions, [count("👍", 2, true), count("🎉", 1, false)]);
    for _ in 0..2 {
        let left = take_back(&bob, sent.id, "%F0%9F%91%8D").await?;
        // In the order in which those that are left were chosen first.
        assert_eq!(left.reactions, [count("🎉", 1, false), count("👍", 1, false)]);
    }
    let kinds = happened(&bob, group, sent.seq).await?;
    assert_eq!(kinds, ["reaction.added", "reaction.added", "reaction.added", "reaction.removed"]);
    let log: Page<Event> = bob.get(&format!("/conversations/{group}/events?after={}", sent.seq)).await?;
    let told: Vec<_> = log
        .data
        .into_iter()
        .filter_map(|event| match event.body {
            EventBody::ReactionAdded(change) | EventBody::ReactionRemoved(change) => {
                Some((change.message_id, change.user_id, change.emoji))
            }
            _ => None,
        })
        .collect();
    let thumb = || "👍".to_owned();
    let expected = [
        (sent.id, bob.id(), thumb()),
        (sent.id, ada.id(), "🎉".to_owned()),
        (sent.id, ada.id(), thumb()),
        (sent.id, bob.id(), thumb()),
    ];
    assert_eq!(told, expected);
    Ok(())
}

async fn an_emoji_has_one_spelling(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let group = ada.group("Harbour", &[]).await?.info.id;
    let id = ada.send(group, "Hello").await?.id;
    react(&ada, id, "\u{2764}").await?;
    let hearts = react(&ada, id, "\u{2764}\u{fe0f}").await?.reactions;
    assert_eq!(hearts, [count("\u{2764}\u{fe0f}", 1, true)]);
    for emoji in ["👩‍🚀", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "👍🏽", "#️⃣", "🇳🇴"] {
        react(&ada, id, emoji).await?;
    }
    assert_eq!(take_back(&ada, id, "%E2%9D%A4").await?.reactions.len(), 5);
    Ok(())
}

async fn who_reacted_is_listed_in_pages(natter: Natter) -> Result<()> {
    let mut people = Vec::new();
    for name in ["ada", "bob", "carol"] {
        people.push(natter.person(name).await?);
    }
    let group = people[0].group("Harbour", &people.iter().collect::<Vec<_>>()).await?.info.id;
    let id = people[0].send(group, "Hello").await?.id;
    let mut expected = Vec::new();
    for emoji in ["👍", "🎉"] {
        for person in &people {
            react(person, id, emoji).await?;
            expected.push((emoji.to_owned(), person.id()));
        }
    }
    for limit in [1, 4, 6, 100] {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page: Page<Reaction> = people[1].get(&format!("{}?limit={limit}{cursor}", path(id))).await?;
            assert!(page.data.len() <= limit);
            found.extend(page.data.into_iter().map(|reaction| (reaction.emoji, reaction.user.id)));
            let Some(next) = page.meta.next_cursor else { break };
            cursor = format!("&cursor={next}");
        }
        // Those of one millisecond have no order that anybody could have seen.
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "in pages of {limit}");
    }
    Ok(())
}

async fn what_makes_no_sense_is_refused(natter: Natter) -> Result<()> {
    let (ada, eve) = (natter.person("ada").await?, natter.person("eve").await?);
    let group = ada.group("Harbour", &[]).await?.info.id;
    let id = ada.send(group, "Hello").await?.id;
    for emoji in ["", "x", ":)", "👍👍", "👍 ", "1", &"👍".repeat(30)] {
        let body = json!({ "emoji": emoji });
        let problem = refused(&ada, Method::POST, &path(id), Some(body), ErrorCode::ValidationFailed).await?;
        assert_eq!(fields(&problem), ["emoji"]);
    }
    for word in ["x", "%00", "%2F"] {
        let path = format!("{}/{word}", path(id));
        refused(&ada, Method::DELETE, &path, None, ErrorCode::ValidationFailed).await?;
    }
    let broken = format!("{}/%F0%9F", path(id));
    refused(&ada, Method::DELETE, &broken, None, ErrorCode::InvalidParameter).await?;
    let body = Some(json!({ "emoji": "👍" }));
    refused(&eve, Method::POST, &path(id), body.clone(), ErrorCode::NotFound).await?;
    refused(&eve, Method::GET, &path(id), None, ErrorCode::NotFound).await?;

    let archive = Some(json!({ "status": "archived" }));
    let conversation = format!("/conversations/{group}");
    answered::<Conversation>(&ada, Method::PATCH, &conversation, archive, StatusCode::OK).await?;
    refused(&ada, Method::POST, &path(id), body, ErrorCode::ConversationNotActive).await?;
    Ok(())
}

async fn there_are_only_so_many_emoji_under_a_message(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let group = ada.group("Harbour", &[&bob]).await?.info.id;
    let id = ada.send(group, "Hello").await?.id;
    // Animals: one character each.
    let emoji: Vec<String> = ('\u{1f400}'..='\u{1f43e}').map(String::from).collect();
    let (some, one_more) = emoji.split_at(usize::try_from(limits::MESSAGE_REACTIONS_MAX)?);
    for emoji in some {
        react(&ada, id, emoji).await?;
    }
    let body = json!({ "emoji": one_more[0] });
    refused(&bob, Method::POST, &path(id), Some(body), ErrorCode::LimitReached).await?;
    // One that is there already is not another one.
    assert_eq!(react(&bob, id, &some[0]).await?.reactions[0], count(&some[0], 2, true));
    Ok(())
}
