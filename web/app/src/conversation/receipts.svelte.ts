import type { Message, Room } from "@natter/sdk";
import type { Account } from "@natter/sdk";

/**
 * Up to where anybody else has read. The server tells of changes only, so once the messages are here it is asked where
 * things stand: who has read a message has read all before it, so a few questions are enough.
 */
export class Receipts {
  /** Everything up to here was read by somebody. */
  #readSeq = $state(0);
  #asking = false;

  constructor(
    private readonly account: Account,
    room: Room,
  ) {
    $effect(() =>
      room.readers.subscribe((readers) => {
        for (const [userId, seq] of readers) if (userId !== account.user.id) this.#heard(seq);
      }),
    );
  }

  read({ seq }: Pick<Message, "seq">): boolean {
    return seq <= this.#readSeq;
  }

  /** Finds out of these, which are in order, how many were read. */
  async ask(messages: readonly Message[]): Promise<void> {
    const own = messages.filter(({ sender, deletedAt }) => sender.id === this.account.user.id && !deletedAt);
    if (this.#asking || own.length === 0) return;
    this.#asking = true;
    try {
      // Most often all of them were, or all but few.
      let [from, to] = [0, own.length];
      let at = own.length - 1;
      while (from < to) {
        const message = own[at];
        if (!message) break;
        const path = { id: message.id };
        const { readCount } = await this.account.call("GET /messages/{id}/receipts", { path, query: { limit: 1 } });
        if (readCount > 0) {
          this.#heard(message.seq);
          from = at + 1;
        } else to = at;
        at = Math.floor((from + to) / 2);
      }
    } catch {
      // Without a connection nothing is known of it; the next time the conversation is opened it is.
    } finally {
      this.#asking = false;
    }
  }

  #heard(seq: number): void {
    this.#readSeq = Math.max(this.#readSeq, seq);
  }
}
