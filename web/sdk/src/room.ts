import { Backoff, retrying } from "./backoff.ts";
import { withChange, withReaction } from "./change.ts";
import type { Connection } from "./connection.ts";
import type { Environment } from "./environment.ts";
import { NetworkError } from "./errors.ts";
import type { Logs } from "./logs.ts";
import type { Draft, Outbox, Sending } from "./outbox.ts";
import type { Server } from "./server.ts";
import { outgoingItem, sentItem, Stretch, type TimelineItem } from "./timeline.ts";
import type { Thread } from "./thread.ts";
import type { DurableEvent, Message, ReadReceipt, TypingIndicator, UserSummary } from "./types.ts";
import { Typing } from "./typing.ts";
import { Value, type Readable } from "./value.ts";

/** What can be shown of a conversation. */
export interface Timeline {
  readonly items: readonly TimelineItem[];
  readonly phase: "loading" | "ready" | "failed";
  /** Whether this is what was kept on this device, and the server has not been heard yet. */
  readonly stale: boolean;
  /** Why it cannot be shown. */
  readonly failure?: unknown;
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
  /** Which end grows right now. */
  readonly growing: "older" | "newer" | null;
}

export interface RoomContext {
  env: Environment;
  server: Server;
  connection: Connection;
  logs: Logs;
  outbox: Outbox;
  user: UserSummary;
  /** Everything up to a position was read. */
  read(conversationId: string, seq: number): void;
}

