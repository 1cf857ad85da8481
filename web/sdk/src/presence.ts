import { Backoff, retrying } from "./backoff.ts";
import type { Connection } from "./connection.ts";
import type { Environment } from "./environment.ts";
import { isRetriable } from "./errors.ts";
import type { Presence, PresenceChange } from "./types.ts";
import { Value, type Readable } from "./value.ts";

/** People whom one connection watches, by the server's limit. */
const WATCHED_MAX = 1_000;
/** For so long changes of who is watched are gathered: a list that scrolls changes many. */
const GATHER_MS = 100;

interface Watched {
  readonly value: Value<PresenceChange | undefined>;
  watchers: number;
}

/** Who can be reached right now: those, and only those, whom somebody here looks at. */
export class People {
  readonly #watched = new Map<string, Watched>();
  #gathering = false;
  /** Whom this connection was last told to watch. */
  #told = "";
  #status: Presence | undefined;

  constructor(
    private readonly env: Environment,
    private readonly connection: Connection,
  ) {}

  /** Somebody's presence: watched as long as anybody subscribes; `undefined` until the server has told. */
  of(userId: string): Readable<PresenceChange | undefined> {
    return {
      get: () => this.#watched.get(userId)?.value.get(),
      subscribe: (listener) => {
        const watched = this.#watch(userId);
        const stop = watched.value.subscribe(listener);
        let subscribed = true;
        return () => {
          if (!subscribed) return;
          subscribed = false;
          stop();
          watched.watchers -= 1;
          if (watched.watchers === 0) this.#tellSoon();
        };
      },
    };
  }

  /** Says how the user is on this device, from now on. */
  set(status: Presence): void {
    this.#status = status;
    this.#tellStatus();
  }

  receive(change: PresenceChange): void {
    this.#watched.get(change.userId)?.value.set(change);
  }

  /** There is a new connection, which knows nothing of what the last one was told. */
  open(): void {
    this.#told = "";
    this.#tellStatus();
    if (this.#watched.size > 0) this.#tellSoon();
  }

  #watch(userId: string): Watched {
    let watched = this.#watched.get(userId);
    if (!watched) {
      watched = { value: new Value<PresenceChange | undefined>(undefined), watchers: 0 };
      this.#watched.set(userId, watched);
      this.#tellSoon();
    }
    watched.watchers += 1;
    return watched;
  }

  #tellSoon(): void {
    if (this.#gathering) return;
    this.#gathering = true;
    this.env.after(GATHER_MS, () => {
      this.#gathering = false;
      for (const [userId, { watchers }] of this.#watched) if (watchers === 0) this.#watched.delete(userId);
      if (this.connection.open) this.#tell().catch((error: unknown) => this.#report(error));
    });
  }

  async #tell(): Promise<void> {
    const userIds = [...this.#watched.keys()].slice(-WATCHED_MAX);
    // A list that is drawn anew looks away and back.
    if (this.#told === userIds.join()) return;
    this.#told = userIds.join();
    const { users } = await this.#insist(() => this.connection.request("presence.watch", { userIds }));
    for (const user of users) this.receive(user);
  }

  #tellStatus(): void {
    if (this.#status === undefined || !this.connection.open) return;
    const status = this.#status;
    this.#insist(() => this.connection.request("presence.update", { status })).catch((error: unknown) => this.#report(error));
  }

  /** Asks again as long as there is this connection; the next one is told from the start. */
  #insist<T>(request: () => Promise<T>): Promise<T> {
    return retrying(new Backoff(this.env), () => this.connection.open, request);
  }

  #report(error: unknown): void {
    if (!isRetriable(error)) this.env.report(error);
  }
}
