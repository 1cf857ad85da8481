import { jump } from "../conversation/jump.svelte.ts";
import { BESIDE } from "../layout.ts";
import { paths, type Side } from "../route.ts";

/** What makes a link lead to a message, with the pane that it is in still open where there is room. */
export function messageLink(conversationId: string, messageId: string, pane?: Exclude<Side["pane"], "thread">) {
  const side = pane !== undefined && matchMedia(BESIDE).matches ? { pane } : undefined;
  return { href: paths.message(conversationId, messageId, side), onclick: jump.follow };
}
