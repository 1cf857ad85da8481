import type { Conversation } from "@natter/sdk";
import { m } from "../i18n.svelte.ts";
import type { Role } from "./rights.ts";

/** What kind of conversation it is, in words. */
export function kindWords({ type, visibility }: Pick<Conversation, "type" | "visibility">): string {
  if (type === "direct") return m.kindDirect;
  if (type === "group") return m.kindGroup;
  return visibility === "public" ? m.kindPublicChannel : m.kindPrivateChannel;
}

export function roleWords(role: Role): string {
  return { member: m.roleMember, moderator: m.roleModerator, admin: m.roleAdmin, owner: m.roleOwner }[role];
}
