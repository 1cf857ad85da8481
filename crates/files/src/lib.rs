//! Files: taken in piece by piece, looked at, kept, and given out again.
//!
//! Invariant: no file is ever whole in memory, and nothing is believed that a client says about one. What is kept is on
//! disk, or with the object store, when it is said to be. There is no SQL and no HTTP server here, and no rule about who
//! may do what.
//!
//! The road of a file: [`Intake`] takes its bytes and answers a [`Staged`] file; [`kind`] says what it is and refuses
//! what is not taken; [`Blobs`] keeps its content; [`scan`] asks a virus scanner about it. Work on the bytes is done by
//! the [`Workshop`].

pub mod blobs;
pub mod inspect;
pub mod intake;
pub mod kind;
pub mod name;
pub mod scan;

mod digest;
mod refused;
mod workshop;

pub use blobs::{BlobKey, Blobs};
pub use digest::Digest;
pub use intake::{Intake, Staged};
pub use refused::Refused;
pub use workshop::{Closed, Workshop};
