import type { Connection } from "./connection.ts";
import type { Cancel, Environment } from "./environment.ts";
import type { TypingIndicator } from "./types.ts";
import { Value } from "./value.ts";

/** The server forgets after 5 seconds that somebody writes; until then it need not be told again. */
const TELL_AGAIN_MS = 3_000;
/** Somebody of whom nothing is heard for so long writes no more: the word that they ceased was lost. */
const FORGET_MS = 6_000;

/** Who writes in a conversation right now. Best effort: nothing of it is repeated when it gets lost. */
export class Typing {
  readonly #writers = new Value<readonly string[]>([]);
  readonly #forget = new Map<string, Cancel>();
  #toldAt: number | undefined;

  /** The ids of those who write, without the user. */
  readonly writers = this.#writers;

  constructor(
    private readonly env: Environment,
    private readonly connection: Connection,
    private readonly conversationId: string,
  ) {}

  /** The user writes: tells the others, unless they know. */
  start(): void {
    const now = this.env.now();
    if (this.#toldAt !== undefined && now - this.#toldAt < TELL_AGAIN_MS) return;
    this.#toldAt = now;
    this.#tell("typing.start");
  }

  /** The user does not write any more. Who sends a message need not say so. */
  stop(): void {
    if (this.#toldAt === undefined) return;
    this.#toldAt = undefined;
    this.#tell("typing.stop");
  }

  /** The user has sent what was written, which tells the others. */
  sent(): void {
    this.#toldAt = undefined;
  }

  receive({ userId, active }: Pick<TypingIndicator, "userId" | "active">): void {
    this.#forget.get(userId)?.();
    this.#forget.delete(userId);
    if (active) {
      const cancel = this.env.after(FORGET_MS, () => this.receive({ userId, active: false }));
      this.#forget.set(userId, cancel);
    }
    const others = this.#writers.get().filter((id) => id !== userId);
    if (active) this.#writers.set([...others, userId]);
    else if (others.length < this.#writers.get().length) this.#writers.set(others);
  }

  /** Nothing is known any more: there is no connection. */
  clear(): void {
    for (const cancel of this.#forget.values()) cancel();
    this.#forget.clear();
    this.#toldAt = undefined;
    if (this.#writers.get().length > 0) this.#writers.set([]);
  }

  #tell(type: "typing.start" | "typing.stop"): void {
    if (!this.connection.open) return;
    // Whether it was refused, or lost with the socket: there is nobody who would want to know.
    this.connection.request(type, { conversationId: this.conversationId }).catch(() => undefined);
  }
}
