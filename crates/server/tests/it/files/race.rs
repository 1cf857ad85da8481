//! What happens to files at the same moment.

use super::tus::{begin, id, offset, piece};
use super::{PICTURE, ask, fetch, note, send, try_upload};
use crate::support::{Answer, on_both_databases};
use anyhow::{Context as _, Result, ensure};
use futures_util::future::{join_all, try_join_all};
use natter_protocol::{ErrorCode, File, FileId, Message, Page, Problem, SharedFile};
use natter_testkit::natter::Natter;
use natter_testkit::person::Person;
use reqwest::{Method, StatusCode};
use serde_json::json;

on_both_databases! {
    one_of_two_goes_on,
    whoever_asks_while_a_file_is_looked_at_waits_for_it,
    a_file_is_attached_twice_at_once,
    a_file_is_attached_and_deleted_at_once,
    so_many_files_wait_however_many_come_at_once,
}

/// Of two that go on with an upload at the same place one does, and the other is told where it stands.
async fn one_of_two_goes_on(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    for _ in 0..8 {
        let path = begin(&ada, "a.txt", 600_000).await?;
        let (ones, twos) = (vec![b'1'; 600_000], vec![b'2'; 600_000]);
        let both = tokio::try_join!(
            Answer::to(piece(&ada, &path, 0, &ones)),
            Answer::to(piece(&ada, &path, 0, &twos))
        );
        let both = <[Answer; 2]>::from(both?);
        let won = both.iter().position(|answer| answer.status == StatusCode::NO_CONTENT).context("nobody")?;
        let lost = &both[1 - won];
        // Whoever comes when all is over does not find it any more.
        if lost.status != StatusCode::NOT_FOUND {
            lost.problem(ErrorCode::UploadOffset)?;
        }
        let expected = if won == 0 { "1" } else { "2" };
        assert!(fetch(&ada, id(&path)?).await?.text == expected.repeat(600_000));
    }
    Ok(())
}

/// Whoever asks how far an upload is whose end is being looked at hears that all of it is there, and no refusal: clients
/// take one for a reason to begin anew.
async fn whoever_asks_while_a_file_is_looked_at_waits_for_it(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let path = begin(&ada, "harbour.png", PICTURE.len()).await?;
    let ending = std::pin::pin!(async {
        let answer = Answer::to(piece(&ada, &path, 0, PICTURE)).await?;
        ensure!(answer.status == StatusCode::NO_CONTENT, "{answer:?}");
        Ok(())
    });
    let asking = async {
        while offset(&ada, &path).await? < PICTURE.len() {}
        let file: File = ada.get(&format!("/files/{}/info", id(&path)?)).await?;
        ensure!(file.look.width == Some(800), "{file:?}");
        Ok(())
    };
    tokio::try_join!(ending, asking)?;
    Ok(())
}

async fn a_file_is_attached_twice_at_once(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let (one, other) = (ada.group("One", &[&bob]).await?.info.id, ada.group("Other", &[]).await?.info.id);
    let file = note(&ada, "Fresh herring").await?.id;
    let files = [file];
    let sending = (0..10).map(|number| send(&ada, if number % 2 == 0 { one } else { other }, "", &files));
    let sent: Vec<Message> = try_join_all(sending).await?;
    for id in [one, other] {
        let files: Page<SharedFile> = ada.get(&format!("/conversations/{id}/files")).await?;
        assert_eq!(files.data.len(), 5);
    }
    assert_eq!(fetch(&bob, file).await?.status, StatusCode::OK);
    // It goes with the last message of each conversation, and not before.
    let (last, others): (Vec<_>, Vec<_>) = sent.iter().partition(|message| message.id == sent[0].id);
    let delete = |message: &Message| {
        let path = format!("/messages/{}", message.id);
        let ada = &ada;
        async move { ada.request(Method::DELETE, &path, None).await }
    };
    for (status, _) in try_join_all(others.into_iter().map(delete)).await? {
        assert_eq!(status, StatusCode::OK);
    }
    assert_eq!(fetch(&bob, file).await?.status, StatusCode::OK);
    delete(last[0]).await?;
    fetch(&bob, file).await?.problem(ErrorCode::NotFound)?;
    Ok(())
}

