//! Viruses: found, told of, and gone; and what happens while nobody looks for them. With a real clamd.

use super::{PICTURE, fetch, note, send, try_upload, upload};
use crate::natter;
use crate::support::{Answer, ask, client, eventually, on_both_databases};
use anyhow::{Context as _, Result};
use natter_protocol::{ErrorCode, File, FileId, FileLink, FileRejection, FileStatus, Message, Page};
use natter_testkit::clamd::{Clamd, EICAR_SIGNATURE, INFECTED, INFECTED_SIGNATURE, eicar};
use natter_testkit::natter::{Builder, Natter};
use natter_testkit::person::{Person, Socket};
use natter_testkit::postgres::database;
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

fn scanned(clamd: &Clamd) -> Builder {
    natter().env("NATTER_CLAMD_ADDR", &clamd.tcp())
}

async fn info(person: &Person, file: &File) -> Result<File> {
    person.get(&format!("/files/{}/info", file.id)).await
}

/// What somebody is told of a file of theirs.
async fn updated(socket: &mut Socket) -> Result<File> {
    Ok(serde_json::from_value(socket.next_of("file.updated").await?["payload"].take())?)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_clean_can_be_fetched_once_that_is_known() -> Result<()> {
    let clamd = Clamd::start()?;
    for natter in [
        scanned(&clamd).start().await?,
        natter().env("NATTER_CLAMD_ADDR", &clamd.unix()).database(database()?.url()).start().await?,
    ] {
        let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
        let id = ada.group("Harbour", &[&bob]).await?.info.id;
        let (mut own, mut other) = (ada.socket().await?, bob.socket().await?);
        let file = note(&ada, "Fresh herring").await?;
        assert_eq!(file.status, FileStatus::Scanning);
        let sent = send(&ada, id, "", &[file.id]).await?;
        let told = updated(&mut own).await?;
        assert_eq!((told.id, told.status, told.unscanned), (file.id, FileStatus::Ready, false));
        assert_eq!(fetch(&bob, file.id).await?.text, "Fresh herring");
        if sent.attachments[0].status == FileStatus::Scanning {
            let change = other.next_of("message.updated").await?;
            let message: Message = serde_json::from_value(change["payload"].clone())?;
            assert_eq!(message.attachments[0].status, FileStatus::Ready);
        }
        let ready = ask(&natter, Method::GET, "/health/ready").await?.json()?;
        assert_eq!((&ready["status"], &ready["scanner"]), (&json!("ok"), &json!("ok")));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_virus_is_deleted_and_told_of() -> Result<()> {
    let mut clamd = Clamd::start()?;
    let natter = scanned(&clamd).start().await?;
    let (ada, bob, eve) =
        (natter.person("ada").await?, natter.person("bob").await?, natter.person("eve").await?);
    natter.run(&["user", "role", "eve", "moderator"]).await?;
    let id = bob.group("Harbour", &[&ada]).await?.info.id;
    // Sent before it is known: the scanner is away meanwhile.
    clamd.kill()?;
    for (content, signature) in [(eicar(), EICAR_SIGNATURE), (INFECTED.to_vec(), INFECTED_SIGNATURE)] {
        let (mut own, mut owner_of_room) = (ada.socket().await?, bob.socket().await?);
        let file = upload(&ada, "invoice.txt", &content).await?;
        let message = send(&ada, id, "the invoice", &[file.id]).await?;
        fetch(&bob, file.id).await?.problem(ErrorCode::FileScanning)?;
        clamd.restart()?;
        assert_eq!(updated(&mut own).await?.status, FileStatus::Rejected);
        for socket in [&mut own, &mut owner_of_room] {
            let rejection = socket.next_of("file.rejected").await?;
            let rejection: FileRejection = serde_json::from_value(rejection["payload"].clone())?;
            assert_eq!((rejection.file.id, rejection.owner.id), (file.id, ada.id()));
            assert_eq!(
                (rejection.signature.as_str(), rejection.conversation_ids.as_slice()),
                (signature, [id].as_slice())
            );
        }
        for person in [&ada, &bob] {
            fetch(person, file.id).await?.problem(ErrorCode::FileRejected)?;
        }
        let seen: Message = bob.get(&format!("/messages/{}", message.id)).await?;
        assert_eq!(seen.attachments[0].status, FileStatus::Rejected);
        let findings: Page<FileRejection> = eve.get("/files/rejected").await?;
        assert_eq!(findings.data.first().map(|found| found.file.id), Some(file.id));
        assert_eq!(findings.data.first().map(|found| found.signature.as_str()), Some(signature));
        let kept = natter.data_dir().join("files").join(&file.sha256[..2]);
        eventually(async || {
            let left = std::fs::read_dir(&kept).map_or(0, |entries| {
                entries
                    .filter(|entry| {
                        entry
                            .as_ref()
                            .is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with(&file.sha256))
                    })
                    .count()
            });
            Ok((left == 0).then_some(()))
        })
        .await?;
        // What is known to be bad is not attached again, and is looked at anew when it comes again.
        let path = format!("/conversations/{id}/messages");
        let again = ada.http(Method::POST, &path).json(&json!({ "attachments": [file.id] }));
        Answer::to(again).await?.problem(ErrorCode::FileRejected)?;
        clamd.kill()?;
    }
    Ok(())
}

/// Whatever it is wrapped in, as far as the scanner unwraps it.
#[tokio::test(flavor = "multi_thread")]
async fn a_virus_in_an_archive_is_found() -> Result<()> {
    let clamd = Clamd::start()?;
    let natter = scanned(&clamd).start().await?;
    let ada = natter.person("ada").await?;
    let mut socket = ada.socket().await?;
    upload(&ada, "invoice.zip", &zip("invoice.txt", &eicar())).await?;
    assert_eq!(updated(&mut socket).await?.status, FileStatus::Rejected);
    Ok(())
}

/// An archive of one file that is not compressed.
fn zip(name: &str, content: &[u8]) -> Vec<u8> {
    let sum = super::hostile::crc32(content).to_le_bytes();
    let size = u32::try_from(content.len()).unwrap_or_default().to_le_bytes();
    let name_bytes = u16::try_from(name.len()).unwrap_or_default().to_le_bytes();
    let entry =
        [&[20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0x52][..], &sum, &size, &size, &name_bytes, &[0, 0]].concat();
    let local = [b"PK\x03\x04", &entry[..], name.as_bytes(), content].concat();
    let central = [b"PK\x01\x02\x14\0", &entry[..], &[0; 14], name.as_bytes()].concat();
    let bytes = u32::try_from(central.len()).unwrap_or_default().to_le_bytes();
    let offset = u32::try_from(local.len()).unwrap_or_default().to_le_bytes();
    let end = [b"PK\x05\x06\0\0\0\0\x01\0\x01\0".as_slice(), &bytes, &offset, &[0, 0]].concat();
    [local, central, end].concat()
}

/// Nobody is given what may be bad, in whatever way; and whoever may not see it is told nothing of that.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_or_is_rejected_is_given_to_nobody() -> Result<()> {
    let mut clamd = Clamd::start()?;
    let natter = scanned(&clamd).start().await?;
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let (former, stranger) = (natter.person("former").await?, natter.person("stranger").await?);
    let id = ada.group("Harbour", &[&bob, &former]).await?.info.id;
    clamd.kill()?;
    let (picture, bad) =
        (upload(&ada, "harbour.png", PICTURE).await?.id, upload(&ada, "bad.txt", &eicar()).await?.id);
    let given = async |person: &Person, file: FileId, code: ErrorCode| -> Result<()> {
        let links = json!({ "files": [{ "id": file }, { "id": file, "variant": "small" }] });
        let links: Page<FileLink> = person.post("/files/links", links).await?;
        for FileLink { url, .. } in &links.data {
            Answer::to(client()?.get(natter.url(url))).await?.problem(code)?;
        }
        for rest in ["", "?variant=small", "?variant=large", "/thumbnail", "/thumbnail?size=large"] {
            let path = format!("/files/{file}{rest}");
            Answer::to(person.http(Method::GET, &path)).await?.problem(code)?;
            let part = person.http(Method::GET, &path).header("range", "bytes=0-3");
            Answer::to(part).await?.problem(code)?;
        }
        let info = Answer::to(person.http(Method::GET, &format!("/files/{file}/info"))).await?;
        let seen = code != ErrorCode::NotFound;
        assert_eq!((info.status == StatusCode::OK, !links.data.is_empty()), (seen, seen), "{info:?}");
        Ok(())
    };
    for file in [picture, bad] {
        given(&ada, file, ErrorCode::FileScanning).await?;
        given(&bob, file, ErrorCode::NotFound).await?;
    }
    send(&ada, id, "", &[picture, bad]).await?;
    former.request(Method::POST, &format!("/conversations/{id}/leave"), None).await?;
    for file in [picture, bad] {
        for (person, code) in [
            (&ada, ErrorCode::FileScanning),
            (&bob, ErrorCode::FileScanning),
            (&former, ErrorCode::NotFound),
            (&stranger, ErrorCode::NotFound),
        ] {
            given(person, file, code).await?;
        }
    }
    clamd.restart()?;
    eventually(async || Ok((fetch(&bob, bad).await?.status == StatusCode::GONE).then_some(()))).await?;
    for (person, code) in [
        (&ada, ErrorCode::FileRejected),
        (&bob, ErrorCode::FileRejected),
        (&former, ErrorCode::NotFound),
        (&stranger, ErrorCode::NotFound),
    ] {
        given(person, bad, code).await?;
    }
    let picture = format!("/files/{picture}/thumbnail");
    eventually(async || {
        let answer = bob.http(Method::GET, &picture).send().await?;
        Ok((answer.status() == StatusCode::OK).then_some(()))
    })
    .await
}

/// What is deleted while it waits costs nothing but itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_may_be_deleted_while_it_waits() -> Result<()> {
    let mut clamd = Clamd::start()?;
    let natter = scanned(&clamd).start().await?;
    let ada = natter.person("ada").await?;
    clamd.kill()?;
    let (deleted, kept) = (note(&ada, "never mind").await?, note(&ada, "Fresh herring").await?);
    let waiting = async |count: u32| {
        eventually(async || {
            let metrics = ask(&natter, Method::GET, "/metrics").await?.text;
            let line = format!("natter_scans_waiting {count}");
            Ok(metrics.lines().any(|found| found == line).then_some(metrics))
        })
        .await
    };
    assert!(waiting(2).await?.contains("natter_scans_waiting_seconds"));
    crate::support::done(&ada, Method::DELETE, &format!("/files/{}", deleted.id), None).await?;
    waiting(1).await?;
    clamd.restart()?;
    eventually(async || Ok((info(&ada, &kept).await?.status == FileStatus::Ready).then_some(()))).await?;
    waiting(0).await?;
    fetch(&ada, deleted.id).await?.problem(ErrorCode::NotFound)?;
    Ok(())
}

