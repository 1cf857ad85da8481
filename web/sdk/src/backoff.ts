import type { Cancel, Environment } from "./environment.ts";
import { ChatError, isRetriable } from "./errors.ts";

const BASE_MS = 500;
const CAP_MS = 30_000;

/**
 * How long to wait before the next try: exponential, capped, and with full jitter, so that the clients of a server
 * that failed do not come back all at once.
 */
export class Backoff {
  #tries = 0;
  #wake: (() => void) | undefined;

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
      const cancel: Cancel = this.env.after(delayMs, () => this.#wake?.());
      this.#wake = () => {
        cancel();
        this.#wake = undefined;
        resolve();
      };
    });
  }

  /** Ends a wait that is under way. */
  wake(): void {
    this.#wake?.();
  }

  /** The next wait is short again. */
  reset(): void {
    this.#tries = 0;
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
      await backoff.wait(error instanceof ChatError ? error.retryAfterMs : 0);
      if (!wanted()) throw error;
    }
  }
}
