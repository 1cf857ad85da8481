//! The patience of a stream, in a time that passes as soon as nothing else happens.

use super::*;
use std::io::ErrorKind;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const PATIENCE: Patience = Patience { head: Duration::from_secs(10), write: Duration::from_secs(20) };
const HOUR: Duration = Duration::from_hours(1);

/// A stream as the server has it, what tells it about requests, and the client's end.
async fn pair() -> (Stream, Phase, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (tcp, _) = listener.accept().await.unwrap();
    let phase = Phase::default();
    (Stream::new(Io::Tcp(tcp), PATIENCE, phase.clone()), phase, client)
}

/// Reads until nothing comes any more; how long that took, and what it ended with.
async fn read_all(stream: &mut Stream) -> (Duration, ErrorKind) {
    let begun = Instant::now();
    loop {
        if let Err(error) = stream.read_u8().await {
            return (begun.elapsed(), error.kind());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_head_of_the_first_request_is_timed_from_the_beginning() {
    let (mut stream, _, mut client) = pair().await;
    client.write_all(b"GET").await.unwrap();
    let (took, error) = read_all(&mut stream).await;
    assert_eq!((took.as_secs(), error), (10, ErrorKind::TimedOut));
}

#[tokio::test(start_paused = true)]
async fn the_next_head_is_timed_from_its_first_byte() {
    let (mut stream, phase, mut client) = pair().await;
    phase.turn();
    // A body may take as long as the request may.
    assert!(tokio::time::timeout(HOUR, stream.read_u8()).await.is_err());
    phase.turn();
    // Between two requests, hyper knows how long to wait.
    assert!(tokio::time::timeout(HOUR, stream.read_u8()).await.is_err());
    client.write_all(b"GET").await.unwrap();
    let (took, error) = read_all(&mut stream).await;
    assert_eq!((took.as_secs(), error), (10, ErrorKind::TimedOut));
}

/// Nobody looks at the stream while a short request is answered.
#[tokio::test(start_paused = true)]
async fn a_request_that_was_answered_at_once_leaves_no_timer_behind() {
    let (mut stream, phase, mut client) = pair().await;
    client.write_all(b"G").await.unwrap();
    stream.read_u8().await.unwrap();
    phase.turn();
    phase.turn();
    assert!(tokio::time::timeout(HOUR, stream.read_u8()).await.is_err());
}

/// Writes until the client has to take something first.
async fn fill(stream: &mut Stream) {
    let chunk = vec![b'x'; 64 * 1024];
    while tokio::time::timeout(Duration::from_secs(1), stream.write(&chunk)).await.is_ok() {}
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_given_up() {
    let (mut stream, _, _client) = pair().await;
    let begun = Instant::now();
    fill(&mut stream).await;
    let error = stream.write_all(b"x").await.unwrap_err();
    assert_eq!((begun.elapsed().as_secs(), error.kind()), (20, ErrorKind::TimedOut));
}

/// What is taken is far less than what a slow but honest link takes in the same time.
#[tokio::test(start_paused = true)]
async fn a_client_that_takes_a_little_now_and_then_is_given_up() {
    let (mut stream, _, _client) = pair().await;
    fill(&mut stream).await;
    for _ in 0..3 {
        assert!(stream.wrote(Ok(1_000)).is_ready());
        assert!(tokio::time::timeout(Duration::from_secs(5), stream.write(b"x")).await.is_err());
    }
    assert_eq!(stream.write(b"x").await.unwrap_err().kind(), ErrorKind::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_enough_may_go_on() {
    let (mut stream, _, mut client) = pair().await;
    fill(&mut stream).await;
    for _ in 0..3 {
        assert!(stream.wrote(Ok(PROGRESS_BYTES_MIN)).is_ready());
        assert!(tokio::time::timeout(Duration::from_secs(18), stream.write(b"x")).await.is_err());
    }
    // Once everything is taken, time stands still.
    tokio::spawn(async move { while client.read_buf(&mut Vec::with_capacity(65_536)).await.is_ok() {} });
    stream.write_all(b"x").await.unwrap();
    stream.flush().await.unwrap();
    assert!(!stream.stall.is_running());
}
