const FOCUSABLE =
  "a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), [tabindex]";

/** What can have the focus inside of something, in its order. */
export function focusable(root: ParentNode): HTMLElement[] {
  return [...root.querySelectorAll<HTMLElement>(FOCUSABLE)].filter((element) => element.checkVisibility());
}

/**
 * Remembers who has the focus; the answer gives it back. Where that element is gone by then, the nearest that is left
 * of what was around it gets the focus, so that a keyboard is never thrown back to the start of the page.
 */
export function rememberFocus(): () => void {
  const path: Element[] = [];
  for (let element = document.activeElement; element; element = element.parentElement) path.push(element);
  return () => {
    for (const element of path) {
      if (element === document.body || !element.isConnected || !(element instanceof HTMLElement)) continue;
      if (tryFocus(element)) return;
      const [inside] = focusable(element);
      if (inside && tryFocus(inside)) return;
    }
  };
}

function tryFocus(element: HTMLElement): boolean {
  element.focus({ preventScroll: true });
  return document.activeElement === element;
}

/** Whether nobody has the focus: it was on something that has gone. */
export function focusIsLost(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}
