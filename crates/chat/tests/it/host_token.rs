//! Tokens of the host application: what they must say, and who then gets in. How they are attacked is tried over the
//! wire, by the server's tests.

use crate::harness::{World, code};
use natter_chat::{
    Actor, ClaimNames, Clock as _, Error, HostKeys, HostTokens, TokenFault, TokenKey, TokenKeyError,
};
use natter_protocol::{ErrorCode, PlatformRole};
use natter_testkit::host::{RSA_BITS, SigningKey};
use serde_json::{Value, json};

const SECRET: &str = "a secret of at least thirty-two bytes";

pub(crate) fn claim_names() -> ClaimNames {
    let name = str::to_owned;
    ClaimNames {
        id: name("sub"),
        username: name("preferred_username"),
        display_name: name("name"),
        avatar: name("picture"),
        role: name("role"),
    }
}

fn tokens() -> HostTokens {
    let keys = HostKeys::Fixed(TokenKey::from_secret(SECRET).unwrap());
    HostTokens { keys, issuer: None, audience: None, claims: claim_names() }
}

fn token(claims: &Value) -> String {
    SigningKey::secret(SECRET.as_bytes()).token(claims).unwrap()
}

/// These claims in a token that holds for ten minutes.
fn claims(world: &World, more: &Value) -> Value {
    let mut claims = json!({ "sub": "42", "exp": world.clock.now().seconds() + 600 });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

async fn enter(world: &World, more: &Value) -> Result<Actor, Error> {
    world.chat.authenticate(&token(&claims(world, more))).await
}

#[track_caller]
fn fault(result: Result<Actor, Error>) -> TokenFault {
    match result {
        Err(Error::Token(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn whoever_is_seen_for_the_first_time_is_created_and_found_again() {
    let world = World::with_host(tokens()).await;
    let first = json!({
        "preferred_username": "Ada", "name": " Ada Lovelace ", "picture": "https://host.example/ada.png",
        "role": "moderator",
    });
    let ada = enter(&world, &first).await.unwrap();
    assert_eq!((&*ada.user.username, &*ada.user.display_name), ("ada", "Ada Lovelace"));
    assert_eq!(ada.user.avatar_url.as_deref(), Some("https://host.example/ada.png"));
    assert_eq!((ada.role(), ada.session), (PlatformRole::Moderator, None));
    let again = enter(&world, &first).await.unwrap();
    assert_eq!(again.user, ada.user);
    // A bare token says nothing about the profile, so nothing of it changes.
    assert_eq!(enter(&world, &json!({})).await.unwrap().user, ada.user);
}

#[tokio::test]
async fn a_token_holds_from_nbf_to_exp_with_a_minute_of_leeway() {
    let world = World::with_host(tokens()).await;
    let now = world.clock.now().seconds();
    let token = token(&json!({ "sub": "42", "nbf": now + 61, "exp": now + 100 }));
    assert_eq!(fault(world.chat.authenticate(&token).await), TokenFault::NotYet);
    world.clock.advance_seconds(1);
    let actor = world.chat.authenticate(&token).await.unwrap();
    assert_eq!(actor.expires_at.map(natter_protocol::Timestamp::seconds), Some(now + 160));
    world.clock.advance_seconds(158);
    world.chat.authenticate(&token).await.unwrap();
    world.clock.advance_seconds(1);
    assert_eq!(code(world.chat.authenticate(&token).await), ErrorCode::TokenExpired);
}

#[tokio::test]
async fn times_are_numbers_or_the_token_is_refused() {
    let world = World::with_host(tokens()).await;
    let later = world.clock.now().seconds() + 600;
    for exp in [json!(later), json!(f64::from(i32::MAX) + 0.5), json!(253_402_300_799_i64)] {
        enter(&world, &json!({ "exp": exp })).await.unwrap();
    }
    for exp in [json!(-1), json!(i64::MIN), json!(-1e300), json!(0)] {
        assert_eq!(fault(enter(&world, &json!({ "exp": exp })).await), TokenFault::Expired, "{exp}");
    }
    let no_times = [
        json!(later * 1000),
        json!(1e300),
        json!(u64::MAX),
        json!(null),
        json!(later.to_string()),
        json!("never"),
        json!(true),
        json!([later]),
        json!({}),
    ];
    for claim in ["exp", "nbf", "iat"] {
        for value in &no_times {
            let refused = fault(enter(&world, &json!({ claim: value })).await);
            assert!(matches!(&refused, TokenFault::Claim { name, .. } if name == claim), "{claim} {value}");
        }
    }
    let refused = fault(world.chat.authenticate(&token(&json!({ "sub": "42" }))).await);
    assert_eq!(
        refused.to_string(),
        r#"the token's claim "exp" must be a number: seconds (not milliseconds) since 1970"#
    );
}

#[tokio::test]
async fn issuer_and_audience_count_where_they_are_configured() {
    let given = |text: &str| Some(text.to_owned());
    let world =
        World::with_host(HostTokens { issuer: given("https://host"), audience: given("chat"), ..tokens() })
            .await;
    for aud in [json!("chat"), json!(["shop", "chat"])] {
        enter(&world, &json!({ "iss": "https://host", "aud": aud })).await.unwrap();
    }
    for aud in
        [json!(null), json!("Chat"), json!(["shop"]), json!([]), json!([["chat"]]), json!({ "chat": 1 })]
    {
        let refused = fault(enter(&world, &json!({ "iss": "https://host", "aud": aud })).await);
        assert_eq!(refused, TokenFault::Audience, "{aud}");
    }
    for iss in [json!(null), json!("https://host/"), json!(["https://host"]), json!(1)] {
        assert_eq!(
            fault(enter(&world, &json!({ "iss": iss, "aud": "chat" })).await),
            TokenFault::Issuer,
            "{iss}"
        );
    }
    assert_eq!(fault(enter(&world, &json!({ "aud": "chat" })).await), TokenFault::Issuer);
    assert_eq!(fault(enter(&world, &json!({ "iss": "https://host" })).await), TokenFault::Audience);

    let world = World::with_host(tokens()).await;
    enter(&world, &json!({ "iss": "anybody", "aud": ["anything"] })).await.unwrap();
}

#[tokio::test]
async fn an_id_is_a_text_or_a_whole_number_of_one_issuer() {
    let world = World::with_host(tokens()).await;
    let text = enter(&world, &json!({ "sub": "7" })).await.unwrap();
    assert_eq!(enter(&world, &json!({ "sub": 7 })).await.unwrap().id(), text.id());
    assert_ne!(enter(&world, &json!({ "sub": "7", "iss": "another" })).await.unwrap().id(), text.id());
    // Nobody becomes somebody else by an id that runs into the issuer.
    let long = enter(&world, &json!({ "sub": "b", "iss": "a\",\"" })).await.unwrap();
    assert_ne!(enter(&world, &json!({ "sub": "\",\"b", "iss": "a" })).await.unwrap().id(), long.id());
    let bad = [
        json!(null),
        json!(""),
        json!(1.5),
        json!(["7"]),
        json!("a\0b"),
        json!("x".repeat(256)),
        json!("a\nb"),
    ];
    for sub in bad {
        assert!(
            matches!(fault(enter(&world, &json!({ "sub": sub })).await), TokenFault::Claim { .. }),
            "{sub}"
        );
    }
    enter(&world, &json!({ "sub": "ü".repeat(255) })).await.unwrap();
}

#[tokio::test]
async fn a_username_is_made_of_what_there_is() {
    let world = World::with_host(tokens()).await;
    let cases = [
        (json!({ "sub": "1", "preferred_username": "Grace.Hopper" }), "grace.hopper"),
        (json!({ "sub": "2", "preferred_username": "edsger@host.example" }), "edsger"),
        (json!({ "sub": "3", "preferred_username": " Barbara Liskov " }), "barbara-liskov"),
        (json!({ "sub": "auth0|5f7c8ec7c33c6c004bbafe82" }), "auth0-5f7c8ec7c33c6c004bbafe82"),
        (json!({ "sub": "donald@host.example" }), "donald"),
        (json!({ "sub": "100", "preferred_username": "-" }), "100"),
        (json!({ "sub": "101", "preferred_username": 5 }), "101"),
    ];
    for (more, username) in cases {
        assert_eq!(enter(&world, &more).await.unwrap().user.username, username);
    }
    for (sub, username) in [("7", json!("李小龙")), ("0190163d-8694-739b-aea5-966c26f8ad91", json!(null))]
    {
        let made_up = enter(&world, &json!({ "sub": sub, "preferred_username": username })).await.unwrap();
        assert!(made_up.user.username.starts_with("user-"), "{made_up:?}");
        assert_eq!(made_up.user.display_name, made_up.user.username);
    }
}

#[tokio::test]
async fn nobody_becomes_somebody_else_by_their_username() {
    let world = World::with_host(tokens()).await;
    let ours = world.sign_in("ada").await.user;
    let theirs = enter(&world, &json!({ "preferred_username": "ada" })).await.unwrap();
    assert_ne!(theirs.id(), ours.id);
    assert!(theirs.user.username.starts_with("ada-"), "{theirs:?}");
    let long = "a".repeat(32);
    world.sign_in(&long).await;
    let other = enter(&world, &json!({ "sub": "43", "preferred_username": long })).await.unwrap();
    assert_eq!(other.user.username.len(), 32, "{other:?}");
}

#[tokio::test]
async fn what_a_newer_token_says_is_taken_over() {
    let world = World::with_host(tokens()).await;
    let now = world.clock.now().seconds();
    let said = async |more: Value| {
        let user = enter(&world, &more).await.unwrap().user;
        (user.display_name, user.avatar_url, user.role)
    };
    let ada = || "Ada".to_owned();
    let picture = "https://host.example/a.png";
    let first = said(json!({ "name": "Ada", "picture": picture, "role": "admin", "iat": now - 20 })).await;
    assert_eq!(first, (ada(), Some(picture.to_owned()), PlatformRole::Admin));
    assert_eq!(
        said(json!({ "role": "user", "iat": now - 10 })).await,
        (ada(), first.1.clone(), PlatformRole::User)
    );
    // Both tokens are in use until they end, but the older one does not bring the role back.
    assert_eq!(said(json!({ "name": "X", "role": "admin", "iat": now - 20 })).await.2, PlatformRole::User);
    assert_eq!(said(json!({ "picture": null, "iat": now - 5 })).await, (ada(), None, PlatformRole::User));
    // A time ahead of ours does not lock the profile.
    assert_eq!(said(json!({ "name": "Lady Ada", "iat": now + 3_600 })).await.0, "Lady Ada");
    assert_eq!(said(json!({ "name": "Countess", "iat": now })).await.0, "Countess");
}

#[tokio::test]
async fn what_makes_no_sense_in_a_profile_is_left_out() {
    let world = World::with_host(tokens()).await;
    let user = async |more: Value| enter(&world, &more).await.unwrap().user;
    for name in [json!(""), json!("  "), json!("a\nb"), json!("a\0b"), json!(5), json!(null)] {
        assert_eq!(user(json!({ "name": name })).await.display_name, "42", "{name}");
    }
    assert_eq!(user(json!({ "name": "ü".repeat(65) })).await.display_name, "ü".repeat(64));
    let long = format!("https://host.example/{}", "x".repeat(2_048));
    for picture in [
        json!("javascript:alert(1)"),
        json!("//host.example/a.png"),
        json!("https://a b"),
        json!(long),
        json!(7),
    ] {
        assert_eq!(user(json!({ "picture": picture })).await.avatar_url, None, "{picture}");
    }
    let roles = [
        (json!("admin"), PlatformRole::Admin),
        (json!("Admin"), PlatformRole::User),
        (json!(["editor", "moderator"]), PlatformRole::Moderator),
        (json!("root"), PlatformRole::User),
        (json!("moderator"), PlatformRole::Moderator),
        (json!(null), PlatformRole::User),
    ];
    for (value, role) in roles {
        assert_eq!(user(json!({ "role": value })).await.role, role, "{value}");
    }
}

#[tokio::test]
async fn the_claims_that_describe_a_user_can_have_other_names() {
    let name = str::to_owned;
    let claims = ClaimNames {
        id: name("uid"),
        username: name("login"),
        display_name: name("https://host.example/name"),
        avatar: name("photo"),
        role: name("groups"),
    };
    let world = World::with_host(HostTokens { claims, ..tokens() }).await;
    let more = json!({
        "uid": "u1", "login": "ada", "https://host.example/name": "Ada", "photo": "http://host.example/a.png",
        "groups": ["admin"], "sub": "ignored", "name": "ignored",
    });
    let user = enter(&world, &more).await.unwrap().user;
    assert_eq!((&*user.username, &*user.display_name, user.role), ("ada", "Ada", PlatformRole::Admin));
    assert_eq!(user.avatar_url.as_deref(), Some("http://host.example/a.png"));
    assert!(
        matches!(fault(enter(&world, &json!({})).await), TokenFault::Claim { name, .. } if name == "uid")
    );
}

#[tokio::test]
async fn tokens_of_our_own_work_beside_those_of_the_host() {
    let world = World::with_host(tokens()).await;
    let sign_in = world.sign_in("ada").await;
    let ours = world.chat.authenticate(&sign_in.tokens.access_token).await.unwrap();
    assert_eq!(ours.expires_at, Some(world.clock.now().plus_seconds(900)));
    // The host may not speak for users who are not its own, whatever its tokens say.
    let forged = json!({ "iss": "natter", "sub": ours.id(), "sid": ours.session });
    assert_ne!(enter(&world, &forged).await.unwrap().id(), ours.id());
    world.chat.logout(&sign_in.tokens.refresh_token, false).await.unwrap();
    assert_eq!(code(world.chat.authenticate(&sign_in.tokens.access_token).await), ErrorCode::SessionEnded);
}

#[tokio::test]
async fn a_ticket_ends_with_the_token_that_it_was_given_out_for() {
    let world = World::with_host(tokens()).await;
    let exp = world.clock.now().seconds() - 50;
    let actor = enter(&world, &json!({ "exp": exp })).await.unwrap();
    let ticket = || world.chat.issue_ticket(&actor).unwrap().ticket;
    let (early, late) = (ticket(), ticket());
    assert_eq!(world.chat.redeem_ticket(&early).await.unwrap().expires_at, actor.expires_at);
    world.clock.advance_seconds(10);
    assert_eq!(code(world.chat.redeem_ticket(&late).await), ErrorCode::TokenExpired);
}

#[tokio::test]
async fn each_kind_of_public_key_verifies_its_own_algorithm_and_no_other() {
    let keys = [
        ("RS256", SigningKey::rsa("k", RSA_BITS).unwrap()),
        ("ES256", SigningKey::p256("k").unwrap()),
        ("EdDSA", SigningKey::ed25519("k").unwrap()),
    ];
    for (algorithm, key) in &keys {
        let fixed = HostKeys::Fixed(TokenKey::from_pem(key.public_pem()).unwrap());
        let world = World::with_host(HostTokens { keys: fixed, ..tokens() }).await;
        let claims = claims(&world, &json!({}));
        world.chat.authenticate(&key.token(&claims).unwrap()).await.unwrap();
        for (_, other) in keys.iter().filter(|(other, _)| other != algorithm) {
            let refused = world.chat.authenticate(&other.token(&claims).unwrap()).await;
            assert_eq!(fault(refused), TokenFault::Algorithm, "{algorithm}");
        }
        for named in ["none", "HS256", "RS384", "PS256", "RS512", "ES384", "", "rs256", "Ed25519"] {
            let mut header = key.header();
            header["alg"] = named.into();
            let refused = world.chat.authenticate(&key.token_with(&header, &claims).unwrap()).await;
            assert_eq!(fault(refused), TokenFault::Algorithm, "{algorithm} as {named}");
        }
    }
}

#[tokio::test]
async fn a_changed_token_is_refused_wherever_it_was_changed() {
    for key in [SigningKey::rsa("k", RSA_BITS), SigningKey::p256("k"), SigningKey::ed25519("k")] {
        let key = key.unwrap();
        let fixed = HostKeys::Fixed(TokenKey::from_pem(key.public_pem()).unwrap());
        let world = World::with_host(HostTokens { keys: fixed, ..tokens() }).await;
        let token = key.token(&claims(&world, &json!({ "role": "user" }))).unwrap();
        for at in (0..token.len()).step_by(3) {
            for other in ["A", "-", ".", "\0", ""] {
                let mut changed = token.clone();
                changed.replace_range(at..=at, other);
                if changed != token {
                    let refused = code(world.chat.authenticate(&changed).await);
                    assert_eq!(refused, ErrorCode::Unauthenticated, "{other:?} at {at} of {token}");
                }
            }
        }
    }
}

#[test]
fn a_key_that_is_weak_or_something_else_is_not_taken() {
    let refused = |pem: &str| TokenKey::from_pem(pem).unwrap_err();
    assert_eq!(TokenKey::from_secret(&"x".repeat(31)).unwrap_err(), TokenKeyError::SecretTooShort);
    assert!(TokenKey::from_secret(&"x".repeat(32)).is_ok());
    let good = SigningKey::p256("k").unwrap();
    let pem = good.public_pem();
    assert!(TokenKey::from_pem(&format!("\n{pem}\n")).is_ok());
    let weak = SigningKey::rsa("k", 1_024).unwrap();
    assert_eq!(refused(weak.public_pem()), TokenKeyError::Unsupported);
    for no_key in ["", SECRET, &pem.replace("PUBLIC", "PRIVATE"), &pem[..pem.len() / 2]] {
        assert!(TokenKey::from_pem(no_key).is_err(), "{no_key}");
    }
    assert_eq!(refused(&pem.replace("PUBLIC KEY", "CERTIFICATE")), TokenKeyError::NotPublicKey);
}
