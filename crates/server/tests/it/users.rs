//! `/users`

use crate::support::{answered, done, eventually, fields, on_both_databases, refused};
use anyhow::{Result, ensure};
use natter_protocol::{ErrorCode, Member, Message, OwnUser, Page, PlatformRole, Presence, User};
use natter_testkit::natter::Natter;
use natter_testkit::person::Person;
use reqwest::{Method, StatusCode};
use serde_json::json;

on_both_databases! {
    you_are_who_you_signed_up_as,
    a_profile_is_changed_and_everybody_sees_it,
    a_profile_that_makes_no_sense_is_refused,
    people_are_found_by_name_and_by_id,
    people_are_found_by_what_their_names_begin_with,
    many_people_are_looked_up_at_once,
    presence_follows_the_sockets,
    whoever_is_online_is_listed_for_those_who_know_them,
    who_hides_is_offline_for_everybody_else,
}

async fn you_are_who_you_signed_up_as(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let OwnUser { user: me, presence_visible, link_previews } = ada.get("/users/me").await?;
    assert_eq!(me, ada.sign_in().user);
    assert!(presence_visible && link_previews);
    assert_eq!((me.id, &*me.username, me.role), (ada.id(), "ada", PlatformRole::User));
    Ok(())
}

async fn a_profile_is_changed_and_everybody_sees_it(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let group = ada.group("Harbour", &[&bob]).await?.info.id;
    let sent = ada.send(group, "Before").await?;
    let body = json!({ "displayName": " Ada Lovelace ", "avatarUrl": "https://example.com/ada.png" });
    let me: User = answered(&ada, Method::PATCH, "/users/me", Some(body), StatusCode::OK).await?;
    assert_eq!(&*me.display_name, "Ada Lovelace");
    assert_eq!(me.avatar_url.as_deref(), Some("https://example.com/ada.png"));
    assert_eq!(bob.get::<User>("/users/ada").await?, me);
    // Also beside what was written before.
    let message: Message = bob.get(&format!("/messages/{}", sent.id)).await?;
    assert_eq!(&*message.sender.display_name, "Ada Lovelace");

    // What is absent stays; an empty picture is none.
    let body = json!({ "avatarUrl": "" });
    let me: User = answered(&ada, Method::PATCH, "/users/me", Some(body), StatusCode::OK).await?;
    assert_eq!((&*me.display_name, me.avatar_url), ("Ada Lovelace", None));
    Ok(())
}

async fn a_profile_that_makes_no_sense_is_refused(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    for (body, field) in [
        (json!({ "displayName": " " }), "displayName"),
        (json!({ "displayName": "x".repeat(65) }), "displayName"),
        (json!({ "displayName": "two\nlines" }), "displayName"),
        (json!({ "avatarUrl": "javascript:alert(1)" }), "avatarUrl"),
        (json!({ "avatarUrl": "//example.com/ada.png" }), "avatarUrl"),
        (json!({ "avatarUrl": "https://example.com/a b" }), "avatarUrl"),
        (json!({ "avatarUrl": format!("https://example.com/{}", "x".repeat(2_048)) }), "avatarUrl"),
    ] {
        let code = ErrorCode::ValidationFailed;
        let problem = refused(&ada, Method::PATCH, "/users/me", Some(body), code).await?;
        assert_eq!(fields(&problem), [field], "{problem:?}");
    }
    assert_eq!(ada.get::<User>("/users/me").await?, ada.sign_in().user, "nothing has changed");
    Ok(())
}

