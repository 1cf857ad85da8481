//! What the worst pictures cost: each is made, and looked at in a process of its own.
//!
//! `cargo run --release --package natter-files --example worst`

#![expect(clippy::print_stdout, reason = "it is a program")]

use anyhow::{Context as _, Result, bail, ensure};
use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, Frame, ImageEncoder as _, RgbaImage};
use natter_files::inspect;
use natter_files::kind::Types;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Pixels of each side of the largest picture that is taken: 50 million in all.
const SIDE: u32 = 7_071;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [] => measure(),
        [path, media_type] => look(Path::new(path), media_type),
        _ => bail!("it takes no arguments"),
    }
}

type Make = fn(&mut BufWriter<File>) -> Result<()>;

fn measure() -> Result<()> {
    let pictures: [(&str, &str, Make); 11] = [
        ("JPEG, 50 million pixels", "image/jpeg", jpeg),
        ("JPEG, 30 million pixels in 64 passes", "image/jpeg", |to| progressive(to, PROGRESSIVE_SIDE)),
        ("JPEG, 50 million pixels in 64 passes", "image/jpeg", |to| progressive(to, 7_071)),
        ("PNG, 50 million pixels that can be seen through", "image/png", png),
        ("PNG, 50 million pixels of 16 bits", "image/png", deep_png),
        ("WebP, 50 million pixels", "image/webp", webp),
        ("GIF, 50 million pixels", "image/gif", |to| gif(to, SIDE, 1)),
        ("GIF, 2,000 frames of a million pixels", "image/gif", |to| gif(to, 1_000, 2_000)),
        ("GIF, 600,000 frames of a pixel", "image/gif", crowded_gif),
        ("PNG that says 50,000 x 50,000 pixels", "image/png", boasting_png),
        ("GIF that says 65,535 x 65,535 pixels", "image/gif", boasting_gif),
    ];
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("picture");
    for (name, media_type, make) in pictures {
        let mut to = BufWriter::new(File::create(&path)?);
        make(&mut to)?;
        to.flush()?;
        drop(to);
        let kib = fs::metadata(&path)?.len() / 1024;
        let looked = Command::new(std::env::current_exe()?).arg(&path).arg(media_type).output()?;
        ensure!(looked.status.success(), "{name}: {}", String::from_utf8_lossy(&looked.stderr));
        println!("{name:50} {kib:>8} KiB  {}", String::from_utf8(looked.stdout)?.trim());
    }
    Ok(())
}

/// Does what is done with an upload; says how long that took and how much memory at most.
fn look(path: &Path, media_type: &str) -> Result<()> {
    let before = peak_kib()?;
    let begun = Instant::now();
    let name = media_type.replace("image/", "picture.");
    let seen = Types::default()
        .check(&name, path)
        .and_then(|kind| inspect::strip(path, kind.media_type, &path.with_extension("stripped")))
        .and_then(|_| inspect::look_at(path, media_type));
    let seconds = begun.elapsed().as_secs_f64();
    let outcome = match seen {
        Ok(seen) => format!("{} thumbnails", seen.thumbnails.len()),
        Err(refused) => format!("refused: {refused}"),
    };
    println!("{:>6} MiB {seconds:>7.2} s  {outcome}", (peak_kib()? - before) / 1024);
    Ok(())
}

fn peak_kib() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(line.context("the kernel does not tell")?.trim().trim_end_matches(" kB").parse()?)
}

/// Something that does not pack well, so that decoders have work to do.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut noise = Vec::with_capacity(bytes);
    while noise.len() < bytes {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        // Of a few colours only, or the files would have more bytes than are unpacked.
        noise.extend(state.to_be_bytes().iter().take(4).map(|byte| byte & 1));
    }
    noise.truncate(bytes);
    noise
}

/// Pixels of each side of the largest progressive JPEG that is unpacked: all passes of it are in memory at once.
const PROGRESSIVE_SIDE: u16 = 5_461;

const PIXELS: usize = (SIDE * SIDE) as usize;

fn jpeg(to: &mut BufWriter<File>) -> Result<()> {
    Ok(JpegEncoder::new_with_quality(to, 60).encode(
        &noise(3 * PIXELS),
        SIDE,
        SIDE,
        ExtendedColorType::Rgb8,
    )?)
}

