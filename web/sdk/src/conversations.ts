import { Backoff, retrying } from "./backoff.ts";
import { withChange } from "./change.ts";
import type { Environment } from "./environment.ts";
import { isNotFound } from "./errors.ts";
import type { Logs } from "./logs.ts";
import type { Server } from "./server.ts";
import type {
  BlocksChange,
  Conversation,
  DurableEvent,
  Endpoints,
  Me,
  MeChange,
  Message,
  MessageChange,
  Page,
  UnreadChange,
  UpdateMe,
} from "./types.ts";
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

type Query = NonNullable<Endpoints["GET /conversations"]["query"]>;
/** What the server can be asked for of the list. What is `undefined` it is not asked for. */
type Picked = { [Name in keyof Query]: Query[Name] | undefined };

/** As many entries as a page may have. */
const PAGE = 100;

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
  /** What was kept on this device, until the server has answered. */
  #kept: readonly Conversation[] = [];
  /** Whose messages don't count as unread. */
  #blocked = new Set<string>();
  /** Changes of the user's own that the server has not confirmed. */
  readonly #wishes = new Map<string, readonly UpdateMe[]>();
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
    const known = this.#byId.get(id) ?? this.#kept.find((kept) => kept.id === id);
    return known && this.#wished(known);
  }

  /** Shows what was kept on this device, until the server has answered. */
  show(kept: readonly Conversation[]): void {
    if (this.get().phase !== "loading" || kept.length === 0) return;
    this.#kept = kept;
    this.#publish({ phase: "ready", stale: true });
  }

  /** Fetches again what was loaded, at least the first page, and who is blocked. */
  refresh(): Promise<void> {
    this.#asked = true;
    this.#backoff.wake();
    this.#refreshing ??= this.#refresh()
      .catch((failure: unknown) => {
        if (!this.#closed) this.#publish({ phase: "failed", failure });
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
      this.#cursor = (await this.#retrying(() => this.#page({ cursor }))).meta.nextCursor ?? undefined;
    } finally {
      this.#publish({ growing: false });
    }
  }

  /** Takes conversations as the server has them now. */
  put(...conversations: readonly Conversation[]): void {
    for (const conversation of conversations) this.#merge(conversation);
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
    const unread = message.kind !== "system" && message.sender.id !== this.userId && !this.#blocked.has(message.sender.id);
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

  /** Takes how the user wants a conversation, from whichever device. */
  changeMe({ conversationId, me }: MeChange): void {
    const known = this.#byId.get(conversationId);
    if (!known) return this.#refetch(conversationId);
    // A list that is on its way may be older.
    this.#asked = true;
    this.#set({ ...known, me: { ...me, lastReadSeq: known.me.lastReadSeq } });
  }

  /** Takes whose messages count no longer as unread, or do so again. What is left to read the server tells by itself. */
  block({ userId, blocked }: BlocksChange): void {
    this.#asked = true;
    this.#blocked[blocked ? "add" : "delete"](userId);
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

  /** Mutes, pins or archives a conversation, or the contrary. It is shown at once, and taken back if that fails. */
  async updateMe(id: string, wish: UpdateMe): Promise<void> {
    this.#wishes.set(id, [...(this.#wishes.get(id) ?? []), wish]);
    this.#publish({});
    try {
      // One after the other, so that the last one wins.
      await this.env.exclusive(`natter:me:${id}`, async () => {
        const before = this.#byId.get(id)?.me;
        await this.server.call("PATCH /conversations/{id}/me", { path: { id }, body: wish });
        // Unless this one has heard of it, and perhaps of what another device has changed since.
        const known = this.#byId.get(id);
        if (known?.me === before && known) this.#byId.set(id, this.#wished(known, [wish]));
      });
    } finally {
      this.#wishes.set(id, this.#wishes.get(id)?.filter((other) => other !== wish) ?? []);
      // The list that is on its way may be older.
      this.#asked = true;
      this.#publish({});
    }
  }

  /** Fetches a page of those that the server picks, once, and lists them, too: `list({ query: "pier", archived: true })`. */
  async list(picked: Picked): Promise<Page<Conversation>> {
    const page = await this.#page(picked);
    this.#publish({});
    return page;
  }

  /** Takes a conversation that the user is not in any more off the list. */
  remove(id: string): void {
    this.#kept = this.#kept.filter((kept) => kept.id !== id);
    this.#byId.delete(id);
    this.#publish({});
  }

  /** Forgets everything. */
  reset(): void {
    this.#byId.clear();
    this.#kept = [];
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

  #refetch(id: string, counts = false): void {
    this.fetch(id).then(
      // Older than what the socket brought meanwhile, it was not taken.
      ({ lastSeq }) => counts && lastSeq < (this.#byId.get(id)?.lastSeq ?? 0) && this.#refetch(id, counts),
      (error: unknown) => {
        // The user is not in it any more.
        if (isNotFound(error)) this.remove(id);
        else if (!this.#closed) this.env.report(error);
      },
    );
  }

  #change(known: Conversation, change: MessageChange): void {
    const shown = known.lastMessage?.id === change.id ? withChange(known.lastMessage, change) : known.lastMessage;
    this.#set({ ...known, lastMessage: shown });
    // What is unread may not count any more, or mention somebody now: only the server knows.
    if (change.messageSeq > known.me.lastReadSeq && change.sender.id !== this.userId) this.#refetch(known.id, true);
  }

  #mentioned({ mentions, groupMention }: Message): boolean {
    return (groupMention ?? null) !== null || mentions.includes(this.userId);
  }

  async #refresh(): Promise<void> {
    do {
      this.#asked = false;
      const before = inOrder(this.#byId.values());
      let seen = 0;
      let cursor: string | undefined;
      do {
        const page = await this.#retrying(() => this.#page({ cursor }));
        if (this.#closed) return;
        seen += inOrder(page.data);
        cursor = page.meta.nextCursor ?? undefined;
      } while (cursor !== undefined && seen < before);
      // They are on top, however long ago anybody wrote there.
      if (cursor !== undefined) await this.#retrying(() => this.#page({ pinned: true }));
      if (seen >= before) this.#cursor = cursor;
      this.#kept = [];
      this.#publish({ phase: "ready", stale: false });
      const blocks = await this.#retrying(() => this.server.call("GET /blocks", { query: { limit: PAGE } }));
      this.#blocked = new Set(blocks.data.map(({ user }) => user.id));
    } while (this.#asked);
  }

  /** Fetches a page, and takes what is on it. */
  async #page(picked: Picked): Promise<Page<Conversation>> {
    const before = new Map(this.#byId);
    const page = await this.server.call("GET /conversations", { query: { limit: PAGE, ...picked } as Query });
    for (const conversation of page.data) {
      const { id } = conversation;
      // What the user did meanwhile, on whichever device, may be newer than the answer, and nothing in it tells.
      if (this.#byId.get(id)?.me === before.get(id)?.me) this.#merge(conversation);
      else this.#refetch(id);
    }
    return page;
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
    const kept = this.#kept.filter(({ id }) => !this.#byId.has(id));
    const items = [...this.#byId.values(), ...kept]
      .map((conversation) => this.#wished(conversation))
      .sort((a, b) => ((a.updatedAt === b.updatedAt ? a.id < b.id : a.updatedAt < b.updatedAt) ? 1 : -1));
    const { failure: _, ...before } = this.get();
    this.#list.set({ ...before, items, hasMore: this.#cursor !== undefined, ...change });
  }

  /** A conversation as the user wants it, by wishes that the server may not have confirmed. */
  #wished(conversation: Conversation, wishes: readonly UpdateMe[] = this.#wishes.get(conversation.id) ?? []): Conversation {
    return wishes.length === 0 ? conversation : { ...conversation, me: Object.assign({}, conversation.me, ...wishes) as Me };
  }

  #retrying<T>(work: () => Promise<T>): Promise<T> {
    return retrying(this.#backoff, () => !this.#closed, work);
  }
}

/** How many of these the list has by their order alone: what is pinned or archived may have come from elsewhere in it. */
function inOrder(conversations: Iterable<Conversation>): number {
  return [...conversations].filter(({ me }) => !me.pinned && !me.archived).length;
}
