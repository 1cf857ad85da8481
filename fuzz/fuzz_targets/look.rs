#![no_main]

#[path = "../src/look.rs"]
mod properties;

// The first byte picks the type.
libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    if let Some((pick, bytes)) = input.split_first() {
        properties::look(properties::MEDIA_TYPES[usize::from(*pick) % properties::MEDIA_TYPES.len()], bytes);
    }
});
