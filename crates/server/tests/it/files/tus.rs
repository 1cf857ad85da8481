//! `/files/uploads`, as the protocol of tus.io has it.

use super::{BOUNDARY, PICTURE, ask, fetch, form};
use crate::natter;
use crate::support::{Answer, client, on_both_databases};
use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use natter_protocol::{ErrorCode, File, FileId};
use natter_testkit::natter::Natter;
use natter_testkit::person::Person;
use reqwest::{Method, RequestBuilder, StatusCode};
use sha1::{Digest as _, Sha1};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

on_both_databases! {
    a_file_comes_in_pieces,
    an_upload_goes_on_after_a_restart,
}

fn speak(person: &Person, method: Method, path: &str) -> RequestBuilder {
    ask(person, method, path).header("tus-resumable", "1.0.0")
}

fn creation(person: &Person, name: &str, length: usize) -> RequestBuilder {
    speak(person, Method::POST, "/files/uploads")
        .header("upload-length", length)
        .header("upload-metadata", format!("filename {}", STANDARD.encode(name)))
}

/// Begins an upload; answers where it is, below `/api/v1`.
pub(super) async fn begin(person: &Person, name: &str, length: usize) -> Result<String> {
    let answer = Answer::to(creation(person, name, length)).await?;
    ensure!(answer.status == StatusCode::CREATED, "{answer:?}");
    let place = answer.header("location");
    ensure!(
        answer.header("upload-offset") == "0" && !answer.header("upload-expires").is_empty(),
        "{answer:?}"
    );
    Ok(place.strip_prefix("/api/v1").with_context(|| place.to_owned())?.to_owned())
}

pub(super) fn piece(person: &Person, path: &str, offset: usize, bytes: &[u8]) -> RequestBuilder {
    speak(person, Method::PATCH, path)
        .header("content-type", "application/offset+octet-stream")
        .header("upload-offset", offset)
        .body(bytes.to_vec())
}

pub(super) async fn offset(person: &Person, path: &str) -> Result<usize> {
    let answer = Answer::to(speak(person, Method::HEAD, path)).await?;
    ensure!(answer.status == StatusCode::OK && answer.header("tus-resumable") == "1.0.0", "{answer:?}");
    Ok(answer.header("upload-offset").parse()?)
}

pub(super) fn id(path: &str) -> Result<FileId> {
    Ok(path.rsplit('/').next().unwrap_or_default().parse()?)
}

async fn a_file_comes_in_pieces(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let content = "Fresh herring ".repeat(50_000);
    let path = begin(&ada, "herring.txt", content.len()).await?;
    assert_eq!(offset(&ada, &path).await?, 0);
    let mut sent = 0;
    for bytes in content.as_bytes().chunks(300_000) {
        let answer = Answer::to(piece(&ada, &path, sent, bytes)).await?;
        sent += bytes.len();
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
        assert_eq!(answer.header("upload-offset"), sent.to_string());
        assert_eq!(offset(&ada, &path).await?, sent);
    }
    let file: File = ada.get(&format!("/files/{}/info", id(&path)?)).await?;
    assert_eq!((file.name.as_str(), file.size), ("herring.txt", content.len() as u64));
    assert!(fetch(&ada, file.id).await?.text == content);
    // What has ended can be asked after, and nothing else.
    assert_eq!(offset(&ada, &path).await?, content.len());
    Answer::to(piece(&ada, &path, sent, b"more")).await?.problem(ErrorCode::NotFound)?;
    let foreign = begin(&ada, "a.txt", 5).await?;
    for request in [
        speak(&bob, Method::HEAD, &foreign),
        speak(&bob, Method::DELETE, &foreign),
        piece(&bob, &foreign, 0, b"hello"),
    ] {
        assert_eq!(request.send().await?.status(), StatusCode::NOT_FOUND);
    }
    assert_eq!(offset(&ada, &foreign).await?, 0);
    Ok(())
}

async fn an_upload_goes_on_after_a_restart(mut natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let content = "0123456789".repeat(100_000);
    let path = begin(&ada, "numbers.txt", content.len()).await?;
    let (first, rest) = content.as_bytes().split_at(400_000);
    assert_eq!(Answer::to(piece(&ada, &path, 0, first)).await?.status, StatusCode::NO_CONTENT);
    natter.kill().await?;
    natter.start().await?;
    assert_eq!(offset(&ada, &path).await?, first.len(), "what was acknowledged is there");
    assert_eq!(Answer::to(piece(&ada, &path, first.len(), rest)).await?.status, StatusCode::NO_CONTENT);
    assert!(fetch(&ada, id(&path)?).await?.text == content);
    Ok(())
}

