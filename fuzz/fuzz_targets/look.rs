#![no_main]

#[path = "../src/look.rs"]
mod properties;

/// The types that are looked into.
const MEDIA_TYPES: [&str; 14] = [
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "image/heic",
    "audio/ogg",
    "audio/webm",
    "audio/mp4",
    "audio/mpeg",
    "audio/flac",
    "audio/wav",
    "video/mp4",
    "video/quicktime",
    "video/webm",
];

// The first byte picks the type.
libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    if let Some((pick, bytes)) = input.split_first() {
        properties::look(MEDIA_TYPES[usize::from(*pick) % MEDIA_TYPES.len()], bytes);
    }
});