/// Whoever found a virus may have died before everybody was told. Whoever goes on has the finding, and the content no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_finding_is_told_by_whoever_goes_on_with_it() -> Result<()> {
    let mut clamd = Clamd::start()?;
    let natter = scanned(&clamd).start().await?;
    let ada = natter.person("ada").await?;
    let id = ada.group("Harbour", &[]).await?.info.id;
    let mut socket = ada.socket().await?;
    clamd.kill()?;
    let file = upload(&ada, "invoice.txt", &eicar()).await?;
    send(&ada, id, "", &[file.id]).await?;
    clamd.restart()?;
    socket.next_of("file.rejected").await?;
    let database = rusqlite::Connection::open(natter.data_dir().join("natter.db"))?;
    database.busy_timeout(crate::support::TIME_MAX)?;
    database.execute("update blobs set scan_at = 0, told_up_to = zeroblob(16)", [])?;
    let told = socket.next_of("file.rejected").await?;
    let told: FileRejection = serde_json::from_value(told["payload"].clone())?;
    assert_eq!((told.file.id, told.signature.as_str()), (file.id, EICAR_SIGNATURE));
    Ok(())
}

/// A scanner that takes its time over some content, whose words have it held.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_waits_for_a_file_that_takes_long() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("tcp://{}", listener.local_addr()?);
    let held = Arc::new(Semaphore::new(0));
    let patient = Arc::clone(&held);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(look_through(connection, Arc::clone(&patient)));
        }
    });
    let natter = natter().env("NATTER_CLAMD_ADDR", &address).start().await?;
    let ada = natter.person("ada").await?;
    let slow = note(&ada, "a film, to be held").await?;
    for number in 0..6 {
        let quick = note(&ada, &format!("number {number}")).await?;
        eventually(async || Ok((info(&ada, &quick).await?.status == FileStatus::Ready).then_some(())))
            .await?;
    }
    assert_eq!(info(&ada, &slow).await?.status, FileStatus::Scanning);
    held.add_permits(1);
    eventually(async || Ok((info(&ada, &slow).await?.status == FileStatus::Ready).then_some(()))).await
}

