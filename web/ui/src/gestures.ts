/** How long a finger rests before it means something. A little less than the browser's own time for its menu. */
const LONG_PRESS_MS = 450;
/** A finger that rests still moves by this much. */
const SLOP_PX = 10;
/** At the edges of the screen systems have their own gesture for "back". */
const EDGE_PX = 20;

export interface Point {
  x: number;
  y: number;
}

/** What a finger is about to do, from where it went so far. Scrolling has the benefit of the doubt. */
export function intent(dx: number, dy: number): "undecided" | "swipe" | "scroll" {
  if (Math.hypot(dx, dy) < SLOP_PX) return "undecided";
  return Math.abs(dx) > 2 * Math.abs(dy) ? "swipe" : "scroll";
}

/**
 * Calls for a finger that rests on the element: for `{@attach longPress(…)}`. Whatever does it must have a button as
 * well. It does not happen on what has a meaning of its own for fingers, nor while text is selected.
 */
export function longPress(run: (at: Point) => void): (element: HTMLElement) => () => void {
  return (element) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let start: Point = { x: 0, y: 0 };
    let done = false;

    const stop = () => {
      clearTimeout(timer);
      timer = undefined;
    };
    const onpointerdown = (event: PointerEvent) => {
      stop();
      done = false;
      if (event.pointerType === "mouse" || !event.isPrimary || hasOwnMeaning(event.target, element)) return;
      start = { x: event.clientX, y: event.clientY };
      timer = setTimeout(() => {
        timer = undefined;
        if (hasSelection()) return;
        done = true;
        run(start);
      }, LONG_PRESS_MS);
    };
    const onpointermove = (event: PointerEvent) => {
      if (intent(event.clientX - start.x, event.clientY - start.y) !== "undecided") stop();
    };
    // What the browser makes of the same press must not come as well.
    const swallow = (event: Event) => {
      if (!done) return;
      event.preventDefault();
      event.stopPropagation();
      if (event.type === "click") done = false;
    };
    const oncontextmenu = (event: Event) => {
      // On a browser that is quicker than our own time.
      if (timer !== undefined) event.preventDefault();
      swallow(event);
    };
    // What opened may lie under the finger by now, and must not be pressed when that is lifted.
    const ontouchend = (event: TouchEvent) => {
      if (done) event.preventDefault();
    };
    return listening(element, {
      pointerdown: onpointerdown,
      touchend: ontouchend,
      pointermove: onpointermove,
      pointerup: stop,
      pointercancel: stop,
      contextmenu: oncontextmenu,
      click: swallow,
    }, stop);
  };
}

export interface Swipe {
  /** How far the finger is, in pixels towards where lines end; negative towards where they begin. */
  onmove?: (dx: number) => void;
  /** The finger left; 0 when the browser took the gesture over. */
  onend: (dx: number) => void;
  axis: "inline";
  /** Where the finger must set out for; without it, either way. The other way is left to what is around the element. */
  towards?: "start" | "end";
}

/**
 * Calls for a finger that moves along lines: for `{@attach swipe(…)}`. Whatever it does must have a button as well.
 * It leaves scrolling, selecting and the system's gestures at the edges alone.
 */
export function swipe({ onmove, onend, towards }: Swipe): (element: HTMLElement) => () => void {
  return (element) => {
    let start: Point | undefined;
    let swiping = false;
    let sign = 1;

    const along = (event: PointerEvent) => (start ? (event.clientX - start.x) * sign : 0);
    const onpointerdown = (event: PointerEvent) => {
      if (!event.isPrimary && swiping) onend(0);
      start = undefined;
      swiping = false;
      if (event.pointerType !== "touch" || !event.isPrimary || hasSelection()) return;
      if (event.clientX < EDGE_PX || event.clientX > document.documentElement.clientWidth - EDGE_PX) return;
      if (hasOwnMeaning(event.target, element) || scrollsInline(event.target, element)) return;
      start = { x: event.clientX, y: event.clientY };
      sign = getComputedStyle(element).direction === "rtl" ? -1 : 1;
    };
    const onpointermove = (event: PointerEvent) => {
      if (!start || !event.isPrimary) return;
      if (!swiping) {
        const meant = intent(event.clientX - start.x, event.clientY - start.y);
        const astray = towards !== undefined && along(event) > 0 !== (towards === "end");
        if (meant === "scroll" || (meant === "swipe" && astray)) start = undefined;
        if (meant !== "swipe" || astray) return;
        swiping = true;
        element.setPointerCapture(event.pointerId);
      }
      // One finger swipes one thing: not also what is around it.
      event.stopPropagation();
      onmove?.(along(event));
    };
    const finish = (event: PointerEvent) => {
      if (!event.isPrimary) return;
      const dx = swiping && event.type === "pointerup" ? along(event) : 0;
      if (swiping) onend(dx);
      start = undefined;
      swiping = false;
    };
    // Scrolling across lines stays the browser's; along them it would take the finger away.
    const before = element.style.touchAction;
    element.style.touchAction = "pan-y pinch-zoom";
    return listening(
      element,
      { pointerdown: onpointerdown, pointermove: onpointermove, pointerup: finish, pointercancel: finish },
      () => (element.style.touchAction = before),
    );
  };
}

function listening(
  element: HTMLElement,
  // Each listener is for one kind of event, which this type cannot say.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  listeners: Record<string, (event: any) => void>,
  end: () => void,
): () => void {
  for (const [type, listener] of Object.entries(listeners)) element.addEventListener(type, listener, { capture: type === "click" });
  return () => {
    for (const [type, listener] of Object.entries(listeners)) element.removeEventListener(type, listener, { capture: type === "click" });
    end();
  };
}

/** Fields and players use a resting finger themselves; and what was opened from within the element lies above it. */
function hasOwnMeaning(target: EventTarget | null, root: Element): boolean {
  if (!(target instanceof Element)) return false;
  const found = target.closest("input, textarea, select, [contenteditable], audio, video, [role=slider], [popover], dialog");
  return found !== null && found !== root && root.contains(found);
}

function hasSelection(): boolean {
  const selection = getSelection();
  return selection !== null && !selection.isCollapsed;
}

function scrollsInline(target: EventTarget | null, root: Element): boolean {
  for (let element = target instanceof Element ? target : null; element; element = element.parentElement) {
    if (scrolls(element)) return true;
    if (element === root) return false;
  }
  return false;
}

function scrolls(element: Element): boolean {
  return element.scrollWidth > element.clientWidth && /auto|scroll/u.test(getComputedStyle(element).overflowX);
}
