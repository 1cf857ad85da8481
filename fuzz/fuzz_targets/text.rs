#![no_main]

#[path = "../src/text.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|input: &str| properties::text(input));
