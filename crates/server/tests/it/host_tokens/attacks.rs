//! Attempts to get in with a token that the host application did not make, or not for this.

use super::published::{Site, natter_of};
use super::{AUDIENCE, SECRET, claims, host_with_secret, me, now, refused, refused_as, secret};
use crate::natter;
use crate::support::handshake;
use anyhow::{Result, ensure};
use natter_protocol::{ErrorCode, limits};
use natter_testkit::host::{RSA_BITS, SigningKey, part};
use serde_json::{Value, json};

#[tokio::test]
async fn no_algorithm() -> Result<()> {
    let natter = host_with_secret().start().await?;
    let payload = part(&claims(&json!({}))?);
    let good = secret().token(&claims(&json!({}))?)?;
    let signature = good.rsplit('.').next().unwrap_or_default();
    for algorithm in [json!("none"), json!("None"), json!("NONE"), json!("nOnE"), json!(""), json!("HS256 ")]
    {
        let header = part(&json!({ "alg": algorithm, "typ": "JWT" }));
        for signature in ["", signature] {
            let detail = refused(&natter, &format!("{header}.{payload}.{signature}")).await?;
            ensure!(detail == "the token's `alg` is not the algorithm of its key", "{detail}");
        }
    }
    for header in [
        json!({ "typ": "JWT" }),
        json!({ "alg": null }),
        json!({ "alg": ["HS256"] }),
        json!(["HS256", "JWT"]),
    ] {
        refused(&natter, &secret().token_with(&header, &claims(&json!({}))?)?).await?;
    }
    Ok(())
}

