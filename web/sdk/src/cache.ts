import type { Conversations } from "./conversations.ts";
import type { Cancel, Environment } from "./environment.ts";
import { isNotFound } from "./errors.ts";
import type { Room } from "./room.ts";
import { indexedDbStore, type Store } from "./store.ts";
import type { Conversation, Message } from "./types.ts";

/** Where what was shown is kept, so that it is there at once and without a network. It can be thrown away at any time. */
export interface Cache {
  /** Shows an account what was kept of it, and keeps what it shows from then on. What is kept of anybody else is erased. */
  attach(env: Environment, userId: string, conversations: Conversations): AttachedCache;
}

/** A cache at work for one account. */
export interface AttachedCache {
  /** Does the same for a room. */
  room(room: Room): void;
  /** Forgets a conversation that the user may not see any more. */
  forget(conversationId: string): void;
  /** Keeps nothing any more. */
  close(): void;
  /** Forgets everything, and keeps nothing any more. */
  erase(): Promise<void>;
}

/** A cache in IndexedDB, shared by the tabs of an origin. */
export function indexedDbCache(name: string): Cache {
  return cacheIn(indexedDbStore(name));
}

/** A cache in a store that nothing else uses. */
export function cacheIn(store: Store): Cache {
  return { attach: (env, userId, conversations) => new Keeper(store, env, userId, conversations) };
}

/** Conversations of the list that are kept. */
const LIST_MAX = 200;
/** Conversations whose messages are kept; the one that was not used for longest gives way. */
const ROOMS_MAX = 50;
/** Messages that are kept of each, the newest. */
const MESSAGES_MAX = 100;
/** For so long changes are gathered. */
const GATHER_MS = 2_000;
/** To be raised with every change of what is kept: what an earlier version has left is erased. */
const FORMAT = 1;
/** Whose things these are; where it is missing, they have signed out, perhaps in another tab. */
const OWNER = "owner";
const LIST = "list";
/** The ids of those conversations of which messages are kept, the one used last at the end. */
const USED = "used";

class Keeper implements AttachedCache {
  readonly #owner: string;
  /** What is to be kept next, by its key. */
  readonly #changed = new Map<string, () => unknown>();
  readonly #stop: Cancel[] = [];
  #gathering = false;
  #closed = false;
  #work: Promise<void>;

  constructor(
    private readonly store: Store,
    private readonly env: Environment,
    userId: string,
    conversations: Conversations,
  ) {
    this.#owner = `${FORMAT}/${userId}`;
    this.#work = this.#attach(conversations).catch((error: unknown) => this.#fail(error));
  }

  room(room: Room): void {
    const key = keyOf(room.id);
    void this.#do(async () => room.show(((await this.store.get(key)) ?? []) as Message[]));
    const stop = room.timeline.subscribe(({ items, phase, stale, hasNewer, failure }) => {
      if (isNotFound(failure)) this.forget(room.id);
      if (phase !== "ready" || stale || hasNewer) return;
      this.#keep(key, () => items.flatMap(({ message }) => message ?? []).slice(-MESSAGES_MAX));
    });
    this.#stop.push(stop);
  }

  forget(conversationId: string): void {
    const key = keyOf(conversationId);
    this.#changed.delete(key);
    void this.#do(async () => {
      await this.store.delete(key);
      const list = (await this.store.get(LIST)) as Conversation[] | undefined;
      await this.store.set(LIST, list?.filter(({ id }) => id !== conversationId) ?? []);
    });
  }

  close(): void {
    this.#closed = true;
    for (const stop of this.#stop.splice(0)) stop();
  }

  async erase(): Promise<void> {
    this.close();
    await this.#work;
    await this.env.exclusive(LOCK, () => this.#wipe());
  }

  async #attach(conversations: Conversations): Promise<void> {
    await this.env.exclusive(LOCK, async () => {
      if ((await this.store.get(OWNER)) === this.#owner) return;
      await this.#wipe();
      await this.store.set(OWNER, this.#owner);
    });
    const list = (await this.store.get(LIST)) as Conversation[] | undefined;
    if (this.#closed) return;
    conversations.show(list ?? []);
    const stop = conversations.subscribe(({ items, phase, stale }) => {
      if (phase === "ready" && !stale) this.#keep(LIST, () => items.slice(0, LIST_MAX));
    });
    this.#stop.push(stop);
  }

  /** Keeps what there is by then, soon. */
  #keep(key: string, value: () => unknown): void {
    this.#changed.set(key, value);
    if (this.#gathering) return;
    this.#gathering = true;
    this.env.after(GATHER_MS, () => {
      this.#gathering = false;
      void this.#do(() => this.#save());
    });
  }

  async #save(): Promise<void> {
    const changed = [...this.#changed];
    this.#changed.clear();
    let used = ((await this.store.get(USED)) ?? []) as string[];
    for (const [key, value] of changed) {
      await this.store.set(key, value());
      if (key !== LIST) used = [...used.filter((other) => other !== key), key];
    }
    for (const key of used.slice(0, -ROOMS_MAX)) await this.store.delete(key);
    await this.store.set(USED, used.slice(-ROOMS_MAX));
  }

  /** One after the other, and only as long as the user is signed in, in whatever tab. */
  #do(work: () => Promise<void>): Promise<void> {
    const turn = async () => {
      if (!this.#closed && (await this.store.get(OWNER)) === this.#owner) await work();
    };
    this.#work = this.#work
      .then(() => this.env.exclusive(LOCK, turn))
      .catch((error: unknown) => this.#fail(error));
    return this.#work;
  }

  /** There is no room, or no database: all goes on without. */
  #fail(error: unknown): void {
    this.close();
    this.env.report(error);
  }

  async #wipe(): Promise<void> {
    for (const [key] of await this.store.entries("")) await this.store.delete(key);
  }
}

const LOCK = "natter:cache";

function keyOf(conversationId: string): string {
  return `room/${conversationId}`;
}
