//! How many sockets are opened at one time, when everybody comes at once.

use super::send;
use crate::natter;
use crate::support::{ask, eventually};
use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use natter_testkit::natter::Natter;
use natter_testkit::postgres::Server;
use reqwest::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Sockets that are opened at one time.
const PLACES: usize = 16;
/// Those who come at once.
const NEWCOMERS: usize = 40;
/// Holds whatever looks up a session, until it is undone. It belongs to no connection, so none has to be kept for it.
const HOLD: &str = "BEGIN; LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE; PREPARE TRANSACTION 'hold'";
const RELEASE: &str = "ROLLBACK PREPARED 'hold'";
/// What a question that waits for the table looks like among all locks: not granted.
const HELD: &str = "|AccessShareLock|f|";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_many_get_in_at_one_time_and_who_is_in_does_not_notice() -> Result<()> {
    let server = Server::start_with(&["fsync=off", "max_prepared_transactions=1"])?;
    let database = server.create_database()?;
    // More readers than places: it is not the database that lets so few in.
    let natter = natter().database(&database).env("NATTER_DATABASE_READERS_MAX", "32").start().await?;
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let harbour = ada.group("Harbour", &[&bob]).await?.info.id;
    let (mut own, mut other) = (ada.socket().await?, bob.socket().await?);
    ada.send(harbour, "before").await?;
    other.next_of("message.new").await?;

    server.run_sql(&database, HOLD)?;
    let newcomers = tokio::spawn(async move { try_join_all((0..NEWCOMERS).map(|_| bob.socket())).await });
    let line = format!("natter_admissions_waiting {}", NEWCOMERS - PLACES);
    eventually(async || {
        let metrics = ask(&natter, Method::GET, "/metrics").await?.text;
        Ok(metrics.lines().any(|known| known == line).then_some(()))
    })
    .await?;
    // As many as are not in the line; some may be on their way to the table.
    eventually(async || {
        let locks = server.run_sql(&database, "TABLE pg_locks")?;
        Ok((locks.lines().filter(|lock| lock.contains(HELD)).count() == PLACES).then_some(()))
    })
    .await?;

    own.send(&send(Some("1"), harbour, "meanwhile")).await?;
    assert_eq!(other.next_of("message.new").await?["payload"]["content"], "meanwhile");
    assert_eq!(ask(&natter, Method::GET, "/health/ready").await?.status, 200);
    assert!(!newcomers.is_finished());

    server.run_sql(&database, RELEASE)?;
    assert_eq!(newcomers.await??.len(), NEWCOMERS);
    Ok(())
}

#[tokio::test]
async fn whoever_is_slow_takes_nobody_elses_place() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let token = &ada.sign_in().tokens.access_token;
    let mut slow = Vec::new();
    for _ in 0..2 * PLACES {
        // One does not come to the end of its request, one does not say who it is, one does not read that it is in.
        slow.push(begin(&natter, "GET /api/v1/ws HTTP/1.1\r\nHost: x\r\n").await?);
        let mut stranger = begin(&natter, &handshake("/socket.io/?EIO=4&transport=websocket")).await?;
        ensure!(stranger.read_u8().await? == b'H', "the handshake is answered");
        slow.push(stranger);
    }
    for _ in 0..PLACES {
        slow.push(begin(&natter, &handshake(&format!("/api/v1/ws?token={token}"))).await?);
    }
    ada.socket().await.context("somebody else")?;
    Ok(())
}

fn handshake(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

async fn begin(natter: &Natter, request: &str) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(natter.address()).await?;
    stream.write_all(request.as_bytes()).await?;
    Ok(stream)
}
