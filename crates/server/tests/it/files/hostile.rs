//! Files of which each is a trap, with the one answer to it.

use super::{PICTURE, fetch, form, post_form, try_upload, upload};
use crate::natter;
use crate::support::Answer;
use anyhow::{Context as _, Result};
use natter_protocol::{ErrorCode, File};
use reqwest::StatusCode;

const HTML: &[u8] = b"<!doctype html><html><script>alert(1)</script></html>";
const SVG: &[u8] = br#"<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>"#;

#[tokio::test]
async fn what_is_not_what_it_says_is_refused() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let polyglot = [PICTURE, HTML].concat();
    let huge = huge_png();
    for (name, content, code) in [
        ("page.html", HTML, ErrorCode::FileTypeNotAllowed),
        ("drawing.svg", SVG, ErrorCode::FileTypeNotAllowed),
        ("program.exe", b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff", ErrorCode::FileTypeNotAllowed),
        ("no extension", b"hello", ErrorCode::FileTypeNotAllowed),
        ("page.png", HTML, ErrorCode::FileTypeMismatch),
        ("drawing.png", SVG, ErrorCode::FileTypeMismatch),
        ("harbour.jpg", PICTURE, ErrorCode::FileTypeMismatch),
        ("program.pdf", b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff", ErrorCode::FileTypeMismatch),
        ("both.png", &polyglot, ErrorCode::FileTypeMismatch),
        ("empty.txt", b"", ErrorCode::FileNotValid),
        ("half.png", &PICTURE[..PICTURE.len() / 2], ErrorCode::FileNotValid),
        ("huge.png", &huge, ErrorCode::FileNotValid),
    ] {
        let answer = try_upload(&ada, name, content).await?;
        answer.problem(code).context(name)?;
    }
    assert!(
        std::fs::read_dir(natter.data_dir().join("files/incoming"))?.next().is_none(),
        "nothing is left of them"
    );
    Ok(())
}

/// 50,000 × 50,000 pixels, in the few bytes that a head has.
fn huge_png() -> Vec<u8> {
    let mut png = PICTURE.to_vec();
    png[16..24].copy_from_slice(&[0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50]);
    let sum = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&sum.to_be_bytes());
    png
}

/// The sum that PNG and ZIP have of their content.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg()))
    })
}

#[tokio::test]
async fn a_name_is_a_name_and_nothing_else() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    for (sent, kept) in [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\\\Windows\\\\system32\\\\a.txt", "a.txt"),
        ("report\u{202e}gpj.txt", "reportgpj.txt"),
        ("a\u{0}b.txt", "ab.txt"),
        (".hidden.txt", "hidden.txt"),
    ] {
        let answer = Answer::to(post_form(&ada, form(sent, b"hello"))).await?;
        // A name that no form can have is no fault of the server.
        if answer.status == StatusCode::UNPROCESSABLE_ENTITY && sent.contains('\0') {
            continue;
        }
        assert_eq!(answer.status, StatusCode::CREATED, "{sent}: {answer:?}");
        let file: File = serde_json::from_str(&answer.text)?;
        assert_eq!(file.name, kept, "{sent}");
    }
    let long = upload(&ada, &format!("{}.txt", "ä".repeat(300)), b"hello").await?;
    assert_eq!((long.name.chars().count(), long.name.rsplit('.').next()), (128, Some("txt")));
    Ok(())
}

/// Whatever it is, a browser does nothing with it but show it or save it.
#[tokio::test]
async fn nothing_runs_that_was_uploaded() -> Result<()> {
    let natter = natter().env("ALLOWED_FILE_TYPES", "txt,html,svg,dat,png").start().await?;
    let ada = natter.person("ada").await?;
    for (name, content, shown) in [
        ("page.txt", HTML, true),
        ("thing.dat", b"\x01\x02\x03".as_slice(), false),
        ("harbour.png", PICTURE, true),
        ("page.html", HTML, false),
        ("drawing.svg", SVG, false),
    ] {
        let answer = try_upload(&ada, name, content).await?;
        if answer.status != StatusCode::CREATED {
            continue;
        }
        let file: File = serde_json::from_str(&answer.text)?;
        let answer = fetch(&ada, file.id).await.context(name);
        // Not every content is text, which is all that this reads.
        let Ok(answer) = answer else { continue };
        let disposition = answer.header("content-disposition");
        assert_eq!(disposition.starts_with("inline"), shown, "{name}: {disposition}");
        assert_eq!(answer.header("content-security-policy"), "default-src 'none'; sandbox", "{name}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{name}");
        assert!(
            !answer.header("content-type").contains("html") && !answer.header("content-type").contains("svg"),
            "{name}"
        );
    }
    Ok(())
}
