//! Pictures: how large they are, and smaller ones of them.

use super::survey::{Survey, damaged, survey};
use super::{Picture, Seen};
use crate::Refused;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fast_image_resize::{FilterType, MulDiv, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::webp::WebPEncoder;
use image::error::ImageError;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, Limits};
use natter_protocol::limits::{IMAGE_PIXELS_MAX, THUMBNAIL_LARGE_PIXELS, THUMBNAIL_SMALL_PIXELS};
use natter_protocol::{FileLook, Thumbnail, ThumbnailSize};
use std::io::{BufRead, Cursor, Seek};

/// Bytes of memory in which a picture is unpacked; of one that needs more only the dimensions are told. Room for
/// [`IMAGE_PIXELS_MAX`] with eight bits in each of four channels.
const UNPACKED_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Bytes of a picture that is unpacked. Decoders of JPEG and WebP have all of them in memory.
const PACKED_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Pixels of the longer side of a link preview's picture: the width of a card on a screen of double density.
const PREVIEW_PIXELS: u32 = 640;
/// Pixels of the longer side of what a placeholder is made of. `ThumbHash` allows 100 and keeps no more than 7 waves.
const PLACEHOLDER_PIXELS: u32 = 64;
/// Quality of thumbnails, from 1 to 100: with 80 nothing is seen of it on photographs, at a tenth of the bytes of 100.
const JPEG_QUALITY: u8 = 80;
/// Bytes of a colour profile that goes along with a thumbnail. Those of screens and telephones have 500 to 4,000.
const PROFILE_BYTES_MAX: usize = 8 * 1024;

/// Looks at a picture and makes its thumbnails. The large one is left out if it would not be larger than the small one.
pub(super) fn look(mut from: impl BufRead + Seek, format: ImageFormat) -> Result<Seen, Refused> {
    let survey = survey(&mut from, format)?;
    let mut seen = Seen::from(FileLook { animated: survey.animated, ..FileLook::default() });
    let Some(opened) = open(from, format, &survey)? else { return Ok(seen) };
    (seen.look.width, seen.look.height) = (Some(opened.width), Some(opened.height));
    let Some(unpacked) = opened.unpack(THUMBNAIL_LARGE_PIXELS)? else { return Ok(seen) };
    let small = unpacked.clone().shrink(THUMBNAIL_SMALL_PIXELS)?;
    seen.look.placeholder = Some(small.placeholder()?);
    seen.add(ThumbnailSize::Small, &small)?;
    if unpacked.longer_side() > THUMBNAIL_SMALL_PIXELS {
        seen.add(ThumbnailSize::Large, &unpacked)?;
    }
    Ok(seen)
}

/// Makes the picture of a link preview out of one of a page.
pub(super) fn preview(bytes: &[u8]) -> Result<Picture, Refused> {
    let format = image::guess_format(bytes).map_err(|_| damaged("this is no picture"))?;
    let survey = survey(Cursor::new(bytes), format)?;
    let opened = open(Cursor::new(bytes), format, &survey)?;
    let unpacked = opened.map(|opened| opened.unpack(PREVIEW_PIXELS)).transpose()?.flatten();
    let unpacked = unpacked.ok_or_else(|| damaged("the picture cannot be unpacked"))?;
    let (media_type, bytes) = unpacked.pack()?;
    let (width, height) = (unpacked.image.width(), unpacked.image.height());
    Ok(Picture { media_type, bytes, width, height, placeholder: unpacked.placeholder()? })
}

impl Seen {
    fn add(&mut self, size: ThumbnailSize, picture: &Unpacked) -> Result<(), Refused> {
        let (width, height) = (picture.image.width(), picture.image.height());
        self.look.thumbnails.push(Thumbnail { size, width, height });
        self.thumbnails.push((size, picture.pack()?.1));
        Ok(())
    }
}

/// A picture of which only the header is read.
struct Opened<D> {
    decoder: D,
    orientation: Orientation,
    /// As it is shown.
    width: u32,
    height: u32,
    bytes: u64,
}

/// A picture that is unpacked, at most as large as it was asked for, and upright.
#[derive(Clone)]
struct Unpacked {
    image: DynamicImage,
    profile: Option<Vec<u8>>,
}

/// Reads the header. There is nothing if the picture is of a kind that browsers may know and the decoder does not, or
/// has too many bytes.
fn open<'r>(
    mut from: impl BufRead + Seek + 'r,
    format: ImageFormat,
    survey: &Survey,
) -> Result<Option<Opened<impl ImageDecoder + 'r>>, Refused> {
    if from.seek(std::io::SeekFrom::End(0))? > PACKED_BYTES_MAX {
        return Ok(None);
    }
    from.rewind()?;
    let mut reader = ImageReader::with_format(from, format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(UNPACKED_BYTES_MAX);
    reader.limits(limits);
    let decoder = match reader.into_decoder() {
        Ok(decoder) => decoder,
        Err(ImageError::Unsupported(_)) => return Ok(None),
        Err(error) => return Err(refused(error)),
    };
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(damaged("the picture has no pixels"));
    }
    if pixels > IMAGE_PIXELS_MAX {
        let what = format!("the picture has {pixels} pixels, and may have {IMAGE_PIXELS_MAX}");
        return Err(Refused::NotValid(what));
    }
    // Two bytes for each coefficient of each channel are held until the last pass is over.
    let passes = if survey.progressive { 2 * u64::from(decoder.color_type().channel_count()) } else { 0 };
    let bytes = decoder.total_bytes().saturating_add(pixels * passes);
    let orientation = survey.orientation;
    let (width, height) = if is_on_its_side(orientation) { (height, width) } else { (width, height) };
    Ok(Some(Opened { decoder, orientation, width, height, bytes }))
}

