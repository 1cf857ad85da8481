//! Opus (RFC 6716), which browsers record and the library for the other formats does not decode.

use opus_pure::OpusDecoder;

/// Samples a second. A lower rate would be enough to see where somebody speaks, but at 16,000 the decoder loses the sound
/// for a while when a stream changes from speech to music; at this one it is as the reference decoder is.
pub(super) const RATE: u32 = 48_000;
/// Samples of each channel in the longest packet, 120 ms (RFC 6716, section 3.2.5).
const PACKET_SAMPLES_MAX: usize = RATE as usize * 120 / 1000;

/// Decodes packets to samples, those of the channels next to each other.
pub(super) struct Opus {
    decoder: OpusDecoder,
    channels: usize,
    /// Samples of each channel that are still to be left out: the decoder settles before the sound begins.
    skip: usize,
}

impl Opus {
    /// Reads the header of a stream (RFC 7845, section 5.1). There is no decoder for more than two channels, which come
    /// in several streams.
    pub(super) fn new(header: &[u8]) -> Option<Self> {
        let [b'O', b'p', b'u', b's', b'H', b'e', b'a', b'd', version, channels @ 1..=2, skip @ ..] = header
        else {
            return None;
        };
        let [first, second, ..] = *skip else { return None };
        // In MP4 its numbers are the other way round, and its version is 0 (Opus in ISOBMFF, section 4.3.2).
        let skip = match version {
            0 => u16::from_be_bytes([first, second]),
            _ => u16::from_le_bytes([first, second]),
        };
        let channels = usize::from(*channels);
        let decoder = OpusDecoder::new(i32::try_from(RATE).ok()?, channels).ok()?;
        Some(Self { decoder, channels, skip: usize::from(skip) })
    }

    pub(super) const fn channels(&self) -> usize {
        self.channels
    }

    /// Decodes a packet, the last `trim` samples of which are left out.
    pub(super) fn decode(&mut self, packet: &[u8], trim: u64, samples: &mut Vec<f32>) -> Option<()> {
        samples.resize(PACKET_SAMPLES_MAX * self.channels, 0.0);
        let decoded = self.decoder.decode(packet, PACKET_SAMPLES_MAX, samples).ok()?;
        let kept = decoded.saturating_sub(usize::try_from(trim).unwrap_or(usize::MAX));
        let skipped = self.skip.min(kept);
        self.skip -= skipped;
        samples.truncate(kept * self.channels);
        samples.drain(..skipped * self.channels);
        Some(())
    }
}
