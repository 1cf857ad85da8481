//! Opus (RFC 6716), which browsers record and the library for the other formats does not decode.

use opus_pure::OpusDecoder;

/// Samples a second that are asked for. Opus gives any of its rates, whatever was recorded; this one is enough to see
/// where somebody speaks.
pub(super) const RATE: u32 = 16_000;
/// Samples of the longest packet, 120 ms (RFC 6716, section 3.2.5).
const PACKET_SAMPLES_MAX: usize = RATE as usize * 120 / 1000;
/// What is said in units of 48,000 a second, whatever the rate, is divided by this (RFC 7845, section 5.1).
const UNITS_PER_SAMPLE: usize = 48_000 / RATE as usize;

/// Decodes to one channel.
pub(super) struct Opus {
    decoder: OpusDecoder,
    /// Samples that are still to be left out, before which the decoder settles.
    skip: usize,
}

impl Opus {
    /// There is none for more than two channels, which come in several streams.
    pub(super) fn new(header: &[u8]) -> Option<Self> {
        let skip = match header {
            [b'O', b'p', b'u', b's', b'H', b'e', b'a', b'd', _, channels, low, high, ..] => {
                if *channels > 2 {
                    return None;
                }
                usize::from(u16::from_le_bytes([*low, *high]))
            }
            _ => 0,
        };
        let decoder = OpusDecoder::new(i32::try_from(RATE).ok()?, 1).ok()?;
        Some(Self { decoder, skip: skip / UNITS_PER_SAMPLE })
    }

    /// Decodes a packet, at whose end `trim` units do not count.
    pub(super) fn decode(&mut self, packet: &[u8], trim: u64, samples: &mut Vec<f32>) -> Option<()> {
        samples.resize(PACKET_SAMPLES_MAX, 0.0);
        let decoded = self.decoder.decode(packet, PACKET_SAMPLES_MAX, samples).unwrap_or(0);
        let trim = usize::try_from(trim).unwrap_or(usize::MAX) / UNITS_PER_SAMPLE;
        samples.truncate(decoded.saturating_sub(trim));
        let skipped = self.skip.min(samples.len());
        self.skip -= skipped;
        samples.drain(..skipped);
        (decoded > 0).then_some(())
    }
}
