import type { Account, Conversation, Page } from "@natter/sdk";
import { fromStore } from "svelte/store";
import { router } from "../router.svelte.ts";
import { filtered, neighbour, QUERIES, unreadTotal, type Filter, type Query } from "./filter.ts";

/** Pages that are looked through for what is unread or pinned; who has more than that to read knows it anyway. */
const PAGES_MAX = 10;

/** The conversations as the list shows them: those of a filter, pinned ones on top, as far down as somebody scrolls. */
export class Listing {
  filter = $state<Filter>("all");
  #growing = $state(false);
  /** Where the next page of a filter begins; `null` after the last. */
  // Nothing on the screen depends on them.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #cursors = new Map<Filter, string | null>();
  readonly #list;
  readonly #rows;
  readonly #unread;

  constructor(private readonly account: Account) {
    this.#list = fromStore(account.conversations);
    this.#rows = $derived(filtered(this.#list.current.items, this.filter, this.open));
    this.#unread = $derived(unreadTotal(this.#list.current.items));
  }

  get list() {
    return this.#list.current;
  }

  get rows(): readonly Conversation[] {
    return this.#rows;
  }

  get unread(): { messages: number; mentions: number } {
    return this.#unread;
  }

  /** The id of the one that is open. */
  get open(): string | undefined {
    return router.route.page === "conversation" ? router.route.id : undefined;
  }

  /** Whether rows are on their way. */
  get growing(): boolean {
    return this.#growing || this.list.growing;
  }

  /** What is pinned or unread may be further down than the first page: the one stands on top, the other is counted. */
  async start(): Promise<void> {
    const [, , archived] = await Promise.all([
      this.#all({ pinned: true }),
      this.#all({ unread: true }),
      this.#all({ unread: true, archived: true }),
    ]);
    // Those that the SDK lists it refreshes by itself; archived ones it does not list.
    const read = this.list.items.filter(({ id, unreadCount, me }) => me.archived && unreadCount > 0 && !archived.has(id));
    await Promise.all(read.map(({ id }) => this.account.conversations.fetch(id)));
  }

  choose(filter: Filter): void {
    this.filter = filter;
    this.#cursors.delete(filter);
    void this.more();
  }

  /** The end of the list came near. */
  async more(): Promise<void> {
    const { filter } = this;
    if (filter === "all") {
      return this.account.conversations.more();
    }
    const cursor = this.#cursors.get(filter);
    if (cursor === null || this.#growing) return;
    this.#growing = true;
    try {
      const page = await this.account.conversations.list({ ...QUERIES[filter], ...(cursor !== undefined && { cursor }) });
      this.#cursors.set(filter, page.meta.nextCursor);
    } finally {
      this.#growing = false;
    }
  }

  /** Opens the next conversation up or down the list. */
  go(step: 1 | -1, unreadOnly: boolean): Conversation | undefined {
    return neighbour(this.rows, this.open, step, unreadOnly);
  }

  /** Everything that the server has for a query, as far as one looks through it; answers the ids. */
  async #all(query: Query): Promise<ReadonlySet<string>> {
    // Nothing on the screen depends on it.
    // eslint-disable-next-line svelte/prefer-svelte-reactivity
    const ids = new Set<string>();
    let next: Query | undefined = query;
    for (let page = 0; page < PAGES_MAX && next; page += 1) {
      const { data, meta }: Page<Conversation> = await this.account.conversations.list(next);
      for (const { id } of data) ids.add(id);
      next = meta.nextCursor ? { ...query, cursor: meta.nextCursor } : undefined;
    }
    return ids;
  }
}
