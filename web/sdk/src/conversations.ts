import { Backoff, retrying } from "./backoff.ts";
import { withChange } from "./change.ts";
import type { Environment } from "./environment.ts";
import { isNotFound } from "./errors.ts";
import type { Logs } from "./logs.ts";
import type { Server } from "./server.ts";
import type { Conversation, DurableEvent, Message, MessageChange, UnreadChange, UpdateMe } from "./types.ts";
import { Value, type Readable } from "./value.ts";

/** The conversations of the user, the most recently active first. */
export interface ConversationList {
  readonly items: readonly Conversation[];
  readonly phase: "loading" | "ready" | "failed";
  readonly failure?: unknown;
  /** Whether this is what was kept on this device, and the server has not been heard yet. */
  readonly stale: boolean;
  /** Whether there are more on the server. */
  readonly hasMore: boolean;
  readonly growing: boolean;
}

const EMPTY: ConversationList = { items: [], phase: "loading", stale: false, hasMore: false, growing: false };

/** Keeps the list of conversations up to date, as far down as it was loaded. */
export class Conversations implements Readable<ConversationList> {
  readonly #list = new Value<ConversationList>(EMPTY);
  readonly #byId = new Map<string, Conversation>();
  readonly #fetching = new Map<string, Promise<Conversation>>();
  readonly #backoff: Backoff;
  #cursor: string | undefined;
  #refreshing: Promise<void> | undefined;
  #asked = false;
  #closed = false;

  constructor(
    private readonly env: Environment,
    private readonly server: Server,
    private readonly logs: Logs,
    private readonly userId: string,
  ) {
    this.#backoff = new Backoff(env);
  }

  get(): ConversationList {
    return this.#list.get();
  }

  subscribe(listener: (list: ConversationList) => void): () => void {
    return this.#list.subscribe(listener);
  }

  /** One of those that are listed. */
  find(id: string): Conversation | undefined {
    return this.#byId.get(id);
  }