impl<D: ImageDecoder> Opened<D> {
    /// Unpacks it, unless that takes too much memory.
    fn unpack(mut self, longer_side_max: u32) -> Result<Option<Unpacked>, Refused> {
        if self.bytes > UNPACKED_BYTES_MAX {
            return Ok(None);
        }
        let profile = self.decoder.icc_profile().map_err(refused)?;
        let image = DynamicImage::from_decoder(self.decoder).map_err(refused)?;
        let profile = profile.filter(|profile| profile.len() <= PROFILE_BYTES_MAX && is_of_rgb(profile));
        let mut unpacked = Unpacked { image, profile }.shrink(longer_side_max)?;
        unpacked.image.apply_orientation(self.orientation);
        unpacked.image = with_eight_bits(&unpacked.image);
        Ok(Some(unpacked))
    }
}

impl Unpacked {
    fn longer_side(&self) -> u32 {
        self.image.width().max(self.image.height())
    }

    /// A smaller one, or the same if it is small enough. Of the larger one there is no copy at any time.
    fn shrink(mut self, longer_side_max: u32) -> Result<Self, Refused> {
        let longer = self.longer_side();
        if longer <= longer_side_max {
            return Ok(self);
        }
        let scale = |side: u32| {
            let scaled =
                (u64::from(side) * u64::from(longer_side_max) + u64::from(longer) / 2) / u64::from(longer);
            u32::try_from(scaled).unwrap_or(longer_side_max).max(1)
        };
        let (width, height) = (scale(self.image.width()), scale(self.image.height()));
        let mut image = DynamicImage::new(width, height, self.image.color());
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom))
            // By itself it would copy the picture for what is done here.
            .use_alpha(false);
        let has_alpha = self.image.color().has_alpha();
        let failed = |_| damaged("the picture cannot be made smaller");
        if has_alpha {
            MulDiv::default().multiply_alpha_inplace(&mut self.image).map_err(failed)?;
        }
        let resized = Resizer::new().resize(&self.image, &mut image, &options);
        resized.map_err(|_| damaged("the picture cannot be made smaller"))?;
        if has_alpha {
            MulDiv::default().divide_alpha_inplace(&mut image).map_err(failed)?;
        }
        Ok(Self { image, profile: self.profile })
    }

    /// JPEG, or WebP without loss if it can be seen through.
    fn pack(&self) -> Result<(&'static str, Bytes), Refused> {
        let mut bytes = Cursor::new(Vec::new());
        let profile = self.profile.clone();
        let (media_type, packed) = if self.image.color().has_alpha() {
            let encoder = WebPEncoder::new_lossless(&mut bytes);
            ("image/webp", encode(encoder, &self.image, profile))
        } else {
            let encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
            ("image/jpeg", encode(encoder, &self.image, profile))
        };
        packed.map_err(refused)?;
        Ok((media_type, Bytes::from(bytes.into_inner())))
    }

    fn placeholder(&self) -> Result<String, Refused> {
        let small = self.clone().shrink(PLACEHOLDER_PIXELS)?.image.to_rgba8();
        let hash = thumbhash::rgba_to_thumb_hash(small.width() as usize, small.height() as usize, &small);
        Ok(STANDARD.encode(hash))
    }
}

fn encode(
    mut encoder: impl ImageEncoder,
    image: &DynamicImage,
    profile: Option<Vec<u8>>,
) -> Result<(), ImageError> {
    if let Some(profile) = profile {
        encoder.set_icc_profile(profile).map_err(ImageError::Unsupported)?;
    }
    image.write_with_encoder(encoder)
}

/// With eight bits in three channels, or in four if it can be seen through anywhere.
fn with_eight_bits(image: &DynamicImage) -> DynamicImage {
    if image.color().has_alpha() {
        let rgba = image.to_rgba8();
        if rgba.pixels().any(|pixel| pixel[3] != u8::MAX) {
            return rgba.into();
        }
    }
    image.to_rgb8().into()
}

const fn is_on_its_side(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}

/// Whether a colour profile is about red, green and blue (ICC.1:2022, section 7.2: the space is at byte 16). Others do
/// not go with the thumbnail, whose colours are those.
fn is_of_rgb(profile: &[u8]) -> bool {
    profile.get(16..20) == Some(b"RGB ")
}

fn refused(error: ImageError) -> Refused {
    match error {
        ImageError::IoError(error) if error.raw_os_error().is_some() => Refused::Unreadable(error),
        ImageError::Limits(_) => damaged("the picture unpacks to too much"),
        error => Refused::NotValid(format!("the picture is damaged: {error}")),
    }
}
