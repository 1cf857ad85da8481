import { isNotFound, type Account, type Message } from "@natter/sdk";
import { Bounded } from "./bounded.ts";

const QUOTES_MAX = 300;

/** What is quoted: a message, or that there is none any more. */
export type Quoted = Message | "gone" | undefined;

/** Messages that are quoted far from where they are: fetched once, and kept up to date. */
export class Quotes {
  static readonly #all = new WeakMap<Account, Quotes>();
  readonly #known = new Bounded<string, Message | "gone">(QUOTES_MAX);
  // Nobody looks at it.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #asked = new Set<string>();
  #change = $state.raw({});

  private constructor(private readonly account: Account) {
    for (const type of ["message.updated", "message.deleted"] as const) {
      account.on(type, ({ messageSeq, actorId: _, ...message }) => {
        if (this.#known.has(message.id)) this.#put(message.id, { ...message, seq: messageSeq });
      });
    }
  }

  static of(account: Account): Quotes {
    let quotes = this.#all.get(account);
    if (!quotes) this.#all.set(account, (quotes = new Quotes(account)));
    return quotes;
  }

  /** The message; `undefined` while it is on its way. */
  get(id: string): Quoted {
    void this.#change;
    const known = this.#known.get(id);
    if (known === undefined && !this.#asked.has(id)) void this.#ask(id);
    return known;
  }

  async #ask(id: string): Promise<void> {
    this.#asked.add(id);
    try {
      this.#put(id, await this.account.call("GET /messages/{id}", { path: { id } }));
    } catch (error) {
      if (isNotFound(error)) this.#put(id, "gone");
      // Else there is no connection: asked again when the message is shown the next time.
    } finally {
      this.#asked.delete(id);
    }
  }

  #put(id: string, message: Message | "gone"): void {
    this.#known.set(id, message);
    this.#change = {};
  }
}
