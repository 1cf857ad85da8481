//! The virus scanner: a real clamd with signatures of its own.

use bytes::Bytes;
use futures_util::stream;
use natter_files::scan::{Clamd, ClamdAddr, Unavailable, Verdict};
use natter_testkit::clamd::{self, EICAR_SIGNATURE, INFECTED, INFECTED_SIGNATURE, eicar};
use std::io;
use std::sync::{Arc, Mutex};

#[tokio::test]
async fn viruses_are_found_over_tcp_and_over_a_socket() {
    let running = clamd::Clamd::start().unwrap();
    let infected = |signature: &str| Verdict::Infected(signature.to_owned());
    let in_the_middle = [vec![b'.'; 600_000], INFECTED.to_vec(), vec![b'.'; 600_000]].concat();
    for clamd in [client(&running.tcp()), client(&running.unix())] {
        clamd.ping().await.unwrap();
        assert!(clamd.version().await.unwrap().starts_with("ClamAV "));
        assert_eq!(scan(&clamd, eicar()).await, infected(EICAR_SIGNATURE));
        assert_eq!(scan(&clamd, zipped(&eicar())).await, infected(EICAR_SIGNATURE));
        assert_eq!(scan(&clamd, zipped(&zipped(INFECTED))).await, infected(INFECTED_SIGNATURE));
        assert_eq!(scan(&clamd, in_the_middle.clone()).await, infected(INFECTED_SIGNATURE));
        assert_eq!(scan(&clamd, b"a boat".to_vec()).await, Verdict::Clean);
        assert_eq!(scan(&clamd, vec![0; 5_000_000]).await, Verdict::Clean);
        assert_eq!(scan(&clamd, Vec::new()).await, Verdict::Clean);
    }
}

#[tokio::test]
async fn a_scanner_that_is_not_there_is_told_from_one_that_finds_nothing() {
    let mut running = clamd::Clamd::start().unwrap();
    let clients = [client(&running.tcp()), client(&running.unix())];
    running.stop().unwrap();
    for clamd in &clients {
        assert!(matches!(clamd.ping().await, Err(Unavailable::Unreachable { .. })));
        assert!(matches!(clamd.scan(content(eicar())).await, Err(Unavailable::Unreachable { .. })));
    }
    running.restart().unwrap();
    for clamd in &clients {
        assert_eq!(scan(clamd, eicar()).await, Verdict::Infected(EICAR_SIGNATURE.to_owned()));
    }
}

#[tokio::test]
async fn a_scanner_that_dies_in_the_middle_gives_no_verdict() {
    let running = clamd::Clamd::start().unwrap();
    let clamd = client(&running.tcp());
    // Dies when the file has come so far, and the rest comes all the same.
    let running = Arc::new(Mutex::new(running));
    let dying = Arc::clone(&running);
    let pieces = (0..200_u32).map(move |number| {
        if number == 20 {
            dying.lock().unwrap().kill().unwrap();
        }
        Ok(Bytes::from(vec![b'.'; 64 * 1024]))
    });
    let error = clamd.scan(stream::iter(pieces)).await.unwrap_err();
    assert!(matches!(error, Unavailable::Unreachable { .. }), "{error}");
    running.lock().unwrap().restart().unwrap();
    assert_eq!(scan(&clamd, b"a boat".to_vec()).await, Verdict::Clean);
}

#[tokio::test]
async fn a_file_that_the_scanner_does_not_take_is_not_clean() {
    let running = clamd::Clamd::start_with(&["StreamMaxLength 1M"]).unwrap();
    for clamd in [client(&running.tcp()), client(&running.unix())] {
        let error = clamd.scan(content(vec![b'.'; 10_000_000])).await.unwrap_err();
        assert!(matches!(error, Unavailable::TooLarge), "{error}");
        assert_eq!(scan(&clamd, vec![b'.'; 900_000]).await, Verdict::Clean);
    }
}

#[tokio::test]
async fn content_that_cannot_be_read_is_not_clean() {
    let running = clamd::Clamd::start().unwrap();
    let broken = stream::iter([Ok(Bytes::from_static(b"a boat")), Err(io::Error::other("the disk fails"))]);
    let error = client(&running.tcp()).scan(broken).await.unwrap_err();
    assert!(matches!(error, Unavailable::Unreadable(_)), "{error}");
}

#[test]
fn an_address_is_of_one_of_two_forms() {
    assert_eq!("tcp://scanner:3310".parse(), Ok(ClamdAddr::Tcp("scanner:3310".to_owned())));
    assert_eq!("tcp://[::1]:3310".parse(), Ok(ClamdAddr::Tcp("[::1]:3310".to_owned())));
    assert_eq!("unix:/run/clamav/clamd.ctl".parse(), Ok(ClamdAddr::Unix("/run/clamav/clamd.ctl".into())));
    for wrong in [
        "",
        "scanner:3310",
        "tcp://scanner",
        "tcp://:3310",
        "tcp://scanner:port",
        "unix:clamd.ctl",
        "/run/clamd.ctl",
    ] {
        assert!(wrong.parse::<ClamdAddr>().is_err(), "{wrong}");
    }
}

fn client(addr: &str) -> Clamd {
    Clamd::new(addr.parse().unwrap())
}

async fn scan(clamd: &Clamd, bytes: Vec<u8>) -> Verdict {
    clamd.scan(content(bytes)).await.unwrap()
}

fn content(bytes: Vec<u8>) -> impl futures_util::Stream<Item = io::Result<Bytes>> + Send {
    let bytes = Bytes::from(bytes);
    let pieces = bytes.len().div_ceil(100_000);
    stream::iter(
        (0..pieces)
            .map(move |piece| Ok(bytes.slice(piece * 100_000..bytes.len().min((piece + 1) * 100_000)))),
    )
}

fn zipped(content: &[u8]) -> Vec<u8> {
    crate::kind::sample::archive(&[("inside.bin", content)])
}
