//! `/users/me/sessions` and `/users/me/password`

use crate::support::{done, fields, on_both_databases, post, refused};
use anyhow::Result;
use natter_protocol::{ErrorCode, Page, SessionId, SessionInfo, User};
use natter_testkit::natter::Natter;
use natter_testkit::person::{PASSWORD, Person};
use reqwest::{Method, StatusCode};
use serde_json::json;

on_both_databases! {
    each_sign_in_is_a_session,
    one_session_is_ended,
    all_others_are_ended,
    signing_out_everywhere_ends_all,
    a_new_password_ends_all_other_sessions,
    a_password_that_makes_no_sense_is_refused,
}

async fn sessions(person: &Person) -> Result<Vec<SessionInfo>> {
    let page: Page<SessionInfo> = person.get("/users/me/sessions").await?;
    assert!(!page.meta.has_more);
    Ok(page.data)
}

async fn each_sign_in_is_a_session(natter: Natter) -> Result<()> {
    let first = natter.person("ada").await?;
    let second = Person::login(natter.address(), "ada").await?;
    natter.person("bob").await?;
    let (seen, other) = (sessions(&first).await?, sessions(&second).await?);
    assert_eq!((seen.len(), other.len()), (2, 2));
    assert!(seen.is_sorted_by(|one, next| one.created_at >= next.created_at));
    let current = |sessions: &[SessionInfo]| -> Vec<SessionId> {
        sessions.iter().filter(|session| session.current).map(|session| session.id).collect()
    };
    assert_eq!((current(&seen).len(), current(&other).len()), (1, 1));
    assert_ne!(current(&seen), current(&other));
    Ok(())
}

async fn one_session_is_ended(natter: Natter) -> Result<()> {
    let first = natter.person("ada").await?;
    let second = Person::login(natter.address(), "ada").await?;
    let mut socket = second.socket().await?;
    let other =
        sessions(&first).await?.into_iter().find(|session| !session.current).map(|session| session.id);
    let path = format!("/users/me/sessions/{}", other.unwrap_or(SessionId::from_uuid(uuid::Uuid::nil())));

    let bob = natter.person("bob").await?;
    refused(&bob, Method::DELETE, &path, None, ErrorCode::NotFound).await?;
    done(&first, Method::DELETE, &path, None).await?;
    refused(&second, Method::GET, "/users/me", None, ErrorCode::SessionEnded).await?;
    assert_eq!(socket.closed().await?.0, 4003);
    assert_eq!(sessions(&first).await?.len(), 1);
    refused(&first, Method::DELETE, &path, None, ErrorCode::NotFound).await?;
    refused(&first, Method::DELETE, "/users/me/sessions/x", None, ErrorCode::InvalidParameter).await?;
    Ok(())
}

async fn all_others_are_ended(natter: Natter) -> Result<()> {
    let first = natter.person("ada").await?;
    let others =
        [Person::login(natter.address(), "ada").await?, Person::login(natter.address(), "ada").await?];
    let bob = natter.person("bob").await?;
    done(&first, Method::DELETE, "/users/me/sessions", None).await?;
    for other in &others {
        refused(other, Method::GET, "/users/me", None, ErrorCode::SessionEnded).await?;
    }
    for person in [&first, &bob] {
        assert_eq!(sessions(person).await?.len(), 1);
    }
    Ok(())
}

async fn signing_out_everywhere_ends_all(natter: Natter) -> Result<()> {
    let first = natter.person("ada").await?;
    let second = Person::login(natter.address(), "ada").await?;
    let body = json!({ "refreshToken": first.sign_in().tokens.refresh_token, "everywhere": true });
    assert_eq!(post(&natter, "/api/v1/auth/logout", &body).await?.status, StatusCode::NO_CONTENT);
    for person in [&first, &second] {
        refused(person, Method::GET, "/users/me", None, ErrorCode::SessionEnded).await?;
    }
    assert_eq!(post(&natter, "/api/v1/auth/logout", &body).await?.status, StatusCode::NO_CONTENT);
    Ok(())
}

async fn a_new_password_ends_all_other_sessions(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let other = Person::login(natter.address(), "ada").await?;
    let body = json!({ "currentPassword": PASSWORD, "newPassword": "a better horse" });
    done(&ada, Method::PUT, "/users/me/password", Some(body)).await?;
    refused(&other, Method::GET, "/users/me", None, ErrorCode::SessionEnded).await?;
    assert_eq!(ada.get::<User>("/users/me").await?.id, ada.id(), "the session that asked goes on");
    let login = async |password: &str| {
        post(&natter, "/api/v1/auth/login", &json!({ "username": "ada", "password": password })).await
    };
    login(PASSWORD).await?.problem(ErrorCode::InvalidCredentials)?;
    assert_eq!(login("a better horse").await?.status, StatusCode::OK);
    Ok(())
}

async fn a_password_that_makes_no_sense_is_refused(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let path = "/users/me/password";
    for (current, new, code) in [
        ("wrong", "a better horse", ErrorCode::InvalidCredentials),
        (PASSWORD, "short", ErrorCode::ValidationFailed),
        (PASSWORD, &"x".repeat(257), ErrorCode::ValidationFailed),
    ] {
        let body = json!({ "currentPassword": current, "newPassword": new });
        let problem = refused(&ada, Method::PUT, path, Some(body), code).await?;
        if code == ErrorCode::ValidationFailed {
            assert_eq!(fields(&problem), ["newPassword"]);
        }
    }
    Person::login(natter.address(), "ada").await?;
    Ok(())
}
