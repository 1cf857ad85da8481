import type { Schemas } from "@natter/sdk";

type Member = Schemas["Member"];

/** The list with a member in its place; without one who stands further down than the list was loaded. */
export function placed(items: readonly Member[], member: Member, hasMore: boolean): readonly Member[] {
  const others = items.filter(({ user }) => user.id !== member.user.id);
  const at = others.findIndex(({ user }) => user.username > member.user.username);
  if (at >= 0) return others.toSpliced(at, 0, member);
  return hasMore && others.length === items.length ? items : [...others, member];
}
