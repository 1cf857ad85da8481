import type { Account, Conversation, Message, Room, Thread, TimelineItem } from "@natter/sdk";
import { SvelteMap } from "svelte/reactivity";
import { attempt } from "../attempt.ts";
import type { ComposerMode } from "../composer/mode.ts";
import type { Unsent } from "../drafts.ts";
import { Names } from "./names.svelte.ts";
import { Quotes } from "./quotes.svelte.ts";

/** What is open above the messages. */
export type Above =
  | { kind: "forward" | "versions" | "readers" | "reactors"; message: Message }
  | { kind: "menu"; item: TimelineItem; at: { x: number; y: number } | { element: HTMLElement } }
  | { kind: "emoji"; message: Message; anchor: HTMLElement };

/** How long the log may take to say what the server has answered. */
const LOG_MS = 2_000;

/** What a row of the list has so that the keyboard comes to it. */
export interface Stop {
  readonly tabindex: 0 | -1;
  readonly "data-row": string;
}

/** Where messages are: a conversation, or one of its threads. */
export type Stream = Room | Thread;

/**
 * What is being done to the messages of one pane: which is answered or edited, what is open because of it. The pane, its
 * rows and the table of actions share it.
 */
export class Desk {
  mode = $state.raw<ComposerMode>({ kind: "new" });
  above = $state.raw<Above>();
  /** The key of the message that the pointer or the focus is on: it shows its tools. */
  active = $state.raw<string>();

  /** The texts of which somebody wants to see all, for as long as the pane is open. */
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- only asked when a row comes
  readonly unfolded = new Set<string>();

  readonly names: Names;
  readonly quotes: Quotes;
  /** Reactions that were chosen or taken back here, until the log says the same. */
  readonly #reacting = new SvelteMap<string, boolean>();
  readonly #conversation: () => Conversation | undefined;

  constructor(
    readonly account: Account,
    readonly stream: Stream,
    readonly conversationId: string,
    /** The message that started the thread, where the pane is one. */
    readonly threadId: string | undefined,
    conversation: () => Conversation | undefined,
    /** Takes a text back that was not sent. Answers false while another one is being written. */
    readonly takeBack: (unsent: Unsent) => boolean,
  ) {
    this.#conversation = conversation;
    this.names = Names.of(account);
    this.quotes = Quotes.of(account);
  }

  get conversation(): Conversation | undefined {
    return this.#conversation();
  }

  /** Whether a message shows its tools: something that was opened from there keeps them. */
  shows({ key, message }: TimelineItem): boolean {
    if (this.active === key) return true;
    const { above } = this;
    if (!above) return false;
    return above.kind === "menu" ? above.item.key === key : above.message.id === message?.id;
  }

  get me(): string {
    return this.account.user.id;
  }

  /** Chooses an emoji under a message, or takes it back. What was chosen is shown before the server knows. */
  async react(message: Message, emoji: string): Promise<void> {
    const key = `${message.id} ${emoji}`;
    const wanted = !this.reactionsOf(message).some((reaction) => reaction.emoji === emoji && reaction.me);
    const { account } = this;
    this.#reacting.set(key, wanted);
    const settle = () => {
      stop();
      if (this.#reacting.get(key) === wanted) this.#reacting.delete(key);
    };
    const stop = account.on(wanted ? "reaction.added" : "reaction.removed", (change) => {
      if (change.messageId === message.id && change.userId === this.me && change.emoji === emoji) settle();
    });
    const payload = { messageId: message.id, emoji };
    const done = await attempt(() => account.request(wanted ? "reaction.add" : "reaction.remove", payload));
    // The log says it right after the answer, if there was anything to change.
    if (done) setTimeout(settle, LOG_MS);
    else settle();
  }

  /** The reactions to a message, with those that are on their way. */
  reactionsOf(message: Message): Message["reactions"] {
    const all = message.reactions.map((reaction) => {
      const wanted = this.#reacting.get(`${message.id} ${reaction.emoji}`);
      if (wanted === undefined || wanted === reaction.me) return reaction;
      return { ...reaction, me: wanted, count: reaction.count + (wanted ? 1 : -1) };
    });
    for (const [key, wanted] of this.#reacting) {
      const [id, emoji = ""] = key.split(" ");
      if (id !== message.id || !wanted || all.some((reaction) => reaction.emoji === emoji)) continue;
      all.push({ emoji, count: 1, me: true });
    }
    return all.filter(({ count }) => count > 0);
  }
}
