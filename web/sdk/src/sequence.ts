import { Backoff, retrying } from "./backoff.ts";
import type { Environment } from "./environment.ts";
import type { Page } from "./types.ts";

/** A durable event: `seq` is its position in the log of its conversation. */
export interface Sequenced {
  seq: number;
}

export interface SequenceHandlers<E extends Sequenced> {
  /** Asks the server for the events behind a position. */
  fetch(after: number): Promise<Page<E>>;
  /** Takes the next event. */
  apply(event: E): void;
}

/**
 * Puts the events of one log in order: each is applied exactly once, and none before its predecessor.
 *
 * Sockets deliver at least once and may lose; so what was seen is dropped, and what is missing is fetched first.
 */
export class Sequence<E extends Sequenced> {
  readonly #ahead = new Map<number, E>();
  readonly #backoff: Backoff;
  #position: number;
  #closed = false;
  #asked = false;
  #healing: Promise<void> | undefined;

  constructor(
    env: Environment,
    position: number,
    private readonly handlers: SequenceHandlers<E>,
  ) {
    this.#position = position;
    this.#backoff = new Backoff(env);
  }

  /** The position of the newest event that was applied. */
  get position(): number {
    return this.#position;
  }

  /** Takes an event that arrived. Answers false when something before it is missing: then {@link fill}. */
  receive(event: E): boolean {
    if (event.seq > this.#position) this.#ahead.set(event.seq, event);
    for (;;) {
      const next = this.#ahead.get(this.#position + 1);
      if (!next) return this.#ahead.size === 0;
      this.#ahead.delete(next.seq);
      this.#position = next.seq;
      this.handlers.apply(next);
    }
  }

  /** Fetches what is missing before events that are here already. */
  fill(): Promise<void> {
    this.#healing ??= this.#heal().finally(() => (this.#healing = undefined));
    return this.#healing;
  }

  /** Fetches whatever there is, to the end. A fetch that was under way does not count: it may have missed the end. */
  heal(): Promise<void> {
    this.#asked = true;
    this.#backoff.wake();
    return this.fill();
  }

  /** Applies nothing any more. */
  close(): void {
    this.#closed = true;
    this.#backoff.wake();
  }

  async #heal(): Promise<void> {
    while (!this.#closed) {
      this.#asked = false;
      const before = this.#position;
      const page = await retrying(this.#backoff, () => !this.#closed, () => this.handlers.fetch(before));
      if (this.#closed) return;
      for (const event of page.data) this.receive(event);
      if (page.meta.hasMore || this.#asked) continue;
      if (this.#ahead.size === 0) return;
      // An event was announced that the log does not show yet: ask again, but not in a loop.
      if (this.#position === before) await this.#backoff.wait();
    }
  }
}
