//! What breaks around the server: a full disk, a database that goes away.

use crate::natter;
use crate::socketio::ByWebSocket;
use crate::support::{ask, eventually};
use anyhow::{Context as _, Result, ensure};
use natter_protocol::{CloseCode, ErrorCode, EventBody, Message};
use natter_testkit::natter::Natter;
use natter_testkit::person::{Person, Socket};
use natter_testkit::postgres::Server;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A disk that is small enough to be filled. It needs the right to mount, so it is there for root only.
pub(crate) struct Disk {
    at: TempDir,
    ballast: PathBuf,
}

impl Disk {
    pub(crate) fn mount(bytes: u64) -> Result<Option<Self>> {
        let at = TempDir::new()?;
        let options = format!("size={bytes},mode=0700");
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", &options, "natter-test"]).arg(at.path()).output()?;
        let ballast = at.path().join("ballast");
        Ok(mounted.status.success().then_some(Self { at, ballast }))
    }

    /// Takes all the room but so much.
    pub(crate) fn leave(&self, bytes: u64) -> Result<()> {
        let mut file = File::create(&self.ballast)?;
        for size in [64 << 10, 4 << 10, 1] {
            loop {
                match file.write_all(&vec![0; size]) {
                    Ok(()) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        let length = file.metadata()?.len();
        Ok(file.set_len(length.saturating_sub(bytes))?)
    }

    pub(crate) fn make_room(&self) -> Result<()> {
        Ok(std::fs::remove_file(&self.ballast)?)
    }

    pub(crate) fn path(&self) -> &Path {
        self.at.path()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily, for a server that is only just being killed.
        let unmounted = Command::new("umount").arg("--lazy").arg(self.at.path()).status();
        let gone = unmounted.is_ok_and(|status| status.success());
        assert!(gone || std::thread::panicking(), "{} stays mounted", self.at.path().display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_sends_and_nothing_else() -> Result<()> {
    let Some(disk) = Disk::mount(16 << 20)? else {
        eprintln!("skipped: this user may not mount a disk");
        return Ok(());
    };
    let mut natter = natter().data_dir(disk.path()).start().await?;
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    let path = format!("/conversations/{id}/messages");
    let body = |number: usize| {
        json!({ "content": format!("{number} {}", "x".repeat(15_000)),
                                       "clientMessageId": number.to_string() })
    };
    let mut acked: HashMap<String, Message> = HashMap::new();
    let mut number = 0;
    for round in 0..3 {
        disk.leave(round * (256 << 10))?;
        // Sends until the disk is full.
        loop {
            let (status, answer) = ada.request(Method::POST, &path, Some(body(number))).await?;
            if status == StatusCode::INSUFFICIENT_STORAGE {
                ensure!(answer["code"] == json!(ErrorCode::StorageFull), "{answer}");
                break;
            }
            ensure!(status == StatusCode::CREATED, "{status}: {answer}");
            acked.insert(number.to_string(), serde_json::from_value(answer)?);
            number += 1;
        }
        // Reading goes on, also by socket, and so does the connection that could not send.
        let mut socket = bob.socket().await?;
        ensure!(bob.log(id).await?.len() == acked.len() + 1, "what was refused is not in the log");
        let payload = json!({ "conversationId": id, "content": "x".repeat(15_000) });
        socket.send(&json!({ "id": "c", "type": "message.send", "payload": payload })).await?;
        let error = socket.next_of("error").await?;
        ensure!(error["payload"]["code"] == json!(ErrorCode::StorageFull), "{error}");

        disk.make_room()?;
        // The repeat of what was refused lands once.
        let (status, answer) = ada.request(Method::POST, &path, Some(body(number))).await?;
        ensure!(status == StatusCode::CREATED, "{status}: {answer}");
        let (status, again) = ada.request(Method::POST, &path, Some(body(number))).await?;
        ensure!(status == StatusCode::OK && again == answer, "{status}: {again}");
        ensure!(socket.next_of("message.new").await?["payload"] == answer);
        acked.insert(number.to_string(), serde_json::from_value(answer)?);
        number += 1;
    }
    natter.kill().await?;
    natter.start().await?;
    let log = bob.log(id).await?;
    ensure!(log.iter().map(|event| event.seq).eq(1..=acked.len() as u64 + 1), "the log has gaps");
    for event in log {
        if let EventBody::MessageNew(message) = event.body {
            let key = message.client_message_id.clone().context("no key")?;
            ensure!(acked.remove(&key).as_ref() == Some(&*message), "{key} is not what was acknowledged");
        }
    }
    ensure!(acked.is_empty(), "{} acknowledged messages are gone", acked.len());
    Ok(())
}

#[tokio::test]
async fn a_server_that_has_no_room_to_begin_says_so() -> Result<()> {
    let Some(disk) = Disk::mount(1 << 20)? else {
        eprintln!("skipped: this user may not mount a disk");
        return Ok(());
    };
    disk.leave(0)?;
    let refused = natter().data_dir(disk.path()).refused().await?;
    assert_eq!(refused.status.code(), Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("is full: make room and start again"), "{}", refused.stderr);
    disk.make_room()?;
    natter().data_dir(disk.path()).start().await?;
    Ok(())
}

/// PostgreSQL dies in the middle of sends: what was acknowledged is there, and what was not can be repeated.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_dies_in_the_middle_loses_nothing() -> Result<()> {
    let mut postgres = Server::start()?;
    let natter = natter().database(&postgres.create_database()?).start().await?;
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    let path = format!("/conversations/{id}/messages");
    let (done, mut told) = tokio::sync::mpsc::channel::<()>(1);
    let sending = async move {
        let mut acked = Vec::new();
        for number in 0..400_u32 {
            let body = json!({ "content": number.to_string(), "clientMessageId": number.to_string() });
            // As every client does: the same again until it is answered for good.
            let message = eventually(async || {
                let (status, answer) = ada.request(Method::POST, &path, Some(body.clone())).await?;
                if status.is_success() {
                    return Ok(Some(serde_json::from_value::<Message>(answer)?));
                }
                ensure!(answer["retriable"] == true, "{status}: {answer}");
                Ok(None)
            })
            .await?;
            acked.push(message);
            if number % 100 == 50 {
                done.send(()).await?;
            }
        }
        anyhow::Ok(acked)
    };
    let killing = async {
        while told.recv().await.is_some() {
            postgres.kill()?;
            postgres.restart()?;
        }
        anyhow::Ok(())
    };
    let (acked, ()) = tokio::try_join!(sending, killing)?;
    eventually(async || {
        let ready = ask(&natter, Method::GET, "/health/ready").await?;
        Ok((ready.status == StatusCode::OK).then_some(()))
    })
    .await?;
    let log = bob.log(id).await?;
    let kept: Vec<Message> = log
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::MessageNew(message) => Some((**message).clone()),
            _ => None,
        })
        .collect();
    assert_eq!(kept, acked);
    assert!(log.iter().map(|event| event.seq).eq(1..=401));
    Ok(())
}

/// Says nothing any more.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_connected_is_sent_away_when_the_database_is_silent() -> Result<()> {
    let postgres = Server::start()?;
    let natter = natter().database(&postgres.create_database()?).start().await?;
    let connected = Connected::to(&natter).await?;
    let silence = postgres.pause()?;
    let seen = connected.sent_away().await?;
    not_ready(&natter).await?;
    drop(silence);
    seen.comes_back(&natter).await
}

/// Says that it is gone.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_connected_is_sent_away_when_the_database_is_gone() -> Result<()> {
    let mut postgres = Server::start()?;
    let natter = natter().database(&postgres.create_database()?).start().await?;
    let connected = Connected::to(&natter).await?;
    postgres.stop()?;
    let seen = connected.sent_away().await?;
    not_ready(&natter).await?;
    postgres.restart()?;
    seen.comes_back(&natter).await
}

async fn not_ready(natter: &Natter) -> Result<()> {
    ask(natter, Method::GET, "/health/ready").await?.problem(ErrorCode::Unavailable)?;
    assert_eq!(ask(natter, Method::GET, "/health").await?.status, StatusCode::OK);
    Ok(())
}

/// Somebody at both kinds of sockets, and what they have heard of.
struct Connected {
    ada: Person,
    native: Socket,
    socket_io: ByWebSocket,
    last: Message,
}

/// Somebody whose sockets are closed.
struct SentAway {
    ada: Person,
    last: Message,
}

impl Connected {
    async fn to(natter: &Natter) -> Result<Self> {
        let ada = natter.person("ada").await?;
        let id = ada.group("Harbour", &[]).await?.info.id;
        let (mut native, mut socket_io) = (ada.socket().await?, ByWebSocket::connect(natter, &ada).await?);
        let last = ada.send(id, "before").await?;
        assert_eq!(native.next_of("message.new").await?["payload"], json!(last));
        assert_eq!(socket_io.next_of("message.new").await?["payload"], json!(last));
        Ok(Self { ada, native, socket_io, last })
    }

