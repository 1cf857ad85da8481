import { FakeFiles } from "./fake-files.ts";
import { FakeSessions } from "./fake-sessions.ts";
import { Refusal, type Answer } from "./refusal.ts";
import type {
  Conversation,
  CreateConversation,
  Event,
  EventBody,
  Message,
  Page,
  Presence,
  SendMessage,
  SyncResume,
  User,
} from "../src/index.ts";

/** What a fault may do to one send. */
export type Fault = "none" | "refuse" | "rate-limit" | "lose-before-commit" | "lose-after-commit" | "lose-event" | "double-event";

interface Log {
  conversation: Conversation;
  events: Event[];
  members: string[];
  /** How far each member has read. */
  read: Map<string, number>;
}

/** One socket as the server sees it. */
export interface Link {
  userId: string;
  /** Delivers a frame to the client. */
  deliver(frame: object): void;
  /** Closes it from the server's side. */
  close(code: number, reason: string): void;
}

/** Keeps the server's promises in memory: gap-free logs, one message for each key, acknowledgement after the commit. */
export class FakeServer {
  readonly files = new FakeFiles(() => this.id());
  readonly links = new Set<Link>();
  readonly sessions = new FakeSessions(() => this.id());
  readonly logs = new Map<string, Log>();
  #ids = 0;
  #time = Date.UTC(2026, 10, 21, 9);
  epoch = "epoch-1";
  /** When the tokens of sockets end. */
  expiresAt: string | null = null;
  /** What this server does not know, as an older one would not. */
  unknown = new Set<string>();
  requests: string[] = [];
  /** The frames that clients have sent, and what was in them. */
  frames: { type: string; payload: unknown }[] = [];
  /** Who has blocked whom. */
  readonly blocks: { by: string; user: User }[] = [];
  /** Whether nobody may change what is theirs of a conversation. */
  refuseMe = false;
  /** Decides about each send. */
  fault: () => Fault = () => "none";

  id(): string {
    this.#ids += 1;
    return `00000000-0000-7000-8000-${String(this.#ids).padStart(12, "0")}`;
  }

  /** One request of the REST interface. */
  handle(method: string, target: string, body: unknown, token: string | undefined, headers = new Headers()): Answer {
    const url = new URL(target, "http://fake");
    const path = url.pathname.replace("/api/v1", "");
    this.requests.push(`${method} ${path}`);
    try {
      if (path.startsWith("/files")) return this.files.handle(method, path, headers, body, this.sessions.signedIn(token));
      return this.#route(method, path, url.searchParams, body as never, token);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { status: error.status, body: error.problem };
    }
  }

  /** Opens a socket for a ticket, which works once. */
  open(ticket: string, link: Omit<Link, "userId">): Link | undefined {
    const user = this.sessions.take(ticket);
    if (!user) return undefined;
    const open = { ...link, userId: user.id };
    this.links.add(open);
    open.deliver({ type: "ready", payload: { connectionId: this.id(), user, heartbeatSeconds: 25, epoch: this.epoch, expiresAt: this.expiresAt } });
    return open;
  }

  /** One frame from a client. */
  frame(link: Link, frame: { id?: string; type: string; payload: unknown }): void {
    if (!this.links.has(link)) return;
    if (frame.type === "ping") return link.deliver({ type: "pong", payload: {} });
    this.frames.push({ type: frame.type, payload: frame.payload });
    const fault = this.fault();
    if (fault === "lose-before-commit") return this.drop(link, 1006, "");
    try {
      if (this.unknown.has(frame.type)) throw new Refusal(400, "unknown_type");
      if (fault === "rate-limit") throw new Refusal(429, "rate_limited", true, 7);
      if (fault === "refuse") throw new Refusal(503, "unavailable", true);
      const answer = this.#answer(link, frame.type, frame.payload as never, fault);
      if (fault === "lose-after-commit") return this.drop(link, 1006, "");
      link.deliver({ id: frame.id, ...answer });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      link.deliver({ id: frame.id, type: "error", payload: error.problem });
    }
  }

