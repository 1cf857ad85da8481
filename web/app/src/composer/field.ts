import type { Edit } from "./markdown.ts";

/** Changes a text field as if somebody had typed, so that undo takes it back. */
export function apply(field: HTMLTextAreaElement, { from, to, insert, select }: Edit): void {
  field.focus();
  field.setSelectionRange(from, to);
  // Deprecated without a successor: the only way that browsers remember for undo.
  const typed = document.execCommand(insert === "" ? "delete" : "insertText", false, insert);
  if (!typed && (from !== to || insert !== "")) {
    field.setRangeText(insert, from, to, "end");
    field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText", data: insert }));
  }
  field.setSelectionRange(...select);
}

/** Grows a field with its text where the style sheet cannot say so. */
export function grow(field: HTMLTextAreaElement): void {
  if (CSS.supports("field-sizing", "content")) return;
  field.style.blockSize = "auto";
  field.style.blockSize = `${field.scrollHeight}px`;
}

/**
 * Keeps the distance between an element and the keyboard of a phone that lies over the page rather than making it smaller,
 * as `--keyboard`.
 */
export function aboveKeyboard(element: HTMLElement): (() => void) | undefined {
  const viewport = window.visualViewport;
  if (!viewport) return;
  const place = () => {
    // Zoomed by two fingers, the viewport is small too, and no keyboard is there.
    const covered = viewport.scale > 1.01 ? 0 : innerHeight - viewport.height - viewport.offsetTop;
    element.style.setProperty("--keyboard", `${Math.max(0, Math.round(covered))}px`);
  };
  place();
  viewport.addEventListener("resize", place);
  viewport.addEventListener("scroll", place);
  return () => {
    viewport.removeEventListener("resize", place);
    viewport.removeEventListener("scroll", place);
  };
}