    async fn sent_away(mut self) -> Result<SentAway> {
        let (code, reason) = self.native.closed().await?;
        for (code, reason) in [(code, reason.to_string()), self.socket_io.closed().await?] {
            ensure!(code == CloseCode::GoingAway.code(), "{code} {reason}");
            let hint: Value = serde_json::from_str(&reason)?;
            ensure!(hint["reconnectAfterMs"].is_u64(), "{reason}");
        }
        Ok(SentAway { ada: self.ada, last: self.last })
    }
}

impl SentAway {
    async fn comes_back(self, natter: &Natter) -> Result<()> {
        let Self { ada, last } = self;
        eventually(async || {
            let ready = ask(natter, Method::GET, "/health/ready").await?.status;
            Ok((ready == StatusCode::OK).then_some(()))
        })
        .await?;
        let mut native = ada.socket().await?;
        let mut socket_io = ByWebSocket::connect(natter, &ada).await?;
        let next = ada.send(last.conversation_id, "after").await?;
        assert_eq!(next.seq, last.seq + 1);
        assert_eq!(native.next_of("message.new").await?["payload"], json!(next));
        assert_eq!(socket_io.next_of("message.new").await?["payload"], json!(next));
        Ok(())
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone() -> Result<()> {
    let directory = TempDir::new()?;
    let file = directory.path().join("natter.db");
    let text = "This is a letter to my grandmother. ".repeat(1000);
    std::fs::write(&file, &text)?;
    let refused = natter().data_dir(directory.path()).refused().await?;
    assert_eq!(refused.status.code(), Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("natter.db"), "{}", refused.stderr);
    assert_eq!(std::fs::read_to_string(&file)?, text);
    Ok(())
}
