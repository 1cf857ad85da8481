import type { Account } from "@natter/sdk";
import { drafts } from "../drafts.ts";
import { m } from "../i18n.svelte.ts";
import { forgetPreferences } from "../preferences.svelte.ts";
import { paths, router } from "../router.svelte.ts";
import { lastSearches } from "../search/last.ts";
import { unsaved } from "./unsaved.svelte.ts";

/**
 * Signs out and forgets on this device whatever belongs to the person. Answers what has to be said about it: nothing if
 * all went well.
 */
export async function signOut(account: Account): Promise<string | undefined> {
  drafts.clear();
  forgetPreferences();
  lastSearches.clear();
  for (const form of Object.keys(unsaved) as (keyof typeof unsaved)[]) delete unsaved[form];
  router.go(paths.home, "replace");
  try {
    await account.signOut();
    return undefined;
  } catch (error) {
    console.warn(error);
    return m.signedOutHereOnly;
  }
}
