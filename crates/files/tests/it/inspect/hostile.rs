#[path = "../../../../../fuzz/src/look.rs"]
mod properties;

use super::media::{
    TYPES, exif, gif_of, heic, jpeg_with, packed, png_chunk, png_of_zeros, png_with, riff_chunk, scene, webp,
    webp_of,
};
use super::{look, strip};
use image::ImageFormat;
use natter_protocol::ErrorCode;
use proptest::prelude::*;

const SOUNDS: [(&[u8], &str); 8] = [
    (include_bytes!("media/tone.opus"), "audio/ogg"),
    (include_bytes!("media/tone.ogg"), "audio/ogg"),
    (include_bytes!("media/recorder.webm"), "audio/webm"),
    (include_bytes!("media/fragmented.m4a"), "audio/mp4"),
    (include_bytes!("media/tone.m4a"), "audio/mp4"),
    (include_bytes!("media/tone.mp3"), "audio/mpeg"),
    (include_bytes!("media/tone.flac"), "audio/flac"),
    (include_bytes!("media/film.mov"), "video/quicktime"),
];

fn refused(bytes: &[u8], media_type: &str) {
    let error = look(bytes, media_type).expect_err("refused");
    assert_eq!(error.code(), ErrorCode::FileNotValid, "{error}");
}

fn samples() -> Vec<(Vec<u8>, &'static str)> {
    let mut samples: Vec<_> =
        TYPES.iter().map(|(format, kind)| (packed(&scene(64, 48), *format), *kind)).collect();
    samples.push((gif_of(&[[255, 0, 0, 255], [0, 0, 255, 255]]), "image/gif"));
    samples.push((heic(40, 30, &exif(6)), "image/heic"));
    samples.push((webp_of(&[[255, 0, 0, 255], [0, 0, 255, 255]]), "image/webp"));
    samples
}

#[test]
fn a_picture_that_is_cut_off_is_refused() {
    // Of HEIC nothing is unpacked, so nothing shows that a part of it is not there.
    for (picture, media_type) in samples().into_iter().filter(|(_, kind)| *kind != "image/heic") {
        for sixteenth in 0..16 {
            let part = &picture[..picture.len() * sixteenth / 16];
            refused(part, media_type);
            assert!(strip(part, media_type).is_err());
        }
        refused(&picture[..picture.len() - 1], media_type);
    }
}

#[test]
fn a_picture_of_too_many_pixels_is_refused_before_it_is_unpacked() {
    refused(&png_of_zeros(50_000, 50_000), "image/png");
    refused(&png_of_zeros(u32::MAX >> 1, u32::MAX >> 1), "image/png");

    let mut jpeg = packed(&scene(64, 48), ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].fill(0xf0);
    refused(&jpeg, "image/jpeg");

    let mut gif = gif_of(&[[255, 0, 0, 255]]);
    gif[6..10].fill(0xff);
    refused(&gif, "image/gif");

    // A small frame, said to be on a canvas of 268 million pixels.
    let frame = packed(&scene(64, 48), ImageFormat::WebP)[12..].to_vec();
    refused(&webp(16_384, 16_384, 0, &[frame]), "image/webp");
}

#[test]
fn what_unpacks_to_too_much_is_left_packed() {
    let bomb = {
        let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packer, &vec![0; 300 << 20]).unwrap();
        packer.finish().unwrap()
    };
    let png = packed(&scene(64, 48), ImageFormat::Png);
    let texts = png_with(&png, &[(b"zTXt", &[b"Comment\0\0".as_slice(), &bomb].concat())]);
    assert_eq!(strip(&texts, "image/png").unwrap().unwrap(), png);
    let profile = png_with(&png, &[(b"iCCP", &[b"profile\0\0".as_slice(), &bomb].concat())]);
    // Whether the picture is taken without its profile or refused is the decoder's choice.
    if let Ok(seen) = look(&profile, "image/png") {
        assert_eq!(seen.look.width, Some(64));
    }
    // More pixels than were announced.
    let header = [64_u32.to_be_bytes().as_slice(), &48_u32.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let chunks = [png_chunk(*b"IHDR", &header), png_chunk(*b"IDAT", &bomb), png_chunk(*b"IEND", &[])];
    let pixels = [b"\x89PNG\r\n\x1a\n".to_vec(), chunks.concat()].concat();
    if let Ok(seen) = look(&pixels, "image/png") {
        assert_eq!(seen.look.width, Some(64));
    }
}

#[test]
fn a_jpeg_of_many_passes_is_refused() {
    let jpeg = packed(&scene(64, 48), ImageFormat::Jpeg);
    let scan = jpeg.windows(2).position(|marker| marker == [0xff, 0xda]).unwrap();
    let passes = jpeg[scan..jpeg.len() - 2].repeat(100);
    refused(&[&jpeg[..scan], &passes, &jpeg[jpeg.len() - 2..]].concat(), "image/jpeg");
}

