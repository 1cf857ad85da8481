import type { Account, Conversation, Message, ServerEvents, UserSummary } from "@natter/sdk";
import { SvelteSet } from "svelte/reactivity";

/** Something that happened to the user: it leads to where it did. */
export interface Notice {
  readonly id: string;
  readonly kind: "mention" | "reply" | "added";
  readonly conversationId: string;
  readonly who: UserSummary | undefined;
  /** What brought it; absent where it was no message. */
  readonly message: Message | undefined;
  readonly at: string;
}

/** Notices that are kept; the oldest go first. */
const NOTICES_MAX = 100;
/** Messages whose senders are remembered, to know whose message a reply answers. */
const SENDERS_MAX = 2_000;
/** Messages whose senders are asked for at a time; a busy conversation must not ask for each of its replies. */
const ASKING_MAX = 4;

/** What happened to the user while this page was open: who mentioned them, answered them, or took them in somewhere. */
export class Notices {
  #items = $state.raw<readonly Notice[]>([]);
  readonly #seen = new SvelteSet<string>();
  // Nothing on the screen depends on them.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #senders = new Map<string, string>();
  #asking = 0;

  constructor(private readonly account: Account) {}

  /** The newest first. */
  get items(): readonly Notice[] {
    return this.#items;
  }

  /** Listens. Answers how to stop. */
  start(): () => void {
    const stops = [
      this.account.on("message.new", (message) => void this.#message(message)),
      this.account.on("message.deleted", ({ id }) => this.#drop(id)),
      this.account.on("member.joined", (change) => this.#joined(change)),
      this.account.on("conversation.created", (created) => this.#created(created)),
      this.account.on("sync.removed", ({ conversationId }) => this.#dropAll(conversationId)),
      this.account.on("conversation.deleted", ({ conversationId }) => this.#dropAll(conversationId)),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** Whether somebody has read it, here or wherever else they are signed in. */
  isSeen(notice: Notice, conversation: Conversation | undefined): boolean {
    if (this.#seen.has(notice.id)) return true;
    return notice.message !== undefined && (conversation?.me.lastReadSeq ?? 0) >= notice.message.seq;
  }

  see(notice: Notice): void {
    this.#seen.add(notice.id);
  }

  clear(): void {
    this.#items = [];
    this.#seen.clear();
  }

  async #message(message: Message): Promise<void> {
    const { id, sender, mentions, groupMention, kind } = message;
    this.#remember(id, sender.id);
    if (sender.id === this.account.user.id || kind === "system") return;
    const mentioned = mentions.includes(this.account.user.id) || (groupMention ?? null) !== null;
    if (mentioned || (await this.#answersMe(message))) this.#add(message, mentioned ? "mention" : "reply");
  }

  #add(message: Message, kind: Notice["kind"]): void {
    const { id, conversationId, sender, createdAt } = message;
    this.#put({ id, kind, conversationId, who: sender, message, at: createdAt });
  }

  async #answersMe({ replyTo, threadId }: Message): Promise<boolean> {
    const answered = replyTo ?? threadId;
    if (answered === null) return false;
    const known = this.#senders.get(answered);
    if (known !== undefined) return known === this.account.user.id;
    if (this.#asking >= ASKING_MAX) return false;
    this.#asking += 1;
    try {
      const { sender } = await this.account.call("GET /messages/{id}", { path: { id: answered } });
      this.#remember(answered, sender.id);
      return sender.id === this.account.user.id;
    } catch {
      // Gone, or there is no connection: the conversation still counts as unread.
      return false;
    } finally {
      this.#asking -= 1;
    }
  }

  #joined({ conversationId, seq, actorId, member }: ServerEvents["member.joined"]): void {
    if (member.user.id !== this.account.user.id || actorId === member.user.id) return;
    this.#put({ id: `${conversationId}/${seq}`, kind: "added", conversationId, who: undefined, message: undefined, at: member.joinedAt });
  }

  #created({ conversationId, seq, actorId, conversation }: ServerEvents["conversation.created"]): void {
    // The first message of a direct conversation says enough.
    if (actorId === this.account.user.id || conversation.type === "direct") return;
    const at = conversation.createdAt;
    this.#put({ id: `${conversationId}/${seq}`, kind: "added", conversationId, who: undefined, message: undefined, at });
  }

  #put(notice: Notice): void {
    // What is replayed after a reconnect came before.
    if (this.#items.some(({ id }) => id === notice.id)) return;
    this.#items = [notice, ...this.#items].slice(0, NOTICES_MAX);
  }

  #drop(id: string): void {
    this.#items = this.#items.filter((notice) => notice.id !== id);
  }

  #dropAll(conversationId: string): void {
    this.#items = this.#items.filter((notice) => notice.conversationId !== conversationId);
  }

  #remember(id: string, sender: string): void {
    this.#senders.set(id, sender);
    const [oldest] = this.#senders.keys();
    if (this.#senders.size > SENDERS_MAX && oldest !== undefined) this.#senders.delete(oldest);
  }
}
