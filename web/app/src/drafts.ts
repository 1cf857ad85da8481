import { ChatError, Value, type Account, type Readable, type Schemas } from "@natter/sdk";
import { habits } from "./composer/habits.ts";
import { CHARACTERS_MAX } from "./composer/limits.ts";

/** A text that is not sent. */
export interface Unsent {
  content: string;
  /** The message that it answers. */
  replyTo: string | null;
}

/** A text as it is kept on this device. */
interface Kept extends Unsent {
  /** When it last changed here, by the clock of this device. */
  at: number;
  /** The time of what the server had when both were last the same; null if that was nothing, absent if it was not asked. */
  base?: string | null;
  /** Whether the server has it as it is here. */
  told: boolean;
}

const PREFIX = "draft:";
/** The server is told when nothing was typed for so long. */
const PAUSE_MS = 1_000;
/** Other devices are asked for no more often than this. */
const LOOK_AGAIN_MS = 10_000;
const PAGE = 100;
/** As many as the server keeps of one user. */
const DRAFTS_MAX = 1_000;
const NOTHING: Kept = { content: "", replyTo: null, at: 0, told: true };

/**
 * What one user has typed and not sent, by its place: the id of a conversation, which the server is told for their other
 * devices, or anything with a slash, which stays here.
 *
 * Invariant: what is typed is kept on the device with every key. What comes from elsewhere never replaces something that
 * was typed here and that the server has not got yet.
 */
export class Drafts {
  readonly #kept = new Map<string, Kept>();
  readonly #watchers = new Map<string, Set<(unsent: Unsent) => void>>();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  /** One request after another for each place, so that no answer is older than what is known. */
  readonly #turns = new Map<string, Promise<void>>();
  readonly #texts = new Value<ReadonlyMap<string, string>>(new Map());
  readonly #unsubscribe: () => void;
  #stopped = false;
  #looking: ReturnType<typeof setTimeout> | undefined;
  #lookedAt = 0;

  /** The texts by place, for lists of conversations. They follow the typing at a distance. */
  readonly texts: Readable<ReadonlyMap<string, string>> = this.#texts;

