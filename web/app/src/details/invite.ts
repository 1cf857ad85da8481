import type { Schemas } from "@natter/sdk";
import { paths } from "../route.ts";

/** How long a link works, in seconds; 0 is for ever. */
export const LIFETIMES = { hour: 3_600, day: 86_400, week: 604_800, month: 2_592_000, ever: 0 } as const;
export type Lifetime = keyof typeof LIFETIMES;

/** How many people it lets in; 0 is any number. */
export const USES = ["1", "5", "25", "100", "0"] as const;
export type Uses = (typeof USES)[number];

export function inviteWish(lifetime: Lifetime, uses: Uses): Schemas["CreateInvite"] {
  return {
    ...(LIFETIMES[lifetime] > 0 && { expiresIn: LIFETIMES[lifetime] }),
    ...(uses !== "0" && { usesMax: Number(uses) }),
  };
}

/** The address that is given to people. */
export function inviteAddress({ code }: Pick<Schemas["Invite"], "code">, origin = location.origin): string {
  return origin + paths.invite(code);
}
