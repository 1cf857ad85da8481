import type { Schemas } from "@natter/sdk";
import { expect, test } from "vitest";
import { placed } from "../src/details/placed.ts";

type Member = Schemas["Member"];

function member(username: string, role: Member["role"] = "member"): Member {
  const user = { id: `id-${username}`, username, displayName: username, avatarUrl: null, role: "user", presence: "offline", lastSeen: null } as const;
  return { user, role, joinedAt: "2026-01-01T00:00:00.000Z" };
}

const names = (members: readonly Member[]) => members.map(({ user, role }) => `${user.username} ${role}`);

test("whoever comes in stands where the server would list them", () => {
  const list = [member("ada"), member("dilan")];
  expect(names(placed(list, member("bob"), true))).toEqual(["ada member", "bob member", "dilan member"]);
  expect(names(placed(list, member("zoe"), false))).toEqual(["ada member", "dilan member", "zoe member"]);
});

test("whoever stands further down than was loaded is not listed twice later", () => {
  const list = [member("ada"), member("dilan")];
  expect(placed(list, member("zoe"), true)).toBe(list);
});

test("a change takes the place of what was known", () => {
  const list = [member("ada"), member("bob"), member("dilan")];
  expect(names(placed(list, member("bob", "admin"), false))).toEqual(["ada member", "bob admin", "dilan member"]);
  expect(names(placed(list, member("dilan", "admin"), true))).toEqual(["ada member", "bob member", "dilan admin"]);
});
