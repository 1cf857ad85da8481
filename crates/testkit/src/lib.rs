//! What tests of several crates share: real services, started on free ports in throw-away directories.
//!
//! Invariant: nothing here outlives the test process, and nothing but the clock and the generator stands in for a real
//! component.

pub mod clamd;
pub mod clock;
pub mod host;
pub mod natter;
pub mod person;
pub mod postgres;
pub mod random;
pub mod s3;

mod process;
