import type { Account, Conversation } from "@natter/sdk";
import { Pages } from "../pages.svelte.ts";

/** Entries on a page: as many as the server gives. */
const PAGE = 100;
/** Pages that are looked through at most, for conversations in the list and for archived ones each. */
const PAGES_MAX = 50;

/** The conversations that are muted. The server does not list them by that, so all are looked through. */
export function mutedOf(account: Account): Pages<Conversation> {
  const through = async (archived: boolean) => {
    const found: Conversation[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const query = { archived, limit: PAGE, ...(cursor !== undefined && { cursor }) };
      const { data, meta } = await account.call("GET /conversations", { query });
      found.push(...data.filter(({ me }) => me.muted));
      cursor = meta.nextCursor ?? undefined;
      if (cursor === undefined) break;
    }
    return found;
  };
  return new Pages(async () => ({
    data: [...(await through(false)), ...(await through(true))],
    meta: { hasMore: false, nextCursor: null },
  }));
}
