import type { TimelineItem } from "@natter/sdk";
import { toasts } from "@natter/ui";
import { m } from "../i18n.svelte.ts";
import type { Desk } from "./desk.svelte.ts";

/**
 * Gives a message up that the server does not have. Its text goes back to where it was written; where that is taken, or
 * there is more to it than a text, it can be sent all the same.
 */
export function giveUp({ key, content, replyTo, threadId, kind, attachments, files }: TimelineItem, desk: Desk): void {
  desk.stream.cancel(key);
  const bare = attachments.length === 0 && files.length === 0;
  if (bare && desk.takeBack({ content, replyTo })) return;
  const links = { ...(replyTo !== null && { replyTo }), ...(threadId !== null && { threadId }) };
  const draft = { content, kind: kind === "voice" ? kind : ("text" as const), attachments, files, ...links };
  toasts.show({ text: m.messageDeleted, action: { label: m.undo, run: () => desk.stream.send(draft) } });
}