#[test]
fn a_picture_of_countless_parts_is_refused() {
    let picture = packed(&scene(64, 48), ImageFormat::Jpeg);
    let remarks: Vec<(u8, &[u8])> = (0..70_000).flat_map(|_| [(0xfe, b"".as_slice()), (0xdb, b"")]).collect();
    refused(&jpeg_with(&picture, &remarks), "image/jpeg");
}

fn boxed(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 8).unwrap();
    [&length.to_be_bytes(), kind.as_slice(), content].concat()
}

/// A few bytes can name stretches without end, when the numbers that say where they are have no bytes.
#[test]
fn a_picture_with_countless_stretches_of_metadata_is_refused() {
    let entry = boxed(*b"infe", b"\x02\0\0\0\0\x01\0\0Exif\0");
    let names = boxed(*b"iinf", &[b"\0\0\0\0\0\x01", entry.as_slice()].concat());
    let heic = |sizes: &[u8; 2], stretches: &[u8]| {
        let places = boxed(*b"iloc", &[b"\0\0\0\0", sizes.as_slice(), stretches].concat());
        let meta = boxed(*b"meta", &[b"\0\0\0\0".as_slice(), &names, &places].concat());
        [boxed(*b"ftyp", b"heic\0\0\0\0mif1heic"), meta].concat()
    };
    let refused = |heic: &[u8]| {
        let error = strip(heic, "image/heic").expect_err("refused");
        assert_eq!(error.to_string(), "the picture has more items than any picture needs");
    };
    let items = [b"\0\x01\0\0\xff\xff".as_slice(); 20].concat();
    refused(&heic(&[0, 0], &[b"\0\x14", items.as_slice()].concat()));
    // As many as the bytes say, but of metadata.
    let places = [0, 0, 0, 0, 0, 0, 0, 1].repeat(5_000);
    refused(&heic(&[0x44, 0], &[b"\0\x01\0\x01\0\0\x13\x88", places.as_slice()].concat()));
}

/// Nothing of a film is lost because there is too much to take out of it.
#[test]
fn a_film_of_countless_remarks_is_refused() {
    let film = include_bytes!("media/film.mp4");
    for (remarks, taken) in [(100, true), (20_000, false)] {
        let film = [film.as_slice(), &boxed(*b"udta", b"remark").repeat(remarks)].concat();
        match strip(&film, "video/mp4") {
            Ok(stripped) => assert!(taken && stripped.unwrap().len() == film.len()),
            Err(error) => assert!(!taken && error.code() == ErrorCode::FileNotValid, "{error}"),
        }
    }
}

#[test]
fn what_has_no_pixels_is_refused() {
    for (_, media_type) in TYPES {
        refused(b"", media_type);
    }
    refused(&png_of_zeros(0, 10), "image/png");
    refused(b"GIF89a\x01\0\x01\0\0\0\0;", "image/gif");
    let webp = riff_chunk(*b"RIFF", b"WEBP");
    refused(&webp, "image/webp");
    let of_unknown_parts =
        riff_chunk(*b"RIFF", &[b"WEBP", riff_chunk(*b"none", b"some").as_slice()].concat());
    for webp in [webp, of_unknown_parts] {
        let error = strip(&webp, "image/webp").expect_err("nothing would be left of it");
        assert_eq!(error.code(), ErrorCode::FileNotValid, "{error}");
    }
    refused(b"\xff\xd8\xff\xd9", "image/jpeg");
}

#[test]
fn metadata_that_lies_over_the_boxes_is_not_overwritten() {
    let mut heic = heic(40, 30, &exif(6));
    // The last number but one of the places says where the metadata is.
    let end = heic.windows(4).position(|kind| kind == b"mdat").unwrap() - 4;
    heic[end - 8..end - 4].copy_from_slice(&40_u32.to_be_bytes());
    let error = strip(&heic, "image/heic").expect_err("refused");
    assert_eq!(error.code(), ErrorCode::FileNotValid, "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_holds_for_files_holds_for_any_bytes_behind_a_beginning(noise in prop::collection::vec(any::<u8>(), 0..2_000), keep in any::<(prop::sample::Index, prop::sample::Index)>()) {
        for (file, media_type) in samples().iter().map(|(file, kind)| (file.as_slice(), *kind)).chain(SOUNDS) {
            // The beginning, where most is decided, is cut more often.
            let kept = keep.0.index(keep.1.index(file.len()) + 1);
            properties::look(media_type, &[&file[..kept], &noise].concat());
        }
    }

    #[test]
    fn what_holds_for_files_holds_with_a_few_wrong_bytes(wrong in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        for (file, media_type) in samples().iter().map(|(file, kind)| (file.as_slice(), *kind)).chain(SOUNDS) {
            let mut file = file.to_vec();
            for (at, byte) in &wrong {
                *at.get_mut(&mut file) = *byte;
            }
            properties::look(media_type, &file);
        }
    }
}
