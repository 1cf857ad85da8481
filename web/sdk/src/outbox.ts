import { Backoff } from "./backoff.ts";
import type { Environment } from "./environment.ts";
import { ChatError, isRetriable, NetworkError, retryAfterMs } from "./errors.ts";
import { kept, outgoing, RefusedFile, type Draft, type KeptOutgoing, type Outgoing, type Sending } from "./outgoing.ts";
import type { Message, Schemas } from "./types.ts";
import type { Uploads } from "./uploads.ts";
import { Value } from "./value.ts";

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
  /** What uploads files, which is loaded when there are some. */
  uploads(): Promise<Uploads>;
  /** Sends one message, with what was uploaded for it; answers once it is committed. */
  send(outgoing: Outgoing, uploaded: readonly Schemas["File"][]): Promise<Message>;
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
  /** Those that were given up and are still in the store. */
  readonly #cancelled = new Set<string>();
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
      const left = stored.sort(([a], [b]) => orderOf(a) - orderOf(b)).map(([, message]) => outgoing(message));
      this.#waiting.set([...left, ...this.#waiting.get()]);
    });
    this.#sendAll();
  }

  /** Takes a message. It is listed at once, kept as soon as the store has it, and then sent. */
  add(conversationId: string, { content = "", kind, replyTo, threadId, attachments, files }: Draft): Sending {
    const message = outgoing({
      clientMessageId: this.env.uniqueId(),
      conversationId,
      content,
      ...(kind !== undefined && { kind }),
      ...(replyTo != null && { replyTo }),
      ...(threadId != null && { threadId }),
      ...(attachments?.length && { attachments }),
      ...(files && { files }),
      createdAt: new Date(this.env.now()).toISOString(),
    });
    const sent = new Promise<Message>((resolve, reject) => {
      this.#waiters.set(message.clientMessageId, { resolve, reject });
    });
    // Not everybody waits for it.
    sent.catch(() => undefined);
    this.#waiting.set([...this.#waiting.get(), message]);
    this.#keep(message);
    return { key: message.clientMessageId, sent };
  }

  /** Tries a failed message again, in its place. */
  retry(clientMessageId: string): void {
    const failed = this.#listed(clientMessageId);
    if (failed?.failure === undefined) return;
    const { failure: _, failureCode: __, files, ...message } = failed;
    const again = files ? { ...message, files: files.map((file) => ({ ...file, refused: false })) } : message;
    this.#replace(again);
    this.#keep(again);
  }

  /** Gives a failed message up. */
  discard(clientMessageId: string): void {
    if (this.#listed(clientMessageId)?.failure !== undefined) this.cancel(clientMessageId);
  }

  /** Gives a message up. If it is on its way right now it may arrive, and then the log brings it. */
  cancel(clientMessageId: string): void {
    const message = this.#listed(clientMessageId);
    if (!message) return;
    this.#cancelled.add(clientMessageId);
    this.#unlist(clientMessageId);
    this.#settle(clientMessageId, new DiscardedError());
    this.#write(async () => {
      const key = this.#places.get(clientMessageId);
      this.#places.delete(clientMessageId);
      this.#kept.delete(clientMessageId);
      if (key !== undefined) await this.env.store.delete(key);
      this.#cancelled.delete(clientMessageId);
    })
      .then(() => {
        this.#send(message.conversationId);
        return message.files && this.handlers.uploads().then((uploads) => uploads.cancel(clientMessageId));
      })
      .catch((error: unknown) => this.env.report(error));
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
    const error = new NetworkError("The account was closed. The message is kept.");
    for (const id of [...this.#waiters.keys()]) this.#settle(id, error);
  }

  /** Forgets everything that this user has not sent. */
  async clear(): Promise<void> {
    this.close();
    await this.#writes;
    for (const prefix of [this.#prefix(""), `uploads/${this.userId}/`]) {
      for (const [key] of await this.env.store.entries(prefix)) await this.env.store.delete(key);
    }
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
      const [key, first] = stored[0] ?? [];
      if (key === undefined || !first || first.failure !== undefined || this.#blocked(conversationId)) return;
      if (this.#cancelled.has(first.clientMessageId)) await this.#writes;
      // Whoever looks at it here sees its files progress.
      else await this.#try(key, this.#listed(first.clientMessageId) ?? outgoing(first), backoff);
    }
  }

  /** Sends a message, or says why not. */
  async #try(key: string, next: Outgoing, backoff: Backoff): Promise<void> {
    const { clientMessageId: id, files } = next;
    let begun = false;
    try {
      const uploads = files && (await this.handlers.uploads());
      // What was uploaded long ago may not be there any more.
      begun = (await uploads?.begun(id)) === true;
      const uploaded = (await uploads?.uploadFor(id, files ?? [])) ?? [];
      // That takes a while: it may have been given up, here or in another tab.
      if (uploads && (await this.env.store.get(key)) === undefined) return await uploads.cancel(id);
      const message = await this.handlers.send(next, uploaded);
      await this.env.store.delete(key);
      await uploads?.done(id);
      this.handlers.sent(message);
      this.#drop(id);
      this.#settle(id, message);
      backoff.reset();
    } catch (error) {
      if (!this.#open || this.#cancelled.has(id)) return;
      if (isRetriable(error)) return await backoff.wait(retryAfterMs(error));
      const { index, cause } = error instanceof RefusedFile ? error : { index: -1, cause: error };
      if (!(cause instanceof ChatError)) throw error;
      if ((await this.env.store.get(key)) === undefined) {
        // It was given up in another tab.
        if (files) await (await this.handlers.uploads()).cancel(id);
        return;
      }
      if (begun && cause.fields.some(({ field }) => field === "attachments")) {
        return await (await this.handlers.uploads()).done(id);
      }
      const failed: Outgoing = {
        ...next,
        ...(files && { files: files.map((file, place) => ({ ...file, refused: place === index })) }),
        failure: cause.message,
        failureCode: cause.code,
      };
      this.#fail(failed, cause);
      await this.env.store.set(key, kept(failed));
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
      await this.env.store.set(key, kept(outgoing));
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

  #listed(clientMessageId: string): Outgoing | undefined {
    return this.#waiting.get().find((outgoing) => outgoing.clientMessageId === clientMessageId);
  }

  /** What was kept and is not any more, another tab has sent. */
  #dropSentElsewhere(conversationId: string, stored: readonly Kept[], keptBefore: ReadonlyMap<string, string>): void {
    const left = new Set(stored.map(([key]) => key));
    const gone = ({ clientMessageId: id, conversationId: where }: Outgoing) => {
      const key = keptBefore.get(id);
      return where === conversationId && key !== undefined && key === this.#kept.get(id) && !left.has(key);
    };
    for (const outgoing of this.#waiting.get()) if (gone(outgoing)) this.#drop(outgoing.clientMessageId);
  }

  #drop(clientMessageId: string): void {
    this.#kept.delete(clientMessageId);
    this.#places.delete(clientMessageId);
    this.#unlist(clientMessageId);
  }

  #unlist(clientMessageId: string): void {
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

type Kept = [key: string, outgoing: KeptOutgoing];

function orderOf(key: string): number {
  return Number(key.split("/").at(-2));
}
