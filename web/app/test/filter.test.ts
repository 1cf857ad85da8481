import type { Conversation } from "@natter/sdk";
import { expect, test } from "vitest";
import { filtered, neighbour, unreadTotal } from "../src/list/filter.ts";

type Wish = Partial<Omit<Conversation, "me">> & { me?: Partial<Conversation["me"]> };

const conversation = (id: string, { me, ...more }: Wish = {}) =>
  ({
    id,
    type: "group",
    unreadCount: 0,
    mentionCount: 0,
    ...more,
    me: { muted: false, pinned: false, archived: false, lastReadSeq: 0, role: "member", ...me },
  }) as Conversation;

const all = [
  conversation("new", { unreadCount: 2 }),
  conversation("direct", { type: "direct" }),
  conversation("old", { me: { archived: true } }),
  conversation("pinned", { me: { pinned: true } }),
  conversation("channel", { type: "channel", unreadCount: 1, me: { muted: true } }),
];

const ids = (conversations: readonly Conversation[]) => conversations.map(({ id }) => id);

test.each([
  ["all", ["pinned", "new", "direct", "channel"]],
  ["unread", ["new", "channel"]],
  ["direct", ["direct"]],
  ["group", ["pinned", "new"]],
  ["channel", ["channel"]],
  ["archived", ["old"]],
] as const)("the filter %s shows its own, pinned ones first", (filter, expected) => {
  expect(ids(filtered(all, filter, undefined))).toEqual(expected);
});

test("what is open stays among the unread while it is read", () => {
  expect(ids(filtered(all, "unread", "direct"))).toEqual(["new", "direct", "channel"]);
});

test("up and down go around", () => {
  const rows = [conversation("a"), conversation("b"), conversation("c")];
  expect(neighbour(rows, "a", 1, false)?.id).toBe("b");
  expect(neighbour(rows, "c", 1, false)?.id).toBe("a");
  expect(neighbour(rows, "a", -1, false)?.id).toBe("c");
  expect(neighbour(rows, undefined, 1, false)?.id).toBe("a");
  expect(neighbour(rows, undefined, -1, false)?.id).toBe("c");
  expect(neighbour([], undefined, 1, false)).toBeUndefined();
  expect(neighbour([conversation("a")], "a", 1, false)).toBeUndefined();
});

test("the next unread one is not muted, unless it mentions somebody", () => {
  const rows = [
    conversation("read"),
    conversation("muted", { unreadCount: 3, me: { muted: true } }),
    conversation("mentioned", { unreadCount: 1, mentionCount: 1, me: { muted: true } }),
    conversation("unread", { unreadCount: 1 }),
  ];
  expect(neighbour(rows, "read", 1, true)?.id).toBe("mentioned");
  expect(neighbour(rows, "mentioned", 1, true)?.id).toBe("unread");
  expect(neighbour(rows, "mentioned", -1, true)?.id).toBe("unread");
  expect(neighbour([rows[0]!, rows[1]!], "read", 1, true)).toBeUndefined();
});

test("what is muted or archived does not count, what mentions does", () => {
  expect(
    unreadTotal([
      conversation("a", { unreadCount: 2, mentionCount: 1 }),
      conversation("b", { unreadCount: 5, mentionCount: 2, me: { muted: true } }),
      conversation("c", { unreadCount: 4, mentionCount: 1, me: { archived: true } }),
    ]),
  ).toEqual({ messages: 2, mentions: 4 });
});
