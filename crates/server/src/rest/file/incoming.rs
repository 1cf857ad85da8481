//! The bytes of an upload while they arrive.

use crate::app::App;
use crate::rest::Failure;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::{Stream, StreamExt as _};
use http::{HeaderValue, header};
use http_body_util::BodyExt as _;
use hyper::body::{Frame, SizeHint};
use natter_protocol::ErrorCode;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_util::task::TaskTracker;

/// Seconds for which the rest of an upload is read that was refused. Browsers and others listen to an answer only after
/// they have sent everything, and are told nothing but that the connection broke when it is cut before.
const REST_SECONDS_MAX: u64 = 30;
/// Bytes that must arrive within the time that an upload may stall. A link of 64 kbit/s brings them in two seconds.
const PROGRESS_BYTES_MIN: usize = 16 * 1024;
/// Bytes around the file in a form: boundaries, the heads of its parts, and fields that nobody asked for.
pub(super) const FORM_BYTES_MAX: usize = 64 * 1024;

/// Hears a request out, whatever becomes of it: when it is answered before its body is read, the rest is read and thrown
/// away for a while, and then the connection ends.
pub(in crate::rest) async fn hear_out(State(app): State<App>, request: Request, next: Next) -> Response {
    // Whoever waits to be told to go on (RFC 9110, section 10.1.1) has sent nothing yet, and will not.
    let waits = request.headers().get(header::EXPECT);
    let waits = waits.is_some_and(|expected| expected.as_bytes().eq_ignore_ascii_case(b"100-continue"));
    let ended = Arc::new(AtomicBool::new(request.body().is_end_stream()));
    let request = request.map(|body| {
        Body::new(Heard { body, waits, ended: Arc::clone(&ended), tasks: app.connections.clone() })
    });
    let mut response = next.run(request).await;
    if !ended.load(Relaxed) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// A body of which nothing is lost on its sender.
struct Heard {
    body: Body,
    waits: bool,
    ended: Arc<AtomicBool>,
    tasks: TaskTracker,
}

impl HttpBody for Heard {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.waits = false;
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if !matches!(frame, Some(Ok(_))) || self.body.is_end_stream() {
            self.ended.store(true, Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Heard {
    fn drop(&mut self) {
        if self.waits || self.ended.load(Relaxed) {
            return;
        }
        let mut rest = std::mem::take(&mut self.body);
        self.tasks.spawn(async move {
            let reading = async { while let Some(Ok(_)) = rest.frame().await {} };
            // Whoever goes on for longer is cut off after all.
            let _ = timeout(Duration::from_secs(REST_SECONDS_MAX), reading).await;
        });
    }
}

/// The body of an upload: however long it takes, it must go on.
pub(super) struct Incoming {
    body: Body,
    patience: Duration,
    /// Runs while nothing is there to be read.
    stall: Option<Pin<Box<Sleep>>>,
    /// What has arrived since it was started.
    arrived_bytes: usize,
}

impl Incoming {
    pub(super) fn new(app: &App, body: Body) -> Self {
        let patience = Duration::from_secs(u64::from(app.config.files.stall_seconds_max));
        Self { body, patience, stall: None, arrived_bytes: 0 }
    }

    fn poll_stalled(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        loop {
            let patience = self.patience;
            let stall = self.stall.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + patience)));
            ready!(stall.as_mut().poll(cx));
            if self.arrived_bytes < PROGRESS_BYTES_MIN {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            (self.stall, self.arrived_bytes) = (None, 0);
        }
    }
}

impl Stream for Incoming {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) else {
                return self.poll_stalled(cx).map(|error| Some(Err(error)));
            };
            let Some(frame) = frame else { return Poll::Ready(None) };
            match frame.map(Frame::into_data) {
                Ok(Ok(bytes)) => {
                    self.arrived_bytes += bytes.len();
                    if self.arrived_bytes >= PROGRESS_BYTES_MIN {
                        (self.stall, self.arrived_bytes) = (None, 0);
                    }
                    return Poll::Ready(Some(Ok(bytes)));
                }
                // Trailers say nothing here.
                Ok(Err(_)) => {}
                Err(error) => return Poll::Ready(Some(Err(io::Error::other(error)))),
            }
        }
    }
}

/// An upload that did not come to its end.
pub(super) fn broken(error: &io::Error) -> Failure {
    let detail = match error.kind() {
        io::ErrorKind::TimedOut => "nothing of the upload arrived for too long",
        _ => "the upload broke off",
    };
    Failure::new(ErrorCode::RequestTimeout, detail)
}

/// A body as a form is read from it: little by little, and never much at a time unless somebody takes it.
pub(super) struct Portions {
    incoming: Incoming,
    /// Bytes that were given out since somebody took what came of them.
    untaken: Arc<AtomicUsize>,
    pause: bool,
}

impl Portions {
    /// The body, and the count of what was given out; whoever takes it sets it back.
    pub(super) fn of(incoming: Incoming) -> (Self, Arc<AtomicUsize>) {
        let untaken = Arc::<AtomicUsize>::default();
        (Self { incoming, untaken: Arc::clone(&untaken), pause: false }, untaken)
    }
}

impl Stream for Portions {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // The parser takes all that is there before it looks at any of it.
        if std::mem::take(&mut self.pause) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.untaken.load(Relaxed) > FORM_BYTES_MAX {
            return Poll::Ready(Some(Err(io::ErrorKind::InvalidData.into())));
        }
        let next = ready!(self.incoming.poll_next_unpin(cx));
        if let Some(Ok(bytes)) = &next {
            self.untaken.fetch_add(bytes.len(), Relaxed);
            self.pause = true;
        }
        Poll::Ready(next)
    }
}