/// What has arrived of a piece stays when its sender is cut off in the middle.
#[tokio::test]
async fn what_has_arrived_stays() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let content = vec![b'a'; 3_000_000];
    let path = begin(&ada, "a.txt", content.len()).await?;
    {
        let mut stream = TcpStream::connect(natter.address()).await?;
        let head = format!(
            "PATCH /api/v1{path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nTus-Resumable: 1.0.0\r\n\
             Upload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: {}\r\n\r\n",
            ada.sign_in().tokens.access_token,
            content.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(&content[..2_000_000]).await?;
        stream.shutdown().await?;
    }
    let here = crate::support::eventually(async || {
        let here = offset(&ada, &path).await?;
        Ok((here >= 1_500_000).then_some(here))
    });
    let here = here.await?;
    crate::support::eventually(async || {
        let here = offset(&ada, &path).await?;
        let status = Answer::to(piece(&ada, &path, here, &content[here..])).await?.status;
        Ok((status == StatusCode::NO_CONTENT).then_some(()))
    })
    .await?;
    assert!(here <= 2_000_000);
    let file: File = ada.get(&format!("/files/{}/info", id(&path)?)).await?;
    assert_eq!(file.size, 3_000_000);
    Ok(())
}

#[tokio::test]
async fn the_server_says_what_it_can_do() -> Result<()> {
    let natter = natter()
        .env("MAX_FILE_SIZE", "12345")
        .env("NATTER_CORS_ORIGINS", "https://a.example")
        .start()
        .await?;
    for origin in [None, Some("https://a.example")] {
        let request = client()?.request(Method::OPTIONS, natter.url("/api/v1/files/uploads"));
        let request = origin.into_iter().fold(request, |request, origin| request.header("origin", origin));
        let answer = Answer::to(request).await?;
        assert!(answer.status.is_success(), "{answer:?}");
        for (name, value) in [
            ("tus-resumable", "1.0.0"),
            ("tus-version", "1.0.0"),
            ("tus-extension", "creation,creation-with-upload,expiration,checksum,termination"),
            ("tus-max-size", "12345"),
            ("tus-checksum-algorithm", "sha1,sha256"),
        ] {
            assert_eq!(answer.header(name), value, "{name}");
        }
    }
    let ada = natter.person("ada").await?;
    let answer = Answer::to(creation(&ada, "a.txt", 5).header("origin", "https://a.example")).await?;
    let exposed = answer.header("access-control-expose-headers").to_lowercase();
    for name in ["location", "tus-resumable", "upload-offset", "upload-length", "upload-expires"] {
        assert!(exposed.contains(name), "{name} of {exposed}");
    }
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_is_said_before_anything_is_sent() -> Result<()> {
    let natter = natter().env("MAX_FILE_SIZE", "1000").start().await?;
    let ada = natter.person("ada").await?;
    let refused = async |request: RequestBuilder, code: ErrorCode| {
        let answer = Answer::to(request).await?;
        ensure!(answer.header("tus-resumable") == "1.0.0", "{answer:?}");
        answer.problem(code)
    };
    refused(creation(&ada, "a.txt", 1_001), ErrorCode::FileTooLarge).await?;
    refused(creation(&ada, "a.txt", 0), ErrorCode::FileNotValid).await?;
    refused(creation(&ada, "a.exe", 10), ErrorCode::FileTypeNotAllowed).await?;
    refused(
        speak(&ada, Method::POST, "/files/uploads").header("upload-length", "5"),
        ErrorCode::FileTypeNotAllowed,
    )
    .await?;
    refused(speak(&ada, Method::POST, "/files/uploads"), ErrorCode::InvalidHeader).await?;
    let broken = speak(&ada, Method::POST, "/files/uploads").header("upload-length", "5");
    refused(broken.header("upload-metadata", "filename ???"), ErrorCode::InvalidHeader).await?;
    let old = ask(&ada, Method::POST, "/files/uploads")
        .header("tus-resumable", "0.2.2")
        .header("upload-length", "5");
    refused(old, ErrorCode::PreconditionFailed).await?;
    refused(ask(&ada, Method::POST, "/files/uploads"), ErrorCode::PreconditionFailed).await?;

    let checked = creation(&ada, "a.txt", 5).header("content-type", "application/offset+octet-stream");
    let checked = checked.header("upload-checksum", "md5 XUFAKrxLKna5cZ2REBfFkg==").body("hello");
    refused(checked, ErrorCode::InvalidHeader).await?;
    let incoming = natter.data_dir().join("files/incoming");
    assert_eq!(std::fs::read_dir(incoming)?.count(), 0, "nothing has begun");

    let path = begin(&ada, "a.txt", 10).await?;
    refused(piece(&ada, &path, 5, b"hello"), ErrorCode::UploadOffset).await?;
    let json = speak(&ada, Method::PATCH, &path).header("upload-offset", "0").json(&"hello");
    refused(json, ErrorCode::UnsupportedMediaType).await?;
    let nowhere = speak(&ada, Method::PATCH, &path).header("content-type", "application/offset+octet-stream");
    refused(nowhere.body("hello"), ErrorCode::InvalidHeader).await?;
    refused(piece(&ada, &path, 0, &[b'a'; 11]), ErrorCode::InvalidParameter).await?;
    assert_eq!(offset(&ada, &path).await?, 0);
    Ok(())
}

#[tokio::test]
async fn the_first_request_may_bring_bytes() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let with = |bytes: &'static str| {
        creation(&ada, "a.txt", 10).header("content-type", "application/offset+octet-stream").body(bytes)
    };
    let half = Answer::to(with("01234")).await?;
    assert_eq!((half.status, half.header("upload-offset")), (StatusCode::CREATED, "5"));
    let path = half.header("location").trim_start_matches("/api/v1").to_owned();
    assert_eq!(Answer::to(piece(&ada, &path, 5, b"56789")).await?.status, StatusCode::NO_CONTENT);
    assert_eq!(fetch(&ada, id(&path)?).await?.text, "0123456789");
    let whole = Answer::to(with("9876543210")).await?;
    assert_eq!((whole.status, whole.header("upload-offset")), (StatusCode::CREATED, "10"));
    assert_eq!(fetch(&ada, id(whole.header("location"))?).await?.text, "9876543210");
    Ok(())
}

