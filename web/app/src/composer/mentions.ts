import type { Account, Conversation, Readable, Timeline } from "@natter/sdk";
import { folded } from "../folded.ts";

/** Whoever can be mentioned: somebody, or with `group` everybody. */
export interface Mentionable {
  username: string;
  displayName: string;
  group?: "here" | "all";
}

const SUGGESTIONS_MAX = 8;
/** One page; where more people are, the server looks for them. */
const MEMBERS_MAX = 100;

/** Finds people to mention in one conversation. */
export class Mentions {
  #members: Promise<{ people: Mentionable[]; complete: boolean }> | undefined;

  constructor(
    private readonly account: Account,
    private readonly conversation: () => Conversation | undefined,
    private readonly timeline: Readable<Timeline>,
  ) {}

  /** People whose username, or a word of whose name, begins so; those who spoke last come first. */
  async find(query: string): Promise<Mentionable[]> {
    const conversation = this.conversation();
    if (!conversation) return [];
    const { people, complete } = await this.#load(conversation.id);
    const found = ranked(matching(people, query), this.#spoken());
    const all = [...found, ...matching(groups(conversation), query)];
    if (complete || found.length >= SUGGESTIONS_MAX || query === "") return all.slice(0, SUGGESTIONS_MAX);
    const { data } = await this.account.call("GET /users", { query: { query, limit: SUGGESTIONS_MAX } });
    const known = new Set(all.map(({ username }) => username));
    const others = data.filter(({ username, id }) => !known.has(username) && id !== this.account.user.id);
    return [...all, ...others.map(named)].slice(0, SUGGESTIONS_MAX);
  }

  #load(id: string) {
    this.#members ??= this.account
      .call("GET /conversations/{id}/members", { path: { id }, query: { limit: MEMBERS_MAX } })
      .then(({ data, meta }) => ({
        people: data.filter(({ user }) => user.id !== this.account.user.id).map(({ user }) => named(user)),
        complete: !meta.hasMore,
      }))
      .catch((error: unknown) => {
        // The next try asks again.
        this.#members = undefined;
        throw error;
      });
    return this.#members;
  }

  /** Who wrote here, the last first. */
  #spoken(): string[] {
    return [...new Set(this.timeline.get().items.map(({ sender }) => sender.username).reverse())];
  }
}

/** Those of whom a name begins so. */
export function matching<T extends Mentionable>(people: readonly T[], query: string): T[] {
  const wanted = folded(query);
  return people.filter(({ username, displayName }) =>
    [username, ...displayName.split(/\s+/u)].some((name) => folded(name).startsWith(wanted)),
  );
}

function ranked(people: Mentionable[], spoken: readonly string[]): Mentionable[] {
  const rank = ({ username }: Mentionable) => (spoken.includes(username) ? spoken.indexOf(username) : spoken.length);
  return [...people].sort((a, b) => rank(a) - rank(b));
}

/** In a channel only those who moderate it may call everybody. */
function groups({ type, me }: Conversation): Mentionable[] {
  if (type === "direct" || (type === "channel" && me.role === "member")) return [];
  return [
    { username: "here", displayName: "", group: "here" },
    { username: "all", displayName: "", group: "all" },
  ];
}

function named({ username, displayName }: { username: string; displayName: string }): Mentionable {
  return { username, displayName };
}