/// A JPEG in as many passes as one may have, through all of which a decoder goes block by block, for next to no bytes
/// (ITU-T T.81, annex G): each pass says of thousands of blocks at once that nothing is new about them.
fn progressive(to: &mut BufWriter<File>, side: u16) -> Result<()> {
    /// Blocks of which one code says that nothing is new: 2¹⁴, in a bit for the code and fourteen for what is above that.
    const RUN_BLOCKS: usize = 1 << 14;
    const RUN_BITS: usize = 15;
    let [high, low] = side.to_be_bytes();
    let blocks = usize::from(side).div_ceil(8).pow(2);
    to.write_all(&[0xff, 0xd8, 0xff, 0xdb, 0, 67, 0])?;
    to.write_all(&[1; 64])?;
    to.write_all(&[0xff, 0xc2, 0, 17, 8, high, low, high, low, 3])?;
    to.write_all(&[1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0])?;
    // A code of one bit each: no difference, and the run.
    for (table, symbol) in [(0x00, 0x00), (0x10, 0xe0)] {
        to.write_all(&[0xff, 0xc4, 0, 20, table, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, symbol])?;
    }
    to.write_all(&[0xff, 0xda, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 0, 0])?;
    to.write_all(&vec![0; (3 * blocks).div_ceil(8)])?;
    for pass in 0..63 {
        to.write_all(&[0xff, 0xda, 0, 8, 1, pass % 3 + 1, 0, 1, 63, 0])?;
        to.write_all(&vec![0; (blocks.div_ceil(RUN_BLOCKS) * RUN_BITS).div_ceil(8)])?;
    }
    Ok(to.write_all(&[0xff, 0xd9])?)
}

/// As many frames as ten mebibytes hold.
fn crowded_gif(to: &mut BufWriter<File>) -> Result<()> {
    to.write_all(b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff")?;
    for _ in 0..600_000 {
        to.write_all(b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0")?;
    }
    Ok(to.write_all(b"\x3b")?)
}

fn png(to: &mut BufWriter<File>) -> Result<()> {
    Ok(PngEncoder::new(to).write_image(&noise(4 * PIXELS), SIDE, SIDE, ExtendedColorType::Rgba8)?)
}

fn deep_png(to: &mut BufWriter<File>) -> Result<()> {
    Ok(PngEncoder::new(to).write_image(&vec![0; 8 * PIXELS], SIDE, SIDE, ExtendedColorType::Rgba16)?)
}

fn webp(to: &mut BufWriter<File>) -> Result<()> {
    Ok(WebPEncoder::new_lossless(to).encode(&noise(4 * PIXELS), SIDE, SIDE, ExtendedColorType::Rgba8)?)
}

fn gif(to: &mut BufWriter<File>, side: u32, frames: usize) -> Result<()> {
    let pixels = (side * side) as usize;
    let picture = RgbaImage::from_raw(side, side, vec![17; 4 * pixels]).context("the size is wrong")?;
    let mut encoder = GifEncoder::new_with_speed(to, 30);
    for _ in 0..frames {
        encoder.encode_frame(Frame::new(picture.clone()))?;
    }
    Ok(())
}

fn boasting_png(to: &mut BufWriter<File>) -> Result<()> {
    let chunk = |kind: &[u8], content: &[u8]| {
        let body = [kind, content].concat();
        let length = u32::try_from(content.len()).unwrap_or_default();
        [&length.to_be_bytes(), body.as_slice(), &crc32fast::hash(&body).to_be_bytes()].concat()
    };
    let side = 50_000_u32.to_be_bytes();
    let header = [side.as_slice(), &side, &[8, 6, 0, 0, 0]].concat();
    to.write_all(b"\x89PNG\r\n\x1a\n")?;
    for (kind, content) in [(b"IHDR", header), (b"IDAT", vec![0x78, 0x9c, 0x63]), (b"IEND", Vec::new())] {
        to.write_all(&chunk(kind, &content))?;
    }
    Ok(())
}

fn boasting_gif(to: &mut BufWriter<File>) -> Result<()> {
    to.write_all(b"GIF89a\xff\xff\xff\xff\x80\0\0\0\0\0\xff\xff\xff")?;
    to.write_all(b"\x2c\0\0\0\0\xff\xff\xff\xff\0\x02\x02\x44\x01\0\x3b")?;
    Ok(())
}
