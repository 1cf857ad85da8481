import { Backoff, retrying } from "./backoff.ts";
import type { Connection } from "./connection.ts";
import type { Environment } from "./environment.ts";
import { ChatError, isNotFound, isRetriable } from "./errors.ts";
import type { Server } from "./server.ts";
import type { Conversation, DurableEvent, SyncEvents, SyncLagging, SyncReset, SyncResume } from "./types.ts";

/** One log: everything up to `position` was applied, and `head` is the newest that is known of. */
interface Log {
  position: number;
  head: number;
  /** Events that came before one that precedes them. */
  readonly ahead: Map<number, DurableEvent>;
}

export interface LogHandlers {
  /** Takes the next event of a conversation. */
  apply(event: DurableEvent): void;
  /** What is known of a conversation is of no use any more; its events go on from its newest one. */
  reset(reset: SyncReset): void;
  /** The user is not in the conversation any more. */
  removed(conversationId: string): void;
  /** All logs are others than before: nothing that is known is of any use. */
  forget(): void;
}

/** Conversations that one `sync.resume` names, by the server's limit. */
const RESUME_CONVERSATIONS_MAX = 5_000;
/** Events of one log that are kept while what is before them is fetched; beyond it they are fetched as well. */
const AHEAD_EVENTS_MAX = 1_000;

/**
 * The logs of all conversations of the user: each event is applied exactly once, and none before its predecessor.
 *
 * A socket delivers in order as long as it lives, but sockets do not live for ever, and slow ones are told that they
 * missed something. So what was seen is dropped, and what is missing is asked for first.
 */
export class Logs {
  readonly #logs = new Map<string, Log>();
  #epoch: string | undefined;
  /** Counts the sockets; what is done for one of them ends with it. */
  #socket = 0;
  /** The socket on which everything, or something, is being asked for. */
  #resuming = 0;
  #catching = 0;

  constructor(
    private readonly env: Environment,
    private readonly server: Server,
    private readonly connection: Connection,
    private readonly handlers: LogHandlers,
  ) {}

  /** The position of the newest event of a conversation that was applied. */
  position(conversationId: string): number {
    return this.#logs.get(conversationId)?.position ?? 0;
  }

