import type { Draft, Sending } from "./outbox.ts";
import type { Timeline } from "./room.ts";
import type { Message } from "./types.ts";
import type { Readable } from "./value.ts";

/** The messages that answer one message, live and without holes, and a way to answer it. */
export interface Thread {
  /** The conversation. */
  readonly id: string;
  /** The message that began the thread. */
  readonly rootId: string;
  /** The same once it is here. */
  readonly root: Readable<Message | undefined>;
  /** The answers. */
  readonly timeline: Readable<Timeline>;
  /** Whether somebody reads the newest messages; then old ones make room for new ones, else the other way round. */
  followed: boolean;
  /** Fetches the newest answers, unless that was done; from then on the thread follows the log. */
  open(): Promise<void>;
  older(): Promise<void>;
  newer(): Promise<void>;
  latest(): Promise<void>;
  /** Answers in the thread. */
  send(message: string | Draft): Sending;
  startTyping(): void;
  stopTyping(): void;
  retry(key: string): void;
  discard(key: string): void;
  cancel(key: string): void;
}