/** One conversation: its messages in order, live and without holes, who reads and writes there, and a way to write to it. */
export class Room {
  readonly #timeline = new Value<Timeline>({
    items: [],
    phase: "loading",
    stale: false,
    hasOlder: false,
    hasNewer: false,
    growing: null,
  });
  readonly #backoff: Backoff;
  readonly #items = new WeakMap<Message, TimelineItem>();
  readonly #unsubscribe: () => void;
  #stretch = new Stretch();
  /** The position of the newest event that the messages show; `undefined` until they are here. */
  #position: number | undefined;
  readonly #typing: Typing;
  readonly #readers = new Value<ReadonlyMap<string, number>>(new Map());
  /** Acknowledged, but the log has not brought them yet. */
  #acknowledged: readonly Message[] = [];
  /** Events that came while the room was being opened. */
  #early: DurableEvent[] = [];
  /** What is fetched while the room is being opened must not be older than this. */
  #needed = 0;
  #opening: Promise<void> | undefined;
  #growing: Timeline["growing"] = null;
  /** Events that came while a page was being fetched: what they changed may be older on the page. */
  #meanwhile: DurableEvent[] = [];
  #growth: Promise<void> = Promise.resolve();
  #failure: unknown;
  #closed = false;

  readonly timeline: Readable<Timeline> = this.#timeline;
  /** The ids of the others who write right now. */
  readonly typing: Readable<readonly string[]>;
  /** Up to which position the others have read, as far as was heard of it. */
  readonly readers: Readable<ReadonlyMap<string, number>> = this.#readers;
  /** Whether somebody reads the newest messages; then old ones make room for new ones, else the other way round. */
  followed = true;

  constructor(
    readonly id: string,
    private readonly context: RoomContext,
  ) {
    this.#backoff = new Backoff(context.env);
    this.#typing = new Typing(context.env, context.connection, id);
    this.typing = this.#typing.writers;
    this.#unsubscribe = context.outbox.waiting.subscribe(() => this.#publish());
  }

  /** Fetches the newest messages, unless that was done; from then on the room follows the log. */
  open(): Promise<void> {
    if (this.#position !== undefined) return Promise.resolve();
    this.#failure = undefined;
    this.#opening ??= this.#open()
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#opening = undefined;
        this.#publish();
      });
    this.#publish();
    return this.#opening;
  }

  /** Writes a message. It is shown at once, kept through reloads, and repeated until the server has it, once. */
  send(message: string | Draft): Sending {
    void this.latest();
    this.#typing.sent();
    return this.context.outbox.add(this.id, typeof message === "string" ? { content: message } : message);
  }

  /** The user writes: call it with every key. The others see it for as long as it goes on. */
  startTyping(): void {
    this.#typing.start();
  }

  /** The user has stopped writing. */
  stopTyping(): void {
    this.#typing.stop();
  }

  /** The user has seen the newest message that is shown, and with it all before it. */
  markRead(): void {
    if (this.#stretch.newest > 0) this.context.read(this.id, this.#stretch.newest);
  }

  /** Tries a message that failed again, in its place. Until it is sent or given up, those behind it wait. */
  retry(key: string): void {
    this.context.outbox.retry(key);
  }

  /** Gives a message that failed up. */
  discard(key: string): void {
    this.context.outbox.discard(key);
  }

  /** Gives up a message that is not sent yet, whether it failed or waits; what is uploaded of its files is deleted. */
  cancel(key: string): void {
    this.context.outbox.discard(key);
  }

  /** Shows the messages around one; `older` and `newer` go on from there, `latest` comes back. Fails if there is none. */
  around(_messageId: string): Promise<void> {
    return Promise.reject(new Error("in this session"));
  }

  /** The thread that a message has begun, or may begin. */
  thread(_messageId: string): Thread {
    throw new Error("in this session");
  }

  /** Up to where the user has read; to be looked at before what is shown is marked as read. */
  get lastReadSeq(): number | undefined {
    return undefined;
  }

  /** Adds a page of older messages. */
  older(): Promise<void> {
    const first = this.#stretch.messages[0];
    if (!first || !this.#stretch.hasOlder) return Promise.resolve();
    return this.#grow("older", async (stretch) => {
      const page = await this.context.server.messages(this.id, { before: first.id });
      stretch.prepend(page.data, page.meta.hasMore);
    });
  }

  /** Adds a page of newer messages; only after the room was scrolled so far up that they made room. */
  newer(): Promise<void> {
    const last = this.#stretch.messages.at(-1);
    if (!last || !this.#stretch.hasNewer) return Promise.resolve();
    return this.#grow("newer", async (stretch) => {
      const page = await this.context.server.messages(this.id, { after: last.id });
      stretch.append(page.data);
    });
  }

  /** Goes back to the newest messages. */
  async latest(): Promise<void> {
    await this.#growth;
    if (!this.#stretch.hasNewer) return;
    await this.#grow("newer", async (stretch) => {
      const page = await this.context.server.messages(this.id);
      stretch.reset(page.data, page.meta.hasMore);
    });
  }

  /** Takes the next event of the log. */
  receive(event: DurableEvent): void {
    if (event.type === "message.new") this.#typing.receive({ userId: event.payload.sender.id, active: false });
    if (this.#position === undefined) {
      if (this.#opening) this.#early.push(event);
    } else if (event.seq > this.#position) {
      this.#apply(event);
      this.#publish();
    }
  }

  /** Takes who has begun or ceased to write. */
  indicate(indicator: TypingIndicator): void {
    this.#typing.receive(indicator);
  }

  /** Takes how far somebody has read. */
  receipt({ userId, lastReadSeq }: ReadReceipt): void {
    const before = this.#readers.get();
    if (lastReadSeq > (before.get(userId) ?? 0)) this.#readers.set(new Map(before).set(userId, lastReadSeq));
  }

  /** Shows a message as sent before the log brings it. */
  acknowledge(message: Message): void {
    this.#acknowledged = [...this.#acknowledged, message].sort((a, b) => a.seq - b.seq);
    this.#publish();
  }

  /** There is a connection again. */
  wake(): void {
    this.#backoff.wake();
  }

  /** There is no connection: nobody can say who writes. */
  down(): void {
    this.#typing.clear();
  }

  /**
   * Forgets everything: the log went on too far, up to this position, or is another one. Whoever looks at the room sees it
   * come back.
   */
  reset(seq = Infinity): Promise<void> {
    // An answer that is on its way right now may be older than that.
    this.#needed = Math.max(this.#needed, seq);
    if (this.#position === undefined) return this.#opening ?? Promise.resolve();
    this.#position = undefined;
    this.#stretch = new Stretch();
    this.#acknowledged = [];
    this.#publish();
    return this.open();
  }

  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    this.#typing.clear();
    this.#backoff.wake();
  }

  async #open(): Promise<void> {
    const { server, logs } = this.context;
    this.#early = [];
    this.#needed = 0;
    // The position first: what is committed after it comes as an event, whether or not the page has it already.
    const [conversation, page] = await this.#retrying(async () => {
      const known = logs.position(this.id);
      const conversation = await server.conversation(this.id);
      if (conversation.lastSeq < known) throw new NetworkError("The answer is older than what is known.");
      return [conversation, await server.messages(this.id)] as const;
    });
    if (conversation.lastSeq < this.#needed) return this.#open();

    logs.follow(conversation);
    this.#stretch.reset(page.data, page.meta.hasMore);
    this.#position = conversation.lastSeq;
    for (const event of this.#early) if (event.seq > conversation.lastSeq) this.#apply(event);
    this.#early = [];
  }

  #fail(error: unknown): void {
    this.#position = undefined;
    this.#failure = error;
    this.#publish();
  }

  #apply(event: DurableEvent): void {
    this.#position = event.seq;
    if (event.type === "message.new") {
      this.#stretch.receive(event.payload, this.followed);
    } else {
      this.#change(event);
      if (this.#growing) this.#meanwhile.push(event);
    }
  }

  /** Changes the message that an event is about. Events that change none still count: the log has no holes. */
  #change(event: DurableEvent): void {
    switch (event.type) {
      case "message.updated":
      case "message.deleted":
        this.#stretch.change(event.payload.id, (known) => withChange(known, event.payload));
        break;
      case "reaction.added":
      case "reaction.removed": {
        const added = event.type === "reaction.added";
        const userId = this.context.user.id;
        this.#stretch.change(event.payload.messageId, (known) => withReaction(known, event.payload, added, userId));
        break;
      }
    }
  }

  /** Lets the stretch grow at one end at a time. */
  #grow(end: "older" | "newer", work: (stretch: Stretch) => Promise<void>): Promise<void> {
    if (this.#growing) return this.#growth;
    const stretch = this.#stretch;
    this.#growing = end;
    this.#meanwhile = [];
    this.#publish();
    this.#growth = this.#retrying(() => work(stretch))
      .then(() => {
        for (const event of this.#meanwhile) this.#change(event);
      })
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#growing = null;
        this.#publish();
      });
    return this.#growth;
  }

  #retrying<T>(work: () => Promise<T>): Promise<T> {
    return retrying(this.#backoff, () => !this.#closed, work);
  }

  #publish(): void {
    if (this.#closed) return;
    const { hasOlder, hasNewer } = this.#stretch;
    const timeline = { items: this.#list(), stale: false, hasOlder, hasNewer, growing: this.#growing };
    if (this.#failure !== undefined) this.#timeline.set({ ...timeline, phase: "failed", failure: this.#failure });
    else this.#timeline.set({ ...timeline, phase: this.#position === undefined ? "loading" : "ready" });
  }

  #list(): TimelineItem[] {
    const { user, outbox } = this.context;
    this.#acknowledged = this.#acknowledged.filter((message) => message.seq > this.#stretch.newest);
    const items = this.#stretch.messages.map((message) => this.#item(message));
    if (this.#stretch.hasNewer) return items;

    for (const message of this.#acknowledged) items.push(this.#item(message));
    const sent = new Set(items.map((item) => item.key));
    for (const outgoing of outbox.waiting.get()) {
      if (outgoing.conversationId !== this.id || sent.has(outgoing.clientMessageId)) continue;
      items.push(outgoingItem(outgoing, user));
    }
    return items;
  }

  #item(message: Message): TimelineItem {
    let item = this.#items.get(message);
    if (!item) this.#items.set(message, (item = sentItem(message, this.context.user.id)));
    return item;
  }
}
