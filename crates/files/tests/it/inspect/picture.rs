use super::media::{
    self, TYPES, exif, gif_of, jpeg_with, packed, plain, png_with, riff_chunk, scene, webp, webp_of,
    webp_picture,
};
use super::{look, strip};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat};
use natter_files::inspect::{self, Seen};
use natter_protocol::ThumbnailSize::{Large, Small};
use std::io::Cursor;

const RED: [u8; 4] = [255, 0, 0, 255];
const BLUE: [u8; 4] = [0, 0, 255, 255];

/// The sizes of the thumbnails, as they are told; they are what the thumbnails have.
fn sizes(seen: &Seen) -> Vec<(natter_protocol::ThumbnailSize, u32, u32)> {
    let told: Vec<_> =
        seen.look.thumbnails.iter().map(|thumb| (thumb.size, thumb.width, thumb.height)).collect();
    let made = seen.thumbnails.iter().map(|(size, bytes)| {
        let image = image::load_from_memory(bytes).unwrap();
        (*size, image.width(), image.height())
    });
    assert_eq!(told, made.collect::<Vec<_>>());
    told
}

fn small(seen: &Seen) -> DynamicImage {
    image::load_from_memory(&seen.thumbnails[0].1).unwrap()
}

/// How far apart two pictures are, on average over all pixels and colours.
fn distance(one: &DynamicImage, other: &DynamicImage) -> f64 {
    let (one, other) = (one.to_rgb8(), other.to_rgb8());
    assert_eq!(one.dimensions(), other.dimensions());
    let sum: u64 = one.iter().zip(other.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    f64::from(u32::try_from(sum).unwrap()) / f64::from(u32::try_from(one.len()).unwrap())
}

#[test]
fn however_a_camera_was_held_its_picture_stands_upright() {
    let upright = scene(48, 32);
    for orientation in 1..=8_u8 {
        let mut lying = upright.clone();
        lying.apply_orientation(match Orientation::from_exif(orientation).unwrap() {
            Orientation::Rotate90 => Orientation::Rotate270,
            Orientation::Rotate270 => Orientation::Rotate90,
            // The others are undone by doing them again.
            other => other,
        });
        let exif = exif(orientation.into());
        let jpeg_exif = [b"Exif\0\0".as_slice(), &exif].concat();
        let files = [
            ("image/jpeg", jpeg_with(&packed(&lying, ImageFormat::Jpeg), &[(0xe1, &jpeg_exif)])),
            ("image/png", png_with(&packed(&lying, ImageFormat::Png), &[(b"eXIf", &exif)])),
            ("image/webp", {
                let picture = webp_picture(&packed(&lying, ImageFormat::WebP));
                webp(lying.width(), lying.height(), 0x08, &[picture, riff_chunk(*b"EXIF", &exif)])
            }),
        ];
        for (media_type, file) in files {
            let stripped = strip(&file, media_type).unwrap().unwrap();
            for file in [file, stripped] {
                let seen = look(&file, media_type).unwrap();
                assert_eq!((seen.look.width, seen.look.height), (Some(48), Some(32)));
                let apart = distance(&small(&seen), &upright);
                assert!(apart < 4.0, "{media_type} lying as {orientation} is {apart} apart");
            }
        }
    }
}

#[test]
fn a_thumbnail_is_never_larger_than_its_picture() {
    for (format, media_type) in TYPES {
        let sizes = |width, height| sizes(&look(&packed(&scene(width, height), format), media_type).unwrap());
        assert_eq!(sizes(100, 50), [(Small, 100, 50)]);
        assert_eq!(sizes(320, 10), [(Small, 320, 10)]);
        assert_eq!(sizes(400, 800), [(Small, 160, 320), (Large, 400, 800)]);
        assert_eq!(sizes(1, 1), [(Small, 1, 1)]);
        assert_eq!(sizes(2_000, 1), [(Small, 320, 1), (Large, 1_280, 1)]);
    }
    let seen = look(&packed(&scene(3_000, 1_500), ImageFormat::Jpeg), "image/jpeg").unwrap();
    assert_eq!(sizes(&seen), [(Small, 320, 160), (Large, 1_280, 640)]);
}

#[test]
fn what_can_be_seen_through_stays_so() {
    let seen = look(&packed(&plain(400, 40, [255, 0, 0, 128]), ImageFormat::Png), "image/png").unwrap();
    for (_, bytes) in &seen.thumbnails {
        assert_eq!(image::guess_format(bytes).unwrap(), ImageFormat::WebP);
        let pixel = image::load_from_memory(bytes).unwrap().to_rgba8().get_pixel(5, 5).0;
        assert_eq!(pixel, [255, 0, 0, 128]);
    }
    // A channel that nothing is seen through by is not worth the larger format.
    let seen = look(&packed(&plain(400, 40, RED), ImageFormat::Png), "image/png").unwrap();
    assert_eq!(image::guess_format(&seen.thumbnails[0].1).unwrap(), ImageFormat::Jpeg);
}

#[test]
fn pictures_of_any_depth_are_looked_at() {
    let scene = scene(400, 300);
    for image in [
        DynamicImage::from(scene.to_luma8()),
        scene.to_luma_alpha8().into(),
        scene.to_rgb16().into(),
        scene.to_rgba16().into(),
        scene.to_luma16().into(),
    ] {
        let seen = look(&packed(&image, ImageFormat::Png), "image/png").unwrap();
        assert_eq!(sizes(&seen), [(Small, 320, 240), (Large, 400, 300)]);
    }
}

#[test]
fn of_a_moving_picture_the_first_frame_is_shown() {
    let apng = {
        let png = packed(&plain(32, 16, RED), ImageFormat::Png);
        png_with(&png, &[(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0])])
    };
    for (media_type, moving, still) in [
        ("image/gif", gif_of(&[RED, BLUE]), gif_of(&[RED])),
        ("image/webp", webp_of(&[RED, BLUE]), webp_of(&[RED])),
        ("image/png", apng, packed(&plain(32, 16, RED), ImageFormat::Png)),
    ] {
        for (file, animated) in [(moving, true), (still, false)] {
            let seen = look(&file, media_type).unwrap();
            assert_eq!(seen.look.animated, animated, "{media_type}");
            assert_eq!((seen.look.width, seen.look.height), (Some(32), Some(16)));
            let [red, green, blue] = small(&seen).to_rgb8().get_pixel(16, 8).0;
            assert!(red > 240 && green < 15 && blue < 15, "{media_type}: {red} {green} {blue}");
        }
    }
}

