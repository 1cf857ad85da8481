/** From how much room on the panes stand side by side, as in `shell/Shell.svelte`. */

/** Only one pane is in view. */
export const PHONE = "(max-width: 639px)";
/** What belongs to a conversation stands beside it; below, it stands before it. */
export const BESIDE = "(min-width: 1024px)";
