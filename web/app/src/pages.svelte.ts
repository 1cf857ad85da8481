import type { Page } from "@natter/sdk";
import { untrack } from "svelte";

/** Entries that one list holds at most: further down nobody scrolls, and a search is the better way. */
const ITEMS_MAX = 10_000;

/** A list that the server hands out page by page, as far as somebody has looked. */
export class Pages<T> {
  #items = $state.raw<readonly T[]>([]);
  #phase = $state<"loading" | "ready" | "failed">("loading");
  #failure = $state.raw<unknown>();
  #hasMore = $state(false);
  #growing = $state(false);
  #cursor: string | null = null;
  /** An answer to a question that was asked before the last reload is of no use. */
  #turn = 0;

  /** @param fetch Gets the first page, or the one behind a cursor. */
  constructor(private readonly fetch: (cursor?: string) => Promise<Page<T>>) {}

  get items(): readonly T[] {
    return this.#items;
  }

  /** `failed`: there is nothing to show. */
  get phase(): "loading" | "ready" | "failed" {
    return this.#phase;
  }

  /** Why there is nothing, or why there is no more. */
  get failure(): unknown {
    return this.#failure;
  }

  get hasMore(): boolean {
    return this.#hasMore;
  }

  /** Whether a further page is on its way. */
  get growing(): boolean {
    return this.#growing;
  }

  /** Fetches the first page. What was there stays until its answer is. */
  async load(): Promise<void> {
    const turn = (this.#turn += 1);
    this.#growing = false;
    this.#failure = undefined;
    // An effect that loads must not do so again because that failed.
    if (untrack(() => this.#phase) === "failed") this.#phase = "loading";
    try {
      const page = await this.fetch();
      if (turn === this.#turn) this.#take([], page);
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#failure = error;
      this.#phase = this.#phase === "ready" ? "ready" : "failed";
    }
  }

  /** Fetches the next page. After a failure, so does the next call. */
  async more(): Promise<void> {
    if (!this.#hasMore || this.#growing || this.#cursor === null) return;
    const turn = this.#turn;
    this.#growing = true;
    this.#failure = undefined;
    try {
      const page = await this.fetch(this.#cursor);
      if (turn === this.#turn) this.#take(this.#items, page);
    } catch (error) {
      if (turn === this.#turn) this.#failure = error;
    } finally {
      if (turn === this.#turn) this.#growing = false;
    }
  }

  /** Fetches everything that is left, as far as that goes without a failure. */
  async all(): Promise<void> {
    const turn = this.#turn;
    while (turn === this.#turn && this.#hasMore && this.#failure === undefined && !this.#growing) await this.more();
  }

  /** Takes a change that somebody has heard of. */
  change(change: (items: readonly T[]) => readonly T[]): void {
    this.#items = change(this.#items);
  }

  #take(before: readonly T[], { data, meta }: Page<T>): void {
    this.#items = [...before, ...data].slice(0, ITEMS_MAX);
    this.#cursor = meta.nextCursor ?? null;
    this.#hasMore = this.#cursor !== null && this.#items.length < ITEMS_MAX;
    this.#phase = "ready";
  }
}
