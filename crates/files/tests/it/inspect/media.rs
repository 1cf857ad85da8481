//! Pictures and sound that are made for a test.

use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, Frame, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use std::io::Cursor;

pub(super) const TYPES: [(ImageFormat, &str); 4] = [
    (ImageFormat::Jpeg, "image/jpeg"),
    (ImageFormat::Png, "image/png"),
    (ImageFormat::Gif, "image/gif"),
    (ImageFormat::WebP, "image/webp"),
];

/// EXIF metadata that tells a place, and that the picture lies like this.
pub(super) fn exif(orientation: u16) -> Vec<u8> {
    let entries =
        [(0x010f_u16, 2_u16, 7_u32, 50_u32), (0x0112, 3, 1, u32::from(orientation)), (0x8825, 4, 1, 58)];
    let mut tiff = b"II\x2a\0\x08\0\0\0\x03\0".to_vec();
    for (tag, kind, count, value) in entries {
        tiff.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        tiff.extend([count.to_le_bytes(), value.to_le_bytes()].concat());
    }
    tiff.extend([0; 4]);
    tiff.extend(b"Camera\0\0GPS 48.8577 N 2.2950 E");
    tiff
}

/// A picture that is different on each side.
pub(super) fn scene(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_fn(width, height, |x, y| {
        let across = u8::try_from(x * 255 / width).unwrap();
        let down = u8::try_from(y * 255 / height).unwrap();
        Rgb([across, down, 255 - across])
    })
    .into()
}

pub(super) fn plain(width: u32, height: u32, colour: [u8; 4]) -> DynamicImage {
    RgbaImage::from_pixel(width, height, Rgba(colour)).into()
}

pub(super) fn packed(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    match format {
        ImageFormat::Jpeg => {
            let encoder = JpegEncoder::new_with_quality(&mut bytes, 100);
            image.to_rgb8().write_with_encoder(encoder).unwrap();
        }
        format => image.write_to(&mut bytes, format).unwrap(),
    }
    bytes.into_inner()
}

/// A JPEG with segments put behind its beginning.
pub(super) fn jpeg_with(jpeg: &[u8], segments: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes = jpeg[..2].to_vec();
    for (marker, content) in segments {
        bytes.extend([0xff, *marker]);
        bytes.extend(u16::try_from(content.len() + 2).unwrap().to_be_bytes());
        bytes.extend(*content);
    }
    bytes.extend(&jpeg[2..]);
    bytes
}