/// The public key is known to everybody. A verifier that let the token choose would take it for a shared secret.
#[tokio::test]
async fn a_public_key_as_a_secret() -> Result<()> {
    for key in [SigningKey::rsa("k", RSA_BITS)?, SigningKey::p256("k")?, SigningKey::ed25519("k")?] {
        let pem = key.public_pem();
        let natter = natter().env("NATTER_AUTH_JWT_PUBLIC_KEY", pem).start().await?;
        me(&natter, &key.token(&claims(&json!({}))?)?).await?;
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        for guess in [pem, pem.trim(), &pem.replace('\n', "\\n"), &body, ""] {
            let forger = SigningKey::secret(guess.as_bytes());
            for header in [json!({ "alg": "HS256" }), key.header()] {
                refused(&natter, &forger.token_with(&header, &claims(&json!({}))?)?).await?;
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_key_of_ones_own_of_another_kind() -> Result<()> {
    let natter = host_with_secret().start().await?;
    for key in [SigningKey::p256("k")?, SigningKey::ed25519("k")?] {
        refused(&natter, &key.token(&claims(&json!({}))?)?).await?;
        let header = json!({ "alg": "HS256" });
        let detail = refused(&natter, &key.token_with(&header, &claims(&json!({}))?)?).await?;
        ensure!(detail == "the token's signature is not valid", "{detail}");
    }
    Ok(())
}

#[tokio::test]
async fn a_key_id_that_names_something_else() -> Result<()> {
    let natter = host_with_secret().start().await?;
    let key = SigningKey::ed25519("good")?;
    let site = Site::start(&[&key]).await?;
    let published = natter_of(&site).await?;
    let long = "x".repeat(4_096);
    for id in [
        "../../../../../../dev/null",
        "/proc/sys/kernel/ostype",
        "x' UNION SELECT 'secret",
        "| id",
        "http://127.0.0.1:1/",
        "good\0",
        "GOOD",
        "",
        &long,
    ] {
        // What an attacker hopes to be the key: nothing, or a word that they chose.
        for guess in ["", "secret", "Linux\n"] {
            let header = json!({ "alg": "HS256", "kid": id });
            let token = SigningKey::secret(guess.as_bytes()).token_with(&header, &claims(&json!({}))?)?;
            refused(&natter, &token).await?;
            refused(&published, &token).await?;
        }
        refused(&published, &key.token_with(&json!({ "alg": "EdDSA", "kid": id }), &claims(&json!({}))?)?)
            .await?;
    }
    refused(&published, &key.token_with(&json!({ "alg": "EdDSA", "kid": 1 }), &claims(&json!({}))?)?).await?;
    me(&published, &key.token(&claims(&json!({}))?)?).await?;
    Ok(())
}

#[tokio::test]
async fn a_key_that_the_token_brings_along() -> Result<()> {
    let good = SigningKey::p256("good")?;
    let evil = SigningKey::p256("evil")?;
    let (site, trap) = (Site::start(&[&good]).await?, Site::start(&[&evil]).await?);
    let natters = [
        host_with_secret().start().await?,
        natter().env("NATTER_AUTH_JWT_PUBLIC_KEY", good.public_pem()).start().await?,
        natter_of(&site).await?,
    ];
    for (name, value) in [
        ("jwk", evil.jwk()?),
        ("jku", json!(trap.url())),
        ("x5u", json!(trap.url())),
        ("x5c", json!([good.public_pem()])),
    ] {
        for id in ["evil", "good"] {
            let mut header = json!({ "alg": "ES256", "kid": id });
            header[name] = value.clone();
            for natter in &natters {
                refused(natter, &evil.token_with(&header, &claims(&json!({}))?)?).await?;
            }
        }
    }
    ensure!(trap.fetches() == 0, "the server went where the token sent it");
    Ok(())
}

#[tokio::test]
async fn a_token_that_has_ended() -> Result<()> {
    let natter = host_with_secret().start().await?;
    let problem = refused_as(
        &natter,
        &secret().token(&claims(&json!({ "exp": now()? - 61 }))?)?,
        ErrorCode::TokenExpired,
    )
    .await?;
    ensure!(problem.detail == "the access token has ended", "{problem:?}");
    me(&natter, &secret().token(&claims(&json!({ "exp": now()? - 30 }))?)?).await?;
    Ok(())
}

#[tokio::test]
async fn a_token_for_later() -> Result<()> {
    let natter = host_with_secret().start().await?;
    let detail = refused(&natter, &secret().token(&claims(&json!({ "nbf": now()? + 600 }))?)?).await?;
    ensure!(detail == "the token is not valid yet: its `nbf` lies ahead", "{detail}");
    me(&natter, &secret().token(&claims(&json!({ "nbf": now()? + 30 }))?)?).await?;
    Ok(())
}

#[tokio::test]
async fn a_token_for_another_application() -> Result<()> {
    let natter = host_with_secret().start().await?;
    for audience in [json!("shop"), json!(["shop", "mail"]), json!(null), json!([]), json!("chat chat")] {
        let detail = refused(&natter, &secret().token(&claims(&json!({ "aud": audience }))?)?).await?;
        ensure!(detail == "the token's `aud` is not the audience that is configured here", "{detail}");
    }
    me(&natter, &secret().token(&claims(&json!({ "aud": ["shop", AUDIENCE] }))?)?).await?;
    Ok(())
}

#[tokio::test]
async fn a_token_of_another_issuer() -> Result<()> {
    let natter = host_with_secret().start().await?;
    for issuer in
        [json!("https://evil.example"), json!("https://host.example/"), json!("natter"), json!(null)]
    {
        let detail = refused(&natter, &secret().token(&claims(&json!({ "iss": issuer }))?)?).await?;
        ensure!(detail == "the token's `iss` is not the issuer that is configured here", "{detail}");
    }
    Ok(())
}

#[tokio::test]
async fn a_token_without_an_end() -> Result<()> {
    let natter = host_with_secret().start().await?;
    let mut endless = claims(&json!({}))?;
    endless.as_object_mut().map(|claims| claims.remove("exp"));
    let mut all = vec![endless];
    for exp in [json!(null), json!("never"), json!((now()? + 600).to_string()), json!([]), json!(true)] {
        all.push(claims(&json!({ "exp": exp }))?);
    }
    for claims in all {
        let detail = refused(&natter, &secret().token(&claims)?).await?;
        ensure!(
            detail == "the token's claim \"exp\" must be a number: seconds (not milliseconds) since 1970",
            "{detail}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_huge_token() -> Result<()> {
    let natter = host_with_secret().start().await?;
    let padded = |chars: usize| secret().token(&claims(&json!({ "padding": "x".repeat(chars) }))?);
    // Three bytes are four characters: the longest that is taken, and the next one.
    let room = (limits::TOKEN_BYTES_MAX - padded(0)?.len()) / 4 * 3;
    let longest = padded(room)?;
    ensure!(
        (limits::TOKEN_BYTES_MAX - 3..=limits::TOKEN_BYTES_MAX).contains(&longest.len()),
        "{}",
        longest.len()
    );
    me(&natter, &longest).await?;
    let own = crate::natter().start().await?;
    for chars in [room + 3, room + 3_000] {
        let token = padded(chars)?;
        for natter in [&natter, &own] {
            let detail = refused(natter, &token).await?;
            ensure!(detail == "the token has more than 8192 bytes", "{detail}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_header_with_demands() -> Result<()> {
    let natter = host_with_secret().start().await?;
    for (name, value) in
        [("b64", json!(false)), ("exp", json!(0)), ("http://host.example/unknown", json!(true))]
    {
        let mut header = json!({ "alg": "HS256", "crit": [name] });
        header[name] = value;
        let detail = refused(&natter, &secret().token_with(&header, &claims(&json!({}))?)?).await?;
        ensure!(detail == "the token's header has a `crit`, and no extension is understood here", "{detail}");
    }
    for crit in [json!(null), json!([]), json!("exp")] {
        let header = json!({ "alg": "HS256", "crit": crit });
        refused(&natter, &secret().token_with(&header, &claims(&json!({}))?)?).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_token_for_another_purpose() -> Result<()> {
    let natter = host_with_secret().start().await?;
    for typ in ["logout+jwt", "dpop+jwt", "secevent+jwt", "JWE", ""] {
        let header = json!({ "alg": "HS256", "typ": typ });
        refused(&natter, &secret().token_with(&header, &claims(&json!({}))?)?).await?;
    }
    for typ in [json!("at+jwt"), json!("application/at+JWT"), json!("jwt"), json!(null)] {
        let header = json!({ "alg": "HS256", "typ": typ });
        me(&natter, &secret().token_with(&header, &claims(&json!({}))?)?).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_changed_payload() -> Result<()> {
    let natter = host_with_secret().start().await?;
    let token = secret().token(&claims(&json!({ "role": "user" }))?)?;
    let [header, _, signature] = token.split('.').collect::<Vec<_>>()[..] else { anyhow::bail!("{token}") };
    let payload = part(&claims(&json!({ "role": "admin" }))?);
    let detail = refused(&natter, &format!("{header}.{payload}.{signature}")).await?;
    ensure!(detail == "the token's signature is not valid", "{detail}");
    Ok(())
}

#[tokio::test]
async fn a_signature_that_is_none() -> Result<()> {
    let natter = host_with_secret().start().await?;
    let token = secret().token(&claims(&json!({}))?)?;
    let (message, signature) = token.rsplit_once('.').unwrap_or_default();
    let standard = signature.replace('-', "+").replace('_', "/");
    let half = &signature[..signature.len() / 2];
    for wrong in
        ["", "=", half, &format!("{signature}="), &format!("{standard}="), &signature.to_uppercase(), "%00"]
    {
        refused(&natter, &format!("{message}.{wrong}")).await?;
    }
    // An elliptic verifier that forgets to look takes zeros for a signature of everything.
    let key = SigningKey::p256("k")?;
    let natter = crate::natter().env("NATTER_AUTH_JWT_PUBLIC_KEY", key.public_pem()).start().await?;
    let token = key.token(&claims(&json!({}))?)?;
    let (message, _) = token.rsplit_once('.').unwrap_or_default();
    refused(&natter, &format!("{message}.{}", "A".repeat(86))).await?;
    Ok(())
}

#[tokio::test]
async fn what_only_looks_like_a_token() -> Result<()> {
    let natter = host_with_secret().start().await?;
    let token = secret().token(&claims(&json!({}))?)?;
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else {
        anyhow::bail!("{token}")
    };
    let nested = format!("{{\"alg\":{}{}}}", "[".repeat(2_000), "]".repeat(2_000));
    for wrong in [
        "x".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        "....".to_owned(),
        format!("{header}.{payload}"),
        format!("{header}..{signature}"),
        format!(".{payload}.{signature}"),
        format!("{header}.{payload}.{signature}.{signature}"),
        format!("{header}.{payload}.{signature}.{signature}.{signature}"),
        format!("{token},{token}"),
        format!("{}.{payload}.{signature}", part(&json!(nested))),
    ] {
        refused(&natter, &wrong).await?;
    }
    for payload in [json!([]), json!("x"), json!(null), json!([["exp", now()? + 600], ["sub", "42"]])] {
        refused(&natter, &secret().token(&payload)?).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_null_character() -> Result<()> {
    let natter = host_with_secret().start().await?;
    let token = secret().token(&claims(&json!({}))?)?;
    for path in [format!("/api/v1/ws?token={token}%00"), format!("/api/v1/ws?token=%00{token}")] {
        handshake(&natter, &path, &[]).await?.problem(ErrorCode::Unauthenticated)?;
    }
    for (name, value) in
        [("sub", json!("42\0")), ("sub", json!("\0")), ("iss", json!(format!("{}\0", super::ISSUER)))]
    {
        refused(&natter, &secret().token(&claims(&json!({ name: value }))?)?).await?;
    }
    // Beside the id it does not matter, and does not get into the database.
    let more = json!({ "name": "Ada\0", "preferred_username": "a\0da", "picture": "https://a.example/\0" });
    let user = me(&natter, &secret().token(&claims(&more)?)?).await?;
    ensure!(user.username == "a-da" && user.display_name == "a-da" && user.avatar_url.is_none(), "{user:?}");
    Ok(())
}

/// The host application may speak for its own users only.
#[tokio::test]
async fn a_token_in_the_name_of_another_user() -> Result<()> {
    let natter = crate::natter().env("NATTER_AUTH_JWT_SECRET", SECRET).start().await?;
    let grace = natter.person("grace").await?;
    let own: Value = {
        use base64::Engine as _;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let payload = grace.sign_in().tokens.access_token.split('.').nth(1).unwrap_or_default().to_owned();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload)?)?
    };
    for claims in [own, claims(&json!({ "sub": grace.id(), "preferred_username": "grace" }))?] {
        let somebody = me(&natter, &secret().token(&claims)?).await?;
        ensure!(somebody.id != grace.id() && somebody.username != "grace", "{somebody:?}");
    }
    Ok(())
}
