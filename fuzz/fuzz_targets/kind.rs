#![no_main]

#[path = "../src/kind.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|input: &[u8]| properties::kind(input));
