import type { Account } from "@natter/sdk";
import { toasts } from "@natter/ui";
import { m } from "../i18n.svelte.ts";
import type { FileInfo } from "./kind.ts";
import { GoneError, linksOf } from "./links.ts";

/** Has the browser save a file under its name, or tells why not. */
export async function save(account: Account, file: Pick<FileInfo, "id" | "name">): Promise<void> {
  const link = document.createElement("a");
  try {
    link.href = await linksOf(account).get(file.id, "original");
  } catch (error) {
    toasts.show({ text: error instanceof GoneError ? m.fileGone : m.fileNotLoaded, look: "danger" });
    return;
  }
  link.download = file.name;
  link.click();
}
