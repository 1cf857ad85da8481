import type { Account } from "@natter/sdk";
import { untrack } from "svelte";
import { fromStore } from "svelte/store";

/** Conversations that are looked through by name. */
const CONVERSATIONS_MAX = 10_000;

/** Lists what nobody has scrolled to yet, as long as it is wanted. Called where a component begins. */
export function lookFurther(account: Account, wanted: () => boolean): { readonly looking: boolean } {
  const list = fromStore(account.conversations);
  /** What could not be had is not asked for again and again. */
  let failed = $state(false);
  const looking = $derived(!failed && wanted() && list.current.hasMore && list.current.items.length < CONVERSATIONS_MAX);

  $effect(() => {
    if (!looking || list.current.growing) return;
    untrack(() => {
      account.conversations.more().catch((error: unknown) => {
        failed = true;
        console.warn(error);
      });
    });
  });

  return {
    get looking() {
      return looking;
    },
  };
}
