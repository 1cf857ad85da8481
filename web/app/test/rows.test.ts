import type { Message, TimelineItem } from "@natter/sdk";
import { describe, expect, it } from "vitest";
import { rows } from "../src/conversation/rows.ts";

const ME = "me";

function item(seq: number, more: Partial<Message> & { by?: string } = {}): TimelineItem {
  const { by = "ada", ...rest } = more;
  const sender = { id: by, username: by, displayName: by, avatarUrl: null };
  const createdAt = rest.createdAt ?? new Date(2025, 5, 1, 12, 0, seq).toISOString();
  const message = { id: `m${seq}`, seq, sender, kind: "text", content: "", replyTo: null, threadId: null, ...rest, createdAt } as Message;
  const { kind, content, replyTo, threadId } = message;
  return { key: message.id, sender, kind, content, replyTo, threadId, attachments: [], files: [], createdAt, status: "sent", message };
}

function at(...clock: [number, number, number, number, number]): string {
  return new Date(...clock).toISOString();
}

describe("rows", () => {
  it("begins a group with another sender, and after five minutes", () => {
    const items = [
      item(1, { createdAt: at(2025, 5, 1, 12, 0) }),
      item(2, { createdAt: at(2025, 5, 1, 12, 5) }),
      item(3, { createdAt: at(2025, 5, 1, 12, 11) }),
      item(4, { createdAt: at(2025, 5, 1, 12, 11), by: "bob" }),
    ];
    expect(rows(items, undefined, ME).map(({ startsGroup }) => startsGroup)).toEqual([true, false, true, true]);
  });

  it("keeps a group together when the clock of this device is behind", () => {
    const items = [item(1, { createdAt: at(2025, 5, 1, 12, 3), by: ME }), item(2, { createdAt: at(2025, 5, 1, 12, 0), by: ME })];
    expect(rows(items, undefined, ME)[1]?.startsGroup).toBe(false);
  });

  it("begins a day at midnight, also after the night with an hour less or more", () => {
    for (const night of [[2025, 2, 30], [2025, 9, 26], [2025, 2, 9], [2025, 10, 2]] as const) {
      const [year, month, day] = night;
      const items = [item(1, { createdAt: at(year, month, day, 0, 1) }), item(2, { createdAt: at(year, month, day, 23, 59) }), item(3, { createdAt: at(year, month, day + 1, 0, 1) })];
      expect(rows(items, undefined, ME).map(({ startsDay }) => startsDay)).toEqual([true, false, true]);
    }
  });

  it("draws the line above the first message of somebody else that was unread", () => {
    const items = [item(1), item(2, { by: ME }), item(3, { kind: "system" }), item(4), item(5)];
    expect(rows(items, 1, ME).map(({ startsNew }) => startsNew)).toEqual([false, false, false, true, false]);
    expect(rows(items, undefined, ME).some(({ startsNew }) => startsNew)).toBe(false);
    expect(rows(items, 5, ME).some(({ startsNew }) => startsNew)).toBe(false);
  });

  it("says by whom a message is when the line is above it", () => {
    expect(rows([item(1), item(2)], 1, ME)[1]?.startsGroup).toBe(true);
  });

  it("says once for answers behind each other in which thread they are", () => {
    const of = (seq: number, threadId: string | null, more = {}) => item(seq, { threadId, ...more });
    const items = [of(1, null), of(2, "m1"), of(3, "m1", { by: "bob" }), of(4, "m0"), of(5, null), of(6, "m1"), of(7, "m1")];
    const continues = (readSeq?: number) => rows(items, readSeq, ME).map(({ continuesThread }) => continuesThread);
    expect(continues()).toEqual([false, false, true, false, false, false, true]);
    expect(continues(2)).toEqual([false, false, false, false, false, false, true]);
  });

  it("finds what is answered among the messages, and the start of a thread", () => {
    const items = [item(1), item(2, { replyTo: "m1" }), item(3, { threadId: "m2" }), item(4, { replyTo: "m1", threadId: "m2" }), item(5, { replyTo: "m0" })];
    expect(rows(items, undefined, ME).map(({ quoted }) => quoted?.id)).toEqual([undefined, "m1", "m2", "m1", undefined]);
  });
});
