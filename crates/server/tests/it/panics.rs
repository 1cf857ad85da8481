//! A panic ends the process, wherever it happens. This file is a process of its own for that, started by its test.

use natter_files::inspect;
use natter_server::panics::end_on_panic;
use std::env;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;
use std::sync::mpsc;
use std::thread;

/// How a process ends that was aborted (`signal(7)`, `SIGABRT`).
const ABORTED: i32 = 6;

/// Set for the process that is to end.
const CHILD: &str = "TEST_OF_PANICS_IS_CHILD";

#[test]
fn a_panic_of_any_thread_ends_the_process() {
    if env::var_os(CHILD).is_some() {
        return panic_in_a_thread();
    }
    let child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "panics::a_panic_of_any_thread_ends_the_process"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stderr);
    assert_eq!(child.status.signal(), Some(ABORTED), "{:?}: {said}", child.status);
    assert!(said.contains("a fault beside a decoder"), "{said}");
}

/// Something panics on a thread of its own, while other threads are at work on pictures all the time.
fn panic_in_a_thread() {
    end_on_panic();
    let (at_work, begun) = mpsc::channel();
    for _ in 0..2 {
        let at_work = at_work.clone();
        thread::spawn(move || {
            loop {
                let seen = inspect::picture(include_bytes!("files/harbour.png"));
                if seen.is_err() || at_work.send(()).is_err() {
                    return;
                }
            }
        });
    }
    if begun.recv().is_err() {
        return;
    }
    // Nobody looks at what comes of it: without the hook, the process would go on.
    drop(thread::spawn(|| panic!("a fault beside a decoder")).join());
}
