//! Which addresses get in, and which address a request comes from.

use crate::natter;
use crate::support::{Answer, client, eventually, handshake, on_both_databases};
use anyhow::{Context as _, Result};
use natter_protocol::{CloseCode, ErrorCode, IpAction, IpRule, Page};
use natter_testkit::natter::{Builder, Natter};
use natter_testkit::person::{Person, Socket};
use natter_testkit::postgres::database;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

on_both_databases! {
    admins_make_rules_while_the_server_runs,
}

/// A server behind a proxy, as which the tests speak.
fn behind_a_proxy() -> Builder {
    natter().env("NATTER_ACCESS_TRUSTED_PROXIES", "127.0.0.0/8,10.0.0.0/8")
}

/// Asks on behalf of others.
async fn forwarded(natter: &Natter, path: &str, lines: &[&str]) -> Result<Answer> {
    let request = client()?.get(natter.url(path));
    Answer::to(lines.iter().fold(request, |request, line| request.header("x-forwarded-for", *line))).await
}

const PATHS: [&str; 5] = ["/", "/metrics", "/api/docs/", "/api/openapi.json", "/api/v1/there/is/nothing"];

#[tokio::test]
async fn what_is_blocked_is_kept_out_and_told_so() -> Result<()> {
    let natter = behind_a_proxy()
        .env("NATTER_ACCESS_IP_ALLOW", "192.0.2.0/24,2001:db8::/32")
        .env("NATTER_ACCESS_IP_BLOCK", "192.0.2.128/25,2001:db8:bad::/48")
        .start()
        .await?;
    for (address, gets_in) in [
        ("192.0.2.1", true),
        ("192.0.2.127", true),
        // What is blocked is blocked, also where it is allowed.
        ("192.0.2.128", false),
        // Once something is allowed, nothing else is.
        ("198.51.100.1", false),
        ("2001:db8::1", true),
        ("2001:db8:bad::1", false),
        ("::ffff:192.0.2.1", true),
        ("::ffff:192.0.2.200", false),
    ] {
        for path in PATHS {
            let answer = forwarded(&natter, path, &[address]).await?;
            assert_eq!(answer.status != StatusCode::FORBIDDEN, gets_in, "{address} {path}");
            if !gets_in {
                answer.problem(ErrorCode::AddressBlocked)?;
                assert_eq!(answer.header("connection"), "close");
            }
        }
        let socket = handshake(&natter, "/api/v1/ws?token=x", &[("x-forwarded-for", address)]).await?;
        let code = if gets_in { ErrorCode::Unauthenticated } else { ErrorCode::AddressBlocked };
        socket.problem(code).with_context(|| address.to_owned())?;
    }
    // Whoever watches over the server need not be let in.
    for path in ["/health", "/health/ready"] {
        assert_eq!(forwarded(&natter, path, &["198.51.100.1"]).await?.status, StatusCode::OK);
    }
    Ok(())
}

#[tokio::test]
async fn the_connection_of_a_blocked_address_is_closed() -> Result<()> {
    let natter = natter().env("NATTER_ACCESS_IP_BLOCK", "127.0.0.1").start().await?;
    let mut stream = TcpStream::connect(natter.address()).await?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await?;
    let mut answer = String::new();
    // It ends by itself.
    stream.read_to_string(&mut answer).await?;
    assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains("\"address_blocked\""), "{answer}");
    Ok(())
}

/// Anybody can write anything into the header; only what trusted proxies have added to it counts.
#[tokio::test]
async fn only_trusted_proxies_are_believed() -> Result<()> {
    let blocked = "203.0.113.1";
    let both = format!("{blocked},10.0.0.9");
    let behind = behind_a_proxy().env("NATTER_ACCESS_IP_BLOCK", &both).start().await?;
    for (lines, is_blocked) in [
        (&["203.0.113.1"][..], true),
        (&["192.0.2.1, 203.0.113.1"], true),
        // It is what the client says of itself.
        (&["203.0.113.1, 192.0.2.1"], false),
        // Two proxies, the inner one of which is trusted as well.
        (&["203.0.113.1, 10.0.0.7"], true),
        (&["203.0.113.1 ,10.0.0.7,\t10.0.0.8 "], true),
        (&["192.0.2.1", "203.0.113.1", "10.0.0.7"], true),
        (&["203.0.113.1", "192.0.2.1"], false),
        (&["203.0.113.1:4711"], true),
        // It asks for itself.
        (&["10.0.0.9, 10.0.0.7"], true),
        // What cannot be read was not written by a proxy of ours: it is the peer who asks.
        (&["203.0.113.1, unknown"], false),
        (&["203.0.113.1, unknown, 10.0.0.9"], false),
        (&["203.0.113.1, "], false),
        (&["203.0.113"], false),
        (&[""], false),
        (&[], false),
    ] {
        let answer = forwarded(&behind, "/", lines).await?;
        assert_eq!(answer.status == StatusCode::FORBIDDEN, is_blocked, "{lines:?}");
    }
    let forwarded_only = client()?.get(behind.url("/")).header("forwarded", "for=203.0.113.1");
    assert_ne!(Answer::to(forwarded_only).await?.status, StatusCode::FORBIDDEN);

    let direct = natter().env("NATTER_ACCESS_IP_BLOCK", blocked).start().await?;
    assert_ne!(forwarded(&direct, "/", &[blocked]).await?.status, StatusCode::FORBIDDEN);
    let direct = natter().env("NATTER_ACCESS_IP_BLOCK", "127.0.0.1").start().await?;
    assert_eq!(forwarded(&direct, "/", &["192.0.2.1"]).await?.status, StatusCode::FORBIDDEN);
    Ok(())
}

