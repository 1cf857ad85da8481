import { Backoff } from "./backoff.ts";
import type { Environment } from "./environment.ts";
import { ChatError, isRetriable, NetworkError, retryAfterMs } from "./errors.ts";
import type { Message, MessageDraft, Schemas } from "./types.ts";
import { Value, type Readable } from "./value.ts";

/** What somebody writes. */
export interface Draft extends Pick<MessageDraft, "content" | "replyTo" | "threadId"> {
  /** `voice` has one file of sound, and no text. */
  readonly kind?: "text" | "voice";
  /** Files that were uploaded before: as the upload answered them, so that they can be shown meanwhile, or their ids. */
  readonly attachments?: readonly (Schemas["File"] | string)[];
  /** Files that are kept here and uploaded before the message is sent. */
  readonly files?: readonly { readonly name: string; readonly blob: Blob }[];
}

/** A file that waits to be uploaded, or is under way. */
export interface OutgoingFile {
  readonly name: string;
  /** As the browser has it, which is by its name; the server looks inside. */
  readonly type: string;
  readonly size: number;
  readonly blob: Blob;
  /** How much of it has arrived, from 0 to 1. */
  readonly progress: Readable<number>;
}

/** A message on its way to the server. */
export interface Outgoing extends Readonly<Omit<Draft, "files">> {
  readonly content: string;
  readonly files?: readonly OutgoingFile[];
  /** Recognises a repeat, so that the message lands exactly once. */
  readonly clientMessageId: string;
  readonly conversationId: string;
  /** By the clock of this device; the server's replaces it. */
  readonly createdAt: string;
  /** Why it will not be tried again, unless somebody asks for it. */
  readonly failure?: string;
}

/** A send under way. Whoever does not wait for it need not look: the timeline says the same. */
export interface Sending {
  /** The key of the message in the timeline. */
  readonly key: string;
  /** The message, once it is committed; fails when it is refused for good or given up. */
  readonly sent: Promise<Message>;
}

/** A message was given up before it was sent. */
export class DiscardedError extends Error {
  override readonly name = "DiscardedError";

  constructor() {
    super("The message was given up.");
  }
}

/** Whoever waits for the end of a send. */
interface Waiter {
  resolve(message: Message): void;
  reject(error: Error): void;
}

export interface OutboxHandlers {
  /** Sends one message; answers once it is committed. */
  send(outgoing: Outgoing): Promise<Message>;
  /** Takes a message that has left the outbox. */
  sent(message: Message): void;
}

/**
 * The messages that the server has not acknowledged, in the order in which they were written.
 *
 * Invariant: a message is kept from the moment it is written until it is acknowledged, across reloads, and no later one
 * of its conversation is sent before. What may succeed later is repeated under the same `clientMessageId`; what is refused
 * for good stays, and those behind it with it, until somebody has it tried again or gives it up. The tabs of a browser
 * share one outbox and take turns.
 */
export class Outbox {
  readonly #waiting = new Value<readonly Outgoing[]>([]);
  readonly #lanes = new Map<string, { backoff: Backoff; again: boolean }>();
  /** The keys of those of the list that have had one. The keys of a conversation sort as it was written. */
  readonly #places = new Map<string, string>();
  /** The same of those that the store has. */
  readonly #kept = new Map<string, string>();
  readonly #waiters = new Map<string, Waiter>();
  #writes: Promise<void> = Promise.resolve();
  #order = 0;
  #open = false;

  /** What has not been sent, oldest first. */
  readonly waiting = this.#waiting;

  constructor(
    private readonly env: Environment,
    private readonly userId: string,
    private readonly handlers: OutboxHandlers,
  ) {}