async fn people_are_found_by_name_and_by_id(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    for name in ["bob".to_owned(), "BOB".to_owned(), bob.id().to_string()] {
        let user: User = ada.get(&format!("/users/{name}")).await?;
        assert_eq!((user.id, &*user.username), (bob.id(), "bob"));
    }
    for nobody in ["carol", "%00", "b", "0190163d-8694-739b-aea5-966c26f8ad91"] {
        refused(&ada, Method::GET, &format!("/users/{nobody}"), None, ErrorCode::NotFound).await?;
    }
    refused(&ada, Method::GET, "/users/%ff", None, ErrorCode::InvalidParameter).await?;

    done_block(&bob, "ada").await?;
    refused(&ada, Method::GET, "/users/bob", None, ErrorCode::NotFound).await?;
    assert_eq!(bob.get::<User>("/users/ada").await?.id, ada.id(), "to be able to take it back");
    Ok(())
}

async fn done_block(person: &Person, name: &str) -> Result<()> {
    let body = json!({ "username": name });
    answered::<serde_json::Value>(person, Method::POST, "/blocks", Some(body), StatusCode::CREATED).await?;
    Ok(())
}

fn names(users: &[User]) -> Vec<&str> {
    users.iter().map(|user| user.username.as_str()).collect()
}

async fn people_are_found_by_what_their_names_begin_with(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    for name in ["carl", "carla", "carlo", "dora"] {
        natter.person(name).await?;
    }
    let dora = Person::login(natter.address(), "dora").await?;
    let body = json!({ "displayName": "Theodora Carlsen" });
    answered::<User>(&dora, Method::PATCH, "/users/me", Some(body), StatusCode::OK).await?;

    let page: Page<User> = ada.get("/users?query=CARL").await?;
    assert_eq!(names(&page.data), ["carl", "carla", "carlo", "dora"]);
    let page: Page<User> = ada.get("/users?query=theo").await?;
    assert_eq!(names(&page.data), ["dora"]);
    assert_eq!(ada.get::<Page<User>>("/users?query=arl").await?, Page::new(Vec::new(), None));

    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page: Page<User> = ada.get(&format!("/users?query=carl&limit=3{cursor}")).await?;
        ensure!(page.data.len() <= 3, "{page:?}");
        found.extend(page.data);
        let Some(next) = page.meta.next_cursor else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(names(&found), ["carl", "carla", "carlo", "dora"]);
    // A cursor goes on in the list that it was given for.
    let page: Page<User> = ada.get("/users?query=carl&limit=3").await?;
    let path = format!("/users?query=dora&cursor={}", page.meta.next_cursor.unwrap_or_default());
    refused(&ada, Method::GET, &path, None, ErrorCode::InvalidCursor).await?;
    for query in ["limit=0".to_owned(), "limit=x".to_owned(), format!("query={}", "x".repeat(65))] {
        let path = format!("/users?{query}");
        refused(&ada, Method::GET, &path, None, ErrorCode::InvalidParameter).await?;
    }

    done_block(&ada, "carl").await?;
    let page: Page<User> = ada.get("/users?query=carl").await?;
    assert_eq!(names(&page.data), ["carla", "carlo", "dora"]);
    Ok(())
}

async fn many_people_are_looked_up_at_once(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    natter.person("carol").await?;
    let page: Page<User> = ada.get(&format!("/users?ids=CAROL,{},nobody,,carol", bob.id())).await?;
    let mut found = names(&page.data);
    found.sort_unstable();
    assert_eq!(found, ["bob", "carol"]);
    assert!(!page.meta.has_more);
    for query in
        ["ids=bob&query=b".to_owned(), "ids=bob&limit=1".to_owned(), format!("ids={}", "bob,".repeat(101))]
    {
        let path = format!("/users?{query}");
        let problem = refused(&ada, Method::GET, &path, None, ErrorCode::InvalidParameter).await?;
        assert!(problem.detail.starts_with("ids"), "{problem:?}");
    }
    // As one by one: who has made a block sees the other, who does not.
    done_block(&bob, "ada").await?;
    assert_eq!(ada.get::<Page<User>>("/users?ids=bob").await?.data, []);
    refused(&ada, Method::GET, "/users/bob", None, ErrorCode::NotFound).await?;
    let alone: User = bob.get("/users/ada").await?;
    assert_eq!(bob.get::<Page<User>>("/users?ids=ada").await?.data, [alone]);
    Ok(())
}

