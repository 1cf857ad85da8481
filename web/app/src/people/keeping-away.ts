import type { Account, UserSummary } from "@natter/sdk";
import { toasts } from "@natter/ui";
import { attempt } from "../attempt.ts";
import { m } from "../i18n.svelte.ts";

type Who = Pick<UserSummary, "username" | "displayName">;

/** Keeps somebody away; answers whether that was done. `onundone` hears if it is taken back. */
export async function block(account: Account, who: Who, onundone: () => void): Promise<boolean> {
  const done = await attempt(() => account.call("POST /blocks", { body: { username: who.username } }));
  if (!done) return false;
  const undo = async () => {
    if (await attempt(() => lift(account, who))) onundone();
  };
  toasts.show({ text: m.personBlocked({ name: who.displayName }), action: { label: m.undo, run: () => void undo() } });
  return true;
}

/** Lets somebody near again; answers whether that was done. */
export async function unblock(account: Account, who: Who): Promise<boolean> {
  const done = await attempt(() => lift(account, who));
  if (done) toasts.show({ text: m.personUnblocked({ name: who.displayName }) });
  return done;
}

/** Calls `changed` when somebody is kept away or let near, on whichever device; answers how to stop. */
export function onKeptAway(account: Account, who: () => string | undefined, changed: () => void): () => void {
  return account.on("blocks.changed", ({ userId }) => {
    if (userId === who()) changed();
  });
}

function lift(account: Account, { username }: Who): Promise<unknown> {
  return account.call("DELETE /blocks/{username}", { path: { username } });
}
