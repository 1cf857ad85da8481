//! Sound: how long it lasts, and how loud it is over its time.

mod opus;

use super::waveform::Waveform;
use crate::Refused;
use natter_protocol::FileLook;
use natter_protocol::limits::VOICE_SECONDS_MAX;
use opus::Opus;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions, well_known::CODEC_ID_OPUS};
use symphonia::core::common::Limit;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, TimeBase};
use symphonia::default::{get_codecs, get_probe};

/// Bytes that are read of a file of sound or film: the work, and with it the memory, that one costs at most. An hour of
/// Opus has 45 MB at the most that browsers record.
const READ_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Packets that are taken out of one: [`VOICE_SECONDS_MAX`] of the shortest that Opus has, 2.5 ms.
const PACKETS_MAX: u32 = VOICE_SECONDS_MAX * 400;
/// Samples that are decoded of one, over all channels: [`VOICE_SECONDS_MAX`] of stereo at 96 kHz.
const SAMPLES_MAX: u64 = VOICE_SECONDS_MAX as u64 * 2 * 96_000;
/// Bytes of titles and of pictures of covers, none of which is used.
const TAG_BYTES_MAX: usize = 64 * 1024;

/// Looks at sound. What cannot be decoded is not refused: somebody may have a program that plays it.
pub(super) fn look(path: &Path) -> Result<FileLook, Refused> {
    let Some(mut opened) = Opened::open(path)? else { return Ok(FileLook::default()) };
    let limit_ms = u64::from(VOICE_SECONDS_MAX) * 1000;
    let said_ms = opened.said_ms();
    if said_ms.is_some_and(|said_ms| said_ms > limit_ms) {
        return Ok(FileLook { duration_ms: said_ms, ..FileLook::default() });
    }
    // What is heard counts, and not what is said: a message of an hour could say that it lasts a second.
    let heard = opened.listen(limit_ms);
    Ok(match heard {
        Some(Heard { duration_ms, .. }) if duration_ms > limit_ms => {
            FileLook { duration_ms: Some(duration_ms), ..FileLook::default() }
        }
        Some(Heard { duration_ms, waveform }) => {
            FileLook { duration_ms: Some(duration_ms), waveform: waveform.points(), ..FileLook::default() }
        }
        None => FileLook { duration_ms: said_ms, ..FileLook::default() },
    })
}

/// How long it lasts as it says itself, or else as its packets tell.
pub(super) fn duration_ms(opened: &mut Opened) -> Option<u64> {
    opened.said_ms().or_else(|| opened.counted_ms())
}

/// A file of sound or film, of which the beginning is read.
pub(super) struct Opened {
    format: Box<dyn FormatReader>,
}

struct Heard {
    duration_ms: u64,
    waveform: Waveform,
}

