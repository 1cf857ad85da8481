use super::media::{
    TYPES, exif, gif_of, heic, jpeg_with, packed, png_with, riff_chunk, scene, webp, webp_picture,
};
use super::{holds, look, strip};
use image::ImageFormat;

const PLACE: &[u8] = b"48.8577";

fn pixels(bytes: &[u8]) -> Vec<u8> {
    image::load_from_memory(bytes).unwrap().into_bytes()
}

/// Takes out what is private, and shows that all of that is gone, that nothing of the picture is, and that it was all.
fn stripped(file: &[u8], media_type: &str, private: &[&[u8]]) -> Vec<u8> {
    for part in private {
        assert!(holds(file, part), "{}", part.escape_ascii());
    }
    let stripped = strip(file, media_type).unwrap().expect("there is something private");
    for part in private {
        assert!(!holds(&stripped, part), "{}", part.escape_ascii());
    }
    assert_eq!(pixels(&stripped), pixels(file));
    assert_eq!(strip(&stripped, media_type).unwrap(), None);
    stripped
}

#[test]
fn a_picture_with_nothing_private_is_left_alone() {
    for (format, media_type) in TYPES {
        assert_eq!(strip(&packed(&scene(40, 30), format), media_type).unwrap(), None, "{media_type}");
    }
    assert_eq!(strip(b"any bytes", "application/pdf").unwrap(), None);
}

#[test]
fn a_jpeg_keeps_its_colours_and_its_orientation_only() {
    let exif = [b"Exif\0\0".as_slice(), &exif(6)].concat();
    let jpeg = jpeg_with(
        &packed(&scene(40, 30), ImageFormat::Jpeg),
        &[
            (0xe1, &exif),
            (0xe1, b"http://ns.adobe.com/xap/1.0/\0<xmp>48.8577</xmp>"),
            (0xe2, b"ICC_PROFILE\0\x01\x01the profile"),
            (0xe2, b"MPF\0more pictures"),
            (0xed, b"Photoshop 3.0\0caption"),
            (0xfe, b"a remark"),
        ],
    );
    let film = [jpeg.as_slice(), b"\0\0\0\x18ftypmp42 a film of the moment before"].concat();
    let private = [PLACE, b"Camera", b"caption", b"a remark", b"more pictures", b"ftypmp42"];
    let stripped = stripped(&film, "image/jpeg", &private);
    assert!(holds(&stripped, b"the profile"));
    let look = look(&stripped, "image/jpeg").unwrap().look;
    assert_eq!((look.width, look.height), (Some(30), Some(40)));
}

#[test]
fn a_png_keeps_its_colours_and_its_orientation_only() {
    let png = png_with(
        &packed(&scene(40, 30), ImageFormat::Png),
        &[
            (b"gAMA", &[0, 0, 0xb1, 0x8f]),
            (b"eXIf", &exif(6)),
            (b"tEXt", b"Comment\0a remark"),
            (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<xmp>48.8577</xmp>"),
            (b"tIME", &[7, 0xea, 1, 1, 0, 0, 0]),
            (b"prVt", b"of some program"),
        ],
    );
    let behind = [png.as_slice(), b"PK\x03\x04 another file"].concat();
    let private = [PLACE, b"Camera", b"a remark", b"tIME", b"of some program", b"another file"];
    let stripped = stripped(&behind, "image/png", &private);
    assert!(holds(&stripped, b"gAMA"));
    let look = look(&stripped, "image/png").unwrap().look;
    assert_eq!((look.width, look.height), (Some(30), Some(40)));
}

#[test]
fn a_webp_keeps_its_colours_and_its_orientation_only() {
    let picture = webp_picture(&packed(&scene(40, 30), ImageFormat::WebP));
    for (orientation, width) in [(6, 30), (1, 40)] {
        let chunks = [
            riff_chunk(*b"ICCP", b"the profile"),
            picture.clone(),
            riff_chunk(*b"EXIF", &exif(orientation)),
            riff_chunk(*b"XMP ", b"<xmp>48.8577</xmp>"),
            riff_chunk(*b"note", b"of some program"),
        ];
        let webp = [webp(40, 30, 0x2c, &chunks), b"another file".to_vec()].concat();
        let private = [PLACE, b"Camera", b"of some program", b"another file"];
        let stripped = stripped(&webp, "image/webp", &private);
        assert!(holds(&stripped, b"the profile"));
        assert_eq!(holds(&stripped, b"EXIF"), orientation != 1);
        assert_eq!(u32::from_le_bytes(stripped[4..8].try_into().unwrap()) as usize, stripped.len() - 8);
        assert_eq!(look(&stripped, "image/webp").unwrap().look.width, Some(width));
    }
}

#[test]
fn a_gif_keeps_how_it_moves_only() {
    let gif = gif_of(&[[255, 0, 0, 255], [0, 0, 255, 255]]);
    let (rest, trailer) = gif.split_at(gif.len() - 1);
    let gif = [
        rest,
        b"\x21\xfe\x08a remark\0",
        b"\x21\xff\x0bXMP DataXMP\x07 48.8577\0".get(..22).unwrap(),
        b"\0",
        b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0",
        trailer,
        b"another file",
    ]
    .concat();
    let stripped = stripped(&gif, "image/gif", &[b"a remark", b" 48.857", b"another file"]);
    assert!(holds(&stripped, b"NETSCAPE2.0"));
    assert!(look(&stripped, "image/gif").unwrap().look.animated);
}

#[test]
fn the_metadata_of_heic_is_overwritten() {
    let heic = heic(40, 30, &exif(6));
    assert!(holds(&heic, PLACE));
    let stripped = strip(&heic, "image/heic").unwrap().unwrap();
    assert!(!holds(&stripped, PLACE) && !holds(&stripped, b"Camera"));
    assert_eq!(stripped.len(), heic.len());
    assert!(holds(&stripped, b"the picture"));
    assert_eq!(strip(&stripped, "image/heic").unwrap(), None);
    for file in [heic, stripped] {
        let look = look(&file, "image/heic").unwrap().look;
        assert_eq!((look.width, look.height), (Some(30), Some(40)));
    }
}

#[test]
fn a_film_keeps_its_length_and_plays_as_before() {
    for (film, media_type, private) in [
        (include_bytes!("media/film.mp4").as_slice(), "video/mp4", b"At home".as_slice()),
        (include_bytes!("media/film.mov"), "video/quicktime", b"+48.8577"),
    ] {
        assert!(holds(film, private));
        let stripped = strip(film, media_type).unwrap().unwrap();
        assert!(!holds(&stripped, private));
        assert_eq!(stripped.len(), film.len());
        assert_eq!(look(&stripped, media_type).unwrap().look, look(film, media_type).unwrap().look);
        assert_eq!(strip(&stripped, media_type).unwrap(), None);
        let at = film.windows(4).position(|kind| kind == b"mdat").unwrap();
        let length = u32::from_be_bytes(film[at - 4..at].try_into().unwrap()) as usize;
        assert_eq!(stripped[at..at - 4 + length], film[at..at - 4 + length]);
        assert!(strip(&film[..film.len() - 20], media_type).is_err(), "what is cut off is refused");
    }
}