  /** Fetches again what was loaded, at least the first page. */
  refresh(): Promise<void> {
    this.#asked = true;
    this.#backoff.wake();
    this.#refreshing ??= this.#refresh()
      .catch((failure: unknown) => {
        if (this.#closed) return;
        this.#list.set({ ...this.#list.get(), phase: "failed", failure });
      })
      .finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  /** Fetches the next page. */
  async more(): Promise<void> {
    const cursor = this.#cursor;
    if (cursor === undefined || this.get().growing) return;
    this.#publish({ growing: true });
    try {
      const page = await this.#retrying(() => this.server.conversations(cursor));
      for (const conversation of page.data) this.#merge(conversation);
      this.#cursor = page.meta.nextCursor ?? undefined;
    } finally {
      this.#publish({ growing: false });
    }
  }

  /** Takes a conversation as the server has it now. */
  put(conversation: Conversation): void {
    this.#merge(conversation);
    this.#publish({});
  }

  /** Takes what happened in a conversation, as far as the list shows it. */
  apply(event: DurableEvent): void {
    const { conversationId: id, seq } = event;
    const known = this.#byId.get(id);
    if (event.type === "conversation.deleted") return this.remove(id);
    if (event.type === "member.left" && event.payload.userId === this.userId) return this.remove(id);
    if (!known) return this.#refetch(id);
    // What was fetched may be ahead of the log.
    if (seq <= known.lastSeq) return;
    switch (event.type) {
      case "message.new":
        return this.receive(event.payload);
      case "message.updated":
      case "message.deleted":
        return this.#change({ ...known, lastSeq: seq }, event.payload);
      case "member.joined":
      case "member.left":
        return this.#set({ ...known, lastSeq: seq, memberCount: event.payload.memberCount });
      case "conversation.created":
      case "conversation.updated":
      case "member.updated":
        return this.#refetch(id);
      default:
        return this.#set({ ...known, lastSeq: seq });
    }
  }

  /** Takes a message that was just sent. */
  receive(message: Message): void {
    const known = this.#byId.get(message.conversationId);
    if (!known) return this.#refetch(message.conversationId);
    if (message.seq <= known.lastSeq) return;
    const unread = message.kind === "text" && message.sender.id !== this.userId;
    this.#set({
      ...known,
      lastMessage: message,
      lastSeq: message.seq,
      updatedAt: message.createdAt,
      unreadCount: known.unreadCount + Number(unread),
      mentionCount: known.mentionCount + Number(unread && this.#mentioned(message)),
    });
  }

  /** Takes what is left to read, as the server counts it. */
  count({ conversationId, lastReadSeq, unreadCount, mentionCount }: UnreadChange): void {
    const known = this.#byId.get(conversationId);
    if (!known || lastReadSeq < known.me.lastReadSeq) return;
    this.#set({ ...known, unreadCount, mentionCount, me: { ...known.me, lastReadSeq } });
  }

  /** Fetches one conversation, and lists it. */
  fetch(id: string): Promise<Conversation> {
    let fetching = this.#fetching.get(id);
    if (!fetching) {
      fetching = this.#retrying(() => this.server.conversation(id))
        .then((conversation) => {
          this.put(conversation);
          return conversation;
        })
        .finally(() => this.#fetching.delete(id));
      this.#fetching.set(id, fetching);
    }
    return fetching;
  }

  /** Mutes, pins or archives a conversation, or takes that back: shown at once, and taken back if the server refuses. */
  async updateMe(id: string, body: UpdateMe): Promise<void> {
    const me = await this.server.call("PATCH /conversations/{id}/me", { path: { id }, body });
    const known = this.#byId.get(id);
    if (known) this.#set({ ...known, me });
  }

  /** Lists those that are archived, too. */
  async archived(): Promise<void> {
    const page = await this.#retrying(() => this.server.call("GET /conversations", { query: { archived: true, limit: 100 } }));
    for (const conversation of page.data) this.#merge(conversation);
    this.#publish({});
  }

  /** Takes a conversation that the user is not in any more off the list. */
  remove(id: string): void {
    if (this.#byId.delete(id)) this.#publish({});
  }

  /** Forgets everything. */
  reset(): void {
    this.#byId.clear();
    this.#cursor = undefined;
    this.#list.set(EMPTY);
  }

  close(): void {
    this.#closed = true;
    this.#backoff.wake();
  }

  #set(conversation: Conversation): void {
    this.#byId.set(conversation.id, conversation);
    this.#publish({});
  }

  #refetch(id: string): void {
    this.fetch(id).catch((error: unknown) => {
      // The user is not in it any more.
      if (isNotFound(error)) this.remove(id);
      else if (!this.#closed) this.env.report(error);
    });
  }

  #change(known: Conversation, change: MessageChange): void {
    const shown = known.lastMessage?.id === change.id ? withChange(known.lastMessage, change) : known.lastMessage;
    this.#set({ ...known, lastMessage: shown });
    // What is unread may not count any more, or mention somebody now: only the server knows.
    if (change.messageSeq > known.me.lastReadSeq && change.sender.id !== this.userId) this.#refetch(known.id);
  }

  #mentioned({ mentions, groupMention }: Message): boolean {
    return (groupMention ?? null) !== null || mentions.includes(this.userId);
  }

  async #refresh(): Promise<void> {
    do {
      this.#asked = false;
      const loaded = this.#byId.size;
      let seen = 0;
      let cursor: string | undefined;
      do {
        const page = await this.#retrying(() => this.server.conversations(cursor));
        if (this.#closed) return;
        seen += page.data.length;
        for (const conversation of page.data) this.#merge(conversation);
        cursor = page.meta.nextCursor ?? undefined;
      } while (cursor !== undefined && seen < loaded);
      if (seen >= loaded) this.#cursor = cursor;
      this.#publish({ phase: "ready" });
    } while (this.#asked);
  }

  /** An answer that was under way may be older than what the socket brought; then what is missing in it is fetched. */
  #merge(conversation: Conversation): void {
    const { id, epoch, lastSeq } = conversation;
    const known = this.#byId.get(id);
    const current = this.logs.follow(conversation);
    if (known && known.epoch === epoch && known.lastSeq > lastSeq) return;
    this.#byId.set(id, conversation);
    if (!current) this.#refetch(id);
  }

  #publish(change: Partial<ConversationList>): void {
    const items = [...this.#byId.values()].sort(
      (a, b) => compare(b.updatedAt, a.updatedAt) || compare(b.id, a.id),
    );
    const { failure: _, ...before } = this.get();
    this.#list.set({ ...before, items, hasMore: this.#cursor !== undefined, ...change });
  }

  #retrying<T>(work: () => Promise<T>): Promise<T> {
    return retrying(this.#backoff, () => !this.#closed, work);
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