async fn presence_follows_the_sockets(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let presence = async || anyhow::Ok(ada.get::<User>("/users/me").await?.presence);
    let _bobs = bob.socket().await?;
    assert_eq!(presence().await?, Presence::Offline);
    let (first, second) = (ada.socket().await?, ada.socket().await?);
    assert_eq!(presence().await?, Presence::Online);
    drop(first);
    drop(second);
    eventually(async || Ok((presence().await? == Presence::Offline).then_some(()))).await
}

async fn whoever_is_online_is_listed_for_those_who_know_them(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let (carol, eve) = (natter.person("carol").await?, natter.person("eve").await?);
    ada.group("Harbour", &[&bob, &carol]).await?;
    let _sockets = [bob.socket().await?, carol.socket().await?, eve.socket().await?];
    let online = async |query: &str| ada.get::<Page<User>>(&format!("/users/online{query}")).await;
    assert_eq!(names(&online("").await?.data), ["bob", "carol"]);
    let first = online("?limit=1").await?;
    assert_eq!(names(&first.data), ["bob"]);
    let cursor = first.meta.next_cursor.unwrap_or_default();
    let second = online(&format!("?limit=1&cursor={cursor}")).await?;
    assert_eq!((names(&second.data), second.meta.has_more), (vec!["carol"], false));

    done_block(&carol, "ada").await?;
    assert_eq!(names(&online("").await?.data), ["bob"]);
    done(&carol, Method::DELETE, "/blocks/ada", None).await?;
    assert_eq!(names(&online("").await?.data), ["bob", "carol"]);
    Ok(())
}

async fn who_hides_is_offline_for_everybody_else(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let group = ada.group("Harbour", &[&bob]).await?.info.id;
    let _socket = ada.socket().await?;
    // What bob sees of ada, wherever they look.
    let seen = async || {
        let mut seen = vec![bob.get::<User>("/users/ada").await?];
        for path in ["/users?ids=ada", "/users?query=ada"] {
            seen.extend(bob.get::<Page<User>>(path).await?.data);
        }
        let members: Page<Member> = bob.get(&format!("/conversations/{group}/members")).await?;
        seen.extend(members.data.into_iter().map(|member| member.user).filter(|user| user.id == ada.id()));
        ensure!(seen.len() == 4 && seen.iter().all(|user| user.id == ada.id()), "{seen:?}");
        Ok(seen.into_iter().map(|user| (user.presence, user.last_seen.is_some())).collect::<Vec<_>>())
    };
    let online = async || anyhow::Ok(bob.get::<Page<User>>("/users/online").await?.data.len());
    let show = async |visible: bool| {
        let body = Some(json!({ "presenceVisible": visible }));
        answered::<OwnUser>(&ada, Method::PATCH, "/users/me", body, StatusCode::OK).await
    };
    assert_eq!(seen().await?, [(Presence::Online, false); 4]);
    assert_eq!(online().await?, 1);

    let me = show(false).await?;
    assert_eq!((me.user.presence, me.presence_visible), (Presence::Online, false), "oneself is told");
    assert_eq!(seen().await?, [(Presence::Offline, false); 4]);
    assert_eq!(online().await?, 0);
    let me: OwnUser = ada.get("/users/me").await?;
    assert_eq!((me.user.presence, me.presence_visible), (Presence::Online, false));

    // What is absent stays.
    let body = Some(json!({ "displayName": "Ada" }));
    let me: OwnUser = answered(&ada, Method::PATCH, "/users/me", body, StatusCode::OK).await?;
    assert!(!me.presence_visible);
    show(true).await?;
    assert_eq!(seen().await?, [(Presence::Online, false); 4]);
    assert_eq!(online().await?, 1);
    Ok(())
}
