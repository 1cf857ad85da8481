//! The program `natter`. Everything is in the library, so that tests can reach it.

use std::process::ExitCode;

/// Smaller and faster than the C library's under many small, short-lived pieces.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    natter_server::panics::end_on_panic();
    natter_server::cli::main()
}