/// The last piece brings the verdict, and what is refused is gone.
#[tokio::test]
async fn a_file_that_is_not_what_it_says_is_refused_at_its_end() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let path = begin(&ada, "harbour.jpg", PICTURE.len()).await?;
    let answer = Answer::to(piece(&ada, &path, 0, PICTURE)).await?;
    answer.problem(ErrorCode::FileTypeMismatch)?;
    assert_eq!(answer.header("tus-resumable"), "1.0.0");
    let gone = speak(&ada, Method::HEAD, &path).send().await?;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    Ok(())
}

/// What its first bytes show is not waited for to its end.
#[tokio::test]
async fn a_file_that_begins_as_something_else_is_refused_while_it_arrives() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let token = &ada.sign_in().tokens.access_token;
    let program = [b"\x7fELF\x02\x01\x01".as_slice(), &vec![b'a'; 20_000]].concat();
    // Its first piece is too short to tell.
    let path = begin(&ada, "harbour.png", 9_000_000).await?;
    assert_eq!(Answer::to(piece(&ada, &path, 0, &program[..10])).await?.status, StatusCode::NO_CONTENT);
    for checksum in ["", "Upload-Checksum: sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=\r\n"] {
        let path = if checksum.is_empty() { path.clone() } else { begin(&ada, "b.png", 9_000_000).await? };
        let at = offset(&ada, &path).await?;
        let mut stream = TcpStream::connect(natter.address()).await?;
        let head = format!(
            "PATCH /api/v1{path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nTus-Resumable: 1.0.0\r\n\
             Upload-Offset: {at}\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: {}\r\n{checksum}\r\n",
            9_000_000 - at
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(&program[at..]).await?;
        let answer = answer_of(&mut stream, "file_type_mismatch").await?;
        assert!(answer.starts_with("HTTP/1.1 415") && answer.contains("a program"), "{answer}");
        assert_eq!(speak(&ada, Method::HEAD, &path).send().await?.status(), StatusCode::NOT_FOUND);
    }
    let mut stream = TcpStream::connect(natter.address()).await?;
    let head = format!(
        "POST /api/v1/files HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nContent-Length: 9000000\r\n\
         Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&form("harbour.png", &program)[..20_000]).await?;
    let answer = answer_of(&mut stream, "file_type_mismatch").await?;
    assert!(answer.starts_with("HTTP/1.1 415") && answer.contains("a program"), "{answer}");
    assert!(std::fs::read_dir(natter.data_dir().join("files/incoming"))?.next().is_none());
    Ok(())
}

/// What a server answers whose client goes on to hold the line, up to the word that is expected in it.
async fn answer_of(stream: &mut TcpStream, expected: &str) -> Result<String> {
    let mut answer = String::new();
    while !answer.contains(expected) {
        let mut piece = [0; 4096];
        let read = tokio::time::timeout(std::time::Duration::from_secs(20), stream.read(&mut piece)).await;
        let read = read.with_context(|| format!("{expected} is not in {answer:?}"))??;
        ensure!(read > 0, "{expected} is not in {answer:?}");
        answer.push_str(&String::from_utf8_lossy(&piece[..read]));
    }
    Ok(answer)
}

/// For clients that can send nothing but GET and POST.
#[tokio::test]
async fn a_method_can_be_named_in_a_header() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let path = begin(&ada, "a.txt", 10).await?;
    let post = |method: &str| speak(&ada, Method::POST, &path).header("x-http-method-override", method);
    let piece = |offset: usize, bytes: &'static str| {
        post("PATCH")
            .header("content-type", "application/offset+octet-stream")
            .header("upload-offset", offset)
            .body(bytes)
    };
    assert_eq!(Answer::to(piece(0, "01234")).await?.status, StatusCode::NO_CONTENT);
    let asked = Answer::to(post("HEAD")).await?;
    assert_eq!((asked.status, asked.header("upload-offset")), (StatusCode::OK, "5"));
    Answer::to(post("BREW")).await?.problem(ErrorCode::MethodNotAllowed)?;
    Answer::to(speak(&ada, Method::POST, &path)).await?.problem(ErrorCode::MethodNotAllowed)?;
    assert_eq!(Answer::to(piece(5, "56789")).await?.status, StatusCode::NO_CONTENT);
    assert_eq!(fetch(&ada, id(&path)?).await?.text, "0123456789");
    let path = begin(&ada, "a.txt", 10).await?;
    let post = speak(&ada, Method::POST, &path).header("x-http-method-override", "DELETE");
    assert_eq!(Answer::to(post).await?.status, StatusCode::NO_CONTENT);
    assert_eq!(speak(&ada, Method::HEAD, &path).send().await?.status(), StatusCode::NOT_FOUND);
    Ok(())
}

