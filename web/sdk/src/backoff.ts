import type { Environment } from "./environment.ts";
import { isRetriable, retryAfterMs } from "./errors.ts";

const BASE_MS = 500;
const CAP_MS = 30_000;

/**
 * How long to wait before the next try: exponential, capped, and with full jitter, so that the clients of a server
 * that failed do not come back all at once.
 */
export class Backoff {
  #tries = 0;
  readonly #waiting = new Set<() => void>();

  constructor(private readonly env: Pick<Environment, "after" | "random">) {}

  /** Waits, at least as long as the server asked for. */
  wait(atLeastMs = 0): Promise<void> {
    const ceiling = Math.min(CAP_MS, BASE_MS * 2 ** this.#tries);
    this.#tries += 1;
    return this.waitFor(atLeastMs + this.env.random() * ceiling);
  }

  /** Waits for exactly so long. */
  waitFor(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        this.#waiting.delete(done);
        resolve();
      };
      const cancel = this.env.after(delayMs, done);
      this.#waiting.add(done);
    });
  }

  /** Ends all waits that are under way. */
  wake(): void {
    for (const done of [...this.#waiting]) done();
  }

  /** The next wait is as short as after so many tries, at most. */
  reset(tries = 0): void {
    this.#tries = Math.min(this.#tries, tries);
  }
}

/** Does the work until it is done, refused for good, or not wanted any more. */
export async function retrying<T>(backoff: Backoff, wanted: () => boolean, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      const result = await work();
      backoff.reset();
      return result;
    } catch (error) {
      if (!wanted() || !isRetriable(error)) throw error;
      await backoff.wait(retryAfterMs(error));
      if (!wanted()) throw error;
    }
  }
}
