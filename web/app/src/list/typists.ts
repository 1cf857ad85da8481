import type { Account } from "@natter/sdk";
import { SvelteMap } from "svelte/reactivity";

/** Somebody of whom nothing is heard for so long writes no more; the server says so after five seconds. */
const FORGET_MS = 6_000;
/** Names that are kept; who writes most is asked for once. */
const NAMES_MAX = 1_000;

/** Who writes right now, in any conversation: the list shows it. */
export class Typists {
  readonly #writers = new SvelteMap<string, readonly string[]>();
  readonly #names = new SvelteMap<string, string>();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(private readonly account: Account) {}

  /** Listens. Answers how to stop. */
  start(): () => void {
    const stops = [
      this.account.on("typing.indicator", ({ conversationId, userId, active }) => this.#set(conversationId, userId, active)),
      this.account.on("message.new", ({ conversationId, sender }) => {
        this.#name(sender.id, sender.displayName);
        this.#set(conversationId, sender.id, false);
      }),
      // Without a connection nobody says when they cease.
      this.account.connection.subscribe((state) => {
        if (state === "offline") this.#writers.clear();
      }),
    ];
    return () => {
      for (const stop of stops) stop();
      for (const timer of this.#timers.values()) clearTimeout(timer);
    };
  }

  /** The names of those who write in a conversation; `undefined` for one that is not known yet. */
  in(conversationId: string): readonly (string | undefined)[] {
    return this.#writers.get(conversationId)?.map((id) => this.#names.get(id)) ?? [];
  }

  /** The name of somebody who has written something since the page was opened. */
  nameOf(userId: string): string | undefined {
    return userId === this.account.user.id ? this.account.user.displayName : this.#names.get(userId);
  }

  #set(conversationId: string, userId: string, active: boolean): void {
    const key = `${conversationId} ${userId}`;
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    const before = this.#writers.get(conversationId) ?? [];
    const others = before.filter((id) => id !== userId);
    if (active) {
      this.#timers.set(key, setTimeout(() => this.#set(conversationId, userId, false), FORGET_MS));
      this.#writers.set(conversationId, [...others, userId]);
      if (!this.#names.has(userId)) this.#ask(userId);
    } else if (others.length === 0) {
      this.#writers.delete(conversationId);
    } else if (others.length < before.length) {
      this.#writers.set(conversationId, others);
    }
  }

  #ask(userId: string): void {
    this.account.call("GET /users", { query: { ids: userId } }).then(
      ({ data }) => {
        for (const { id, displayName } of data) this.#name(id, displayName);
      },
      // The list then says that somebody writes, not who.
      () => undefined,
    );
  }

  #name(id: string, name: string): void {
    if (this.#names.get(id) === name) return;
    if (this.#names.size >= NAMES_MAX) this.#names.clear();
    this.#names.set(id, name);
  }
}
