//! How much may be kept.

use super::{ask, note, send, try_upload, upload};
use crate::natter;
use crate::support::{Answer, done, eventually};
use anyhow::Result;
use natter_protocol::ErrorCode;
use reqwest::{Method, StatusCode};

#[tokio::test]
async fn a_user_may_keep_so_much() -> Result<()> {
    let natter = natter().env("NATTER_FILES_USER_BYTES_MAX", "1000").start().await?;
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let first = upload(&ada, "a.txt", &[b'a'; 600]).await?;
    try_upload(&ada, "b.txt", &[b'b'; 600]).await?.problem(ErrorCode::QuotaReached)?;
    let begin = ask(&ada, Method::POST, "/files/uploads").header("tus-resumable", "1.0.0");
    let begin = begin.header("upload-length", "600").header("upload-metadata", "filename YS50eHQ=");
    Answer::to(begin).await?.problem(ErrorCode::QuotaReached)?;
    upload(&bob, "b.txt", &[b'b'; 600]).await?;
    upload(&ada, "c.txt", &[b'c'; 400]).await?;
    done(&ada, Method::DELETE, &format!("/files/{}", first.id), None).await?;
    upload(&ada, "b.txt", &[b'b'; 600]).await?;
    Ok(())
}

#[tokio::test]
async fn all_together_may_keep_so_much() -> Result<()> {
    let natter = natter().env("NATTER_FILES_TOTAL_BYTES_MAX", "1000").start().await?;
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    upload(&ada, "a.txt", &[b'a'; 600]).await?;
    let refused = try_upload(&bob, "b.txt", &[b'b'; 600]).await?;
    assert_eq!(refused.status, StatusCode::INSUFFICIENT_STORAGE);
    refused.problem(ErrorCode::QuotaReached)?;
    upload(&bob, "a.txt", &[b'a'; 600]).await?;
    Ok(())
}

#[tokio::test]
async fn the_disk_keeps_room_for_everything_else() -> Result<()> {
    let natter = natter().env("NATTER_FILES_FREE_BYTES_MIN", &(1_u64 << 49).to_string()).start().await?;
    let ada = natter.person("ada").await?;
    let refused = try_upload(&ada, "a.txt", b"hello").await?;
    assert_eq!(refused.status, StatusCode::INSUFFICIENT_STORAGE);
    refused.problem(ErrorCode::StorageFull)?;
    let id = ada.group("Harbour", &[]).await?.info.id;
    ada.send(id, "everything else goes on").await?;
    Ok(())
}

#[tokio::test]
async fn so_many_files_may_wait_to_be_sent() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let id = ada.group("Harbour", &[]).await?.info.id;
    let mut files = Vec::new();
    for number in 0..50 {
        files.push(note(&ada, &format!("number {number}")).await?.id);
    }
    try_upload(&ada, "a.txt", b"one more").await?.problem(ErrorCode::LimitReached)?;
    send(&ada, id, "", &files[..10]).await?;
    eventually(async || {
        Ok((try_upload(&ada, "a.txt", b"one more").await?.status == StatusCode::CREATED).then_some(()))
    })
    .await
}
