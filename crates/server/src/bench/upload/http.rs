//! As little of a client as can be: one request on a connection, whose body the kernel copies out of a file.

use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use natter_protocol::File as Taken;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::ops::Range;
use std::path::Path;

/// What bounds the parts of a form.
const BOUNDARY: &str = "natter-bench";
/// Bytes of an answer that is not a file.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// Who asks whom.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) server: SocketAddr,
    pub(super) token: String,
}

/// An answer, whose body is still to be read.
pub(super) struct Answer {
    status: u16,
    headers: HashMap<String, String>,
    pub(super) body: BufReader<TcpStream>,
}

/// A part of a file, behind some bytes of its own.
pub(super) struct Content<'a> {
    pub(super) head: &'a [u8],
    pub(super) path: &'a Path,
    pub(super) range: Range<u64>,
}

impl Content<'_> {
    const fn bytes(&self) -> u64 {
        self.head.len() as u64 + self.range.end - self.range.start
    }

    fn send(&self, to: &mut TcpStream) -> io::Result<()> {
        let mut file = File::open(self.path)?;
        file.seek(SeekFrom::Start(self.range.start))?;
        to.write_all(self.head)?;
        let bytes = self.range.end - self.range.start;
        // With a file and a socket this is sendfile: what the client costs is next to nothing.
        let sent = io::copy(&mut file.take(bytes), to)?;
        if sent == bytes { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

impl Client {
    /// Uploads content in one request.
    pub(super) fn post(&self, name: &str, content: &Content<'_>) -> Result<Taken> {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
        );
        let tail = format!("\r\n--{BOUNDARY}--\r\n");
        let length = (head.len() + tail.len()) as u64 + content.bytes();
        let headers =
            format!("Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {length}\r\n");
        let mut stream = self.begin("POST", "/api/v1/files", &headers)?;
        let sent = stream
            .write_all(head.as_bytes())
            .and_then(|()| content.send(&mut stream))
            .and_then(|()| stream.write_all(tail.as_bytes()));
        let answer = Answer::read(stream, sent)?.expect(201)?;
        Ok(serde_json::from_str(&answer.text()?)?)
    }

    /// Begins an upload by tus; where it is.
    pub(super) fn begin_upload(&self, name: &str, bytes: u64) -> Result<String> {
        let name = STANDARD.encode(name);
        let headers = format!(
            "Tus-Resumable: 1.0.0\r\nUpload-Length: {bytes}\r\nUpload-Metadata: filename {name}\r\nContent-Length: 0\r\n"
        );
        let stream = self.begin("POST", "/api/v1/files/uploads", &headers)?;
        Ok(Answer::read(stream, Ok(()))?.expect(201)?.header("location")?.to_owned())
    }

    /// How far an upload is.
    pub(super) fn offset(&self, place: &str) -> Result<u64> {
        let stream = self.begin("HEAD", place, "Tus-Resumable: 1.0.0\r\n")?;
        Ok(Answer::read(stream, Ok(()))?.expect(200)?.header("upload-offset")?.parse()?)
    }

    /// Goes on with an upload; whether the server agrees that it stands there, and that nobody else is at it.
    pub(super) fn patch(&self, place: &str, content: &Content<'_>) -> Result<bool> {
        let mut stream = self.begin_piece(place, content.range.clone())?;
        let sent = content.send(&mut stream);
        let answer = Answer::read(stream, sent)?;
        if answer.status == 409 {
            return Ok(false);
        }
        answer.expect(204)?;
        Ok(true)
    }

    /// The same, but the line is cut before the piece is through. What was sent is there or on its way.
    pub(super) fn cut_patch(&self, place: &str, content: &Content<'_>) -> Result<()> {
        let Range { start, end } = content.range;
        let mut stream = self.begin_piece(place, content.range.clone())?;
        let half = Content { range: start..start.midpoint(end), ..*content };
        half.send(&mut stream)?;
        Ok(stream.shutdown(Shutdown::Both)?)
    }

    /// Fetches a part of a file.
    pub(super) fn fetch(&self, id: &str, range: &Range<u64>) -> Result<Answer> {
        let headers = format!("Range: bytes={}-{}\r\n", range.start, range.end - 1);
        let stream = self.begin("GET", &format!("/api/v1/files/{id}"), &headers)?;
        Answer::read(stream, Ok(()))?.expect(206)
    }

    fn begin_piece(&self, place: &str, range: Range<u64>) -> Result<TcpStream> {
        let headers = format!(
            "Tus-Resumable: 1.0.0\r\nUpload-Offset: {}\r\nContent-Type: application/offset+octet-stream\r\n\
             Content-Length: {}\r\n",
            range.start,
            range.end - range.start
        );
        self.begin("PATCH", place, &headers)
    }

    fn begin(&self, method: &str, path: &str, headers: &str) -> Result<TcpStream> {
        let Self { server, token } = self;
        let mut stream = TcpStream::connect(server)?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {server}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n{headers}\r\n"
        );
        stream.write_all(head.as_bytes())?;
        Ok(stream)
    }
}

impl Answer {
    /// Reads the head of an answer. One that came before everything was sent says why it was not taken.
    fn read(stream: TcpStream, sent: io::Result<()>) -> Result<Self> {
        let mut body = BufReader::new(stream);
        let mut line = String::new();
        let read = body.read_line(&mut line);
        if line.is_empty() {
            sent.context("sending a request")?;
            read.context("reading an answer")?;
            bail!("the server closed the connection instead of answering");
        }
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).context(line)?;
        let mut headers = HashMap::new();
        loop {
            let mut line = String::new();
            body.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        Ok(Self { status, headers, body })
    }

    fn expect(self, status: u16) -> Result<Self> {
        let found = self.status;
        if found == status {
            return Ok(self);
        }
        bail!("expected {status}, got {found}: {}", self.text()?)
    }

    fn header(&self, name: &str) -> Result<&str> {
        self.headers.get(name).map(String::as_str).with_context(|| format!("the answer has no {name}"))
    }

    fn text(self) -> Result<String> {
        let mut text = String::new();
        self.body.take(ANSWER_BYTES_MAX).read_to_string(&mut text)?;
        ensure!((text.len() as u64) < ANSWER_BYTES_MAX, "the answer is too long");
        Ok(text)
    }
}
