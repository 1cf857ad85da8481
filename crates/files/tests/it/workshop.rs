//! Work that can wait.

use natter_files::{Closed, Workshop};
use std::sync::{Arc, Barrier};

#[tokio::test]
async fn work_stands_back_and_its_result_comes_to_who_waits() {
    let workshop = Workshop::start(1).unwrap();
    let niceness = || rustix::process::getpriority_process(None).unwrap();
    assert_eq!(workshop.run(niceness).await, Ok(niceness() + 10));
}

#[tokio::test]
async fn work_that_panics_takes_no_thread_with_it() {
    let workshop = Workshop::start(1).unwrap();
    for _ in 0..3 {
        assert_eq!(workshop.run(|| panic!("on purpose")).await.map(|(): ()| ()), Err(Closed));
    }
    assert_eq!(workshop.run(|| 7).await, Ok(7));
}

#[tokio::test]
async fn work_that_nobody_waits_for_any_more_is_done_all_the_same() {
    let workshop = Workshop::start(1).unwrap();
    let (begun, done) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let work = {
        let (begun, done) = (Arc::clone(&begun), Arc::clone(&done));
        move || {
            begun.wait();
            done.wait();
        }
    };
    let waiting = tokio::spawn(async move { workshop.run(work).await });
    tokio::task::spawn_blocking(move || begun.wait()).await.unwrap();
    waiting.abort();
    // Comes to its end only if the work does.
    tokio::task::spawn_blocking(move || done.wait()).await.unwrap();
}