#[tokio::test]
async fn browsers_are_asked_to_come_by_https_only_where_the_operator_says_so() -> Result<()> {
    for (seconds, header) in [("0", ""), ("31536000", "max-age=31536000")] {
        let natter = natter().env("NATTER_ACCESS_HSTS_SECONDS", seconds).start().await?;
        for path in ["/", "/health", "/api/v1/users/me"] {
            let answer = Answer::to(client()?.get(natter.url(path))).await?;
            assert_eq!(answer.header("strict-transport-security"), header, "{path}");
        }
    }
    Ok(())
}

const RULES: &str = "/api/v1/admin/ip-rules";

/// Somebody who may make rules.
async fn admin(natter: &Natter) -> Result<Person> {
    let ada = natter.person("ada").await?;
    natter.run(&["user", "role", "ada", "admin"]).await?;
    Ok(ada)
}

/// A request of somebody at an address.
async fn ask_from(
    natter: &Natter,
    address: &str,
    person: &Person,
    method: Method,
    path: &str,
    body: Value,
) -> Result<Answer> {
    let token = &person.sign_in().tokens.access_token;
    let request = client()?.request(method, natter.url(path)).bearer_auth(token);
    let request = request.header("x-forwarded-for", address);
    Answer::to(if body.is_null() { request } else { request.json(&body) }).await
}

async fn make_rule(natter: &Natter, ada: &Person, cidr: &str, action: &str) -> Result<Answer> {
    let body = json!({ "cidr": cidr, "action": action });
    ask_from(natter, "192.0.2.1", ada, Method::POST, RULES, body).await
}

async fn is_blocked(natter: &Natter, address: &str) -> Result<bool> {
    Ok(forwarded(natter, "/", &[address]).await?.status == StatusCode::FORBIDDEN)
}

/// The database is the one of the test, the rest is as behind a proxy: without one, `127.0.0.1` is who asks.
async fn admins_make_rules_while_the_server_runs(mut natter: Natter) -> Result<()> {
    let ada = admin(&natter).await?;
    let make = async |cidr: &str, action: &str| {
        let body = json!({ "cidr": cidr, "action": action, "note": "because" });
        ada.post::<IpRule>("/admin/ip-rules", body).await
    };
    let first = make("203.0.113.77/24", "block").await?;
    assert_eq!((&*first.cidr, first.action), ("203.0.113.0/24", IpAction::Block));
    assert_eq!((first.note.as_deref(), first.created_by), (Some("because"), ada.id()));
    let second = make("2001:db8::1", "block").await?;
    assert_eq!(second.cidr, "2001:db8::1/128");
    let third = make("127.0.0.0/8", "allow").await?;

    let page: Page<IpRule> = ada.get("/admin/ip-rules?limit=2").await?;
    assert_eq!(page.data, [first.clone(), second]);
    let cursor = page.meta.next_cursor.context("there is another page")?;
    let page: Page<IpRule> = ada.get(&format!("/admin/ip-rules?limit=2&cursor={cursor}")).await?;
    assert_eq!((page.data, page.meta.has_more), (vec![third], false));

    let path = format!("/admin/ip-rules/{}", first.id);
    assert_eq!(ada.request(Method::DELETE, &path, None).await?.0, StatusCode::NO_CONTENT);
    assert_eq!(ada.request(Method::DELETE, &path, None).await?.0, StatusCode::NOT_FOUND);
    natter.kill().await?;
    natter.start().await?;
    let left: Page<IpRule> = ada.get("/admin/ip-rules").await?;
    assert_eq!(left.data.len(), 2);
    Ok(())
}

