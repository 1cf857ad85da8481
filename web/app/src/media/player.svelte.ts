import type { Account } from "@natter/sdk";
import { untrack } from "svelte";
import type { FileInfo } from "./kind.ts";
import { GoneError, linksOf } from "./links.ts";

export const SPEEDS = [1, 1.5, 2] as const;

/** What is played, or was until just now. */
export interface Played {
  readonly account: Account;
  readonly file: FileInfo;
  /** Whose voice it is, or what the file is called. */
  readonly title: string;
}

/**
 * Plays sound. It belongs to no row, because rows of a list come and go by scrolling and what is heard goes on. Of all
 * sound and all films, one plays at a time.
 */
class Player {
  #played = $state.raw<Played>();
  #playing = $state(false);
  #seconds = $state(0);
  #speed = $state<number>(SPEEDS[0]);
  #failure = $state<"gone" | "failed">();
  /** How many components in view show what is played. */
  #shown = $state(0);
  #audio: HTMLAudioElement | undefined;
  /** A film that plays. */
  #film: HTMLVideoElement | undefined;
  /** Counts what was begun, so that a late answer does not speak for what came after. */
  #turn = 0;
  #renewed = false;

  get played(): Played | undefined {
    return this.#played;
  }

  get playing(): boolean {
    return this.#playing;
  }

  get seconds(): number {
    return this.#seconds;
  }

  get speed(): number {
    return this.#speed;
  }

  /** Why what was to be played could not be. */
  get failure(): "gone" | "failed" | undefined {
    return this.#failure;
  }

  /** Whether it is played, or stands in its middle, where nobody sees it. */
  get unseen(): boolean {
    return this.#shown === 0 && (this.#playing || this.#seconds > 0);
  }

  has(file: FileInfo): boolean {
    return this.#played?.file.id === file.id;
  }

  /** Plays, goes on, or pauses. */
  toggle(wish: Played): void {
    if (this.has(wish.file) && this.#playing) this.pause();
    else void this.#play(wish, this.has(wish.file) ? this.#seconds : 0);
  }

  /** Goes to a place; what is not played is played from there. */
  seek(wish: Played, seconds: number): void {
    if (!this.has(wish.file) || !this.#audio) return void this.#play(wish, seconds);
    this.#seconds = seconds;
    this.#audio.currentTime = seconds;
  }

  pause(): void {
    this.#turn += 1;
    this.#playing = false;
    this.#audio?.pause();
  }

  /** Ends it for good. */
  stop(): void {
    this.pause();
    this.#audio?.removeAttribute("src");
    this.#audio?.load();
    this.#played = undefined;
    this.#seconds = 0;
    this.#failure = undefined;
  }

  faster(): void {
    const next = SPEEDS.find((speed) => speed > this.#speed) ?? SPEEDS[0];
    this.#speed = next;
    if (this.#audio) this.#audio.playbackRate = next;
  }

  /** A film begins: everything else is silent. */
  filmPlays(film: HTMLVideoElement): void {
    if (this.#film !== film) this.#film?.pause();
    this.#film = film;
    if (this.#playing) this.pause();
  }

  /** Counts the components in view that show what is played. Answers how to stop. */
  shows(): () => void {
    // Whoever calls this while it is rendered must not wait for what it counts.
    untrack(() => (this.#shown += 1));
    return () => (this.#shown -= 1);
  }

  async #play(wish: Played, seconds: number): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    const same = this.has(wish.file);
    this.#film?.pause();
    this.#failure = undefined;
    this.#played = wish;
    this.#playing = true;
    this.#seconds = seconds;
    const audio = (this.#audio ??= this.#create());
    if (!same || !audio.src || audio.error) {
      audio.pause();
      let url;
      try {
        url = await linksOf(wish.account).get(wish.file.id, "original");
      } catch (error) {
        if (turn === this.#turn) this.#fail(error instanceof GoneError ? "gone" : "failed");
        return;
      }
      if (turn !== this.#turn) return;
      audio.src = url;
    }
    audio.playbackRate = this.#speed;
    audio.currentTime = seconds;
    try {
      await audio.play();
      this.#renewed = false;
    } catch (error) {
      // Paused before it began, or replaced by another: no failure. What is broken tells by its own event.
      if (turn === this.#turn && error instanceof DOMException && error.name === "NotAllowedError") this.pause();
    }
  }

  #create(): HTMLAudioElement {
    const audio = new Audio();
    audio.preload = "auto";
    audio.addEventListener("ended", () => {
      this.#playing = false;
      this.#seconds = 0;
    });
    // Paused by the system, such as by a call or by unplugging headphones.
    audio.addEventListener("pause", () => {
      if (audio.src && !audio.ended && audio.readyState > 0) this.#playing = false;
    });
    audio.addEventListener("play", () => {
      this.#playing = true;
      requestAnimationFrame(this.#follow);
    });
    audio.addEventListener("timeupdate", () => this.#look());
    audio.addEventListener("error", () => {
      if (!this.#played || !audio.src) return;
      const { account, file } = this.#played;
      if (this.#renewed) return this.#fail("failed");
      // The address may have become too old on the way.
      this.#renewed = true;
      linksOf(account).forget(file.id);
      if (this.#playing) void this.#play(this.#played, this.#seconds);
    });
    return audio;
  }

  #follow = (): void => {
    this.#look();
    if (this.#playing) requestAnimationFrame(this.#follow);
  };

  #look(): void {
    if (this.#audio && !this.#audio.seeking && !this.#audio.ended && this.#audio.readyState > 0) {
      this.#seconds = this.#audio.currentTime;
    }
  }

  #fail(why: "gone" | "failed"): void {
    this.#playing = false;
    this.#failure = why;
    this.#renewed = false;
  }
}

export const player = new Player();
