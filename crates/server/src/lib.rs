//! The program `natter`: configuration, REST, sockets, the web client's files, the command line.
//!
//! Invariant: nothing here decides what a user may do, and nothing here touches the database; both go through
//! `natter_chat::Chat`. This is the only crate that knows HTTP.

pub mod access;
mod admission;
pub mod app;
mod assets;
mod bench;
pub mod cli;
pub mod config;
pub mod data_dir;
mod jobs;
mod json;
mod jwks;
mod limit;
mod log;
mod net;
pub mod open;
pub mod panics;
mod preview;
pub mod rest;
pub mod seed;
pub mod serve;
mod socket;
mod tls;
