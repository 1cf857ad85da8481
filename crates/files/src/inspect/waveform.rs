//! How loud sound is over its time.

#![expect(clippy::cast_precision_loss, reason = "there are fewer frames than a float counts exactly")]

use natter_protocol::limits::WAVEFORM_POINTS;

/// Stretches of sound that are told apart while its length is not known yet. When there are more, each two become one,
/// so that in the end there are many for each point, whatever the length.
const STRETCHES_MAX: usize = 32 * WAVEFORM_POINTS;
/// Sound that is never louder counts as silence: −60 dB, what is left of a quiet room in a good recording. Otherwise its
/// noise would be drawn as if somebody spoke.
const SILENCE: f64 = 0.001;

/// Listens to sound of unknown length in bounded memory.
#[derive(Debug)]
pub(super) struct Waveform {
    /// The energy of each stretch that is over.
    stretches: Vec<f64>,
    /// Frames of one stretch.
    stretch_frames: u64,
    /// The stretch that is not over: its frames and its energy.
    frames: u64,
    energy: f64,
}

impl Default for Waveform {
    fn default() -> Self {
        Self { stretches: Vec::with_capacity(STRETCHES_MAX), stretch_frames: 1, frames: 0, energy: 0.0 }
    }
}

impl Waveform {
    /// Takes samples between −1 and 1, those of the channels next to each other.
    pub(super) fn hear(&mut self, samples: &[f32], channels: usize) {
        for frame in samples.chunks_exact(channels.max(1)) {
            let energy: f64 = frame.iter().map(|sample| f64::from(sample.clamp(-1.0, 1.0)).powi(2)).sum();
            // Formats with floating point can have what is not a number.
            if energy.is_finite() {
                self.energy += energy / frame.len() as f64;
            }
            self.frames += 1;
            if self.frames == self.stretch_frames {
                self.end_stretch();
            }
        }
    }

    /// The points: the mean loudness (root mean square) of as many stretches of equal length, the loudest being 100.
    /// There are none for no sound at all; silence is flat.
    pub(super) fn points(mut self) -> Option<Vec<u8>> {
        if self.frames > 0 {
            // What is left over at the end counts as a stretch that is as loud.
            let left = self.energy * self.stretch_frames as f64 / self.frames as f64;
            self.stretches.push(left);
        }
        if self.stretches.is_empty() {
            return None;
        }
        let count = self.stretches.len();
        let loudness: Vec<f64> = (0..WAVEFORM_POINTS)
            .map(|point| {
                let first = point * count / WAVEFORM_POINTS;
                let end = ((point + 1) * count / WAVEFORM_POINTS).max(first + 1);
                let part = &self.stretches[first..end];
                let frames = part.len() as f64 * self.stretch_frames as f64;
                (part.iter().sum::<f64>() / frames).sqrt()
            })
            .collect();
        let loudest = loudness.iter().copied().fold(0.0, f64::max);
        if loudest <= SILENCE {
            return Some(vec![0; WAVEFORM_POINTS]);
        }
        Some(loudness.iter().map(|loud| percent(loud / loudest)).collect())
    }

    fn end_stretch(&mut self) {
        if self.stretches.len() == STRETCHES_MAX {
            self.stretches = self.stretches.chunks(2).map(|pair| pair.iter().sum()).collect();
            self.stretches.reserve_exact(STRETCHES_MAX - self.stretches.len());
            self.stretch_frames *= 2;
            // The stretch that has just ended is half of one now.
            return;
        }
        self.stretches.push(self.energy);
        (self.frames, self.energy) = (0, 0.0);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of the loudest is between 0 and 1"
)]
fn percent(share: f64) -> u8 {
    (share * 100.0).round() as u8
}