  #answer(
    link: Link,
    type: string,
    payload: SendMessage & SyncResume & { userIds: string[]; token: string; status: Presence },
    fault: Fault,
  ): { type: string; payload: unknown } {
    switch (type) {
      case "message.send":
        return { type: "ack", payload: this.send(link.userId, payload, fault).message };
      case "sync.resume":
        return { type: "sync.done", payload: { events: this.#resume(link, payload) } };
      case "presence.watch":
        return {
          type: "ack",
          payload: { users: payload.userIds.map((userId) => ({ userId, status: "online", lastSeen: null })) },
        };
      case "auth.refresh":
        this.sessions.signedIn(payload.token);
        return { type: "ack", payload: { expiresAt: this.expiresAt } };
      case "presence.update":
      case "typing.start":
      case "typing.stop":
        return { type: "ack", payload: {} };
      default:
        throw new Refusal(400, "unknown_type");
    }
  }

  /** Tells what a client lacks, as the delivery guide has it; a thousand events is too many here, too. */
  #resume(link: Link, { conversations, all }: SyncResume): number {
    const named = new Map(conversations.map((position) => [position.id, position]));
    let count = 0;
    for (const { id, epoch, seq } of conversations) {
      const log = this.logs.get(id);
      if (!log?.members.includes(link.userId)) {
        link.deliver({ type: "sync.removed", payload: { conversationId: id } });
        continue;
      }
      const head = log.events.length;
      if (epoch !== this.epoch || seq > head || head - seq > 1_000) {
        link.deliver({ type: "sync.reset", payload: { conversationId: id, epoch: this.epoch, seq: head } });
        continue;
      }
      for (let start = seq; start < head; start += 100) {
        const events = structuredClone(log.events.slice(start, start + 100));
        count += events.length;
        link.deliver({ type: "sync.events", payload: { conversationId: id, events } });
      }
    }
    for (const [id, log] of all ? this.logs : []) {
      if (named.has(id) || !log.members.includes(link.userId)) continue;
      const payload = { conversationId: id, epoch: this.epoch, seq: log.events.length };
      link.deliver({ type: "sync.reset", payload });
    }
    return count;
  }

  /** Closes a socket from this side. */
  drop(link: Link, code: number, reason: string): void {
    if (this.links.delete(link)) link.close(code, reason);
  }

  /** Every socket closes at once, as when the process is killed; what is committed stays. */
  restart(reason = ""): void {
    for (const link of [...this.links]) this.drop(link, reason === "" ? 1006 : 1001, reason);
  }

  endSessions(userId: string): void {
    this.sessions.end(userId);
  }

  expireAccessTokens(): void {
    this.sessions.expire();
  }

  /** Commits a message and tells the members. */
  send(userId: string, wish: SendMessage, fault: Fault = "none"): { message: Message; repeat: boolean } {
    const log = this.#log(wish.conversationId, userId);
    const messages = this.messages(wish.conversationId);
    const same = messages.find(
      (message) => message.sender.id === userId && wish.clientMessageId && message.clientMessageId === wish.clientMessageId,
    );
    if (same) {
      const files = same.attachments.map((file) => file.id);
      if (same.content !== (wish.content ?? "") || files.join() !== (wish.attachments ?? []).join()) {
        throw new Refusal(409, "client_message_id_conflict");
      }
      return { message: same, repeat: true };
    }
    const { content = "" } = wish;
    if ([...content].length > 16_000) throw new Refusal(422, "validation_failed");
    const attachments = this.files.attach(userId, wish.attachments ?? []);
    const root = messages.find(({ id }) => id === wish.threadId);
    if (root) root.replyCount += 1;
    const { id, username, displayName } = this.user(userId);
    const message: Message = {
      id: this.id(),
      conversationId: wish.conversationId,
      seq: log.events.length + 1,
      sender: { id, username, displayName, avatarUrl: null },
      kind: wish.kind ?? "text",
      content,
      clientMessageId: wish.clientMessageId ?? null,
      replyTo: wish.replyTo ?? null,
      threadId: wish.threadId ?? null,
      mentions: [],
      attachments,
      reactions: [],
      createdAt: this.#now(),
      replyCount: 0,
      editedAt: null,
      deletedAt: null,
    };
    this.#commit(log, { type: "message.new", payload: message }, message.seq, message.createdAt);
    log.conversation.lastMessage = message;
    if (fault !== "lose-event") this.#publish(log, { type: "message.new", payload: message });
    if (fault === "double-event") this.#publish(log, { type: "message.new", payload: message });
    return { message, repeat: false };
  }

  /** Changes the text of a message; none deletes it. */
  edit(userId: string, message: Message, content: string | null): void {
    const log = this.#log(message.conversationId, userId);
    const now = this.#now();
    Object.assign(message, content === null ? { content: "", deletedAt: now } : { content, editedAt: now });
    const seq = log.events.length + 1;
    const payload = { ...message, seq, messageSeq: message.seq, actorId: userId };
    this.#happen(log, { type: content === null ? "message.deleted" : "message.updated", payload }, now);
  }

  /** Chooses an emoji under a message, or takes it back. */
  react(userId: string, message: Message, emoji: string, on: boolean): void {
    const log = this.#log(message.conversationId, userId);
    const count = (message.reactions.find((reaction) => reaction.emoji === emoji)?.count ?? 0) + (on ? 1 : -1);
    const others = message.reactions.filter((reaction) => reaction.emoji !== emoji);
    message.reactions = count > 0 ? [...others, { emoji, count, me: false }] : others;
    const { id: messageId, conversationId } = message;
    const payload = { conversationId, seq: log.events.length + 1, messageId, userId, emoji, count };
    this.#happen(log, { type: on ? "reaction.added" : "reaction.removed", payload }, this.#now());
  }

  /** Something that changes no message. */
  rename(userId: string, conversationId: string, name: string): void {
    const log = this.#log(conversationId, userId);
    log.conversation.name = name;
    const payload = { conversationId, seq: log.events.length + 1, actorId: userId, conversation: log.conversation };
    this.#happen(log, { type: "conversation.updated", payload }, this.#now());
  }

  /** Lets a member go. */
  leave(userId: string, conversationId: string): void {
    const log = this.#log(conversationId, userId);
    const seq = log.events.length + 1;
    const payload = { conversationId, seq, actorId: userId, userId, memberCount: log.members.length - 1 };
    this.#happen(log, { type: "member.left", payload }, this.#now());
    log.members = log.members.filter((member) => member !== userId);
  }

  #happen(log: Log, body: EventBody, now: string): void {
    this.#commit(log, body, log.events.length + 1, now);
    this.#publish(log, body);
  }

  /** What is committed, in order. */
  messages(conversationId: string): Message[] {
    return (this.logs.get(conversationId)?.events ?? []).flatMap((event) =>
      event.type === "message.new" ? [event.payload] : [],
    );
  }

  token(userId: string): string {
    return this.sessions.token(userId);
  }

  user(id: string): User {
    return this.sessions.user(id);
  }

  create(userId: string, wish: CreateConversation): Conversation {
    const members = [userId, ...(wish.members ?? []).map((name) => this.sessions.byName(name).id)];
    const id = this.id();
    const now = this.#now();
    const conversation: Conversation = {
      id,
      type: wish.type,
      name: wish.name ?? null,
      topic: wish.topic ?? null,
      visibility: wish.visibility ?? "private",
      linkPreviews: true,
      status: "active",
      createdBy: userId,
      createdAt: now,
      updatedAt: now,
      title: "",
      epoch: this.epoch,
      lastSeq: 0,
      lastMessage: null,
      unreadCount: 0,
      mentionCount: 0,
      memberCount: members.length,
      peer: null,
      me: { role: "member", lastReadSeq: 0, muted: false, pinned: false, archived: false },
    };
    const log: Log = { conversation, events: [], members, read: new Map() };
    this.logs.set(id, log);
    const created = {
      type: "conversation.created" as const,
      payload: { conversationId: id, seq: 1, conversation, actorId: userId },
    };
    this.#commit(log, created, 1, now);
    this.#publish(log, created);
    return this.#view(log, userId);
  }

  #route(
    method: string,
    path: string,
    query: URLSearchParams,
    body: Record<string, string> & SendMessage & CreateConversation,
    token: string | undefined,
  ): { status: number; body: unknown } {
    const entered = this.sessions.handle(path, body);
    if (entered) return entered;
    if (path === "/auth/logout") {
      const owner = this.sessions.owner(String(body["refreshToken"]));
      if (owner !== undefined) this.endSessions(owner);
      for (const link of [...this.links]) if (link.userId === owner) this.drop(link, 4001, "");
      return { status: 204, body: undefined };
    }

    const userId = this.sessions.signedIn(token);
    if (path === "/blocks" && method === "POST") {
      const user = this.user(this.sessions.byName(String(body["username"])).id);
      this.blocks.push({ by: userId, user });
      this.#tellOwn(userId, "blocks.changed", { userId: user.id, blocked: true });
      return { status: 201, body: undefined };
    }
    if (path === "/blocks") {
      const mine = this.blocks.filter(({ by }) => by === userId);
      return { status: 200, body: page(mine, 0, 100) };
    }
    if (path === "/users/me" && method === "PATCH") Object.assign(this.user(userId), body);
    if (path === "/users/me") return { status: 200, body: this.user(userId) };
    if (path.startsWith("/conversations/with/")) {
      const other = this.sessions.byName(path.replace("/conversations/with/", "")).id;
      const log = [...this.logs.values()].find(
        ({ conversation, members }) => conversation.type === "direct" && members.includes(userId) && members.includes(other),
      );
      const wish = { type: "direct" as const, members: [this.user(other).username] };
      return { status: 200, body: log ? this.#view(log, userId) : this.create(userId, wish) };
    }
    if (path === "/auth/ticket") {
      const ticket = this.sessions.ticket(userId);
      return { status: 200, body: { ticket, expiresIn: 30 } };
    }
    if (path === "/conversations" && method === "POST") return { status: 201, body: this.create(userId, body) };
    if (path === "/conversations") {
      const mine = [...this.logs.values()].filter((log) => log.members.includes(userId));
      const all = mine.map((log) => this.#view(log, userId));
      all.sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1));
      const pinned = (conversation: Conversation) => !query.has("pinned") || conversation.me.pinned;
      const text = (query.get("query") ?? "").toLowerCase();
      const wanted = (one: Conversation) => pinned(one) && one.title.toLowerCase().includes(text);
      const listed = all.filter((one) => one.me.archived === (query.get("archived") === "true") && wanted(one));
      return { status: 200, body: page(listed, Number(query.get("cursor") ?? 0), Number(query.get("limit") ?? 50)) };
    }
    if (path.startsWith("/messages/")) {
      const message = [...this.logs.values()]
        .filter((log) => log.members.includes(userId))
        .flatMap((log) => this.messages(log.conversation.id))
        .find((candidate) => path === `/messages/${candidate.id}`);
      if (!message) throw new Refusal(404, "not_found");
      return { status: 200, body: message };
    }
    const [, id = "", what] = /^\/conversations\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? [];
    const log = this.#log(id, userId);
    if (what === undefined) return { status: 200, body: this.#view(log, userId) };
    if (what === "events") {
      const after = Number(query.get("after"));
      return { status: 200, body: page(log.events.slice(after), 0, Number(query.get("limit"))) };
    }
    if (what === "me") {
      if (this.refuseMe) throw new Refusal(403, "forbidden");
      Object.assign(log.conversation.me, body);
      this.#tellOwn(userId, "me.changed", { conversationId: id, me: this.#view(log, userId).me });
      return { status: 200, body: this.#view(log, userId).me };
    }
    if (what === "read") {
      const lastReadSeq = Number(body["seq"]);
      log.read.set(userId, lastReadSeq);
      return { status: 200, body: { conversationId: id, lastReadSeq, unreadCount: 0, mentionCount: 0 } };
    }
    if (method === "POST") {
      const { message, repeat } = this.send(userId, { ...body, conversationId: id });
      return { status: repeat ? 200 : 201, body: message };
    }
    return { status: 200, body: this.#history(id, query) };
  }

  #history(id: string, query: URLSearchParams): Page<Message> {
    const limit = Number(query.get("limit") ?? 50);
    const thread = query.get("threadId");
    const all = this.messages(id).filter((message) => !thread || message.id === thread || message.threadId === thread);
    const at = (name: string) => all.findIndex((message) => message.id === query.get(name));
    if (query.has("after")) return page(all, at("after") + 1, limit);
    if (query.has("around") && at("around") < 0) throw new Refusal(404, "not_found");
    const end = query.has("around") ? at("around") + limit / 2 : query.has("before") ? at("before") : all.length;
    const start = Math.max(0, end - limit);
    return { data: all.slice(start, end), meta: { nextCursor: start > 0 ? "c" : null, hasMore: start > 0 } };
  }

  #log(id: string, userId: string): Log {
    const log = this.logs.get(id);
    if (!log?.members.includes(userId)) throw new Refusal(404, "not_found");
    return log;
  }

  #view(log: Log, userId: string): Conversation {
    const other = log.members.find((member) => member !== userId) ?? userId;
    return {
      ...log.conversation,
      epoch: this.epoch,
      lastSeq: log.events.length,
      me: { ...log.conversation.me, lastReadSeq: log.read.get(userId) ?? 0 },
      title: log.conversation.name ?? this.user(other).displayName,
    };
  }

  #commit(log: Log, body: Pick<Event, "type" | "payload">, seq: number, createdAt: string): void {
    log.events.push({ ...body, conversationId: log.conversation.id, seq, createdAt } as Event);
    log.conversation.updatedAt = createdAt;
  }

  #publish(log: Log, frame: object): void {
    for (const link of this.links) if (log.members.includes(link.userId)) link.deliver(frame);
  }

  #tellOwn(userId: string, type: string, payload: object): void {
    for (const link of this.links) if (link.userId === userId) link.deliver({ type, payload });
  }

  #now(): string {
    this.#time += 1000;
    return new Date(this.#time).toISOString();
  }
}

function page<T>(all: readonly T[], start: number, limit: number): Page<T> {
  const end = start + limit;
  const hasMore = end < all.length;
  return { data: all.slice(start, end), meta: { nextCursor: hasMore ? String(end) : null, hasMore } };
}
