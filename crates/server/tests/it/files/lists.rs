//! The files of a conversation, and those in which a virus was found.

use super::{PICTURE, note, send, tone, upload};
use crate::support::{on_both_databases, refused};
use anyhow::Result;
use natter_protocol::{ErrorCode, FileId, FileRejection, Page, SharedFile};
use natter_testkit::natter::Natter;
use natter_testkit::person::Person;
use reqwest::Method;

on_both_databases! {
    a_conversation_lists_its_files,
    the_findings_are_for_moderators,
}

async fn all(person: &Person, path: &str) -> Result<Vec<(FileId, u32)>> {
    let mut files = Vec::new();
    let mut cursor = String::new();
    loop {
        let page: Page<SharedFile> = person.get(&format!("{path}&limit=2{cursor}")).await?;
        assert!(page.data.len() <= 2);
        files.extend(page.data.iter().map(|shared| (shared.file.id, shared.position)));
        match page.meta.next_cursor {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(files),
        }
    }
}

async fn a_conversation_lists_its_files(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    let (picture, text) = (upload(&ada, "a.png", PICTURE).await?.id, note(&ada, "one").await?.id);
    let (sound, other) = (tone(&bob).await?.id, note(&bob, "two").await?.id);
    let first = send(&ada, id, "", &[picture, text]).await?;
    send(&bob, id, "", &[sound]).await?;
    send(&bob, id, "", &[other]).await?;
    send(&ada, id, "once more", &[picture]).await?;
    let path = format!("/conversations/{id}/files");
    let (oldest, newest) = (
        [(picture, 0), (text, 1), (sound, 0), (other, 0), (picture, 0)],
        [(picture, 0), (other, 0), (sound, 0), (picture, 0), (text, 1)],
    );
    assert_eq!(all(&ada, &format!("{path}?order=oldest")).await?, oldest);
    let newest_first = all(&bob, &format!("{path}?order=newest")).await?;
    assert_eq!(newest_first.len(), newest.len());
    let messages: Vec<FileId> = newest_first.iter().map(|(file, _)| *file).collect();
    assert_eq!(messages[..3], [picture, other, sound]);
    assert_eq!(all(&bob, &format!("{path}?kind=image")).await?, [(picture, 0), (picture, 0)]);
    assert_eq!(all(&bob, &format!("{path}?kind=audio")).await?, [(sound, 0)]);
    assert_eq!(all(&bob, &format!("{path}?kind=document")).await?.len(), 2);
    assert_eq!(all(&bob, &format!("{path}?kind=video")).await?, []);
    let shared: Page<SharedFile> = ada.get(&format!("{path}?order=oldest&limit=1")).await?;
    let shared = &shared.data[0];
    assert_eq!((shared.message_id, shared.message_seq, shared.sender.id), (first.id, first.seq, ada.id()));

    // What is taken out page by page stays as it is, whatever is sent meanwhile.
    let page: Page<SharedFile> = ada.get(&format!("{path}?order=oldest&limit=4")).await?;
    send(&ada, id, "", &[text]).await?;
    let next = page.meta.next_cursor.unwrap_or_default();
    let rest: Page<SharedFile> = ada.get(&format!("{path}?order=oldest&limit=4&cursor={next}")).await?;
    assert_eq!(rest.data.iter().map(|shared| shared.file.id).collect::<Vec<_>>(), [picture, text]);
    refused(&ada, Method::GET, &format!("{path}?cursor={next}"), None, ErrorCode::InvalidCursor).await?;
    refused(&ada, Method::GET, &format!("{path}?kind=boat"), None, ErrorCode::InvalidParameter).await?;
    let stranger = natter.person("stranger").await?;
    refused(&stranger, Method::GET, &path, None, ErrorCode::NotFound).await?;

    ada.request(Method::DELETE, &format!("/messages/{}", first.id), None).await?;
    assert_eq!(
        all(&bob, &format!("{path}?kind=image")).await?,
        [(picture, 0)],
        "with the message goes the file"
    );
    Ok(())
}

async fn the_findings_are_for_moderators(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    natter.run(&["user", "role", "ada", "moderator"]).await?;
    let findings: Page<FileRejection> = ada.get("/files/rejected").await?;
    assert!(findings.data.is_empty());
    refused(&bob, Method::GET, "/files/rejected", None, ErrorCode::Forbidden).await?;
    Ok(())
}
