//! `/files`: sending, fetching, who may, and what happens to a file by itself.

mod download;
mod fetch;
mod full;
mod hostile;
mod links;
mod lists;
mod quota;
mod race;
mod s3;
mod scan;
mod send;
mod tus;
mod upload;

use crate::support::Answer;
use anyhow::{Context as _, Result, ensure};
use natter_protocol::{ConversationId, File, FileId, Message};
use natter_testkit::person::Person;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::json;

/// A picture of 800 × 600 pixels.
const PICTURE: &[u8] = include_bytes!("files/harbour.png");
/// What bounds the parts of a form.
const BOUNDARY: &str = "natter-test-boundary";

/// A request as somebody, to a path under `/api/v1`.
fn ask(person: &Person, method: Method, path: &str) -> RequestBuilder {
    person.http(method, path)
}

/// A form with one file.
fn form(name: &str, content: &[u8]) -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    [head.as_bytes(), content, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat()
}

fn post_form(person: &Person, body: Vec<u8>) -> RequestBuilder {
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    ask(person, Method::POST, "/files").header("content-type", kind).body(body)
}

/// What comes of uploading a file.
async fn try_upload(person: &Person, name: &str, content: &[u8]) -> Result<Answer> {
    Answer::to(post_form(person, form(name, content))).await
}

/// Uploads a file.
async fn upload(person: &Person, name: &str, content: &[u8]) -> Result<File> {
    let answer = try_upload(person, name, content).await?;
    ensure!(answer.status == StatusCode::CREATED, "{answer:?}");
    serde_json::from_str(&answer.text).context(answer.text)
}

/// A text file of these words.
pub(crate) async fn note(person: &Person, words: &str) -> Result<File> {
    upload(person, "note.txt", words.as_bytes()).await
}

/// A second of sound.
pub(crate) async fn tone(person: &Person) -> Result<File> {
    upload(person, "tone.wav", &sound()).await
}

/// Sends files.
async fn send(person: &Person, to: ConversationId, content: &str, files: &[FileId]) -> Result<Message> {
    let path = format!("/conversations/{to}/messages");
    person.post(&path, json!({ "content": content, "attachments": files })).await
}

/// What somebody is answered who fetches a file.
async fn fetch(person: &Person, id: FileId) -> Result<Answer> {
    Answer::to(ask(person, Method::GET, &format!("/files/{id}"))).await
}

/// A tone that swells and fades.
fn sound() -> Vec<u8> {
    let rate = 8_000_u32;
    let samples: Vec<u8> = (0..rate)
        .flat_map(|at| {
            let (phase, loud) = (at % 20, at.min(rate - at));
            let sample =
                if phase < 10 { i32::try_from(loud).unwrap_or(0) } else { -i32::try_from(loud).unwrap_or(0) };
            i16::try_from(sample * 4).unwrap_or(i16::MAX).to_le_bytes()
        })
        .collect();
    let bytes = u32::try_from(samples.len()).unwrap_or_default();
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + bytes).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend([1, 0, 1, 0]);
    wav.extend(rate.to_le_bytes());
    wav.extend((rate * 2).to_le_bytes());
    wav.extend([2, 0, 16, 0]);
    wav.extend(b"data");
    wav.extend(bytes.to_le_bytes());
    wav.extend(samples);
    wav
}
