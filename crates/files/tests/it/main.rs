//! The promises of this crate, kept against real disks, a real object store and a real virus scanner.

mod blobs;
mod intake;
mod kind;
mod name;
mod scan;
mod workshop;