pub(super) fn png_chunk(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let mut bytes = u32::try_from(content.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend(kind);
    bytes.extend(content);
    bytes.extend(crc32fast::hash(&bytes[4..]).to_be_bytes());
    bytes
}

/// A PNG with chunks put behind its header.
pub(super) fn png_with(png: &[u8], chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut bytes = png[..33].to_vec();
    for (kind, content) in chunks {
        bytes.extend(png_chunk(**kind, content));
    }
    bytes.extend(&png[33..]);
    bytes
}

/// A PNG of any size whose pixels are all zero, 1 bit each.
pub(super) fn png_of_zeros(width: u32, height: u32) -> Vec<u8> {
    use std::io::Write;
    let header = [width.to_be_bytes().as_slice(), &height.to_be_bytes(), &[1, 0, 0, 0, 0]].concat();
    // As far as anybody gets who begins to unpack it.
    let row = vec![0; width.min(50_000).div_ceil(8) as usize + 1];
    let mut pixels = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    (0..height.min(1_000)).for_each(|_| pixels.write_all(&row).unwrap());
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend(png_chunk(*b"IHDR", &header));
    bytes.extend(png_chunk(*b"IDAT", &pixels.finish().unwrap()));
    bytes.extend(png_chunk(*b"IEND", &[]));
    bytes
}

pub(super) fn riff_chunk(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let mut bytes = kind.to_vec();
    bytes.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
    bytes.extend(content);
    bytes.extend(vec![0; content.len() % 2]);
    bytes
}

/// A WebP of several chunks: `flags` say what there is beside the picture.
pub(super) fn webp(width: u32, height: u32, flags: u8, chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut content = b"WEBP".to_vec();
    let extended =
        [&[flags, 0, 0, 0], &(width - 1).to_le_bytes()[..3], &(height - 1).to_le_bytes()[..3]].concat();
    content.extend(riff_chunk(*b"VP8X", &extended));
    content.extend(chunks.concat());
    riff_chunk(*b"RIFF", &content)
}

/// The chunk of a simple WebP that is its picture.
pub(super) fn webp_picture(webp: &[u8]) -> Vec<u8> {
    webp[12..].to_vec()
}

/// A HEIC of two tiles with EXIF metadata, turned by a quarter; its items are no real pictures.
pub(super) fn heic(width: u32, height: u32, exif: &[u8]) -> Vec<u8> {
    let boxed = |kind: &[u8; 4], parts: &[&[u8]]| {
        let content = parts.concat();
        let length = u32::try_from(content.len() + 8).unwrap();
        [length.to_be_bytes().as_slice(), kind, &content].concat()
    };
    let size =
        |width: u32, height: u32| boxed(b"ispe", &[&[0; 4], &width.to_be_bytes(), &height.to_be_bytes()]);
    let item = |id: u8, kind: &[u8; 4]| boxed(b"infe", &[&[2, 0, 0, 0, 0, id, 0, 0], kind, &[0]]);
    let tiles = [size(width / 2, height), size(width, height), boxed(b"irot", &[&[1]])].concat();
    let properties = boxed(b"iprp", &[&boxed(b"ipco", &[&tiles])]);
    let items = boxed(b"iinf", &[&[0; 4], &[0, 2], &item(1, b"hvc1"), &item(2, b"Exif")]);
    let meta = |first: u32| {
        let place = |id: u8, offset: u32, length: usize| {
            let length = u32::try_from(length).unwrap().to_be_bytes();
            [[0, id, 0, 0, 0, 1].as_slice(), &offset.to_be_bytes(), &length].concat()
        };
        let places = [place(1, first, 11), place(2, first + 11, exif.len())].concat();
        let iloc = boxed(b"iloc", &[&[0; 4], &[0x44, 0, 0, 2], &places]);
        boxed(b"meta", &[&[0; 4], &items, &properties, &iloc])
    };
    let kind = boxed(b"ftyp", &[b"heic\0\0\0\0mif1heic"]);
    let first = u32::try_from(kind.len() + meta(0).len() + 8).unwrap();
    [kind, meta(first), boxed(b"mdat", &[b"the picture", exif])].concat()
}

/// A GIF with a frame of each colour.
pub(super) fn gif_of(colours: &[[u8; 4]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    {
        let mut encoder = GifEncoder::new(&mut bytes);
        let frames = colours.iter().map(|colour| Frame::new(plain(32, 16, *colour).to_rgba8()));
        encoder.encode_frames(frames).unwrap();
    }
    bytes
}

/// A WebP with a frame of each colour.
pub(super) fn webp_of(colours: &[[u8; 4]]) -> Vec<u8> {
    let mut chunks = vec![riff_chunk(*b"ANIM", &[0; 6])];
    for colour in colours {
        let mut frame = [[0; 3], [0; 3], [31, 0, 0], [15, 0, 0], [100, 0, 0]].concat();
        frame.push(0);
        frame.extend(webp_picture(&packed(&plain(32, 16, *colour), ImageFormat::WebP)));
        chunks.push(riff_chunk(*b"ANMF", &frame));
    }
    webp(32, 16, 0x02, &chunks)
}

/// A WAV of one channel.
pub(super) fn wav(rate: u32, samples: impl IntoIterator<Item = i16>) -> Vec<u8> {
    let data: Vec<u8> = samples.into_iter().flat_map(i16::to_le_bytes).collect();
    let format =
        [[1, 0, 1, 0].as_slice(), &rate.to_le_bytes(), &(rate * 2).to_le_bytes(), &[2, 0, 16, 0]].concat();
    let mut content = b"WAVE".to_vec();
    content.extend(riff_chunk(*b"fmt ", &format));
    content.extend(riff_chunk(*b"data", &data));
    riff_chunk(*b"RIFF", &content)
}
