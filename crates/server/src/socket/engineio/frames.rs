//! The frames of a connection that has no session yet, one by one.

use bytes::Bytes;
use natter_protocol::CloseCode;
use natter_realtime::codec::{Decoder, Message, OpCode, Role, encode, encode_close};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Bytes of a message before there is a session: a token of the greatest length fits, with room for what a client may
/// add to it.
const MESSAGE_BYTES_MAX: usize = 16 * 1024;
/// What one read takes.
const READ_BYTES: usize = 4 * 1024;

/// Reads and writes whole text messages.
pub(in crate::socket) struct Frames<Io> {
    io: Io,
    decoder: Decoder,
    unread: Vec<u8>,
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Frames<Io> {
    /// `early` is what was read of the connection already. It is a part of a much larger buffer, which is freed here.
    #[expect(clippy::needless_pass_by_value, reason = "whoever kept it would keep all of the buffer")]
    pub(in crate::socket) fn new(io: Io, early: Bytes) -> Self {
        Self { io, decoder: Decoder::new(Role::Server, MESSAGE_BYTES_MAX), unread: early.to_vec() }
    }

    /// The connection, and what was read of it beyond the last message.
    pub(in crate::socket) fn into_parts(self) -> (Io, Bytes) {
        (self.io, self.unread.into())
    }

    /// The next message; none when the client has left or broken the protocol.
    ///
    /// Nothing is lost if this is dropped before it is ready.
    pub(in crate::socket) async fn next(&mut self) -> Option<String> {
        loop {
            let mut rest = self.unread.as_mut_slice();
            let text = match self.decoder.decode(&mut rest).ok()? {
                Some(Message::Text(text)) => Some(text.into_owned()),
                Some(Message::Close { .. }) => return None,
                // There is a deadline for all of this, so nobody needs to ask whether we are still there.
                Some(Message::Ping(_) | Message::Pong(_)) => None,
                None => {
                    self.unread.clear();
                    self.unread.reserve(READ_BYTES);
                    if self.io.read_buf(&mut self.unread).await.ok()? == 0 {
                        return None;
                    }
                    continue;
                }
            };
            let left = rest.len();
            self.unread.drain(..self.unread.len() - left);
            if text.is_some() {
                return text;
            }
        }
    }

    /// Sends a message.
    pub(in crate::socket) async fn send(&mut self, text: &str) -> io::Result<()> {
        self.io.write_all(&encode(OpCode::Text, text.as_bytes(), None)).await
    }

    /// Sends the last messages and the close frame, and waits until the client has left, too: closing at once could
    /// destroy them on their way.
    pub(in crate::socket) async fn close(
        mut self,
        last: &[String],
        code: CloseCode,
        reason: &str,
    ) -> io::Result<()> {
        let last = last.iter().map(|text| encode(OpCode::Text, text.as_bytes(), None));
        let farewell: Vec<_> = last.chain([encode_close(code.code(), reason, None)]).collect();
        self.io.write_all(&farewell.concat()).await?;
        self.io.shutdown().await?;
        while self.io.read_buf(&mut self.unread).await? > 0 {
            self.unread.clear();
        }
        Ok(())
    }
}
