import { Backoff } from "./backoff.ts";
import type { Environment } from "./environment.ts";
import { ChatError, isRetriable } from "./errors.ts";
import type { Message } from "./types.ts";
import { Value } from "./value.ts";

/** A message on its way to the server. */
export interface Outgoing {
  /** Recognises a repeat, so that the message lands exactly once. */
  readonly clientMessageId: string;
  readonly conversationId: string;
  readonly content: string;
  /** By the clock of this device; the server's replaces it. */
  readonly createdAt: string;
  /** Why it will not be tried again, unless somebody asks for it. */
  readonly failure?: string;
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
 * Invariant: a message is kept from the moment it is written until it is acknowledged, across reloads, and the next
 * one of its conversation is not sent before. A refusal for good sets a message aside; anything else is repeated
 * under the same `clientMessageId`. The tabs of a browser share one outbox and take turns.
 */
export class Outbox {
  readonly #waiting = new Value<readonly Outgoing[]>([]);
  readonly #lanes = new Map<string, { backoff: Backoff; again: boolean }>();
  /** Under which key the store has those of the list that it has. The keys of a conversation sort as it was written. */
  readonly #kept = new Map<string, string>();
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
        this.#order = Math.max(this.#order, orderOf(key));
      }
      const left = stored.sort(([a], [b]) => orderOf(a) - orderOf(b)).map(([, outgoing]) => outgoing);
      this.#waiting.set([...left, ...this.#waiting.get()]);
    });
    this.#sendAll();
  }

  /** Takes a message. It is listed at once, kept as soon as the store has it, and then sent. */
  add(conversationId: string, content: string): Outgoing {
    const outgoing: Outgoing = {
      clientMessageId: this.env.uniqueId(),
      conversationId,
      content,
      createdAt: new Date(this.env.now()).toISOString(),
    };
    this.#waiting.set([...this.#waiting.get(), outgoing]);
    this.#keep(outgoing);
    return outgoing;
  }

  /** Tries a failed message again, behind the others. */
  retry(clientMessageId: string): void {
    const failed = this.#take(clientMessageId);
    if (!failed) return;
    const { failure: _, ...outgoing } = failed;
    this.#waiting.set([...this.#waiting.get(), outgoing]);
    this.#keep(outgoing);
  }

  /** Gives a failed message up. */
  discard(clientMessageId: string): void {
    this.#take(clientMessageId);
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

  /** Forgets everything that this user has not sent. */
  async clear(): Promise<void> {
    this.close();
    await this.#writes;
    for (const [key] of await this.#stored("")) await this.env.store.delete(key);
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
      const [key, next] = stored.find(([, outgoing]) => outgoing.failure === undefined) ?? [];
      if (key === undefined || !next) return;
      try {
        const message = await this.handlers.send(next);
        await this.env.store.delete(key);
        this.handlers.sent(message);
        this.#drop(next);
        backoff.reset();
      } catch (error) {
        if (!this.#open) return;
        if (isRetriable(error)) await backoff.wait();
        else if (error instanceof ChatError) await this.#fail(key, next, error.message);
        else throw error;
      }
    }
  }

  async #fail(key: string, outgoing: Outgoing, failure: string): Promise<void> {
    const failed = { ...outgoing, failure };
    this.#replace(failed);
    await this.env.store.set(key, failed);
  }

  #keep(outgoing: Outgoing): void {
    this.#write(async () => {
      const key = this.#nextKey(outgoing);
      await this.env.store.set(key, outgoing);
      this.#kept.set(outgoing.clientMessageId, key);
    }).then(
      () => this.#send(outgoing.conversationId),
      (error: unknown) => {
        this.env.report(error);
        this.#replace({ ...outgoing, failure: "This device has no room to keep the message." });
      },
    );
  }

  /** One after the other, so that the store never holds a message without those before it. */
  #write(work: () => Promise<void>): Promise<void> {
    const done = this.#writes.then(work);
    this.#writes = done.catch(() => undefined);
    return done;
  }

  /** Takes a failed message out of the list and the store. */
  #take(clientMessageId: string): Outgoing | undefined {
    const failed = this.#waiting.get().find((outgoing) => outgoing.clientMessageId === clientMessageId);
    if (failed?.failure === undefined) return undefined;
    const key = this.#kept.get(clientMessageId);
    this.#drop(failed);
    if (key !== undefined) {
      this.#write(() => this.env.store.delete(key)).catch((error: unknown) => this.env.report(error));
    }
    return failed;
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

type Kept = [key: string, outgoing: Outgoing];

function orderOf(key: string): number {
  return Number(key.split("/").at(-2));
}
