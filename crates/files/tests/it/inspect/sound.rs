use super::look;
use super::media::wav;
use natter_protocol::FileLook;
use natter_protocol::limits::{VOICE_SECONDS_MAX, WAVEFORM_POINTS};

#[test]
fn sound_of_every_format_is_heard() {
    // A second of silence and then one of a tone. A codec's block may begin before what is in it, and end after it.
    for (name, sound, media_type, duration_ms) in [
        ("tone.opus", include_bytes!("media/tone.opus").as_slice(), "audio/ogg", 2_000),
        ("tone.webm", include_bytes!("media/tone.webm"), "audio/webm", 2_000),
        ("tone.ogg", include_bytes!("media/tone.ogg"), "audio/ogg", 2_000),
        ("tone.m4a", include_bytes!("media/tone.m4a"), "audio/mp4", 2_000),
        ("fragmented.m4a", include_bytes!("media/fragmented.m4a"), "audio/mp4", 2_000),
        ("tone.mp3", include_bytes!("media/tone.mp3"), "audio/mpeg", 2_000),
        ("tone.flac", include_bytes!("media/tone.flac"), "audio/flac", 2_000),
        ("recorder.webm", include_bytes!("media/recorder.webm"), "audio/webm", 2_000),
        ("recorder.mp4", include_bytes!("media/recorder.mp4"), "audio/mp4", 2_000),
    ] {
        let look = look(sound, media_type).unwrap().look;
        let told = look.duration_ms.expect(name);
        assert!(told.abs_diff(duration_ms) <= 100, "{name}: {told}");
        let points = look.waveform.expect(name);
        assert_eq!(points.len(), WAVEFORM_POINTS, "{name}");
        assert!(points[2..28].iter().all(|&point| point <= 3), "{name}: {points:?}");
        // What little an encoder of AAC is given for a tone, it spends unevenly.
        assert!(points[36..62].iter().all(|&point| point >= 60), "{name}: {points:?}");
    }
}

#[test]
fn a_waveform_rises_with_the_sound() {
    let points = |samples: Vec<i16>| look(&wav(8_000, samples), "audio/wav").unwrap().look.waveform;
    // It swings ten samples up and ten down.
    let tone = |loud: i16, at: i16| if at / 10 % 2 == 0 { loud } else { -loud };
    let ramp = points((0..16_000).map(|at| tone(at * 2, at)).collect()).unwrap();
    for (point, height) in (0_u8..).zip(&ramp) {
        // The middle of the last of 64 stretches is the loudest that there is.
        let expected = (f64::from(point) + 0.5) / 63.5 * 100.0;
        assert!((f64::from(*height) - expected).abs() <= 3.0, "point {point}: {height}, not {expected}");
    }
    let quiet: Vec<i16> = (0..16_000).map(|at| tone(at / 50, at)).collect();
    let apart = ramp.iter().zip(points(quiet).unwrap()).map(|(loud, quiet)| loud.abs_diff(quiet));
    assert!(apart.max().unwrap() <= 3, "quiet speech is drawn as large as loud speech");

    assert_eq!(points(vec![0; 8_000]), Some(vec![0; WAVEFORM_POINTS]));
    assert_eq!(points((0..8_000).map(|at| tone(20, at)).collect()), Some(vec![0; WAVEFORM_POINTS]));
    assert_eq!(points(vec![i16::MAX; 3]), Some(vec![100; WAVEFORM_POINTS]));
    assert_eq!(points(Vec::new()), None);
}

#[test]
fn long_sound_says_how_long_it_is_and_has_no_waveform() {
    let seconds = VOICE_SECONDS_MAX + 1;
    let file = wav(1_000, vec![1_000; seconds as usize * 1_000]);
    let duration_ms = Some(u64::from(seconds) * 1000);
    assert_eq!(look(&file, "audio/wav").unwrap().look, FileLook { duration_ms, ..FileLook::default() });
}

#[test]
fn what_is_heard_counts_and_not_what_is_said() {
    // The header of this one says that it lasts a tenth of its time.
    let mut file = include_bytes!("media/tone.m4a").to_vec();
    for kind in [b"mdhd", b"mvhd", b"tkhd"] {
        let at = file.windows(4).position(|found| found == kind).unwrap() + 4;
        let duration = if kind == b"tkhd" { at + 20 } else { at + 16 };
        let told = u32::from_be_bytes(file[duration..duration + 4].try_into().unwrap());
        file[duration..duration + 4].copy_from_slice(&(told / 10).to_be_bytes());
    }
    assert!(look(&file, "audio/mp4").unwrap().look.duration_ms.unwrap() >= 1_900);
}

#[test]
fn sound_that_is_not_understood_is_not_refused() {
    for media_type in ["audio/mpeg", "audio/ogg", "audio/mp4", "audio/webm", "audio/wav", "audio/flac"] {
        assert_eq!(
            look(b"some bytes that are no sound at all", media_type).unwrap().look,
            FileLook::default()
        );
    }
}
