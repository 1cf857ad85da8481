//! What tests of several crates share: real services, started on free ports in throw-away directories.
//!
//! Invariant: nothing here outlives the test process, and nothing here stands in for a real component.

pub mod natter;
pub mod person;
pub mod postgres;
