use super::*;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::AsyncReadExt as _;

/// There is one thread here, so the other one has its turn only if the reader lets it.
#[tokio::test]
async fn who_reads_much_lets_others_have_their_turn() {
    let pipe = Arc::<Pipe>::default();
    pipe.put(&vec![Packet::Noop; 1_000]).await.unwrap();
    let mut stream = Stream::new(pipe);
    let had_turn = Arc::<AtomicBool>::default();
    let other = Arc::clone(&had_turn);
    tokio::spawn(async move { other.store(true, Ordering::Relaxed) });
    let frame_bytes = encode(OpCode::Text, b"6", Some(NO_MASK)).len();
    let mut frame = vec![0; frame_bytes];
    for _ in 0..1_000 {
        stream.read_exact(&mut frame).await.unwrap();
    }
    assert!(had_turn.load(Ordering::Relaxed));
}

#[tokio::test]
async fn whoever_leaves_once_more_is_gone_already() {
    let pipe = Pipe::default();
    pipe.put(&[Packet::Close]).await.unwrap();
    pipe.put(&[Packet::Close]).await.unwrap();
    assert_eq!(pipe.take().await, Err(Refused::Gone));
    assert_eq!(pipe.put(&[Packet::Noop, Packet::Close]).await, Err(Refused::Gone));
}
