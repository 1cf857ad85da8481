import { hasCommandKey } from "@natter/ui";
import { MARKS } from "./markdown.ts";

/** Whether the key is pressed that commands begin with: ⌘ where there is one, else Ctrl. */
export function withCommand({ metaKey, ctrlKey }: KeyboardEvent): boolean {
  return hasCommandKey() ? metaKey : ctrlKey;
}

/** The mark that a shortcut sets. */
export function markFor(event: KeyboardEvent): string | undefined {
  // Alt Gr is Ctrl and Alt on some systems, and writes letters.
  if (!withCommand(event) || event.altKey) return undefined;
  const key = event.key.toLowerCase();
  if (event.shiftKey) return key === "x" ? MARKS.strike : undefined;
  return { b: MARKS.bold, i: MARKS.italic, e: MARKS.code }[key];
}
