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
  /** Keeps what is gathered, and nothing after that. */
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
/** A first change is kept at once; those that follow it are gathered for so long. */
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
  #gathering: Cancel | undefined;
  #savedAt = -Infinity;
  /** Nothing is followed any more. */
  #closed = false;
  /** Nothing is written any more. */
  #over = false;
  #work: Promise<void>;

  constructor(
    private readonly store: Store,
    private readonly env: Environment,
    userId: string,
    conversations: Conversations,
  ) {
    this.#owner = `${FORMAT}/${userId}`;
    // A page that is hidden may end without another word.
    this.#stop.push((env.onHide ?? onHide)(() => this.#save()));
    this.#work = this.#attach(conversations).catch((error: unknown) => this.#fail(error));
  }

  room(room: Room): void {
    const key = keyOf(room.id);
    void this.#do(async () => room.show(((await this.store.get(key)) ?? []) as Message[]));
    // How to stop is not remembered here: it would hold on to rooms, with all their messages, that gave way long ago.
    room.timeline.subscribe(({ items, phase, stale, hasNewer, failure }) => {
      if (this.#closed) return;
      if (isNotFound(failure)) this.forget(room.id);
      if (phase !== "ready" || stale || hasNewer) return;
      this.#keep(key, () => items.flatMap(({ message }) => message ?? []).slice(-MESSAGES_MAX));
    });
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
    this.#save();
  }

  async erase(): Promise<void> {
    this.#end();
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
    const waitMs = Math.min(GATHER_MS, Math.max(0, this.#savedAt + GATHER_MS - this.env.now()));
    this.#gathering ??= this.env.after(waitMs, () => this.#save());
  }

  /** Keeps what is gathered, now. */
  #save(): void {
    this.#gathering?.();
    this.#gathering = undefined;
    if (this.#changed.size === 0) return;
    this.#savedAt = this.env.now();
    // What there is now: later there may be nothing left of it.
    const changed = [...this.#changed].map(([key, value]) => [key, value()] as const);
    this.#changed.clear();
    void this.#do(async () => {
      let used = ((await this.store.get(USED)) ?? []) as string[];
      for (const [key, value] of changed) {
        await this.store.set(key, value);
        if (key !== LIST) used = [...used.filter((other) => other !== key), key];
      }
      for (const key of used.slice(0, -ROOMS_MAX)) await this.store.delete(key);
      await this.store.set(USED, used.slice(-ROOMS_MAX));
    });
  }

  /** One after the other, and only as long as the user is signed in, in whatever tab. */
  #do(work: () => Promise<void>): Promise<void> {
    const turn = async () => {
      if (!this.#over && (await this.store.get(OWNER)) === this.#owner) await work();
    };
    this.#work = this.#work
      .then(() => this.env.exclusive(LOCK, turn))
      .catch((error: unknown) => this.#fail(error));
    return this.#work;
  }

  /** There is no room, or no database: all goes on without. */
  #fail(error: unknown): void {
    this.#end();
    this.env.report(error);
  }

  #end(): void {
    this.#over = true;
    this.#changed.clear();
    this.close();
  }

  async #wipe(): Promise<void> {
    for (const [key] of await this.store.entries("")) await this.store.delete(key);
  }
}

const LOCK = "natter:cache";

function keyOf(conversationId: string): string {
  return `room/${conversationId}`;
}

/** The page is put away, or left: on phones, and where a page is shut, this is the last that it hears. */
function onHide(work: () => void): Cancel {
  if (typeof window === "undefined") return () => undefined;
  const hidden = () => {
    if (document.visibilityState === "hidden") work();
  };
  document.addEventListener("visibilitychange", hidden);
  window.addEventListener("pagehide", work);
  return () => {
    document.removeEventListener("visibilitychange", hidden);
    window.removeEventListener("pagehide", work);
  };
}
