import { expect, test } from "vitest";
import { may, mayRemove, ROLES, rolesFor, type Right, type Role } from "../src/details/rights.ts";

const RIGHTS: Right[] = ["pin", "add", "remove", "change", "invite", "expose", "destroy"];

function standing(type: "direct" | "group" | "channel", role: Role, status: "active" | "archived" | "closed" = "active") {
  return { type, status, me: { role } };
}

/** What each role may do, by its first letters, in the order of the rights. */
function table(type: "direct" | "group" | "channel", status: "active" | "archived" | "closed" = "active") {
  return ROLES.map((role) => RIGHTS.filter((right) => may(standing(type, role, status), right)).join(" "));
}

test("each role may do all that those below it may, and what the guide says", () => {
  expect(table("group")).toEqual(["pin add", "pin add remove", "pin add remove change invite", "pin add remove change invite destroy"]);
  expect(table("channel")).toEqual([
    "",
    "pin add remove",
    "pin add remove change invite expose",
    "pin add remove change invite expose destroy",
  ]);
});

test("in a direct conversation people are equal and can pin", () => {
  expect(table("direct")).toEqual(["pin", "pin", "pin", "pin"]);
});

test("a conversation that takes no messages can only be made active again or deleted", () => {
  for (const status of ["archived", "closed"] as const) expect(table("group", status)).toEqual(["", "", "change", "change destroy"]);
});

test("only members of a lower rank can be removed", () => {
  expect(ROLES.filter((role) => mayRemove(standing("group", "moderator"), role))).toEqual(["member"]);
  expect(ROLES.filter((role) => mayRemove(standing("group", "owner"), role))).toEqual(["member", "moderator", "admin"]);
  expect(ROLES.filter((role) => mayRemove(standing("group", "member"), role))).toEqual([]);
});

test("nobody gives a role above their own, and only the owner hands over", () => {
  expect(rolesFor(standing("channel", "admin"), "member")).toEqual(["member", "moderator"]);
  expect(rolesFor(standing("channel", "admin"), "admin")).toEqual([]);
  expect(rolesFor(standing("channel", "owner"), "admin")).toEqual(["member", "moderator", "admin", "owner"]);
  expect(rolesFor(standing("channel", "moderator"), "member")).toEqual([]);
  expect(rolesFor(standing("channel", "owner", "closed"), "member")).toEqual([]);
});
