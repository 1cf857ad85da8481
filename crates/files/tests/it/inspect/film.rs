use super::look;

#[test]
fn a_film_says_how_large_it_is_shown_and_how_long_it_lasts() {
    // Two of them were taken with the camera held upright.
    for (name, film, media_type, width, height, duration_ms) in [
        ("film.mp4", include_bytes!("media/film.mp4").as_slice(), "video/mp4", 48, 64, 2_000),
        ("film.mov", include_bytes!("media/film.mov"), "video/quicktime", 48, 64, 2_000),
        ("fragmented.mp4", include_bytes!("media/fragmented.mp4"), "video/mp4", 64, 48, 2_000),
        ("film.webm", include_bytes!("media/film.webm"), "video/webm", 64, 48, 2_000),
        ("recorder-film.webm", include_bytes!("media/recorder-film.webm"), "video/webm", 64, 48, 2_000),
    ] {
        let look = look(film, media_type).unwrap().look;
        assert_eq!((look.width, look.height), (Some(width), Some(height)), "{name}");
        let told = look.duration_ms.unwrap();
        assert!(told.abs_diff(duration_ms) <= 100, "{name}: {told}");
        assert_eq!(look.waveform, None);
    }
}

#[test]
fn a_film_that_is_not_understood_is_not_refused() {
    for media_type in ["video/mp4", "video/quicktime", "video/webm"] {
        let look = look(b"some bytes that are no film at all", media_type).unwrap().look;
        assert_eq!(look, natter_protocol::FileLook::default());
    }
}
