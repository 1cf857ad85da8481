import { Backoff, retrying } from "./backoff.ts";
import type { Connection } from "./connection.ts";
import type { Environment } from "./environment.ts";
import { isRetriable } from "./errors.ts";
import type { Server } from "./server.ts";
import type { ReadState } from "./types.ts";

/** How often the server is told of a conversation, at most: whoever reads along needs no more. */
const TELL_AGAIN_MS = 2_000;

/**
 * Tells the server how far the user has read. Only the furthest position counts, so what is told late is told once. Over
 * REST: on sockets it would count against what the user may send.
 */
export class Reading {
  readonly #furthest = new Map<string, number>();
  readonly #telling = new Set<string>();

  constructor(
    private readonly env: Environment,
    private readonly server: Server,
    private readonly connection: Connection,
    /** Takes what the server says is left to read. */
    private readonly told: (state: ReadState) => void,
  ) {}

  /** The user has read everything up to a position. */
  mark(conversationId: string, seq: number): void {
    if (seq <= (this.#furthest.get(conversationId) ?? 0)) return;
    this.#furthest.set(conversationId, seq);
    this.#tell(conversationId);
  }

  /** There is a connection: tells what could not be told. */
  open(): void {
    for (const id of this.#furthest.keys()) this.#tell(id);
  }

  #tell(id: string): void {
    if (this.#telling.has(id) || !this.connection.open) return;
    this.#telling.add(id);
    this.#tellAll(id).catch((error: unknown) => {
      // The next connection tells it.
      if (isRetriable(error)) return;
      this.#furthest.delete(id);
      this.env.report(error);
    });
  }

  async #tellAll(conversationId: string): Promise<void> {
    try {
      for (;;) {
        const seq = this.#furthest.get(conversationId);
        if (seq === undefined) return;
        const request = () => this.server.read(conversationId, seq);
        this.told(await retrying(new Backoff(this.env), () => this.connection.open, request));
        if (this.#furthest.get(conversationId) === seq) this.#furthest.delete(conversationId);
        await new Promise<void>((resolve) => this.env.after(TELL_AGAIN_MS, resolve));
      }
    } finally {
      this.#telling.delete(conversationId);
    }
  }
}
