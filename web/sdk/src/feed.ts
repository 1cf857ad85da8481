import { Backoff, retrying } from "./backoff.ts";
import { withChange, withReaction } from "./change.ts";
import type { Conversations } from "./conversations.ts";
import type { Environment } from "./environment.ts";
import { NetworkError } from "./errors.ts";
import type { Logs } from "./logs.ts";
import type { Outbox } from "./outbox.ts";
import type { Draft, Sending } from "./outgoing.ts";
import type { Server } from "./server.ts";
import { outgoingItem, sentItem, Stretch, type TimelineItem } from "./timeline.ts";
import type { DurableEvent, Message, Page, UserSummary } from "./types.ts";
import type { Typing } from "./typing.ts";
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

export interface FeedContext {
  env: Environment;
  server: Server;
  logs: Logs;
  outbox: Outbox;
  conversations: Conversations;
  user: () => UserSummary;
}

/** Where a page lies: next to a message, or at the end. */
export type Place = { before: string } | { after: string } | { around: string } | "end";

/** Messages in order, live and without holes, and a way to add to them: those of a conversation or of a thread. */
export abstract class Feed {
  readonly #timeline = new Value<Timeline>({
    items: [],
    phase: "loading",
    stale: false,
    hasOlder: false,
    hasNewer: false,
    growing: null,
  });
  readonly #backoff: Backoff;
  readonly #items = new WeakMap<object, TimelineItem>();
  readonly #unsubscribe: () => void;
  #stretch = new Stretch();
  /** What was kept on this device, until the messages are here. */
  #kept: readonly Message[] = [];
  /** The position of the newest event that the messages show; `undefined` until they are here. */
  #position: number | undefined;
  /** Acknowledged, but the log has not brought them yet. */
  #acknowledged: readonly Message[] = [];
  /** Events that came while the first page was being fetched. */
  #early: DurableEvent[] = [];
  /** What is fetched first must not be older than this. */
  #needed = 0;
  #opening: Promise<void> | undefined;
  #busy = false;
  #growing: Timeline["growing"] = null;
  /** Events that came while a page was being fetched: what they changed may be older on the page. */
  #meanwhile: DurableEvent[] = [];
  #growth: Promise<void> = Promise.resolve();
  #failure: unknown;
  #closed = false;

  readonly timeline: Readable<Timeline> = this.#timeline;
  /** Whether somebody reads the newest messages; then old ones make room for new ones, else the other way round. */
  followed = true;

  constructor(
    /** The conversation. */
    readonly id: string,
    /** The message that began the thread, unless these are all messages of the conversation. */
    protected readonly threadId: string | undefined,
    protected readonly context: FeedContext,
    protected readonly writers: Typing,
  ) {
    this.#backoff = new Backoff(context.env);
    this.#unsubscribe = context.outbox.waiting.subscribe(() => this.#publish());
  }

  /** Fetches a page: of the newest messages without a place, and then whatever was known before is worth nothing. */
  protected abstract page(place?: Place): Promise<Page<Message>>;

  /** Fetches the newest messages, unless that was done; from then on the timeline follows the log. */
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
    this.writers.sent();
    return this.context.outbox.add(this.id, typeof message === "string" ? { content: message } : message);
  }

  /** The user writes: call it with every key. The others see it for as long as it goes on. */
  startTyping(): void {
    this.writers.start();
  }

  /** The user has stopped writing. */
  stopTyping(): void {
    this.writers.stop();
  }

  /** Tries a message that failed again, in its place. Until it is sent or given up, those behind it wait. */
  retry(key: string): void {
    this.context.outbox.retry(key);
  }

  /** Gives a message that failed up. */
  discard(key: string): void {
    this.context.outbox.discard(key);
  }

  /** Gives a message up that failed or waits, as long as the server does not have it. What came of its files is deleted. */
  cancel(key: string): void {
    this.context.outbox.cancel(key);
  }

  /** Adds a page of older messages. */
  older(): Promise<void> {
    const first = this.#stretch.messages[0];
    if (!first || !this.#stretch.hasOlder) return Promise.resolve();
    return this.#grow("older", { before: first.id }, (stretch, page) => stretch.prepend(page.data, page.meta.hasMore));
  }

  /** Adds a page of newer messages; only where the timeline is not at its end, after scrolling far up or a jump. */
  newer(): Promise<void> {
    const last = this.#stretch.messages.at(-1);
    if (!last || !this.#stretch.hasNewer) return Promise.resolve();
    return this.#grow("newer", { after: last.id }, (stretch, page) => stretch.append(page.data));
  }

  /** Goes back to the newest messages. */
  async latest(): Promise<void> {
    await this.#growth;
    if (!this.#stretch.hasNewer) return;
    await this.#grow("newer", "end", (stretch, page) => stretch.reset(page.data, page.meta.hasMore));
  }

  /**
   * Goes to a message and those around it; `older` and `newer` go on from there, `latest` comes back. Fails if it is not
   * to be found here, and without an answer: nobody wants to be moved when one comes much later.
   */
  async around(messageId: string): Promise<void> {
    for (;;) {
      await this.open();
      while (this.#busy) await this.#growth;
      if (this.#position === undefined) {
        throw this.#failure instanceof Error ? this.#failure : new NetworkError("The conversation was closed.");
      }
      const stretch = this.#stretch;
      if (stretch.messages.some(({ id }) => id === messageId)) return;
      await this.#exclusively(null, async () => {
        const page = await this.#whole({ around: messageId });
        stretch.reset(page.data, page.meta.hasMore);
      });
      // The log may have been replaced on the way.
      if (stretch === this.#stretch) return;
    }
  }

  /** Takes the next event of the log. */
  receive(event: DurableEvent): void {
    if (this.#position === undefined) {
      if (this.#opening) this.#early.push(event);
    } else if (event.seq > this.#position) {
      this.#apply(event);
      this.#publish();
    }
  }

  /** Shows a message as sent before the log brings it. */
  acknowledge(message: Message): void {
    if (!this.#holds(message)) return;
    this.#acknowledged = [...this.#acknowledged, message].sort((a, b) => a.seq - b.seq);
    this.#publish();
  }

  /** Shows messages that were kept on this device, until the server's are here. */
  show(kept: readonly Message[]): void {
    if (this.#position !== undefined) return;
    this.#kept = kept;
    this.#publish();
  }

  /** There is a connection again. */
  wake(): void {
    this.#backoff.wake();
  }

  /**
   * Forgets everything: the log went on too far, up to this position, or is another one. Whoever looks here sees it come
   * back.
   */
  reset(seq = Infinity): Promise<void> {
    // An answer that is on its way right now may be older than that.
    this.#needed = Math.max(this.#needed, seq);
    this.#kept = [];
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
    this.#backoff.wake();
  }

  /** The position of the newest message that is shown. */
  protected get lastSeq(): number {
    return this.#stretch.messages.at(-1)?.seq ?? 0;
  }

  /** Changes a message, if it is at hand. */
  protected change(id: string, change: (known: Message) => Message): void {
    this.#stretch.change(id, change);
  }

  /** Whether a message has its place here. */
  #holds({ conversationId, threadId }: { conversationId: string; threadId?: string | null }): boolean {
    return conversationId === this.id && (this.threadId === undefined || threadId === this.threadId);
  }

  async #open(): Promise<void> {
    const { server, logs, conversations } = this.context;
    this.#early = [];
    this.#needed = 0;
    // The position first: what is committed after it comes as an event, whether or not the page has it already.
    const [conversation, page] = await this.#retrying(async () => {
      const known = logs.position(this.id);
      const conversation = await server.conversation(this.id);
      if (conversation.lastSeq < known) throw new NetworkError("The answer is older than what is known.");
      return [conversation, await this.page()] as const;
    });
    if (conversation.lastSeq < this.#needed) return this.#open();

    conversations.put(conversation);
    this.#stretch.reset(page.data, page.meta.hasMore);
    this.#position = conversation.lastSeq;
    for (const event of this.#early) if (event.seq > conversation.lastSeq) this.#apply(event);
    this.#early = [];
    this.#kept = [];
  }

  #fail(error: unknown): void {
    this.#position = undefined;
    this.#kept = [];
    this.#failure = error;
    this.#publish();
  }

  #apply(event: DurableEvent): void {
    this.#position = event.seq;
    if (this.#busy) this.#meanwhile.push(event);
    if (event.type !== "message.new") return this.#change(event);
    const message = event.payload;
    const { threadId } = message;
    const counted = this.#holds(message) && !this.#stretch.receive(message, this.followed);
    // The answers to a message are not told as a change of it.
    if (threadId !== null && !counted) this.change(threadId, (root) => ({ ...root, replyCount: root.replyCount + 1 }));
  }

  /** Changes the message that an event is about. Events that change none still count: the log has no holes. */
  #change(event: DurableEvent): void {
    switch (event.type) {
      case "message.updated":
      case "message.deleted":
        this.change(event.payload.id, (known) => withChange(known, event.payload));
        break;
      case "reaction.added":
      case "reaction.removed": {
        const added = event.type === "reaction.added";
        const userId = this.context.user().id;
        this.change(event.payload.messageId, (known) => withReaction(known, event.payload, added, userId));
        break;
      }
    }
  }

  /** Lets the stretch grow at one end at a time. */
  #grow(end: "older" | "newer", place: Place, take: (stretch: Stretch, page: Page<Message>) => void): Promise<void> {
    if (this.#busy) return this.#growth;
    const stretch = this.#stretch;
    const growth = this.#exclusively(end, async () => take(stretch, await this.#retrying(() => this.#whole(place))));
    return growth.catch((error: unknown) => this.#fail(error));
  }

  /** Does something to the stretch while nothing else does, and then what happened meanwhile. */
  #exclusively(end: Timeline["growing"], work: () => Promise<void>): Promise<void> {
    this.#busy = true;
    this.#growing = end;
    this.#meanwhile = [];
    this.#publish();
    const growth = work()
      .then(() => {
        for (const event of this.#meanwhile) this.#change(event);
      })
      .finally(() => {
        this.#busy = false;
        this.#growing = null;
        this.#publish();
      });
    this.#growth = growth.catch(() => undefined);
    return growth;
  }

  /** A page of which it can be told how many answers its messages have: none of them was answered meanwhile. */
  async #whole(place: Place): Promise<Page<Message>> {
    for (;;) {
      const before = this.#meanwhile.length;
      const page = await this.page(place);
      const ids = new Set(page.data.map(({ id }) => id));
      const answers = ({ type, payload }: DurableEvent) =>
        type === "message.new" && payload.threadId !== null && ids.has(payload.threadId);
      if (!this.#meanwhile.slice(before).some(answers)) return page;
    }
  }

  #retrying<T>(work: () => Promise<T>): Promise<T> {
    return retrying(this.#backoff, () => !this.#closed, work);
  }

  #publish(): void {
    if (this.#closed) return;
    const { hasOlder, hasNewer } = this.#stretch;
    const stale = this.#position === undefined && this.#kept.length > 0;
    const timeline = { items: this.#list(), stale, hasOlder, hasNewer, growing: this.#growing };
    if (this.#failure !== undefined) this.#timeline.set({ ...timeline, phase: "failed", failure: this.#failure });
    else this.#timeline.set({ ...timeline, phase: stale || this.#position !== undefined ? "ready" : "loading" });
  }

  #list(): TimelineItem[] {
    const { outbox } = this.context;
    const user = this.context.user();
    this.#acknowledged = this.#acknowledged.filter((message) => message.seq > this.#stretch.newest);
    const messages = this.#position === undefined ? this.#kept : this.#stretch.messages;
    const items = messages.map((message) => this.#item(message, () => sentItem(message, user.id)));
    if (this.#stretch.hasNewer) return items;

    for (const message of this.#acknowledged) items.push(this.#item(message, () => sentItem(message, user.id)));
    const sent = new Set(items.map((item) => item.key));
    for (const outgoing of outbox.waiting.get()) {
      if (!this.#holds(outgoing) || sent.has(outgoing.clientMessageId)) continue;
      items.push(this.#item(outgoing, () => outgoingItem(outgoing, user)));
    }
    return items;
  }

  /** The same for the same message, so that its row is not drawn anew. */
  #item(of: object, make: () => TimelineItem): TimelineItem {
    let item = this.#items.get(of);
    if (!item) this.#items.set(of, (item = make()));
    return item;
  }
}
