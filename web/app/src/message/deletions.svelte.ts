import type { Account, Message } from "@natter/sdk";
import { toasts } from "@natter/ui";
import { SvelteMap } from "svelte/reactivity";
import { failure } from "../failure.ts";
import { m } from "../i18n.svelte.ts";

/** For so long somebody can change their mind; the clock stands while they look at the offer. */
const UNDO_SECONDS = 8;

/** By the message, what is to be done when one looks away. */
const pending = new SvelteMap<string, () => unknown>();

/**
 * Messages that are about to be deleted. They look as if they were already, and the server is told when it is too late
 * to change one's mind: at the latest when one looks away, since the page may never be seen again. Without a network nothing
 * could be told, so the offer stays.
 */
export const deletions = {
  has: (messageId: string): boolean => pending.has(messageId),

  schedule(account: Account, { id }: Pick<Message, "id">): void {
    if (pending.has(id)) return;
    const close = toasts.show({
      text: m.messageDeleted,
      action: { label: m.undo, run: () => pending.delete(id) },
      seconds: UNDO_SECONDS,
      ongone: () => void perform(account, id),
    });
    pending.set(id, () => account.connection.get() === "online" && close());
  },
};

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") for (const away of [...pending.values()]) away();
});

async function perform(account: Account, id: string): Promise<void> {
  try {
    // Whoever has signed out meanwhile has not said anything to the server any more.
    if (account.connection.get() === "closed") return;
    await account.call("DELETE /messages/{id}", { path: { id } });
  } catch (error) {
    toasts.show({ text: `${m.notDeleted} ${failure(error).text}`, look: "danger" });
  } finally {
    pending.delete(id);
  }
}
