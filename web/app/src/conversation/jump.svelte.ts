import { BESIDE } from "../layout.ts";
import { paths, router } from "../router.svelte.ts";

let asked = $state(0);

/** Takes somebody to a message. Where it is stands in the address; asking for the same again is a reason to go there again. */
export const jump = {
  /** How often somebody asked. */
  get asked(): number {
    return asked;
  },

  to(conversationId: string, messageId: string): void {
    const { route } = router;
    const open = route.page === "conversation" && route.id === conversationId ? route : undefined;
    // Where there is less room the pane would stand before the message.
    const side = matchMedia(BESIDE).matches ? open?.side : undefined;
    asked += 1;
    router.go(paths.message(conversationId, messageId, side));
  },

  /** A link to the message that is in the address already is followed all the same. */
  follow(this: void, event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (link?.pathname === location.pathname && link.origin === location.origin) asked += 1;
  },
};
