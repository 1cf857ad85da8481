import type { Account, Schemas } from "@natter/sdk";
import { Pages } from "../pages.svelte.ts";
import { placed } from "./placed.ts";

type Member = Schemas["Member"];

/** Entries on a page: as many as the server gives. */
const PAGE = 100;

/** The members of a conversation in the order of their usernames, kept up to date as far as they were loaded. */
export class Members {
  readonly pages: Pages<Member>;

  constructor(
    private readonly account: Account,
    private readonly conversationId: string,
  ) {
    const path = { id: conversationId };
    this.pages = new Pages((cursor) =>
      account.call("GET /conversations/{id}/members", { path, query: { limit: PAGE, ...(cursor !== undefined && { cursor }) } }),
    );
  }

  /** Loads, and listens to who comes and goes. Answers how to stop. */
  start(): () => void {
    void this.pages.load();
    const here = (event: { conversationId: string }) => event.conversationId === this.conversationId;
    const stops = [
      this.account.on("member.joined", (event) => here(event) && this.put(event.member)),
      this.account.on("member.updated", (event) => here(event) && this.put(event.member)),
      this.account.on("member.left", (event) => here(event) && this.remove(event.userId)),
      this.account.on("sync.reset", (event) => here(event) && void this.pages.load()),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  put(member: Member): void {
    this.pages.change((items) => placed(items, member, this.pages.hasMore));
  }

  remove(userId: string): void {
    this.pages.change((items) => items.filter(({ user }) => user.id !== userId));
  }
}
