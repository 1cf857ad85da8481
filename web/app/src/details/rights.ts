/** Who may do what, as docs/guides/permissions.md has it: to offer only what the server would do. */
import type { Conversation, Schemas } from "@natter/sdk";

export type Role = Schemas["MemberRole"];

/** From the lowest to the highest. */
export const ROLES = ["member", "moderator", "admin", "owner"] as const satisfies readonly Role[];

/** The lowest role that may do it; `null` for nobody. */
const LEAST = {
  group: { write: "member", moderate: "moderator", pin: "member", add: "member", remove: "moderator", change: "admin", invite: "admin", expose: null, destroy: "owner" },
  channel: { write: "member", moderate: "moderator", pin: "moderator", add: "moderator", remove: "moderator", change: "admin", invite: "admin", expose: "admin", destroy: "owner" },
  direct: { write: "member", moderate: null, pin: "member", add: null, remove: null, change: null, invite: null, expose: null, destroy: null },
} as const satisfies Record<Conversation["type"], Record<string, Role | null>>;

/**
 * `write` and react, `moderate`: delete what others wrote and see what it said before, `pin` and unpin, `add` and `remove` members, `change` name, topic and status, make `invite` links, make it public
 * (`expose`), delete it for everybody (`destroy`).
 */
export type Right = keyof (typeof LEAST)["group"];

/** What is still possible in a conversation that takes no messages any more: to tidy it up, to make it active again. */
const WHILE_INACTIVE: readonly Right[] = ["moderate", "change", "destroy"];

type Standing = Pick<Conversation, "type" | "status"> & { me: { role: Role } };

export function may({ type, status, me }: Standing, right: Right): boolean {
  if (status !== "active" && !WHILE_INACTIVE.includes(right)) return false;
  const least = LEAST[type][right];
  return least !== null && rank(me.role) >= rank(least);
}

/** Whether somebody can be removed by whoever has a role. */
export function mayRemove(conversation: Standing, theirs: Role): boolean {
  return may(conversation, "remove") && outranks(conversation.me.role, theirs);
}

/** The roles that can be given to a member: an owner gives any, an admin those below to those below. */
export function rolesFor({ type, status, me }: Standing, theirs: Role): Role[] {
  if (type === "direct" || status !== "active" || !outranks(me.role, theirs)) return [];
  if (me.role === "owner") return [...ROLES];
  return me.role === "admin" ? ROLES.filter((role) => outranks(me.role, role)) : [];
}

function outranks(mine: Role, theirs: Role): boolean {
  return rank(mine) > rank(theirs);
}

function rank(role: Role): number {
  return ROLES.indexOf(role);
}