#[tokio::test]
async fn rules_hold_at_once_for_requests_and_open_sockets_and_after_a_restart() -> Result<()> {
    let mut natter = behind_a_proxy().start().await?;
    let ada = admin(&natter).await?;
    let bob = natter.person("bob").await?;
    let path = format!("/api/v1/ws?token={}", bob.sign_in().tokens.access_token);
    let mut outside = Socket::open(natter.address(), &path, &[("x-forwarded-for", "203.0.113.9")]).await?;
    let mut inside = ada.socket().await?;

    let rule: IpRule =
        serde_json::from_value(make_rule(&natter, &ada, "203.0.113.0/24", "block").await?.json()?)?;
    assert!(is_blocked(&natter, "203.0.113.9").await?);
    assert!(!is_blocked(&natter, "203.0.114.9").await?);
    assert_eq!(outside.closed().await?.0, CloseCode::SignedOut.code());
    inside.send(&json!({ "id": "1", "type": "ping" })).await?;
    assert_eq!(inside.next_of("pong").await?["id"], "1");
    let refused = handshake(&natter, &path, &[("x-forwarded-for", "203.0.113.9")]).await?;
    refused.problem(ErrorCode::AddressBlocked)?;

    natter.kill().await?;
    natter.start().await?;
    assert!(is_blocked(&natter, "203.0.113.9").await?);
    let path = format!("{RULES}/{}", rule.id);
    let gone = ask_from(&natter, "192.0.2.1", &ada, Method::DELETE, &path, Value::Null).await?;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert!(!is_blocked(&natter, "203.0.113.9").await?);
    Ok(())
}

#[tokio::test]
async fn nobody_keeps_themselves_out() -> Result<()> {
    let natter = behind_a_proxy().start().await?;
    let ada = admin(&natter).await?;
    for (cidr, action) in [
        ("192.0.2.1", "block"),
        ("192.0.0.0/16", "block"),
        ("0.0.0.0/0", "block"),
        ("198.51.100.0/24", "allow"),
        ("2001:db8::/32", "allow"),
    ] {
        make_rule(&natter, &ada, cidr, action).await?.problem(ErrorCode::WouldLockYouOut).context(cidr)?;
    }
    let mine = make_rule(&natter, &ada, "192.0.2.0/24", "allow").await?.json()?;
    assert_eq!(make_rule(&natter, &ada, "198.51.100.0/24", "allow").await?.status, StatusCode::CREATED);
    let path = format!("{RULES}/{}", mine["id"].as_str().unwrap_or_default());
    let delete = async |address| ask_from(&natter, address, &ada, Method::DELETE, &path, Value::Null).await;
    delete("192.0.2.1").await?.problem(ErrorCode::WouldLockYouOut)?;
    assert_eq!(delete("198.51.100.1").await?.status, StatusCode::NO_CONTENT);
    assert!(is_blocked(&natter, "192.0.2.1").await?);
    Ok(())
}

#[tokio::test]
async fn only_admins_make_rules_and_only_of_addresses() -> Result<()> {
    let natter = behind_a_proxy().start().await?;
    let ada = admin(&natter).await?;
    let bob = natter.person("bob").await?;
    natter.run(&["user", "role", "bob", "moderator"]).await?;
    let rule = make_rule(&natter, &ada, "203.0.113.0/24", "block").await?.json()?;
    let path = format!("{RULES}/{}", rule["id"].as_str().unwrap_or_default());
    let body = json!({ "cidr": "192.0.2.1", "action": "block" });
    for (method, path, body) in
        [(Method::GET, RULES, Value::Null), (Method::POST, RULES, body), (Method::DELETE, &path, Value::Null)]
    {
        let refused = ask_from(&natter, "192.0.2.1", &bob, method.clone(), path, body).await?;
        refused.problem(ErrorCode::Forbidden).with_context(|| format!("{method} {path}"))?;
        let stranger = client()?.request(method.clone(), natter.url(path));
        Answer::to(stranger).await?.problem(ErrorCode::Unauthenticated)?;
    }
    for cidr in
        ["", "203.0.113", "203.0.113.0/33", "2001:db8::/129", "example.com", "203.0.113.0-203.0.113.9"]
    {
        let problem = make_rule(&natter, &ada, cidr, "block").await?.problem(ErrorCode::ValidationFailed)?;
        assert_eq!(problem.errors[0].field, "cidr");
    }
    make_rule(&natter, &ada, "203.0.113.1", "ban").await?.problem(ErrorCode::InvalidJson)?;
    Ok(())
}

#[tokio::test]
async fn a_rule_holds_on_every_node_and_there_for_open_sockets_too() -> Result<()> {
    let database = database()?;
    let one = behind_a_proxy().database(database.url()).start().await?;
    let two = behind_a_proxy().database(database.url()).start().await?;
    let ada = admin(&one).await?;
    let bob = one.person("bob").await?;
    let path = format!("/api/v1/ws?token={}", bob.sign_in().tokens.access_token);
    let mut socket = Socket::open(two.address(), &path, &[("x-forwarded-for", "203.0.113.9")]).await?;
    make_rule(&one, &ada, "203.0.113.0/24", "block").await?;
    assert_eq!(socket.closed().await?.0, CloseCode::SignedOut.code());
    eventually(async || Ok(is_blocked(&two, "203.0.113.9").await?.then_some(()))).await
}