#[test]
fn a_placeholder_has_the_colour_of_its_picture() {
    for (format, media_type) in TYPES {
        let placeholder = look(&packed(&plain(300, 200, [200, 100, 50, 255]), format), media_type).unwrap();
        let hash = STANDARD.decode(placeholder.look.placeholder.unwrap()).unwrap();
        let (red, green, blue, alpha) = thumbhash::thumb_hash_to_average_rgba(&hash).unwrap();
        for (part, expected) in [(red, 200.0), (green, 100.0), (blue, 50.0), (alpha, 255.0)] {
            assert!((part * 255.0 - expected).abs() < 12.0, "{media_type}: {part} is not {expected}");
        }
    }
}

#[test]
fn a_colour_profile_goes_along_unless_it_is_of_other_colours() {
    let profile = |space: &[u8; 4]| {
        let mut profile = vec![0; 128];
        profile[16..20].copy_from_slice(space);
        profile
    };
    for (space, goes) in [(b"RGB ", true), (b"CMYK", false), (b"GRAY", false)] {
        let segment = [b"ICC_PROFILE\0\x01\x01".as_slice(), &profile(space)].concat();
        let file = jpeg_with(&packed(&scene(50, 50), ImageFormat::Jpeg), &[(0xe2, &segment)]);
        let seen = look(&file, "image/jpeg").unwrap();
        let thumbnail = Cursor::new(seen.thumbnails[0].1.clone());
        let mut decoder = image::codecs::jpeg::JpegDecoder::new(thumbnail).unwrap();
        assert_eq!(decoder.icc_profile().unwrap(), goes.then(|| profile(space)));
    }
}

#[test]
fn the_picture_of_a_link_preview_is_made_small() {
    for (format, _) in TYPES {
        let picture = inspect::picture(&packed(&scene(1_000, 500), format)).unwrap();
        assert_eq!((picture.width, picture.height, picture.media_type), (640, 320, "image/jpeg"));
        let image = image::load_from_memory(&picture.bytes).unwrap();
        assert_eq!((image.width(), image.height()), (640, 320));
    }
    assert!(inspect::picture(b"<html>").is_err());
    assert!(inspect::picture(&media::png_of_zeros(50_000, 50_000)).is_err());
}
