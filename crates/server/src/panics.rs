//! What becomes of a panic.

use std::{panic, process};

/// A panic is a fault of this program, and nobody knows what it leaves behind: from now on, the process ends with the
/// first one, and is started anew. Only a decoder that panics over somebody's file is stopped without everybody else; that
/// is asked of the thread that panics, so whatever happens beside a decoder counts as ever.
pub fn end_on_panic() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        report(panic);
        if !natter_files::inspect::is_guarded() {
            process::abort();
        }
    }));
}
