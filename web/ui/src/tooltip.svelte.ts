import { mount } from "svelte";
import TooltipLayer from "./TooltipLayer.svelte";

/** How long a pointer rests before it asks. */
const WAIT_MS = 500;
/** One moves on along a toolbar without waiting again, and onto the tooltip without losing it. */
const LINGER_MS = 120;

export interface Tooltip {
  text: string;
  keys?: string | undefined;
  anchor: HTMLElement;
}

let current = $state.raw<Tooltip>();
let timer: ReturnType<typeof setTimeout> | undefined;
let mounted = false;

/** The only one there is; for the layer that shows it. */
export const tooltips = {
  get current(): Tooltip | undefined {
    return current;
  },
  /** The pointer reached the tooltip itself. */
  keep(): void {
    clearTimeout(timer);
  },
  hide(after = 0): void {
    clearTimeout(timer);
    if (after === 0) current = undefined;
    else timer = setTimeout(() => (current = undefined), after);
  },
  linger(): void {
    tooltips.hide(LINGER_MS);
  },
};

function show(tooltip: Tooltip): void {
  // Not now: the focus may have come here while something else is being taken down.
  if (!mounted) queueMicrotask(() => mount(TooltipLayer, { target: document.body }));
  mounted = true;
  current = tooltip;
}

/**
 * Shows the name of a control, and its keys, to a pointer that rests on it and to a keyboard that reaches it: for
 * `{@attach tooltip(() => …)}`. The name itself is the control's own, for everybody who does not see this.
 */
export function tooltip(text: () => string, keys?: () => string | undefined): (element: HTMLElement) => () => void {
  return (element) => {
    const open = () => {
      // It may be gone meanwhile, or what it opened lies there and says more.
      if (element.isConnected && element.ariaExpanded !== "true") show({ text: text(), keys: keys?.(), anchor: element });
    };
    const onpointerenter = ({ pointerType }: PointerEvent) => {
      if (pointerType !== "mouse") return;
      clearTimeout(timer);
      if (current) open();
      else timer = setTimeout(open, WAIT_MS);
    };
    const onpointerleave = () => {
      if (current?.anchor === element) tooltips.linger();
      else clearTimeout(timer);
    };
    const onfocus = () => {
      if (element.matches(":focus-visible")) open();
    };
    const close = () => tooltips.hide();
    // Later: a control that is taken out of the page loses the focus while the page is being drawn.
    // By then the next control may have the tooltip.
    const onblur = () => queueMicrotask(() => current?.anchor === element && close());
    element.addEventListener("pointerenter", onpointerenter);
    element.addEventListener("pointerleave", onpointerleave);
    element.addEventListener("focus", onfocus);
    element.addEventListener("blur", onblur);
    element.addEventListener("pointerdown", close);
    return () => {
      element.removeEventListener("pointerenter", onpointerenter);
      element.removeEventListener("pointerleave", onpointerleave);
      element.removeEventListener("focus", onfocus);
      element.removeEventListener("blur", onblur);
      element.removeEventListener("pointerdown", close);
      if (current?.anchor === element) close();
    };
  };
}
