//! Access tokens, and attempts to make one.

use crate::harness::{World, code};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use natter_protocol::{ErrorCode, limits};
use serde_json::{Value, json};

#[tokio::test]
async fn a_token_lives_as_long_as_it_says() {
    let world = World::new().await;
    let tokens = world.sign_in("ada").await.tokens;
    assert_eq!(tokens.expires_in, limits::ACCESS_TOKEN_SECONDS);
    world.clock.advance_seconds(i64::from(limits::ACCESS_TOKEN_SECONDS) - 1);
    world.chat.authenticate(&tokens.access_token).await.unwrap();
    world.clock.advance_seconds(1);
    assert_eq!(code(world.chat.authenticate(&tokens.access_token).await), ErrorCode::TokenExpired);

    let next = world.chat.refresh(&tokens.refresh_token).await.unwrap();
    world.chat.authenticate(&next.access_token).await.unwrap();
}

#[tokio::test]
async fn a_clock_that_is_set_back_locks_nobody_out() {
    let world = World::new().await;
    let tokens = world.sign_in("ada").await.tokens;
    world.clock.advance_seconds(-7200);
    world.chat.authenticate(&tokens.access_token).await.unwrap();
    world.chat.refresh(&tokens.refresh_token).await.unwrap();
}

#[tokio::test]
async fn a_minted_token_needs_no_session_and_ends_by_itself() {
    let world = World::new().await;
    let sign_in = world.sign_in("bot").await;
    let token = world.chat.mint_token("BOT", 3600).await.unwrap();
    world.chat.logout(&sign_in.tokens.refresh_token, false).await.unwrap();
    world.clock.advance_seconds(3599);
    let actor = world.chat.authenticate(&token).await.unwrap();
    assert_eq!((actor.id(), actor.session), (sign_in.user.id, None));
    world.clock.advance_seconds(1);
    assert_eq!(code(world.chat.authenticate(&token).await), ErrorCode::TokenExpired);

    assert_eq!(code(world.chat.mint_token("nobody", 3600).await), ErrorCode::NotFound);
}

#[tokio::test]
async fn a_changed_token_is_worthless() {
    let world = World::new().await;
    let token = world.sign_in("ada").await.tokens.access_token;
    for at in (0..token.len()).step_by(7) {
        let mut changed = token.clone().into_bytes();
        // The last characters of a part may hold bits that do not count; so change the first of them too.
        changed[at] = if changed[at] == b'B' { b'C' } else { b'B' };
        let changed = String::from_utf8(changed).unwrap();
        if changed != token {
            assert_eq!(code(world.chat.authenticate(&changed).await), ErrorCode::Unauthenticated, "{at}");
        }
    }
    for garbage in ["", ".", "..", "a.b.c", &token[..token.len() - 3], &format!("{token}.{token}")] {
        assert_eq!(code(world.chat.authenticate(garbage).await), ErrorCode::Unauthenticated, "{garbage}");
    }
}

#[tokio::test]
async fn a_token_of_another_installation_is_worthless() {
    let (world, other) = (World::new().await, World::with(crate::harness::rules(), 2).await);
    // With the clocks alike and the same names, only the secrets differ.
    let token = other.sign_in("ada").await.tokens.access_token;
    world.sign_in("ada").await;
    assert_eq!(code(world.chat.authenticate(&token).await), ErrorCode::Unauthenticated);
}

/// Signs with the installation's own secret, so that nothing but what a test changes is wrong.
async fn forge(world: &World, header: &Header, claims: &Value) -> String {
    let secret = world.store.secret("access_token_secret", "there is one already").await.unwrap();
    encode(header, claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

#[tokio::test]
async fn every_claim_counts() {
    let world = World::new().await;
    let ada = world.sign_in("ada").await;
    let bob = world.actor("bob").await;
    let claims: Value = {
        let payload = ada.tokens.access_token.split('.').nth(1).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
    };
    let header = Header::new(Algorithm::HS256);
    let actor = world.chat.authenticate(&forge(&world, &header, &claims).await).await.unwrap();
    assert_eq!(actor.id(), ada.user.id, "the control");

    let lies: [(&str, Option<Value>); 8] = [
        ("iss", None),
        ("iss", Some(json!("another"))),
        ("sub", None),
        ("sub", Some(json!("ada"))),
        ("exp", None),
        ("exp", Some(json!("9999999999"))),
        // Somebody else's session, and one that never was.
        ("sub", Some(json!(bob.id()))),
        ("sid", Some(json!("not a session"))),
    ];
    for (claim, value) in lies {
        let mut changed = claims.clone();
        match &value {
            Some(value) => changed[claim] = value.clone(),
            None => drop(changed.as_object_mut().unwrap().remove(claim)),
        }
        let token = forge(&world, &header, &changed).await;
        let refused = code(world.chat.authenticate(&token).await);
        assert_eq!(refused, ErrorCode::Unauthenticated, "{claim}: {value:?}");
    }
    let mut changed = claims.clone();
    changed["sid"] = json!(world.chat.new_id());
    let token = forge(&world, &header, &changed).await;
    assert_eq!(code(world.chat.authenticate(&token).await), ErrorCode::SessionEnded);
}

#[tokio::test]
async fn the_algorithm_is_not_the_callers_choice() {
    let world = World::new().await;
    let token = world.sign_in("ada").await.tokens.access_token;
    let [_, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
    for algorithm in ["none", "None", "RS256", "HS256 "] {
        let header = URL_SAFE_NO_PAD.encode(json!({ "alg": algorithm, "typ": "JWT" }).to_string());
        for signature in ["", signature] {
            let forged = format!("{header}.{payload}.{signature}");
            assert_eq!(
                code(world.chat.authenticate(&forged).await),
                ErrorCode::Unauthenticated,
                "{algorithm}"
            );
        }
    }
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    let forged = forge(&world, &Header::new(Algorithm::HS512), &claims).await;
    assert_eq!(code(world.chat.authenticate(&forged).await), ErrorCode::Unauthenticated);
}
