//! The program `natter`. Everything is in the library, so that tests can reach it.

use std::panic;
use std::process::{self, ExitCode};

/// Smaller and faster than the C library's under many small, short-lived pieces.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    end_on_panic();
    natter_server::cli::main()
}

/// A panic is a fault of this program, and nobody knows what it leaves behind: the process ends, and is started anew.
/// Only a decoder that panics over somebody's file is stopped without everybody else.
fn end_on_panic() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        report(panic);
        if !natter_files::inspect::is_guarded() {
            process::abort();
        }
    }));
}
