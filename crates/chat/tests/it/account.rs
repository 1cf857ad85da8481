//! Accounts and passwords.

use crate::harness::{PASSWORD, World, code, fields, request, rules};
use natter_chat::Rules;
use natter_protocol::{ErrorCode, LoginRequest, PlatformRole, Presence, RegisterRequest};

fn login(username: &str, password: &str) -> LoginRequest {
    LoginRequest { username: username.to_owned(), password: password.to_owned() }
}

#[tokio::test]
async fn a_new_account_is_signed_in() {
    let world = World::new().await;
    let sign_in = world.sign_in("  Ada ").await;
    assert_eq!((sign_in.user.username.as_str(), sign_in.user.display_name.as_str()), ("ada", "ada"));
    assert_eq!((sign_in.user.role, sign_in.user.presence), (PlatformRole::User, Presence::Offline));

    let actor = world.chat.authenticate(&sign_in.tokens.access_token).await.unwrap();
    let me = world.chat.me(&actor).await.unwrap();
    assert_eq!((me.user, me.presence_visible), (sign_in.user, true));
}

#[tokio::test]
async fn every_field_is_checked_and_all_are_named_at_once() {
    let world = World::new().await;
    let bad = RegisterRequest {
        username: "_".to_owned(),
        password: "short".to_owned(),
        display_name: Some("two\nlines".to_owned()),
        email: Some("nobody".to_owned()),
    };
    assert_eq!(fields(world.chat.register(bad).await), ["username", "displayName", "email", "password"]);

    for username in ["", "a", "-ada", "ada!", "ädä", "ada lovelace", "a\0da", &"a".repeat(33)] {
        assert_eq!(fields(world.chat.register(request(username)).await), ["username"], "{username:?}");
    }
    for display_name in ["", "  ", "two\u{7}bells", "zero\0", &"x".repeat(65)] {
        let request = RegisterRequest { display_name: Some(display_name.to_owned()), ..request("ada") };
        assert_eq!(fields(world.chat.register(request).await), ["displayName"], "{display_name:?}");
    }
    for email in ["", "@", "ada@", "@example.com", "a da@example.com", &format!("{}@x", "a".repeat(253))] {
        let request = RegisterRequest { email: Some(email.to_owned()), ..request("ada") };
        assert_eq!(fields(world.chat.register(request).await), ["email"], "{email:?}");
    }
    for password in ["", "1234567", &"x".repeat(257)] {
        let request = RegisterRequest { password: password.to_owned(), ..request("ada") };
        assert_eq!(fields(world.chat.register(request).await), ["password"], "{password:?}");
    }
}

#[tokio::test]
async fn the_limits_count_characters_and_are_inclusive() {
    let world = World::new().await;
    for (username, length) in [("no", 8), (&"a".repeat(32), 256)] {
        let request = RegisterRequest {
            username: username.to_owned(),
            password: "🐚".repeat(length),
            display_name: Some("界".repeat(64)),
            email: Some(format!("{}@x", "a".repeat(252))),
        };
        world.chat.register(request).await.unwrap();
        world.chat.login(&login(username, &"🐚".repeat(length))).await.unwrap();
    }
}

#[tokio::test]
async fn a_name_is_taken_in_any_case() {
    let world = World::new().await;
    world.sign_in("ada").await;
    assert_eq!(code(world.chat.register(request("ADA")).await), ErrorCode::UsernameTaken);
    assert_eq!(code(world.chat.register(request("ada")).await), ErrorCode::UsernameTaken);
}

#[tokio::test]
async fn only_an_operator_makes_accounts_where_strangers_may_not() {
    let world = World::with(Rules { registration: false, ..rules() }, 1).await;
    assert_eq!(code(world.chat.register(request("ada")).await), ErrorCode::RegistrationClosed);

    let user = world.chat.create_user(request("ada"), PlatformRole::Admin).await.unwrap();
    assert_eq!(user.role, PlatformRole::Admin);
    assert_eq!(world.chat.login(&login("ada", PASSWORD)).await.unwrap().user.id, user.id);
}

#[tokio::test]
async fn signing_in_does_not_tell_who_has_an_account() {
    let world = World::new().await;
    world.sign_in("ada").await;
    world.chat.login(&login(" ADA ", PASSWORD)).await.unwrap();

    let wrong = world.chat.login(&login("ada", "Correct horse battery staple")).await.unwrap_err();
    let nobody = world.chat.login(&login("bob", PASSWORD)).await.unwrap_err();
    assert_eq!(wrong.code(), ErrorCode::InvalidCredentials);
    assert_eq!(wrong.problem("r"), nobody.problem("r"));
}

#[tokio::test]
async fn whoever_has_no_password_cannot_sign_in_with_one() {
    let world = World::new().await;
    world.chat.import().user("ada").await.unwrap();
    for password in ["", PASSWORD] {
        assert_eq!(code(world.chat.login(&login("ada", password)).await), ErrorCode::InvalidCredentials);
    }
}

#[tokio::test]
async fn a_new_password_replaces_the_old_one_and_ends_the_sessions() {
    let world = World::new().await;
    let tokens = world.sign_in("ada").await.tokens;
    assert_eq!(fields(world.chat.set_password("ada", "short").await), ["password"]);
    assert_eq!(code(world.chat.set_password("bob", "a new password").await), ErrorCode::NotFound);
    world.chat.authenticate(&tokens.access_token).await.unwrap();

    world.chat.set_password("Ada", "a new password").await.unwrap();
    assert_eq!(code(world.chat.authenticate(&tokens.access_token).await), ErrorCode::SessionEnded);
    assert_eq!(code(world.chat.refresh(&tokens.refresh_token).await), ErrorCode::SessionEnded);
    assert_eq!(code(world.chat.login(&login("ada", PASSWORD)).await), ErrorCode::InvalidCredentials);
    world.chat.login(&login("ada", "a new password")).await.unwrap();
}

#[tokio::test]
async fn a_new_role_holds_from_the_next_request_on() {
    let world = World::new().await;
    let token = world.sign_in("ada").await.tokens.access_token;
    world.chat.set_role("ada", PlatformRole::Moderator).await.unwrap();
    assert_eq!(world.chat.authenticate(&token).await.unwrap().role(), PlatformRole::Moderator);
    assert_eq!(code(world.chat.set_role("bob", PlatformRole::Admin).await), ErrorCode::NotFound);
}
