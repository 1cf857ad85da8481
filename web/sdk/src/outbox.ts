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
  /** Sorts the messages of a conversation as they were written. */
  readonly order: number;
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
  /** Which of those in the list the store has. */
  readonly #kept = new Set<string>();
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

  /** Reads what an earlier page left behind. */
  async load(): Promise<void> {
    const stored = await this.#stored("");
    this.#order = stored.reduce((order, outgoing) => Math.max(order, outgoing.order), this.#order);
    for (const outgoing of stored) this.#kept.add(outgoing.clientMessageId);
    const written = this.#waiting.get().filter((outgoing) => !this.#kept.has(outgoing.clientMessageId));
    this.#waiting.set([...stored, ...written].sort((a, b) => a.order - b.order));
    this.#sendAll();
  }

  /** Takes a message. It is listed at once, kept as soon as the store has it, and then sent. */
  add(conversationId: string, content: string): Outgoing {
    const outgoing: Outgoing = {
      clientMessageId: this.env.uniqueId(),
      conversationId,
      content,
      createdAt: new Date(this.env.now()).toISOString(),
      order: this.#nextOrder(),
    };
    this.#waiting.set([...this.#waiting.get(), outgoing]);
    this.#keep(outgoing);
    return outgoing;
  }

  /** Tries a failed message again, behind the others. */
  retry(clientMessageId: string): void {
    const found = this.#find(clientMessageId);
    if (!found?.failure) return;
    const { failure: _, ...again } = found;
    this.#drop(found);
    const outgoing = { ...again, order: this.#nextOrder() };
    this.#waiting.set([...this.#waiting.get(), outgoing]);
    this.#forget(found);
    this.#keep(outgoing);
  }

  /** Gives a failed message up. */
  discard(clientMessageId: string): void {
    const found = this.#find(clientMessageId);
    if (!found?.failure) return;
    this.#drop(found);
    this.#forget(found);
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
    for (const outgoing of await this.#stored("")) await this.env.store.delete(this.#key(outgoing));
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
      const keptBefore = new Set(this.#kept);
      const stored = await this.#stored(conversationId);
      this.#dropSentElsewhere(conversationId, stored, keptBefore);
      const next = stored.find((outgoing) => outgoing.failure === undefined);
      if (!next) return;
      try {
        const message = await this.handlers.send(next);
        await this.env.store.delete(this.#key(next));
        this.handlers.sent(message);
        this.#drop(next);
        backoff.reset();
      } catch (error) {
        if (!this.#open) return;
        if (isRetriable(error)) await backoff.wait();
        else if (error instanceof ChatError) await this.#fail(next, error.message);
        else throw error;
      }
    }
  }

  async #fail(outgoing: Outgoing, failure: string): Promise<void> {
    const failed = { ...outgoing, failure };
    this.#replace(failed);
    await this.env.store.set(this.#key(failed), failed);
  }

  #keep(outgoing: Outgoing): void {
    this.#write(() => this.env.store.set(this.#key(outgoing), outgoing)).then(
      () => {
        this.#kept.add(outgoing.clientMessageId);
        this.#send(outgoing.conversationId);
      },
      (error: unknown) => {
        this.env.report(error);
        this.#replace({ ...outgoing, failure: "This device has no room to keep the message." });
      },
    );
  }

  #forget(outgoing: Outgoing): void {
    this.#write(() => this.env.store.delete(this.#key(outgoing))).catch((error: unknown) => this.env.report(error));
  }

  /** One after the other, so that the store never holds a message without those before it. */
  #write(work: () => Promise<void>): Promise<void> {
    const done = this.#writes.then(work);
    this.#writes = done.catch(() => undefined);
    return done;
  }

  /** What was kept and is not any more, another tab has sent. */
  #dropSentElsewhere(conversationId: string, stored: readonly Outgoing[], keptBefore: ReadonlySet<string>): void {
    const left = new Set(stored.map((outgoing) => outgoing.clientMessageId));
    const gone = ({ clientMessageId: id }: Outgoing) => keptBefore.has(id) && this.#kept.has(id) && !left.has(id);
    const waiting = this.#waiting.get();
    if (!waiting.some((outgoing) => outgoing.conversationId === conversationId && gone(outgoing))) return;
    this.#waiting.set(waiting.filter((outgoing) => outgoing.conversationId !== conversationId || !gone(outgoing)));
  }

  #find(clientMessageId: string): Outgoing | undefined {
    return this.#waiting.get().find((outgoing) => outgoing.clientMessageId === clientMessageId);
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

  /** Later than everything before it, also when the clock goes back. */
  #nextOrder(): number {
    this.#order = Math.max(this.#order + 1, this.env.now());
    return this.#order;
  }

  #key({ conversationId, order, clientMessageId }: Outgoing): string {
    return `${this.#prefix(conversationId)}${String(order).padStart(15, "0")}/${clientMessageId}`;
  }

  #prefix(conversationId: string): string {
    return `outbox/${this.userId}/${conversationId === "" ? "" : `${conversationId}/`}`;
  }

  async #stored(conversationId: string): Promise<Outgoing[]> {
    const entries = await this.env.store.entries(this.#prefix(conversationId));
    return entries.map(([, value]) => value as Outgoing);
  }
}
