#![no_main]

#[path = "../src/socket_io.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|input: &str| properties::payload(input));
