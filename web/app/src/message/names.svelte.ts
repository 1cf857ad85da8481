import type { Account } from "@natter/sdk";
import { Bounded } from "./bounded.ts";

const NAMES_MAX = 1_000;
/** Names in one request, by the server's limit. */
const ASKED_MAX = 100;

/** How people are called of whom only the id is known: system messages and typing carry no more. */
export class Names {
  static readonly #all = new WeakMap<Account, Names>();
  readonly #known = new Bounded<string, string>(NAMES_MAX);
  // Nobody looks at it.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #wanted = new Set<string>();
  /** Who was asked for and is not there: asking again would not help. */
  readonly #unknown = new Bounded<string, true>(NAMES_MAX);
  #change = $state.raw({});
  #asking = false;

  private constructor(private readonly account: Account) {}

  static of(account: Account): Names {
    let names = this.#all.get(account);
    if (!names) this.#all.set(account, (names = new Names(account)));
    return names;
  }

  /** Somebody's name; `undefined` until it is known, and for those who are gone. */
  get(userId: string): string | undefined {
    void this.#change;
    const { user } = this.account;
    if (userId === user.id) return user.displayName;
    const known = this.#known.get(userId);
    if (known === undefined && !this.#unknown.has(userId)) this.#want(userId);
    return known;
  }

  #want(userId: string): void {
    this.#wanted.add(userId);
    if (this.#asking) return;
    this.#asking = true;
    // A page of messages wants many at once.
    queueMicrotask(() => void this.#ask());
  }

  async #ask(): Promise<void> {
    const ids = [...this.#wanted].slice(0, ASKED_MAX);
    for (const id of ids) this.#wanted.delete(id);
    try {
      const page = await this.account.call("GET /users", { query: { ids: ids.join() } });
      for (const { id, displayName } of page.data) this.#known.set(id, displayName);
      for (const id of ids) if (!this.#known.has(id)) this.#unknown.set(id, true);
      this.#change = {};
    } catch {
      // Without a connection nobody's name is known; whoever is shown next asks again, and nobody is told to.
    } finally {
      this.#asking = false;
      const [next] = this.#wanted;
      if (next !== undefined) this.#want(next);
    }
  }
}