  /** Reads what an earlier page left behind. What is added meanwhile is kept behind it. */
  async load(): Promise<void> {
    await this.#write(async () => {
      const stored = await this.#stored("");
      for (const [key, { clientMessageId }] of stored) {
        this.#kept.set(clientMessageId, key);
        this.#places.set(clientMessageId, key);
        this.#order = Math.max(this.#order, orderOf(key));
      }
      const left = stored.sort(([a], [b]) => orderOf(a) - orderOf(b)).map(([, outgoing]) => outgoing);
      this.#waiting.set([...left, ...this.#waiting.get()]);
    });
    this.#sendAll();
  }

  /** Takes a message. It is listed at once, kept as soon as the store has it, and then sent. */
  add(conversationId: string, { content = "", kind, replyTo, threadId, attachments, files }: Draft): Sending {
    const outgoing: Outgoing = {
      clientMessageId: this.env.uniqueId(),
      conversationId,
      content,
      ...(kind !== undefined && { kind }),
      ...(replyTo != null && { replyTo }),
      ...(threadId != null && { threadId }),
      ...(attachments?.length && { attachments }),
      ...(files?.length && { files: files.map(outgoingFile) }),
      createdAt: new Date(this.env.now()).toISOString(),
    };
    const sent = new Promise<Message>((resolve, reject) => {
      this.#waiters.set(outgoing.clientMessageId, { resolve, reject });
    });
    // Not everybody waits for it.
    sent.catch(() => undefined);
    this.#waiting.set([...this.#waiting.get(), outgoing]);
    this.#keep(outgoing);
    return { key: outgoing.clientMessageId, sent };
  }

  /** Tries a failed message again, in its place. */
  retry(clientMessageId: string): void {
    const failed = this.#failed(clientMessageId);
    if (!failed) return;
    const { failure: _, ...outgoing } = failed;
    this.#replace(outgoing);
    this.#keep(outgoing);
  }

  /** Gives a failed message up. */
  discard(clientMessageId: string): void {
    const failed = this.#failed(clientMessageId);
    if (!failed) return;
    const key = this.#kept.get(clientMessageId);
    this.#drop(failed);
    this.#settle(clientMessageId, new DiscardedError());
    this.#write(async () => {
      if (key !== undefined) await this.env.store.delete(key);
    }).then(
      () => this.#send(failed.conversationId),
      (error: unknown) => this.env.report(error),
    );
  }

  /** The log has brought a message of the user's: perhaps another tab has sent it. */
  seen(message: Message): void {
    if (message.clientMessageId !== null) this.#settle(message.clientMessageId, message);
  }

  /** Messages can be sent from now on. */
  open(): void {
    this.#open = true;
    for (const lane of this.#lanes.values()) lane.backoff.wake();
    this.#sendAll();
  }

  /** Messages have to wait. */
  close(): void {
    this.#open = false;
    for (const lane of this.#lanes.values()) lane.backoff.wake();
  }

  /** Nothing is sent any more. What was not stays in the store; whoever waits for it here waits no longer. */
  stop(): void {
    this.close();
    const error = new NetworkError("The account was closed. The message is kept, and sent by the next one.");
    for (const id of [...this.#waiters.keys()]) this.#settle(id, error);
  }

  /** Forgets everything that this user has not sent. */
  async clear(): Promise<void> {
    this.close();
    await this.#writes;
    for (const [key] of await this.#stored("")) await this.env.store.delete(key);
    for (const { clientMessageId } of this.#waiting.get()) this.#settle(clientMessageId, new DiscardedError());
    this.#waiting.set([]);
  }

  #sendAll(): void {
    for (const { conversationId } of this.#waiting.get()) this.#send(conversationId);
  }

  /** One lane for each conversation: they don't wait for each other. */
  #send(conversationId: string): void {
    if (!this.#open) return;
    const busy = this.#lanes.get(conversationId);
    if (busy) {
      busy.again = true;
      return;
    }
    const lane = { backoff: new Backoff(this.env), again: false };
    this.#lanes.set(conversationId, lane);
    this.env
      .exclusive(`natter:outbox:${this.userId}:${conversationId}`, () => this.#empty(conversationId, lane.backoff))
      .catch((error: unknown) => this.env.report(error))
      .finally(() => {
        this.#lanes.delete(conversationId);
        if (lane.again) this.#send(conversationId);
      });
  }

  async #empty(conversationId: string, backoff: Backoff): Promise<void> {
    while (this.#open) {
      // The store and not the list: another tab may have sent some, or closed and left some behind.
      const keptBefore = new Map(this.#kept);
      const stored = await this.#stored(conversationId);
      this.#dropSentElsewhere(conversationId, stored, keptBefore);
      const [key, next] = stored[0] ?? [];
      if (key === undefined || !next || next.failure !== undefined || this.#blocked(conversationId)) return;
      try {
        const message = await this.handlers.send(next);
        await this.env.store.delete(key);
        this.handlers.sent(message);
        this.#drop(next);
        this.#settle(next.clientMessageId, message);
        backoff.reset();
      } catch (error) {
        if (!this.#open) return;
        if (isRetriable(error)) await backoff.wait(retryAfterMs(error));
        else if (error instanceof ChatError) {
          const failed = { ...next, failure: error.message };
          this.#fail(failed, error);
          await this.env.store.set(key, failed);
        } else throw error;
      }
    }
  }

  /** Whether a message that could not even be kept is to be sent first. */
  #blocked(conversationId: string): boolean {
    const first = this.#waiting.get().find((outgoing) => outgoing.conversationId === conversationId);
    return first?.failure !== undefined;
  }

  #fail(failed: Outgoing, error: Error): void {
    this.#replace(failed);
    this.#settle(failed.clientMessageId, error);
  }

  #settle(clientMessageId: string, result: Message | Error): void {
    const waiter = this.#waiters.get(clientMessageId);
    this.#waiters.delete(clientMessageId);
    if (result instanceof Error) waiter?.reject(result);
    else waiter?.resolve(result);
  }

  #keep(outgoing: Outgoing): void {
    this.#write(async () => {
      const key = this.#places.get(outgoing.clientMessageId) ?? this.#nextKey(outgoing);
      // Also when the store has no room: what is tried again stays before those behind it.
      this.#places.set(outgoing.clientMessageId, key);
      await this.env.store.set(key, outgoing);
      this.#kept.set(outgoing.clientMessageId, key);
    }).then(
      () => this.#send(outgoing.conversationId),
      (cause: unknown) => {
        this.env.report(cause);
        const error = new Error("This device has no room to keep the message.", { cause });
        this.#fail({ ...outgoing, failure: error.message }, error);
      },
    );
  }

  /** One after the other, so that the store never holds a message without those before it. */
  #write(work: () => Promise<void>): Promise<void> {
    const done = this.#writes.then(work);
    this.#writes = done.catch(() => undefined);
    return done;
  }

  #failed(clientMessageId: string): Outgoing | undefined {
    return this.#waiting
      .get()
      .find((outgoing) => outgoing.clientMessageId === clientMessageId && outgoing.failure !== undefined);
  }

  /** What was kept and is not any more, another tab has sent. */
  #dropSentElsewhere(conversationId: string, stored: readonly Kept[], keptBefore: ReadonlyMap<string, string>): void {
    const left = new Set(stored.map(([key]) => key));
    const gone = ({ clientMessageId: id, conversationId: where }: Outgoing) => {
      const key = keptBefore.get(id);
      return where === conversationId && key !== undefined && key === this.#kept.get(id) && !left.has(key);
    };
    for (const outgoing of this.#waiting.get()) if (gone(outgoing)) this.#drop(outgoing);
  }

  #drop({ clientMessageId }: Outgoing): void {
    this.#kept.delete(clientMessageId);
    this.#places.delete(clientMessageId);
    this.#waiting.set(this.#waiting.get().filter((outgoing) => outgoing.clientMessageId !== clientMessageId));
  }

  #replace(changed: Outgoing): void {
    this.#waiting.set(
      this.#waiting.get().map((outgoing) => (outgoing.clientMessageId === changed.clientMessageId ? changed : outgoing)),
    );
  }

  /** Behind everything before it, also when the clock goes back. */
  #nextKey({ conversationId, clientMessageId }: Outgoing): string {
    this.#order = Math.max(this.#order + 1, Math.floor(this.env.now()));
    return `${this.#prefix(conversationId)}${String(this.#order).padStart(15, "0")}/${clientMessageId}`;
  }

  /** `outbox/USER/CONVERSATION/ORDER/MESSAGE`; without a conversation, of all. */
  #prefix(conversationId: string): string {
    return `outbox/${this.userId}/${conversationId === "" ? "" : `${conversationId}/`}`;
  }

  async #stored(conversationId: string): Promise<Kept[]> {
    return (await this.env.store.entries(this.#prefix(conversationId))) as Kept[];
  }
}

function outgoingFile({ name, blob }: { name: string; blob: Blob }): OutgoingFile {
  return { name, type: blob.type, size: blob.size, blob, progress: new Value(0) };
}

type Kept = [key: string, outgoing: Outgoing];

function orderOf(key: string): number {
  return Number(key.split("/").at(-2));
}
