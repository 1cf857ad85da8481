import { isRetriable, ChatError, type Account, type ConnectionState, type Readable, type Schemas } from "@natter/sdk";

export type Variant = Schemas["FileVariant"];

/** What one request may ask for. */
const BATCH_MAX = 100;
/** What appears together is asked for together. */
const FRAME_MS = 16;
/** Links that are remembered; the one that was not used for longest gives way. */
const LINKS_MAX = 2_000;
/** Files that are waited for; the one that waits longest is given up. */
const WAITING_MAX = 1_000;
/** A link that ends sooner is not handed out any more: what it leads to must still be fetched. */
const RENEW_MS = 60_000;
/** By whatever clock: a link that was just made is good for this long, also where this device's clock is wrong. */
const TRUSTED_MS = 30_000;
/** Pauses between the attempts while there is a connection. */
const RETRIES_MS = [1_000, 2_000, 4_000, 8_000];

/** There is no such file any more, or this user may not see it. */
export class GoneError extends Error {
  override readonly name = "GoneError";

  constructor() {
    super("There is no such file.");
  }
}

/** What {@link Links} need of the world. */
export interface World {
  ask(files: Schemas["WantedLink"][]): Promise<readonly Schemas["FileLink"][]>;
  readonly connection: Readable<ConnectionState>;
  now(): number;
  later(ms: number, run: () => void): void;
}

interface Known {
  readonly url: string;
  readonly trustedUntil: number;
  readonly renewAt: number;
}

interface Wanted {
  readonly want: { id: string; variant: Variant };
  readonly promise: Promise<string>;
  /** A request for it is under way. */
  asked: boolean;
  resolve(url: string): void;
  reject(error: unknown): void;
}

/**
 * The addresses at which files can be fetched without a token, for `<img>` and its like. They are asked for in batches,
 * handed out again as long as they are good, and kept in memory only: whoever has one has the file.
 */
export class Links {
  /** The last in the map is the one used last. */
  readonly #known = new Map<string, Known>();
  readonly #waiting = new Map<string, Wanted>();
  #scheduled = false;
  #attempts = 0;

  constructor(private readonly world: World) {
    world.connection.subscribe((state) => {
      if (state !== "online" || this.#waiting.size === 0) return;
      this.#attempts = 0;
      this.#schedule(FRAME_MS);
    });
  }

  /** The address, if it is at hand. */
  peek(id: string, variant: Variant): string | undefined {
    const key = keyOf(id, variant);
    const known = this.#known.get(key);
    if (!known) return undefined;
    const now = this.world.now();
    if (now >= known.trustedUntil && now >= known.renewAt) return undefined;
    this.#known.delete(key);
    this.#known.set(key, known);
    return known.url;
  }

  /** The address; waits for a connection if there is none. Fails with {@link GoneError} where there is no such file. */
  get(id: string, variant: Variant): Promise<string> {
    const known = this.peek(id, variant);
    if (known !== undefined) return Promise.resolve(known);
    const key = keyOf(id, variant);
    const waiting = this.#waiting.get(key);
    if (waiting) return waiting.promise;
    let settle: Pick<Wanted, "resolve" | "reject"> | undefined;
    const promise = new Promise<string>((resolve, reject) => (settle = { resolve, reject }));
    this.#waiting.set(key, { want: { id, variant }, promise, asked: false, ...settle! });
    const [longest] = this.#waiting;
    if (this.#waiting.size > WAITING_MAX && longest) {
      this.#waiting.delete(longest[0]);
      longest[1].reject(new Error("Too many files are waited for."));
    }
    this.#schedule(FRAME_MS);
    return promise;
  }

  /** An address did not work: the next one asked for is new. */
  forget(id: string): void {
    for (const variant of ["original", "small", "large"] as const) this.#known.delete(keyOf(id, variant));
  }

  #schedule(ms: number): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.world.later(ms, () => {
      this.#scheduled = false;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    const idle = [...this.#waiting].filter(([, { asked }]) => !asked);
    const batch = idle.slice(0, BATCH_MAX);
    if (batch.length === 0) return;
    if (idle.length > BATCH_MAX) this.#schedule(FRAME_MS);
    for (const [, wanted] of batch) wanted.asked = true;
    try {
      const links = await this.world.ask(batch.map(([, { want }]) => want));
      this.#attempts = 0;
      this.#take(batch, links);
    } catch (error) {
      this.#failed(batch, error);
    }
  }

  #take(batch: [string, Wanted][], links: readonly Schemas["FileLink"][]): void {
    const now = this.world.now();
    for (const { fileId, variant, url, expiresAt } of links) {
      this.#known.set(keyOf(fileId, variant), {
        url,
        trustedUntil: now + TRUSTED_MS,
        renewAt: Date.parse(expiresAt) - RENEW_MS,
      });
    }
    for (const oldest of [...this.#known.keys()].slice(0, Math.max(0, this.#known.size - LINKS_MAX))) {
      this.#known.delete(oldest);
    }
    for (const [key, wanted] of batch) {
      this.#waiting.delete(key);
      const known = this.#known.get(key);
      if (known) wanted.resolve(known.url);
      else wanted.reject(new GoneError());
    }
  }

  #failed(batch: [string, Wanted][], error: unknown): void {
    for (const [, wanted] of batch) wanted.asked = false;
    // The connection comes back, and with it the next attempt.
    if (isRetriable(error) && this.world.connection.get() !== "online") return;
    const pause = isRetriable(error) ? RETRIES_MS[this.#attempts] : undefined;
    this.#attempts = pause === undefined ? 0 : this.#attempts + 1;
    if (pause !== undefined) {
      this.#schedule(Math.max(pause, error instanceof ChatError ? error.retryAfterMs : 0));
      return;
    }
    for (const [key, wanted] of batch) {
      this.#waiting.delete(key);
      wanted.reject(error);
    }
  }
}

function keyOf(id: string, variant: Variant): string {
  return `${id} ${variant}`;
}

const all = new WeakMap<Account, Links>();

/** The links of an account, which end with it. */
export function linksOf(account: Account): Links {
  let links = all.get(account);
  if (!links) {
    links = new Links({
      ask: async (files) => (await account.call("POST /files/links", { body: { files } })).data,
      connection: account.connection,
      now: Date.now,
      later: (ms, run) => void setTimeout(run, ms),
    });
    all.set(account, links);
  }
  return links;
}