/// Finds nothing in any content. What is to be held is held until it is let go.
async fn look_through(mut connection: TcpStream, held: Arc<Semaphore>) -> Result<()> {
    let mut command = [0; 10];
    connection.read_exact(&mut command).await?;
    let mut content = Vec::new();
    loop {
        let length = connection.read_u32().await?;
        if length == 0 {
            break;
        }
        (&mut connection).take(length.into()).read_to_end(&mut content).await?;
    }
    if String::from_utf8_lossy(&content).contains("held") {
        held.acquire().await?.forget();
    }
    connection.write_all(b"stream: OK\0").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_wait_for_a_scanner_that_is_away_through_a_restart() -> Result<()> {
    let mut clamd = Clamd::start()?;
    let mut natter = scanned(&clamd).start().await?;
    let ada = natter.person("ada").await?;
    clamd.kill()?;
    let degraded = eventually(async || {
        let ready = ask(&natter, Method::GET, "/health/ready").await?.json()?;
        Ok((ready["status"] == "degraded").then_some(ready))
    });
    assert_eq!(degraded.await?["scanner"], "unavailable");
    let file = note(&ada, "Fresh herring").await?;
    fetch(&ada, file.id).await?.problem(ErrorCode::FileScanning)?;
    // It was tried: from here on it waits in the database, and nowhere else.
    eventually(async || {
        let metrics = ask(&natter, Method::GET, "/metrics").await?.text;
        Ok(metrics.contains("natter_scans_total{outcome=\"unavailable\"}").then_some(()))
    })
    .await?;
    natter.kill().await?;
    natter.start().await?;
    fetch(&ada, file.id).await?.problem(ErrorCode::FileScanning)?;
    clamd.restart()?;
    eventually(async || Ok((info(&ada, &file).await?.status == FileStatus::Ready).then_some(()))).await?;
    assert_eq!(fetch(&ada, file.id).await?.text, "Fresh herring");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_may_have_files_given_out_meanwhile() -> Result<()> {
    let mut clamd = Clamd::start()?;
    let natter = scanned(&clamd).env("NATTER_CLAMD_UNAVAILABLE", "allow-with-flag").start().await?;
    let ada = natter.person("ada").await?;
    clamd.kill()?;
    let mut socket = ada.socket().await?;
    let (good, bad) = (note(&ada, "Fresh herring").await?, upload(&ada, "bad.txt", &eicar()).await?);
    for _ in 0..2 {
        let told = updated(&mut socket).await?;
        assert_eq!((told.status, told.unscanned), (FileStatus::Ready, true));
    }
    assert_eq!(fetch(&ada, good.id).await?.status, StatusCode::OK);
    assert_eq!(fetch(&ada, bad.id).await?.status, StatusCode::OK);
    clamd.restart()?;
    eventually(async || {
        let (good, bad) = (info(&ada, &good).await?, info(&ada, &bad).await?);
        Ok((bad.status == FileStatus::Rejected && good.status == FileStatus::Ready && !good.unscanned)
            .then_some(()))
    })
    .await?;
    fetch(&ada, bad.id).await?.problem(ErrorCode::FileRejected)?;
    Ok(())
}

on_both_databases! {
    without_a_scanner_nothing_waits,
}

async fn without_a_scanner_nothing_waits(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let answer = try_upload(&ada, "eicar.txt", &eicar()).await?;
    let file: File = serde_json::from_str(&answer.text).context(answer.text)?;
    assert_eq!((file.status, file.unscanned), (FileStatus::Ready, false));
    Ok(())
}
