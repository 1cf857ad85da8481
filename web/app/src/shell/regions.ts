const REGIONS = "[data-region]";
const FOCUSABLE = "a[href], button:not([disabled]), input:not([disabled]), textarea, select, [tabindex='0']";

/** Where the focus was in each region, for when it comes back. */
const last = new WeakMap<Element, HTMLElement>();

/** Notes where the focus is; for `focusin` of the page. */
export function remember(event: FocusEvent): void {
  const region = event.target instanceof Element ? event.target.closest(REGIONS) : null;
  if (region && event.target instanceof HTMLElement && event.target !== region) last.set(region, event.target);
}

/** Takes the focus to the next region that is in view, or to the one before. */
export function nextRegion(direction: 1 | -1): void {
  const regions = [...document.querySelectorAll<HTMLElement>(REGIONS)].filter(isShown);
  if (regions.length === 0) return;
  const at = regions.findIndex((region) => region.contains(document.activeElement));
  const next = regions[at < 0 ? 0 : (at + direction + regions.length) % regions.length];
  if (next) focusRegion(next);
}

/** Where the focus was in it, else where one begins there: what says so by `data-begin`, or the first control. */
export function focusRegion(region: HTMLElement): void {
  const before = last.get(region);
  const target =
    before?.isConnected && region.contains(before) && isShown(before)
      ? before
      : (region.querySelector<HTMLElement>("[data-begin]") ??
        [...region.querySelectorAll<HTMLElement>(FOCUSABLE)].find(isShown));
  if (target) target.focus();
  else receive(region);
}

/** Gives the focus back to what had it there, unless that would raise a keyboard; else to the region itself. */
export function giveBack(region: HTMLElement): void {
  const before = last.get(region);
  if (before?.isConnected && isShown(before) && !before.matches("input, textarea")) before.focus({ preventScroll: true });
  else receive(region);
}

/** Gives the focus to something that has it for as long as it keeps it, and takes it from nobody who presses there. */
export function receive(region: HTMLElement): void {
  region.tabIndex = -1;
  region.focus({ preventScroll: true });
  region.addEventListener("blur", () => region.removeAttribute("tabindex"), { once: true });
}

export function isShown(element: HTMLElement): boolean {
  return element.checkVisibility({ visibilityProperty: true });
}
