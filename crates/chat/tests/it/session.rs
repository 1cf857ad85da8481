//! Staying signed in.

use crate::harness::{World, code, rules};
use natter_chat::Rules;
use natter_protocol::{ErrorCode, limits};

#[tokio::test]
async fn each_refresh_token_works_once() {
    let world = World::new().await;
    let first = world.sign_in("ada").await.tokens;
    let second = world.chat.refresh(&first.refresh_token).await.unwrap();
    let third = world.chat.refresh(&second.refresh_token).await.unwrap();
    assert_ne!(first.refresh_token, second.refresh_token);
    assert_ne!(second.refresh_token, third.refresh_token);
    // All are of one session, which is on.
    for tokens in [&first, &second, &third] {
        world.chat.authenticate(&tokens.access_token).await.unwrap();
    }
}

#[tokio::test]
async fn a_second_use_ends_the_session_for_the_thief_and_the_owner() {
    let world = World::new().await;
    let first = world.sign_in("ada").await.tokens;
    let other = world.chat.login(&login("ada")).await.unwrap().tokens;
    let second = world.chat.refresh(&first.refresh_token).await.unwrap();

    world.clock.advance_seconds(61);
    assert_eq!(code(world.chat.refresh(&first.refresh_token).await), ErrorCode::SessionEnded);
    assert_eq!(code(world.chat.refresh(&second.refresh_token).await), ErrorCode::SessionEnded);
    assert_eq!(code(world.chat.authenticate(&second.access_token).await), ErrorCode::SessionEnded);
    // Another session of the same user goes on.
    world.chat.authenticate(&other.access_token).await.unwrap();
    world.chat.refresh(&other.refresh_token).await.unwrap();
}

#[tokio::test]
async fn whoever_did_not_get_the_answer_asks_again() {
    let world = World::new().await;
    let first = world.sign_in("ada").await.tokens;
    let (left, right) =
        tokio::join!(world.chat.refresh(&first.refresh_token), world.chat.refresh(&first.refresh_token));
    let second = left.unwrap().refresh_token;
    assert_eq!(right.unwrap().refresh_token, second);
    world.clock.advance_seconds(60);
    assert_eq!(world.chat.refresh(&first.refresh_token).await.unwrap().refresh_token, second);
    // Whoever trades the answer has got it: from then on there is no reason to ask again.
    let third = world.chat.refresh(&second).await.unwrap();
    assert_eq!(code(world.chat.refresh(&first.refresh_token).await), ErrorCode::SessionEnded);
    assert_eq!(code(world.chat.refresh(&third.refresh_token).await), ErrorCode::SessionEnded);
}

#[tokio::test]
async fn a_session_ends_by_itself_when_it_is_not_used() {
    let world = World::new().await;
    let mut tokens = world.sign_in("ada").await.tokens;
    let lifetime = i64::from(limits::REFRESH_TOKEN_SECONDS);
    for _ in 0..3 {
        world.clock.advance_seconds(lifetime - 1);
        tokens = world.chat.refresh(&tokens.refresh_token).await.unwrap();
    }
    world.clock.advance_seconds(lifetime);
    assert_eq!(code(world.chat.refresh(&tokens.refresh_token).await), ErrorCode::SessionEnded);
}

#[tokio::test]
async fn lifetimes_are_the_operators() {
    let own = Rules { access_token_seconds: 60, refresh_token_seconds: 120, ..rules() };
    let world = World::with(own, 1).await;
    let tokens = world.sign_in("ada").await.tokens;
    assert_eq!(tokens.expires_in, 60);
    world.clock.advance_seconds(60);
    assert_eq!(code(world.chat.authenticate(&tokens.access_token).await), ErrorCode::TokenExpired);
    world.clock.advance_seconds(60);
    assert_eq!(code(world.chat.refresh(&tokens.refresh_token).await), ErrorCode::SessionEnded);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_doing_it_twice_is_no_mistake() {
    let world = World::new().await;
    let first = world.sign_in("ada").await.tokens;
    let other = world.chat.login(&login("ada")).await.unwrap().tokens;
    let second = world.chat.refresh(&first.refresh_token).await.unwrap();

    // Even with a token that was traded before: whoever holds it wants out.
    world.chat.logout(&first.refresh_token, false).await.unwrap();
    assert_eq!(code(world.chat.authenticate(&second.access_token).await), ErrorCode::SessionEnded);
    assert_eq!(code(world.chat.refresh(&second.refresh_token).await), ErrorCode::SessionEnded);
    world.chat.logout(&first.refresh_token, false).await.unwrap();
    world.chat.authenticate(&other.access_token).await.unwrap();
}

#[tokio::test]
async fn garbage_is_no_refresh_token() {
    let world = World::new().await;
    let tokens = world.sign_in("ada").await.tokens;
    let (prefix, body) = tokens.refresh_token.split_at("natter_rt_".len());
    let forged = format!("{prefix}{}", "A".repeat(body.len()));
    for garbage in ["", "natter_rt_", body, &forged, "natter_rt_!!!", &tokens.access_token] {
        assert_eq!(code(world.chat.refresh(garbage).await), ErrorCode::SessionEnded, "{garbage:?}");
        world.chat.logout(garbage, false).await.unwrap();
    }
    // None of that was a use of the real one.
    world.chat.refresh(&tokens.refresh_token).await.unwrap();
}

#[tokio::test]
async fn sessions_survive_a_restart() {
    let world = World::new().await;
    let tokens = world.sign_in("ada").await.tokens;
    let world = world.restart().await;
    world.chat.authenticate(&tokens.access_token).await.unwrap();
    world.chat.refresh(&tokens.refresh_token).await.unwrap();
}

fn login(username: &str) -> natter_protocol::LoginRequest {
    natter_protocol::LoginRequest {
        username: username.to_owned(),
        password: crate::harness::PASSWORD.to_owned(),
    }
}

#[tokio::test]
async fn a_socket_that_was_being_opened_during_the_sign_out_is_noticed() {
    let world = World::new().await;
    let tokens = world.sign_in("ada").await.tokens;
    let actor = world.chat.authenticate(&tokens.access_token).await.unwrap();
    world.chat.renew(&actor).await.unwrap();

    world.chat.logout(&tokens.refresh_token, false).await.unwrap();
    assert_eq!(code(world.chat.renew(&actor).await), ErrorCode::SessionEnded);
}