  constructor(private readonly account: Account) {
    live.add(this);
    for (const [place, kept] of this.#stored()) this.#kept.set(place, kept);
    this.#publish();
    addEventListener("storage", this.#storage);
    addEventListener("focus", this.#returned);
    this.#unsubscribe = account.connection.subscribe((state) => {
      if (state === "online") this.#online();
      if (state === "closed") this.close();
    });
  }

  get(place: string): Unsent {
    return this.#kept.get(place) ?? NOTHING;
  }

  /** Keeps a text at once, and tells the server when the typing pauses. */
  set(place: string, { content, replyTo }: Unsent): void {
    const before = this.#kept.get(place);
    if ((before?.content ?? "") === content && (before?.replyTo ?? null) === replyTo) return;
    this.#keep(place, { ...before, content, replyTo, at: Date.now(), told: false });
    const emptied = content.trim() === "";
    if (emptied !== ((before?.content ?? "").trim() === "")) this.#publish();
    this.#later(place, emptied ? 0 : PAUSE_MS);
  }

  /** Calls a listener when another text than what was typed here belongs to a place. Answers how to stop. */
  watch(place: string, listener: (unsent: Unsent) => void): () => void {
    const watchers = this.#watchers.get(place) ?? new Set();
    this.#watchers.set(place, watchers.add(listener));
    this.#look();
    return () => {
      watchers.delete(listener);
      if (watchers.size === 0) this.#watchers.delete(place);
    };
  }

  #online(): void {
    for (const [place, kept] of this.#kept) if (!kept.told) this.#later(place, 0);
    // Much may have happened meanwhile.
    clearTimeout(this.#looking);
    this.#looking = undefined;
    this.#lookedAt = 0;
    this.#look();
  }

  /** Keeps and tells nothing any more. */
  close(): void {
    this.#stopped = true;
    live.delete(this);
    // Subscribing calls at once, before it answers how to stop.
    queueMicrotask(() => this.#unsubscribe());
    removeEventListener("storage", this.#storage);
    removeEventListener("focus", this.#returned);
    for (const timer of [this.#looking, ...this.#timers.values()]) clearTimeout(timer);
  }

  /** Somebody comes back to this window, perhaps from another device. */
  readonly #returned = () => this.#look();

  /** Another tab has typed. */
  readonly #storage = ({ key, newValue }: StorageEvent) => {
    const prefix = `${PREFIX}${this.account.user.id}:`;
    if (!key?.startsWith(prefix)) return;
    const place = key.slice(prefix.length);
    const kept = newValue === null ? { ...NOTHING, at: Date.now() } : read(key);
    if (kept.at < (this.#kept.get(place)?.at ?? 0)) return;
    this.#kept.set(place, kept);
    this.#changed(place, kept);
  };

  /** Asks what other devices have written, soon. */
  #look(): void {
    if (this.#stopped || this.#looking !== undefined) return;
    const waitMs = Math.max(0, this.#lookedAt + LOOK_AGAIN_MS - Date.now());
    this.#looking = setTimeout(() => {
      this.#looking = undefined;
      this.#lookedAt = Date.now();
      const before = new Map(this.#kept);
      this.#all().then(
        (drafts) => this.#compare(before, drafts),
        (error: unknown) => this.#failed(error),
      );
    }, waitMs);
  }

  #compare(before: ReadonlyMap<string, Kept>, drafts: ReadonlyMap<string, Schemas["Draft"]>): void {
    for (const place of new Set([...before.keys(), ...drafts.keys()])) {
      // What was typed or told meanwhile is newer than the answer.
      const same = before.get(place) === this.#kept.get(place) && !this.#turns.has(place);
      if (same && !place.includes("/")) this.#merge(place, drafts.get(place));
    }
  }

  /** All drafts that the server has: there is no asking for one that may not be there without an error. */
  async #all(): Promise<Map<string, Schemas["Draft"]>> {
    const drafts = new Map<string, Schemas["Draft"]>();
    let cursor: string | undefined;
    do {
      const query = { limit: PAGE, ...(cursor !== undefined && { cursor }) };
      const { data, meta } = await this.account.call("GET /users/me/drafts", { query });
      for (const draft of data) drafts.set(draft.conversationId, draft);
      cursor = meta.nextCursor ?? undefined;
    } while (cursor !== undefined && drafts.size < DRAFTS_MAX);
    return drafts;
  }

  #merge(place: string, draft: Schemas["Draft"] | undefined): void {
    const kept = this.#kept.get(place) ?? NOTHING;
    const updatedAt = draft?.updatedAt ?? null;
    if (kept.base === updatedAt) return;
    // A text that was typed here is never taken away; that it was emptied gives way to what was written afterwards.
    const typedHere = !kept.told && (kept.content.trim() !== "" || !draft || Date.parse(draft.updatedAt) <= kept.at);
    if (typedHere) {
      this.#keep(place, { ...kept, base: updatedAt });
      this.#later(place, 0);
      return;
    }
    const taken = { content: draft?.content ?? "", replyTo: draft?.replyTo ?? null, at: Date.now(), base: updatedAt, told: true };
    this.#keep(place, taken);
    if (taken.content !== kept.content || taken.replyTo !== kept.replyTo) this.#changed(place, taken);
  }

  #later(place: string, delayMs: number): void {
    clearTimeout(this.#timers.get(place));
    if (place.includes("/") || this.#stopped) return;
    this.#timers.set(
      place,
      setTimeout(() => {
        this.#timers.delete(place);
        this.#publish();
        this.#turn(place, () => this.#tell(place));
      }, delayMs),
    );
  }

  async #tell(place: string): Promise<void> {
    const kept = this.#kept.get(place);
    // What is too long for the server stays here until it is shorter.
    if (!kept || kept.told || (kept.content.length > CHARACTERS_MAX && [...kept.content].length > CHARACTERS_MAX)) return;
    const { content, replyTo } = kept;
    let base: string | null = null;
    if (content.trim() !== "") {
      const body = { content, replyTo };
      base = (await this.account.call("PUT /conversations/{id}/draft", { path: { id: place }, body })).updatedAt;
    } else if (kept.base !== null) {
      await this.account.call("DELETE /conversations/{id}/draft", { path: { id: place } });
    }
    const now = this.#kept.get(place);
    if (now) this.#keep(place, { ...now, base, told: now === kept });
  }

  #turn(place: string, work: () => Promise<void>): void {
    if (this.#stopped) return;
    const turn = (this.#turns.get(place) ?? Promise.resolve())
      .then(work)
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        if (this.#turns.get(place) === turn) this.#turns.delete(place);
      });
    this.#turns.set(place, turn);
  }

  /** It is kept here, and told with the next key or connection. */
  #failed(error: unknown): void {
    // Without a connection, or in a conversation that one has left, that is no news.
    if (!(error instanceof ChatError) || error.status < 500) return;
    console.error(error);
  }

  #changed(place: string, unsent: Unsent): void {
    for (const listener of this.#watchers.get(place) ?? []) listener(unsent);
    this.#publish();
  }

  #publish(): void {
    const texts = [...this.#kept].filter(([, { content }]) => content.trim() !== "");
    this.#texts.set(new Map(texts.map(([place, { content }]) => [place, content])));
  }

  #keep(place: string, kept: Kept): void {
    if (this.#stopped) return;
    // The one changed last is the last in the map.
    this.#kept.delete(place);
    this.#kept.set(place, kept);
    const gone = kept.content === "" && (kept.told || place.includes("/"));
    write(this.#key(place), gone ? undefined : JSON.stringify(kept));
    const [oldest] = this.#kept;
    if (this.#kept.size <= DRAFTS_MAX || !oldest) return;
    this.#kept.delete(oldest[0]);
    write(this.#key(oldest[0]), undefined);
  }

  #key(place: string): string {
    return `${PREFIX}${this.account.user.id}:${place}`;
  }

  #stored(): [place: string, kept: Kept][] {
    const prefix = this.#key("");
    return keys()
      .filter((key) => key.startsWith(prefix))
      .map((key): [string, Kept] => [key.slice(prefix.length), read(key)])
      .sort(([, a], [, b]) => a.at - b.at);
  }
}

const all = new WeakMap<Account, Drafts>();
/** Those that may still write. */
const live = new Set<Drafts>();

/** The drafts of whoever is signed in. */
export function draftsOf(account: Account): Drafts {
  const drafts = all.get(account) ?? new Drafts(account);
  all.set(account, drafts);
  return drafts;
}

/** For signing out: nothing that somebody typed stays on the device, nor which emoji they like. */
export const drafts = {
  clear(): void {
    for (const open of live) open.close();
    for (const key of keys()) if (key.startsWith(PREFIX)) write(key, undefined);
    habits.forget();
  },
};

function keys(): string[] {
  try {
    return Object.keys(localStorage);
  } catch {
    return [];
  }
}

function read(key: string): Kept {
  try {
    return { ...NOTHING, ...(JSON.parse(localStorage.getItem(key) ?? "{}") as Partial<Kept>) };
  } catch {
    return NOTHING;
  }
}

/** A browser that keeps nothing, or has no room left, keeps it in memory, and the server gets it. */
function write(key: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch (error) {
    console.warn(error);
  }
}
