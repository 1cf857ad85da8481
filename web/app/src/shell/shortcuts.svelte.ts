import { preferences } from "../preferences.svelte.ts";
import { chord, matches } from "./chord.ts";

/** A key, what it does, and how that is called. */
export interface Shortcut {
  readonly keys: string;
  readonly label: () => string;
  /** `false`: the browser has its own use for it this time. */
  readonly run: () => unknown;
}

let registered = $state.raw<readonly Shortcut[]>([]);

export const shortcuts = {
  /** Everything that can be pressed right now; the help shows it. */
  get all(): readonly Shortcut[] {
    return registered;
  },

  /** For the key presses of the whole page. */
  press(this: void, event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing || event.repeat) return;
    // A dialog has its own keys.
    if (document.querySelector("dialog:modal")) return;
    const chosen = registered.findLast(({ keys }) => matches(event, chord(keys)));
    if (!chosen) return;
    const types = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (types && (isField(event.target) || !preferences.singleKeys)) return;
    if (chosen.run() !== false) event.preventDefault();
  },
};

/**
 * Registers keys such as `Mod+K`, where Mod is Ctrl, or ⌘ on a Mac. What is registered last is asked first. Answers how to
 * take it back.
 */
export function shortcut(keys: string, label: () => string, run: () => unknown): () => void {
  const entry = { keys, label, run };
  registered = [...registered, entry];
  return () => {
    registered = registered.filter((other) => other !== entry);
  };
}

function isField(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}
