import type { Account, Message, Schemas } from "@natter/sdk";

/** What somebody can ask about a message. */
export type About = "readers" | "reactors" | "versions";

export interface Entries {
  people: { user: Schemas["UserSummary"]; emoji?: string; at: string }[];
  versions: Schemas["MessageVersion"][];
  /** How many more there are, whose names are not told. */
  others: number;
}

/** People who are listed; of more it is said how many. */
const PEOPLE_MAX = 300;
const PAGE_MAX = 100;

export async function entriesOf(account: Account, about: About, { id, reactions }: Message): Promise<Entries> {
  const path = { id };
  switch (about) {
    case "versions": {
      const { data } = await account.call("GET /messages/{id}/versions", { path });
      // The latest change is what most people look for.
      return { people: [], versions: data.toReversed(), others: 0 };
    }
    case "readers": {
      let readCount = 0;
      const people = await all(async (page) => {
        const answer = await account.call("GET /messages/{id}/receipts", { path, query: page });
        ({ readCount } = answer);
        return { ...answer, data: answer.data.map(({ user, readAt: at }) => ({ user, at })) };
      });
      return { people, versions: [], others: readCount - people.length };
    }
    case "reactors": {
      const people = await all(async (page) => {
        const answer = await account.call("GET /messages/{id}/reactions", { path, query: page });
        return { ...answer, data: answer.data.map(({ user, emoji, createdAt: at }) => ({ user, emoji, at })) };
      });
      const count = reactions.reduce((sum, reaction) => sum + reaction.count, 0);
      return { people, versions: [], others: people.length < PEOPLE_MAX ? 0 : Math.max(0, count - people.length) };
    }
  }
}

interface PageOf<T> {
  data: T[];
  meta: { nextCursor: string | null };
}

async function all<T>(fetch: (page: { limit: number; cursor?: string }) => Promise<PageOf<T>>): Promise<T[]> {
  const found: T[] = [];
  let cursor: string | undefined;
  do {
    const { data, meta } = await fetch({ limit: PAGE_MAX, ...(cursor === undefined ? {} : { cursor }) });
    found.push(...data);
    cursor = meta.nextCursor ?? undefined;
  } while (cursor !== undefined && found.length < PEOPLE_MAX);
  return found;
}
