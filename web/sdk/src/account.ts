import { Connection } from "./connection.ts";
import { Conversations } from "./conversations.ts";
import type { Environment } from "./environment.ts";
import { Outbox } from "./outbox.ts";
import { Room } from "./room.ts";
import { Server } from "./server.ts";
import type { Session } from "./session.ts";
import type {
  Conversation,
  CreateConversation,
  DurableEvent,
  Message,
  Ready,
  SendMessage,
  SyncLagging,
  User,
} from "./types.ts";
import { Value, type Readable } from "./value.ts";

/** `syncing`: connected or about to be, but not everything that was missed is here yet. */
export type ConnectionState = "online" | "syncing" | "offline";

/** Rooms that are kept in memory; the one that was not used for longest gives way. */
const ROOMS_MAX = 16;

/** Everything that one signed-in user has. Another user gets another account, so nothing of one is left for the next. */
export class Account {
  readonly #state = new Value<ConnectionState>("syncing");
  readonly #server: Server;
  readonly #connection: Connection;
  readonly #outbox: Outbox;
  readonly #rooms = new Map<string, Room>();
  #epoch: string | undefined;
  #connections = 0;

  readonly connection: Readable<ConnectionState> = this.#state;
  readonly conversations: Conversations;

  constructor(
    private readonly env: Environment,
    base: string,
    private readonly session: Session,
    readonly user: User,
  ) {
    this.#server = new Server(session);
    this.conversations = new Conversations(env, this.#server);
    this.#connection = new Connection(env, base, session, {
      ready: (ready) => this.#ready(ready),
      event: (type, payload) => this.#event(type, payload),
      down: () => this.#down(),
    });
    this.#outbox = new Outbox(env, user.id, {
      send: ({ conversationId, content, clientMessageId }) =>
        this.#connection.request("message.send", {
          conversationId,
          content,
          clientMessageId,
        } satisfies SendMessage) as Promise<Message>,
      sent: (message) => {
        this.conversations.receive(message);
        this.#rooms.get(message.conversationId)?.acknowledge(message);
      },
    });
  }

  /** Connects, and stays connected. */
  start(): void {
    this.#outbox.load().catch((error: unknown) => this.env.report(error));
    this.conversations.refresh().catch((error: unknown) => this.env.report(error));
    this.#connection.start();
  }

  /** The room of a conversation, which need not exist: opening it tells. */
  room(id: string): Room {
    const room =
      this.#rooms.get(id) ??
      new Room(id, { env: this.env, server: this.#server, outbox: this.#outbox, user: this.user });
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

  /** Creates a conversation, or finds the one that there is with the same person. */
  async create(wish: CreateConversation): Promise<Conversation> {
    const conversation = await this.#server.createConversation(wish);
    this.conversations.put(conversation);
    return conversation;
  }

  /** How many messages have not been sent, and would be lost by signing out. */
  get unsent(): number {
    return this.#outbox.waiting.get().length;
  }

  /** Forgets everything here and ends the session. Fails if the server could not be told; it is forgotten here then too. */
  async signOut(): Promise<void> {
    await this.#outbox.clear();
    await this.session.signOut();
  }

  /** The network or the page came back. */
  wake(): void {
    this.#connection.wake();
  }

  close(): void {
    this.#connection.stop();
    this.#outbox.close();
    this.conversations.close();
    for (const room of this.#rooms.values()) room.close();
  }

  #ready(ready: Ready): void {
    this.#connections += 1;
    this.#state.set("syncing");
    if (this.#epoch !== undefined && this.#epoch !== ready.epoch) this.#forget();
    this.#epoch = ready.epoch;
    this.#outbox.open();

    const connection = this.#connections;
    this.#sync().then(
      () => {
        if (connection === this.#connections && this.#connection.open) this.#state.set("online");
      },
      (error: unknown) => this.env.report(error),
    );
  }

  #down(): void {
    this.#outbox.close();
    this.#state.set("offline");
  }

  async #sync(): Promise<void> {
    await Promise.all([this.conversations.refresh(), ...[...this.#rooms.values()].map((room) => room.heal())]);
  }

  /** Positions of another log mean nothing in this one. */
  #forget(): void {
    this.conversations.reset();
    for (const room of this.#rooms.values()) void room.reset();
  }

  #event(type: string, payload: unknown): void {
    if (type === "sync.lagging") {
      this.#pull((payload as SyncLagging).conversations.map(({ id }) => id));
      return;
    }
    const { conversationId, seq } = payload as { conversationId?: string; seq?: number };
    if (conversationId === undefined || seq === undefined) return;
    const event = { type, payload, seq } as DurableEvent;
    this.conversations.apply(conversationId, event, this.user.id);
    this.#rooms.get(conversationId)?.receive(event);
  }

  #pull(ids: readonly string[]): void {
    for (const id of ids) {
      this.#fetch(id);
      void this.#rooms.get(id)?.heal();
    }
  }

  #fetch(id: string): void {
    this.conversations.fetch(id).catch((error: unknown) => this.env.report(error));
  }
}
