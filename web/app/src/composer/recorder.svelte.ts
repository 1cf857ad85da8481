import { VOICE_SECONDS_MAX } from "./limits.ts";

/** What browsers can record of what the server takes, the best first. */
const FORMATS = [
  { type: "audio/webm;codecs=opus", extension: "webm" },
  { type: "audio/ogg;codecs=opus", extension: "ogg" },
  { type: "audio/mp4;codecs=mp4a.40.2", extension: "m4a" },
  { type: "audio/mp4", extension: "m4a" },
] as const;

/** Enough for speech: 15 minutes are 3.6 MB. */
const BITS_PER_SECOND = 32_000;
/** How often the loudness is noted. */
const LEVEL_MS = 100;

export type Trouble = "denied" | "absent" | "insecure" | "unsupported" | "broken";

/**
 * Records a voice message. The microphone is asked for when recording begins, and let go whenever it ends, in whichever
 * way. What was recorded stays until it is taken or given up.
 */
export class Recorder {
  state = $state<"idle" | "asking" | "recording" | "paused" | "done" | "failed">("idle");
  trouble = $state<Trouble>("broken");
  seconds = $state(0);
  /** How loud it was, from 0 to 1, ten times a second. */
  levels = $state.raw<readonly number[]>([]);
  blob = $state.raw<Blob>();

  #stream: MediaStream | undefined;
  #recorder: MediaRecorder | undefined;
  #context: AudioContext | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #format: (typeof FORMATS)[number] | undefined;
  #given = 0;

  async start(): Promise<void> {
    this.discard();
    const turn = this.#given;
    this.#format = typeof MediaRecorder === "undefined" ? undefined : FORMATS.find(({ type }) => MediaRecorder.isTypeSupported(type));
    if (!isSecureContext) return this.#fail("insecure");
    if (!this.#format) return this.#fail("unsupported");
    this.state = "asking";
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
    } catch (error) {
      if (turn !== this.#given) return;
      const name = error instanceof DOMException ? error.name : "";
      return this.#fail(name === "NotAllowedError" ? "denied" : name === "NotFoundError" ? "absent" : "broken");
    }
    if (turn !== this.#given) {
      // Given up while the browser was asking.
      for (const track of stream.getTracks()) track.stop();
      return;
    }
    this.#stream = stream;
    this.#record(stream, this.#format);
  }

  pause(): void {
    if (this.state !== "recording") return;
    this.#recorder?.pause();
    this.state = "paused";
  }

  resume(): void {
    if (this.state !== "paused") return;
    this.#recorder?.resume();
    this.state = "recording";
  }

  /** Ends the recording; it can be listened to then. */
  async stop(): Promise<void> {
    const recorder = this.#recorder;
    if (this.state === "asking") return this.discard();
    if (!recorder || recorder.state === "inactive") return;
    const ended = new Promise((resolve) => recorder.addEventListener("stop", resolve, { once: true }));
    recorder.stop();
    await ended;
  }

  /** Takes the recording away, as a file. */
  take(): { name: string; blob: Blob } | undefined {
    const { blob } = this;
    const extension = this.#format?.extension ?? "webm";
    this.discard();
    return blob && { name: `voice.${extension}`, blob };
  }

  /** Gives it up, and lets the microphone go. */
  discard(): void {
    this.#given += 1;
    this.#release();
    this.#recorder = undefined;
    this.state = "idle";
    this.seconds = 0;
    this.levels = [];
    this.blob = undefined;
  }

  #record(stream: MediaStream, { type }: (typeof FORMATS)[number]): void {
    const turn = this.#given;
    const recorder = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: BITS_PER_SECOND });
    const parts: Blob[] = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    recorder.onerror = () => {
      if (turn === this.#given) this.#fail("broken");
    };
    recorder.onstop = () => {
      this.#release();
      if (turn !== this.#given) return;
      this.blob = new Blob(parts, { type: type.split(";")[0] ?? type });
      // Nothing came in: the microphone was taken away at once.
      if (this.blob.size === 0) this.#fail("broken");
      else this.state = "done";
    };
    // In pieces, so that what was said before the page is in trouble is not lost.
    recorder.start(1_000);
    this.#recorder = recorder;
    this.state = "recording";
    this.#listen(stream);
  }

  #listen(stream: MediaStream): void {
    const context = new AudioContext();
    this.#context = context;
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.#timer = setInterval(() => {
      if (this.state !== "recording") return;
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      // The root twice: quiet speech is to be seen, too.
      this.levels = [...this.levels, Math.min(1, Math.sqrt(Math.sqrt(power)) * 1.4)];
      this.seconds = (this.levels.length * LEVEL_MS) / 1000;
      if (this.seconds >= VOICE_SECONDS_MAX) void this.stop();
    }, LEVEL_MS);
  }

  #fail(trouble: Trouble): void {
    this.#release();
    this.trouble = trouble;
    this.state = "failed";
  }

  #release(): void {
    clearInterval(this.#timer);
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = undefined;
    void this.#context?.close();
    this.#context = undefined;
    const recorder = this.#recorder;
    if (recorder && recorder.state !== "inactive") recorder.stop();
  }
}