  /** Follows a conversation from what was just fetched of it. Answers false when that is older than what is known. */
  follow({ id, epoch, lastSeq }: Conversation): boolean {
    this.#epoch ??= epoch;
    const log = this.#logs.get(id);
    if (epoch !== this.#epoch || (log && lastSeq < log.position)) return false;
    if (!log) this.#logs.set(id, at(lastSeq));
    return true;
  }

  /** Lets go of a conversation that the user has left. */
  unfollow(conversationId: string): void {
    this.#logs.delete(conversationId);
  }

  /** Takes an event that arrived. */
  receive(event: DurableEvent): void {
    const { conversationId: id, seq } = event;
    // The first that is heard of a conversation: the user has just come into it.
    const log = this.#logs.get(id) ?? at(seq - 1);
    this.#logs.set(id, log);
    if (seq <= log.position) return;
    log.head = Math.max(log.head, seq);
    if (log.ahead.size < AHEAD_EVENTS_MAX) log.ahead.set(seq, event);
    this.#drain(log);
    if (log.position < log.head) this.#catchUp();
  }

  /** Takes events that were missed. */
  replay({ events }: SyncEvents): void {
    for (const event of events) this.receive(event);
  }

  /** Takes up a conversation at its newest position. */
  reset(reset: SyncReset): void {
    const { conversationId: id, epoch, seq } = reset;
    if (epoch !== this.#epoch) this.#adopt(epoch);
    const log = this.#logs.get(id);
    if (log?.position === seq) return;
    const next = at(seq);
    for (const [position, event] of log?.ahead ?? []) if (position > seq) next.ahead.set(position, event);
    next.head = Math.max(seq, ...next.ahead.keys());
    this.#logs.set(id, next);
    this.handlers.reset(reset);
    this.#drain(next);
  }

  /** Asks for what a slow connection has missed. */
  lagging({ conversations }: SyncLagging): void {
    for (const { id, seq } of conversations) {
      const log = this.#logs.get(id);
      if (log) log.head = Math.max(log.head, seq);
      else this.reset({ conversationId: id, epoch: this.#epoch ?? "", seq });
    }
    this.#catchUp();
  }

  /** A new socket: asks for everything that was missed. Done when it is here; fails if this socket is lost, too. */
  async resume(epoch: string): Promise<void> {
    if (epoch !== this.#epoch) this.#adopt(epoch);
    this.#socket += 1;
    const socket = (this.#resuming = this.#socket);
    const ids = [...this.#logs.keys()].slice(-RESUME_CONVERSATIONS_MAX);
    try {
      await this.#ask(ids, true, socket);
    } finally {
      if (this.#resuming === socket) this.#resuming = 0;
    }
    this.#catchUp();
  }

  /** Applies what is next as long as it is here. */
  #drain(log: Log): void {
    for (;;) {
      const next = log.ahead.get(log.position + 1);
      if (!next) return;
      log.ahead.delete(next.seq);
      log.position = next.seq;
      this.handlers.apply(next);
    }
  }

  /** Where something is missing that the server has told of. */
  #behind(): string[] {
    return [...this.#logs].filter(([, log]) => log.position < log.head).map(([id]) => id);
  }

  /** Positions in one epoch mean nothing in another. */
  #adopt(epoch: string): void {
    const known = this.#epoch;
    this.#epoch = epoch;
    if (known === undefined) return;
    this.#logs.clear();
    this.handlers.forget();
  }

  /** Asks for what is missing, until nothing is. */
  #catchUp(): void {
    const socket = this.#socket;
    // A resume that is under way may bring it, and looks afterwards.
    if (this.#resuming === socket || this.#catching === socket) return;
    this.#catching = socket;
    this.#catchUpAll(socket).catch((error: unknown) => {
      // The next socket resumes, and asks for this as well.
      if (!isRetriable(error)) this.env.report(error);
    });
  }

  async #catchUpAll(socket: number): Promise<void> {
    const patience = new Backoff(this.env);
    try {
      for (;;) {
        const ids = this.#behind().slice(0, RESUME_CONVERSATIONS_MAX);
        if (ids.length === 0 || !this.#lives(socket)) return;
        await this.#ask(ids, false, socket);
        // An event was announced that the log does not show yet: ask again, but not in a loop.
        const left = new Set(this.#behind());
        if (ids.some((id) => left.has(id))) await patience.wait();
      }
    } finally {
      // In the same breath as the look that found nothing: what comes after it is looked for anew.
      if (this.#catching === socket) this.#catching = 0;
    }
  }

  /** Asks over the socket; if that is refused for good, page by page over REST. */
  async #ask(ids: readonly string[], all: boolean, socket: number): Promise<void> {
    const backoff = new Backoff(this.env);
    const wanted = () => this.#lives(socket);
    try {
      await retrying(backoff, wanted, () => this.connection.request("sync.resume", this.#positions(ids, all)));
    } catch (error) {
      if (!(error instanceof ChatError) || isRetriable(error)) throw error;
      for (const id of ids) await this.#fetch(id, backoff, wanted);
    }
  }

  async #fetch(id: string, backoff: Backoff, wanted: () => boolean): Promise<void> {
    try {
      for (let more = true; more && wanted(); ) {
        const page = await retrying(backoff, wanted, () => this.server.events(id, this.position(id)));
        for (const event of page.data) this.receive(event);
        more = page.meta.hasMore;
      }
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.handlers.removed(id);
    }
  }

  #positions(ids: readonly string[], all: boolean): SyncResume {
    const epoch = this.#epoch ?? "";
    return { conversations: ids.map((id) => ({ id, epoch, seq: this.position(id) })), all };
  }

  #lives(socket: number): boolean {
    return socket === this.#socket && this.connection.open;
  }
}

function at(position: number): Log {
  return { position, head: position, ahead: new Map() };
}
