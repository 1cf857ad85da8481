//! Viruses: found, told of, and gone; and what happens while nobody looks for them. With a real clamd.

use super::{fetch, note, send, try_upload, upload};
use crate::natter;
use crate::support::{Answer, ask, eventually, on_both_databases};
use anyhow::{Context as _, Result};
use natter_protocol::{ErrorCode, File, FileRejection, FileStatus, Message, Page};
use natter_testkit::clamd::{Clamd, EICAR_SIGNATURE, INFECTED, INFECTED_SIGNATURE, eicar};
use natter_testkit::natter::{Builder, Natter};
use natter_testkit::person::{Person, Socket};
use natter_testkit::postgres::database;
use reqwest::{Method, StatusCode};
use serde_json::json;

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