/// Either the message has the file, or the file is gone and there is no message: never a message with nothing behind it.
async fn a_file_is_attached_and_deleted_at_once(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let room = ada.group("Harbour", &[]).await?.info.id;
    for number in 0..10 {
        let file = note(&ada, &format!("Fresh herring {number}")).await?.id;
        let path = format!("/conversations/{room}/messages");
        let sending = ask(&ada, Method::POST, &path).json(&json!({ "attachments": [file] }));
        let deleting = ask(&ada, Method::DELETE, &format!("/files/{file}"));
        let (sent, deleted) = tokio::try_join!(Answer::to(sending), Answer::to(deleting))?;
        if sent.status == StatusCode::CREATED {
            deleted.problem(ErrorCode::AlreadyDone)?;
            assert_eq!(fetch(&ada, file).await?.status, StatusCode::OK);
        } else {
            sent.problem(ErrorCode::ValidationFailed)?;
            assert_eq!(deleted.status, StatusCode::NO_CONTENT);
            fetch(&ada, file).await?.problem(ErrorCode::NotFound)?;
        }
    }
    Ok(())
}

async fn so_many_files_wait_however_many_come_at_once(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let kept = kept_of(&ada, 60, 100).await?;
    assert!(!kept.is_empty() && kept.len() <= 50, "{} files wait", kept.len());
    // What was refused has left nothing behind: as many more can come as there is room for.
    for number in kept.len()..50 {
        note(&ada, &format!("number {number}")).await?;
    }
    try_upload(&ada, "a.txt", b"one more").await?.problem(ErrorCode::LimitReached)?;
    Ok(())
}

/// The bytes that are kept of what somebody uploads at one time.
#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_kept_than_may_be_however_much_comes_at_once() -> Result<()> {
    for (setting, max) in [("NATTER_FILES_USER_BYTES_MAX", 5_000), ("NATTER_FILES_TOTAL_BYTES_MAX", 7_000)] {
        for database in [None, Some(natter_testkit::postgres::database()?)] {
            let mut builder = crate::natter().env(setting, &max.to_string());
            if let Some(database) = &database {
                builder = builder.database(database.url());
            }
            let natter = builder.start().await?;
            let ada = natter.person("ada").await?;
            let kept = kept_of(&ada, 50, 1_000).await?;
            assert_eq!(kept.len() * 1_000, max, "{setting}");
            let files = natter.data_dir().join("files");
            let count = || -> Result<usize> {
                let mut count = 0;
                for entry in std::fs::read_dir(&files)? {
                    let path = entry?.path();
                    // Beside the directories there is what marks them as this installation's.
                    count += if path.is_dir() { std::fs::read_dir(path)?.count() } else { 0 };
                }
                Ok(count)
            };
            assert_eq!(count()?, kept.len(), "content of what was refused is left");
        }
    }
    Ok(())
}

/// Uploads so many different files of one size at once; answers which were kept. The others were refused for want of room.
async fn kept_of(person: &Person, files: usize, bytes: usize) -> Result<Vec<FileId>> {
    let uploads = (0..files).map(|number| async move {
        let mut content = format!("file {number} ").into_bytes();
        content.resize(bytes, b'.');
        let answer = try_upload(person, "a.txt", &content).await?;
        if answer.status == StatusCode::CREATED {
            return Ok(Some(serde_json::from_str::<File>(&answer.text)?.id));
        }
        let code = serde_json::from_str::<Problem>(&answer.text)?.code;
        ensure!(matches!(code, ErrorCode::QuotaReached | ErrorCode::LimitReached), "{answer:?}");
        Ok(None)
    });
    let kept: Result<Vec<Option<FileId>>> = join_all(uploads).await.into_iter().collect();
    Ok(kept?.into_iter().flatten().collect())
}
