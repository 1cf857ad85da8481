import { Backoff, retrying } from "./backoff.ts";
import { withChange } from "./change.ts";
import type { Environment } from "./environment.ts";
import { ChatError } from "./errors.ts";
import type { Server } from "./server.ts";
import type { Conversation, DurableEvent, Message, MessageChange } from "./types.ts";
import { Value, type Readable } from "./value.ts";

/** The conversations of the user, the most recently active first. */
export interface ConversationList {
  readonly items: readonly Conversation[];
  readonly phase: "loading" | "ready" | "failed";
  readonly failure?: unknown;
  /** Whether there are more on the server. */
  readonly hasMore: boolean;
  readonly growing: boolean;
}

const EMPTY: ConversationList = { items: [], phase: "loading", hasMore: false, growing: false };

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
  ) {
    this.#backoff = new Backoff(env);
  }

  get(): ConversationList {
    return this.#list.get();
  }

  subscribe(listener: (list: ConversationList) => void): () => void {
    return this.#list.subscribe(listener);
  }

  /** Fetches from the top until a page brings nothing new. */
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
  apply(conversationId: string, event: DurableEvent, userId: string): void {
    switch (event.type) {
      case "message.new":
        return this.receive(event.payload);
      case "message.updated":
      case "message.deleted":
        return this.#change(event.payload);
      case "conversation.created":
      case "conversation.updated":
        return this.#refetch(conversationId);
      case "member.joined":
        if (event.payload.member.user.id === userId) this.#refetch(conversationId);
        return;
      case "member.left":
        if (event.payload.userId === userId) this.#remove(conversationId);
        return;
      case "conversation.deleted":
        return this.#remove(conversationId);
    }
  }

  /** Takes a message that was just sent. */
  receive(message: Message): void {
    const known = this.#byId.get(message.conversationId);
    if (!known) {
      this.#refetch(message.conversationId);
    } else if (message.seq > known.lastSeq) {
      this.put({ ...known, lastMessage: message, lastSeq: message.seq, updatedAt: message.createdAt });
    }
  }

  /** Fetches one conversation, and lists it. */
  fetch(id: string): Promise<Conversation> {
    let fetching = this.#fetching.get(id);
    if (!fetching) {
      fetching = this.server
        .conversation(id)
        .then((conversation) => {
          this.put(conversation);
          return conversation;
        })
        .finally(() => this.#fetching.delete(id));
      this.#fetching.set(id, fetching);
    }
    return fetching;
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

  #refetch(id: string): void {
    this.fetch(id).catch((error: unknown) => this.env.report(error));
  }

  #change(change: MessageChange): void {
    const known = this.#byId.get(change.conversationId);
    if (known?.lastMessage?.id !== change.id) return;
    this.put({ ...known, lastMessage: withChange(known.lastMessage, change) });
  }

  #remove(id: string): void {
    this.#byId.delete(id);
    this.#publish({});
  }

  async #refresh(): Promise<void> {
    do {
      this.#asked = false;
      const loaded = this.#byId.size;
      let seen = 0;
      let news: boolean;
      let cursor: string | undefined;
      do {
        const page = await this.#retrying(() => this.server.conversations(cursor));
        if (this.#closed) return;
        seen += page.data.length;
        news = page.data.map((conversation) => this.#merge(conversation)).includes(true);
        cursor = page.meta.nextCursor ?? undefined;
      } while (news && cursor !== undefined && seen < loaded);
      if (seen >= loaded) this.#cursor = cursor;
      this.#publish({ phase: "ready" });
    } while (this.#asked);
  }

  /** Answers whether it is news. An answer that was under way may be older than what the socket brought. */
  #merge(conversation: Conversation): boolean {
    const known = this.#byId.get(conversation.id);
    if (known && known.epoch === conversation.epoch && known.lastSeq > conversation.lastSeq) return false;
    this.#byId.set(conversation.id, conversation);
    return known?.lastSeq !== conversation.lastSeq;
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

/** Whether the caller may not see it, or it is not there. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ChatError && error.status === 404;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