#[tokio::test]
async fn bytes_that_do_not_fit_their_checksum_are_thrown_away() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let content = vec![b'x'; 700_000];
    let path = begin(&ada, "a.txt", content.len()).await?;
    let checksum = |bytes: &[u8]| format!("sha1 {}", STANDARD.encode(Sha1::digest(bytes)));
    let (first, rest) = content.split_at(300_000);
    let right = Answer::to(piece(&ada, &path, 0, first).header("upload-checksum", checksum(first))).await?;
    assert_eq!(right.status, StatusCode::NO_CONTENT, "{right:?}");
    let wrong =
        Answer::to(piece(&ada, &path, 300_000, rest).header("upload-checksum", checksum(first))).await?;
    assert_eq!(wrong.status.as_u16(), 460);
    wrong.problem(ErrorCode::ChecksumMismatch)?;
    assert_eq!(offset(&ada, &path).await?, 300_000);
    let again =
        Answer::to(piece(&ada, &path, 300_000, rest).header("upload-checksum", checksum(rest))).await?;
    assert_eq!(again.status, StatusCode::NO_CONTENT);
    assert!(fetch(&ada, id(&path)?).await?.text.as_bytes() == content);
    let unknown = begin(&ada, "a.txt", 5).await?;
    let unknown = piece(&ada, &unknown, 0, b"hello").header("upload-checksum", "md5 AAAA");
    Answer::to(unknown).await?.problem(ErrorCode::InvalidHeader)?;
    Ok(())
}

#[tokio::test]
async fn an_upload_can_be_given_up() -> Result<()> {
    let natter = natter().start().await?;
    let ada = natter.person("ada").await?;
    let path = begin(&ada, "a.txt", 10).await?;
    Answer::to(piece(&ada, &path, 0, b"01234")).await?;
    assert_eq!(Answer::to(speak(&ada, Method::DELETE, &path)).await?.status, StatusCode::NO_CONTENT);
    assert_eq!(speak(&ada, Method::HEAD, &path).send().await?.status(), StatusCode::NOT_FOUND);
    assert!(std::fs::read_dir(natter.data_dir().join("files/incoming"))?.next().is_none());
    Answer::to(speak(&ada, Method::DELETE, &path)).await?.problem(ErrorCode::NotFound)?;
    Ok(())
}
