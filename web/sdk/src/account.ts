import type { AttachedCache } from "./cache.ts";
import { Connection } from "./connection.ts";
import { Conversations } from "./conversations.ts";
import type { Cancel, Environment } from "./environment.ts";
import { isRetriable, NetworkError } from "./errors.ts";
import type { Identity } from "./identity.ts";
import { Logs } from "./logs.ts";
import { Outbox } from "./outbox.ts";
import { People } from "./presence.ts";
import { Reading } from "./reading.ts";
import { Room } from "./room.ts";
import { Server, type Parts } from "./server.ts";
import type {
  ClientRequests,
  Conversation,
  CreateConversation,
  DurableEvent,
  Endpoints,
  Ready,
  Schemas,
  ServerEvents,
  SyncEvents,
  SyncLagging,
  SyncReset,
  User,
} from "./types.ts";
import type { UploadOptions } from "./upload.ts";
import type { Uploads } from "./uploads.ts";
import { Value, type Readable } from "./value.ts";

/**
 * `connecting`: for the first time. `syncing`: connected, and what was missed is on its way. `online`: everything is
 * here, and what happens arrives as it does. `offline`: tries to connect go on by themselves. `closed`: for good.
 */
export type ConnectionState = "connecting" | "syncing" | "online" | "offline" | "closed";

/** Rooms that are kept in memory; the one that was not used for longest gives way. */
const ROOMS_MAX = 16;

/** Everything that one signed-in user has. Another user gets another account, so nothing of one is left for the next. */
export class Account {
  readonly #state = new Value<ConnectionState>("connecting");
  readonly #server: Server;
  readonly #connection: Connection;
  readonly #logs: Logs;
  readonly #outbox: Outbox;
  readonly #reading: Reading;
  readonly #rooms = new Map<string, Room>();
  readonly #listeners = new Map<string, Set<(payload: never) => void>>();
  #loading: Promise<Uploads> | undefined;
  readonly #cache: AttachedCache | undefined;
  readonly #stop: Cancel[] = [];
  #connections = 0;

  readonly #profile: Value<User>;

  readonly connection: Readable<ConnectionState> = this.#state;
  /** The user, under the name and with the picture that they have now. Who it is never changes. */
  readonly profile: Readable<User>;
  readonly conversations: Conversations;
  /** Who can be reached. */
  readonly people: People;