impl Opened {
    /// Opens a file. There is nothing if its format is not known.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, Refused> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let source = Bounded { file, length, left: READ_BYTES_MAX };
        let stream = MediaSourceStream::new(Box::new(source), MediaSourceStreamOptions::default());
        let tags = MetadataOptions::default()
            .limit_tag_bytes(Limit::Maximum(TAG_BYTES_MAX))
            .limit_visual_bytes(Limit::Maximum(TAG_BYTES_MAX));
        let probed = get_probe().probe(&Hint::new(), stream, FormatOptions::default(), tags);
        Ok(probed.ok().map(|format| Self { format }))
    }

    /// Pixels across and down of its pictures.
    pub(super) fn dimensions(&self) -> Option<(u32, u32)> {
        let track = self.format.first_track(TrackType::Video)?;
        let video = track.codec_params.as_ref()?.video()?;
        let (width, height) = (u32::from(video.width?), u32::from(video.height?));
        (width > 0 && height > 0).then_some((width, height))
    }

    fn said_ms(&self) -> Option<u64> {
        let of_track = |track: &Track| {
            let base = track.time_base?;
            ms(base, track.duration.map(Duration::get).or(track.num_frames)?)
        };
        let whole = self.format.media_info();
        let of_whole = || ms(whole.time_base?, whole.duration?.get());
        let said = self.format.default_track(TrackType::Audio).and_then(of_track);
        said.or_else(of_whole).filter(|&said| said > 0)
    }

    /// Goes through the packets, as far as that is no more work than it may be.
    fn counted_ms(&mut self) -> Option<u64> {
        let (mut first, mut last) = (u64::MAX, 0);
        for _ in 0..PACKETS_MAX {
            let packet = match next(&mut *self.format) {
                Next::Packet(packet) => packet,
                Next::End if first < last => return Some(last - first),
                Next::End | Next::TooMuch => return None,
            };
            let track = self.format.tracks().iter().find(|track| track.id == packet.track_id);
            let Some(base) = track.and_then(|track| track.time_base) else { continue };
            let begin = u64::try_from(packet.pts.get()).unwrap_or(0);
            first = first.min(ms(base, begin)?);
            last = last.max(ms(base, begin.checked_add(packet.dur.get())?)?);
        }
        None
    }

    /// Decodes the sound, until it is over or lasts longer than `limit_ms`.
    fn listen(&mut self, limit_ms: u64) -> Option<Heard> {
        let track = self.format.default_track(TrackType::Audio)?;
        let track_id = track.id;
        let mut decoder = Decoder::of(track)?;
        let mut waveform = Waveform::default();
        let (mut samples, mut heard, mut frames, mut rate) = (Vec::new(), 0_u64, 0_u64, None);
        for _ in 0..PACKETS_MAX {
            let packet = match next(&mut *self.format) {
                Next::Packet(packet) if packet.track_id == track_id => packet,
                Next::Packet(_) => continue,
                Next::End => break,
                Next::TooMuch => return None,
            };
            samples.clear();
            // A packet that cannot be decoded is left out, as every player does.
            let Some(sound) = decoder.decode(&packet, &mut samples) else { continue };
            if *rate.get_or_insert(sound.rate) != sound.rate {
                return None;
            }
            heard += samples.len() as u64;
            frames += (samples.len() / sound.channels.max(1)) as u64;
            waveform.hear(&samples, sound.channels);
            let duration_ms = frames * 1000 / u64::from(sound.rate.max(1));
            if duration_ms > limit_ms {
                return Some(Heard { duration_ms, waveform });
            }
            if heard > SAMPLES_MAX {
                return None;
            }
        }
        let rate = u64::from(rate.filter(|&rate| rate > 0)?);
        Some(Heard { duration_ms: frames * 1000 / rate, waveform })
    }
}

/// What a packet was decoded to, beside its samples.
struct Sound {
    rate: u32,
    channels: usize,
}

enum Decoder {
    Opus(Box<Opus>),
    Other(Box<dyn AudioDecoder>),
}

impl Decoder {
    fn of(track: &Track) -> Option<Self> {
        let CodecParameters::Audio(parameters) = track.codec_params.as_ref()? else { return None };
        if parameters.codec == CODEC_ID_OPUS {
            return Opus::new(parameters.extra_data.as_deref().unwrap_or_default())
                .map(|opus| Self::Opus(Box::new(opus)));
        }
        let decoder = get_codecs().make_audio_decoder(parameters, &AudioDecoderOptions::default());
        decoder.ok().map(Self::Other)
    }

    /// Decodes a packet to samples, those of the channels next to each other.
    fn decode(&mut self, packet: &Packet, samples: &mut Vec<f32>) -> Option<Sound> {
        match self {
            Self::Opus(opus) => {
                opus.decode(&packet.data, packet.trim_end.get(), samples)?;
                Some(Sound { rate: opus::RATE, channels: opus.channels() })
            }
            Self::Other(decoder) => {
                let sound = decoder.decode(packet).ok()?;
                sound.copy_to_vec_interleaved(samples);
                let spec = sound.spec();
                Some(Sound { rate: spec.rate(), channels: spec.channels().count() })
            }
        }
    }
}

enum Next {
    Packet(Packet),
    /// The sound is over; what is cut off ends where it is cut off.
    End,
    /// More would have to be read than may be.
    TooMuch,
}

fn next(format: &mut dyn FormatReader) -> Next {
    match format.next_packet() {
        Ok(Some(packet)) => Next::Packet(packet),
        Err(Error::IoError(error)) if error.kind() == TOO_MUCH => Next::TooMuch,
        Ok(None) | Err(_) => Next::End,
    }
}

fn ms(base: TimeBase, ticks: u64) -> Option<u64> {
    let ms = u128::from(ticks) * 1000 * u128::from(base.numer.get()) / u128::from(base.denom.get());
    u64::try_from(ms).ok()
}

/// The kind of error that a [`Bounded`] file has when enough is read.
const TOO_MUCH: io::ErrorKind = io::ErrorKind::QuotaExceeded;

/// A file of which only so much is read.
struct Bounded {
    file: File,
    length: u64,
    left: u64,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or(TOO_MUCH)?;
        Ok(read)
    }
}

impl Seek for Bounded {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl MediaSource for Bounded {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.length)
    }
}
