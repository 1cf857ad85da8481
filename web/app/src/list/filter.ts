import type { Conversation, Endpoints } from "@natter/sdk";

export const FILTERS = ["all", "unread", "direct", "group", "channel", "archived"] as const;
export type Filter = (typeof FILTERS)[number];

/** What the server can be asked for. */
export type Query = NonNullable<Endpoints["GET /conversations"]["query"]>;

/** How the server is asked for the conversations of a filter. It lists those that are not archived, unless it is asked to. */
export const QUERIES: Record<Exclude<Filter, "all">, Query> = {
  unread: { unread: true },
  direct: { type: "direct" },
  group: { type: "group" },
  channel: { type: "channel" },
  archived: { archived: true },
};

/** Those of a filter, in the order of the list: pinned ones on top. The one that is open stays while it is read. */
export function filtered(
  conversations: readonly Conversation[],
  filter: Filter,
  open: string | undefined,
): readonly Conversation[] {
  const kept = conversations.filter((conversation) => {
    const { id, type, unreadCount, me } = conversation;
    if (me.archived !== (filter === "archived")) return false;
    if (filter === "unread") return unreadCount > 0 || id === open;
    return filter === "all" || filter === "archived" || type === filter;
  });
  const pinned = kept.filter(({ me }) => me.pinned);
  return pinned.length === 0 ? kept : [...pinned, ...kept.filter(({ me }) => !me.pinned)];
}

/**
 * The next one up or down from the one that is open, or the next that is unread; at the end it begins again. Nothing if
 * there is none.
 */
export function neighbour(
  rows: readonly Conversation[],
  open: string | undefined,
  step: 1 | -1,
  unreadOnly: boolean,
): Conversation | undefined {
  const at = rows.findIndex(({ id }) => id === open);
  const start = at < 0 && step < 0 ? 0 : at;
  for (let moved = 1; moved <= rows.length; moved += 1) {
    const candidate = rows[(start + step * moved + rows.length * 2) % rows.length];
    if (!candidate || candidate.id === open) continue;
    if (!unreadOnly || (candidate.unreadCount > 0 && (!candidate.me.muted || candidate.mentionCount > 0))) return candidate;
  }
  return undefined;
}

/** What is unread, over those that are neither muted nor archived; and what mentions somebody, over all of them. */
export function unreadTotal(conversations: readonly Conversation[]): { messages: number; mentions: number } {
  let messages = 0;
  let mentions = 0;
  for (const { unreadCount, mentionCount, me } of conversations) {
    if (!me.muted && !me.archived) messages += unreadCount;
    mentions += mentionCount;
  }
  return { messages, mentions };
}
