import type { Connection } from "./connection.ts";
import { Feed, type FeedContext, type Place } from "./feed.ts";
import { Thread } from "./thread.ts";
import type { DurableEvent, Message, Page, ReadReceipt, TypingIndicator } from "./types.ts";
import { Typing } from "./typing.ts";
import { Value, type Readable } from "./value.ts";

export interface RoomContext extends FeedContext {
  connection: Connection;
  /** Everything up to a position was read. */
  read: (conversationId: string, seq: number) => void;
}

/** Threads of a room that are kept in memory; the one that was not used for longest gives way. */
const THREADS_MAX = 4;

/** One conversation: its messages in order, live and without holes, who reads and writes there, and a way to write to it. */
export class Room extends Feed {
  readonly #typing: Typing;
  readonly #readers = new Value<ReadonlyMap<string, number>>(new Map());
  readonly #read: RoomContext["read"];
  readonly #threads = new Map<string, Thread>();

  /** The ids of the others who write right now. */
  readonly typing: Readable<readonly string[]>;
  /** Up to which position the others have read, as far as was heard of it. */
  readonly readers: Readable<ReadonlyMap<string, number>> = this.#readers;

  constructor(id: string, { connection, read, ...context }: RoomContext) {
    const typing = new Typing(context.env, connection, id);
    super(id, undefined, context, typing);
    this.#typing = typing;
    this.#read = read;
    this.typing = typing.writers;
  }

  /** The thread that a message has begun, or will. */
  thread(messageId: string): Thread {
    const thread = this.#threads.get(messageId) ?? this.#thread(messageId);
    // The last in the map is the one used last.
    this.#threads.delete(messageId);
    this.#threads.set(messageId, thread);
    const [oldest] = this.#threads;
    if (this.#threads.size > THREADS_MAX && oldest) {
      oldest[1].close();
      this.#threads.delete(oldest[0]);
    }
    return thread;
  }

  /** Up to where the user has read, where that is known: what is behind it when a screen opens is new. */
  get lastReadSeq(): number | undefined {
    return this.context.conversations.find(this.id)?.me.lastReadSeq;
  }

  /** The user has seen everything up to a position: that of the newest message shown, if it is not another. */
  markRead(seq = this.lastSeq): void {
    if (seq > 0) this.#read(this.id, seq);
  }

  override receive(event: DurableEvent): void {
    if (event.type === "message.new") this.#typing.receive({ userId: event.payload.sender.id, active: false });
    super.receive(event);
    for (const thread of this.#threads.values()) thread.receive(event);
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

  override acknowledge(message: Message): void {
    super.acknowledge(message);
    for (const thread of this.#threads.values()) thread.acknowledge(message);
  }

  override wake(): void {
    super.wake();
    for (const thread of this.#threads.values()) thread.wake();
  }

  /** There is no connection: nobody can say who writes. */
  down(): void {
    this.#typing.clear();
  }

  override async reset(seq?: number): Promise<void> {
    await Promise.all([super.reset(seq), ...[...this.#threads.values()].map((thread) => thread.reset(seq))]);
  }

  override close(): void {
    super.close();
    this.#typing.clear();
    for (const thread of this.#threads.values()) thread.close();
  }

  #thread(messageId: string): Thread {
    const thread = new Thread(this.id, messageId, this.context, this.#typing);
    thread.show(this.timeline.get().items.flatMap(({ message }) => message ?? []));
    return thread;
  }

  protected override page(place?: Place): Promise<Page<Message>> {
    return this.context.server.messages(this.id, place);
  }
}