  constructor(
    private readonly env: Environment,
    base: string,
    private readonly identity: Identity,
    user: User,
  ) {
    this.profile = this.#profile = new Value(user);
    this.#server = new Server(env, base, identity);
    this.#connection = new Connection(env, this.#server, identity, {
      ready: (ready) => this.#ready(ready),
      event: (type, payload) => this.#event(type, payload),
      down: () => this.#down(),
    });
    this.#logs = new Logs(env, this.#server, this.#connection, {
      apply: (event) => this.#apply(event),
      reset: (reset) => this.#reset(reset),
      removed: (conversationId) => this.#removed(conversationId),
      forget: () => this.#forget(),
    });
    this.conversations = new Conversations(env, this.#server, this.#logs, user.id);
    this.#cache = env.cache?.attach(env, user.id, this.conversations);
    this.people = new People(env, this.#connection);
    this.#reading = new Reading(env, this.#server, this.#connection, (state) => this.conversations.count(state));
    this.#outbox = new Outbox(env, user.id, {
      uploads: () => this.#uploads(),
      send: ({ createdAt: _, files: __, attachments = [], ...message }, uploaded) => {
        const ids = [...attachments, ...uploaded].map((file) => (typeof file === "string" ? file : file.id));
        return this.#connection.request("message.send", { ...message, ...(ids.length > 0 && { attachments: ids }) });
      },
      sent: (message) => {
        this.conversations.receive(message);
        this.#rooms.get(message.conversationId)?.acknowledge(message);
      },
    });
  }

  get user(): User {
    return this.#profile.get();
  }

  /** Connects, and stays connected. */
  start(): void {
    this.#stop.push(
      this.env.onWake(() => this.wake()),
      this.identity.user.subscribe((user) => {
        if (user?.id === this.user.id) this.#profile.set(user);
        else this.close();
      }),
    );
    this.#outbox.load().catch((error: unknown) => this.env.report(error));
    void this.conversations.refresh();
    this.#connection.start();
  }

  /** The room of a conversation, which need not exist: opening it tells. */
  room(id: string): Room {
    const room = this.#rooms.get(id) ?? this.#room(id);
    // The last in the map is the one used last.
    this.#rooms.delete(id);
    this.#rooms.set(id, room);
    const [oldest] = this.#rooms;
    if (this.#rooms.size > ROOMS_MAX && oldest) {
      oldest[1].close();
      this.#rooms.delete(oldest[0]);
    }
    return room;
  }

  /** The open room of the direct conversation with somebody, which is created if there is none. */
  async direct(username: string): Promise<Room> {
    const conversation = await this.#server.call("GET /conversations/with/{username}", { path: { username } });
    this.conversations.put(conversation);
    const room = this.room(conversation.id);
    await room.open();
    return room;
  }

  /** Creates a conversation, or finds the one that there is with the same person. */
  async create(wish: CreateConversation): Promise<Conversation> {
    const conversation = await this.#server.call("POST /conversations", { body: wish });
    this.conversations.put(conversation);
    return conversation;
  }

  /**
   * Calls a listener whenever something of this type happens. Entries of the logs come each once and in order, as long as
   * the account lives; where too many were missed, `sync.reset` says so instead. Answers how to stop.
   */
  on<T extends keyof ServerEvents>(type: T, listener: (payload: ServerEvents[T]) => void): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Asks the server for something, once: fails if there is no connection, or if it is lost before the answer. */
  request<T extends keyof ClientRequests>(type: T, payload: ClientRequests[T][0]): Promise<ClientRequests[T][1]> {
    return this.#connection.request(type, payload);
  }

  /**
   * Uploads a file, by and by if it is large, and goes on where it was when the connection breaks. The answer can be
   * attached to a message. Aborting deletes what has arrived.
   */
  async upload(file: Blob, options: UploadOptions): Promise<Schemas["File"]> {
    return (await this.#uploads()).upload(file, options);
  }

  /** Asks the REST interface for something, once: `call("GET /users/{username}", { path: { username: "ada" } })`. */
  async call<E extends keyof Endpoints>(endpoint: E, ...parts: Parts<E>): Promise<Endpoints[E]["answer"]> {
    const answer = await this.#server.call(endpoint, ...parts);
    if (endpoint === "PATCH /users/me") await this.identity.update(answer as User);
    return answer;
  }

  /** How many messages have not been sent, and would be lost by signing out. */
  get unsent(): number {
    return this.#outbox.waiting.get().length;
  }

  /** Forgets everything here and ends the session. Fails if the server could not be told; it is forgotten here then too. */
  async signOut(): Promise<void> {
    await this.#outbox.clear();
    await this.#cache?.erase();
    await this.identity.signOut();
  }

  /** The network or the page came back. Browsers tell by themselves. */
  wake(): void {
    this.#connection.wake();
  }

  /** Lets go of the connection. What was not sent stays in the store. */
  close(): void {
    this.#state.set("closed");
    for (const stop of this.#stop.splice(0)) stop();
    this.#connection.stop();
    this.#outbox.stop();
    this.#loading?.then(
      (uploads) => uploads.stop(),
      () => undefined,
    );
    this.#cache?.close();
    this.conversations.close();
    for (const room of this.#rooms.values()) room.close();
  }

  #room(id: string): Room {
    const room = new Room(id, {
      env: this.env,
      server: this.#server,
      connection: this.#connection,
      logs: this.#logs,
      outbox: this.#outbox,
      conversations: this.conversations,
      user: () => this.user,
      read: (conversationId, seq) => this.#read(conversationId, seq),
    });
    this.#cache?.room(room);
    return room;
  }

  #ready(ready: Ready): void {
    this.#connections += 1;
    const connection = this.#connections;
    this.#state.set("syncing");
    this.identity.update(ready.user).catch((error: unknown) => this.env.report(error));
    this.#sync(ready.epoch).then(
      () => {
        if (connection === this.#connections && this.#connection.open) this.#state.set("online");
      },
      (error: unknown) => {
        // The next connection does it.
        if (!isRetriable(error)) this.env.report(error);
      },
    );
    this.#outbox.open();
    this.#reading.open();
    this.people.open();
    // Also to have it before the network is gone: browsers don't try again to load what they once could not.
    this.#uploads().then(
      (uploads) => uploads.wake(),
      () => undefined,
    );
    for (const room of this.#rooms.values()) room.wake();
  }

  #down(): void {
    this.#outbox.close();
    for (const room of this.#rooms.values()) room.down();
    if (this.#state.get() !== "closed") this.#state.set("offline");
  }

  /** The log first, then the list: what was read elsewhere is in no log. */
  async #sync(epoch: string): Promise<void> {
    await this.#logs.resume(epoch);
    await this.conversations.refresh();
  }

  /** Positions of another log mean nothing in this one. */
  #forget(): void {
    this.conversations.reset();
    for (const room of this.#rooms.values()) void room.reset();
  }

  #event(type: string, payload: unknown): void {
    switch (type) {
      case "sync.events":
        return this.#logs.replay(payload as SyncEvents);
      case "sync.reset":
        return this.#logs.reset(payload as SyncReset);
      case "sync.removed":
        return this.#removed((payload as ServerEvents["sync.removed"]).conversationId);
      case "sync.lagging":
        return this.#logs.lagging(payload as SyncLagging);
      case "unread.changed":
        this.conversations.count(payload as ServerEvents["unread.changed"]);
        break;
      case "me.changed":
        this.conversations.changeMe(payload as ServerEvents["me.changed"]);
        break;
      case "blocks.changed":
        this.conversations.block(payload as ServerEvents["blocks.changed"]);
        break;
      case "presence.changed":
        this.people.receive(payload as ServerEvents["presence.changed"]);
        break;
      case "typing.indicator": {
        const indicator = payload as ServerEvents["typing.indicator"];
        this.#rooms.get(indicator.conversationId)?.indicate(indicator);
        break;
      }
      case "message.read_receipt": {
        const receipt = payload as ServerEvents["message.read_receipt"];
        this.#rooms.get(receipt.conversationId)?.receipt(receipt);
        break;
      }
      default: {
        // What has a position is in a log, and waits for its turn, also if this client is too old to know what it says.
        const { conversationId, seq } = payload as Partial<DurableEvent["payload"]>;
        if (conversationId !== undefined && seq !== undefined) {
          return this.#logs.receive({ type, payload, conversationId, seq } as DurableEvent);
        }
      }
    }
    this.#emit(type, payload);
  }

  /** Takes the next event of a log. */
  #apply(event: DurableEvent): void {
    const { type, payload, conversationId } = event;
    this.conversations.apply(event);
    this.#rooms.get(conversationId)?.receive(event);
    if (type === "message.new" && payload.sender.id === this.user.id) this.#outbox.seen(payload);
    this.#emit(type, payload);
    const gone = type === "conversation.deleted" || (type === "member.left" && payload.userId === this.user.id);
    if (gone) this.#gone(conversationId);
  }

  /** The user is not in a conversation any more. */
  #gone(conversationId: string): void {
    this.#logs.unfollow(conversationId);
    this.conversations.remove(conversationId);
    this.#cache?.forget(conversationId);
    void this.#rooms.get(conversationId)?.reset();
  }

  #reset(reset: SyncReset): void {
    void this.#rooms.get(reset.conversationId)?.reset(reset.seq);
    this.#emit("sync.reset", reset);
  }

  #removed(conversationId: string): void {
    this.#gone(conversationId);
    this.#emit("sync.removed", { conversationId });
  }

  /** What it takes to upload something is not a part of what a page waits for. */
  #uploads(): Promise<Uploads> {
    this.#loading ??= import("./uploads.ts").then(
      ({ Uploads }) => new Uploads(this.env, this.#server, this.user.id),
      (cause: unknown) => {
        this.#loading = undefined;
        throw new NetworkError("The server cannot be reached.", { cause });
      },
    );
    return this.#loading;
  }

  #read(conversationId: string, seq: number): void {
    const known = this.conversations.find(conversationId);
    if (known && seq <= known.me.lastReadSeq) return;
    this.#reading.mark(conversationId, seq);
    // The server's count follows.
    if (known && seq >= (known.lastMessage?.seq ?? 0)) {
      this.conversations.count({ conversationId, lastReadSeq: seq, unreadCount: 0, mentionCount: 0 });
    }
  }

  #emit(type: string, payload: unknown): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) {
      try {
        (listener as (payload: unknown) => void)(payload);
      } catch (error) {
        this.env.report(error);
      }
    }
  }
}

