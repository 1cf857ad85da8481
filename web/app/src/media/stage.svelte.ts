import { CLOSE_UP, FIT, panned, STEP, zoomed, type Point, type Size, type View } from "./zoom.ts";

/** A finger or pointer that moved by this much did not mean to press. */
const SLOP_PX = 8;
/** Of the stage: how far a swipe goes before it counts, and how fast a short one has to be, in pixels a millisecond. */
const SWIPE_SHARE = 0.2;
const FLICK = 0.4;
const DOUBLE_TAP_MS = 300;
const DOUBLE_TAP_PX = 32;
/** Scale for each pixel of a wheel; a pinch on a touchpad comes as a wheel of small steps. */
const WHEEL = 0.002;
const PINCH = 0.01;

export interface StageHandlers {
  /** The size at which what is shown fits; nothing for what is not zoomed, such as a film. */
  picture(): Size | undefined;
  stage(): { readonly rect: DOMRect; readonly rtl: boolean };
  /** The next or the previous one. */
  turn(by: 1 | -1): void;
  close(): void;
}

/** What fingers, pointers and wheels do to the picture that is looked at. */
export class Stage {
  #view = $state.raw<View>(FIT);
  /** How far a swipe has come. */
  #drag = $state.raw<Point>({ x: 0, y: 0 });
  #held = $state(false);
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- no screen shows where fingers are
  readonly #pointers = new Map<number, Point>();
  #start: { at: Point; time: number } | undefined;
  /** What a drag does, once that is clear. */
  #means: "nothing" | "pan" | "turn" | "close" = "nothing";
  #moved = false;
  #tap: { at: Point; time: number } | undefined;

  constructor(private readonly handlers: StageHandlers) {}

  get view(): View {
    return this.#view;
  }

  get drag(): Point {
    return this.#drag;
  }

  /** Whether something is under a finger, which wants no animation. */
  get held(): boolean {
    return this.#held;
  }

  /** Another picture is shown. */
  reset(): void {
    this.#view = FIT;
    this.#drag = { x: 0, y: 0 };
  }

  zoom(factor: number, at: Point = { x: 0, y: 0 }): void {
    const picture = this.handlers.picture();
    if (picture) this.#view = zoomed(this.#view, factor, at, picture, this.#size);
  }

  larger = (): void => this.zoom(STEP);
  smaller = (): void => this.zoom(1 / STEP);

  pan(by: Point): void {
    const picture = this.handlers.picture();
    if (picture) this.#view = panned(this.#view, by, picture, this.#size);
  }

  /** Close up where one pressed, or back to all of it. */
  toggle(at: Point): void {
    if (this.#view.scale > 1) this.reset();
    else this.zoom(CLOSE_UP, at);
  }

  wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const delta = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 16 : event.deltaY;
    this.zoom(Math.exp(-delta * (event.ctrlKey ? PINCH : WHEEL)), this.#point(event));
  };

  down = (event: PointerEvent & { currentTarget: HTMLElement }): void => {
    // Controls have a use for it themselves.
    if (event.button !== 0 || (event.target as Element).closest("button, video, [role=alert]")) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, this.#point(event));
    this.#held = true;
    if (this.#pointers.size > 1) {
      this.#drag = { x: 0, y: 0 };
      this.#means = "nothing";
      this.#moved = true;
      return;
    }
    this.#start = { at: this.#point(event), time: event.timeStamp };
    this.#moved = false;
    this.#means = "nothing";
  };

  move = (event: PointerEvent): void => {
    const before = this.#pointers.get(event.pointerId);
    if (!before || !this.#start) return;
    const at = this.#point(event);
    if (this.#pointers.size === 2) {
      const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1] ?? before;
      this.#pointers.set(event.pointerId, at);
      const [was, is] = [distance(before, other), distance(at, other)];
      if (was > 0) this.zoom(is / was, middle(at, other));
      const [from, to] = [middle(before, other), middle(at, other)];
      this.pan({ x: to.x - from.x, y: to.y - from.y });
      return;
    }
    this.#pointers.set(event.pointerId, at);
    const whole = { x: at.x - this.#start.at.x, y: at.y - this.#start.at.y };
    if (!this.#moved && Math.hypot(whole.x, whole.y) < SLOP_PX) return;
    if (!this.#moved) {
      this.#moved = true;
      const along = Math.abs(whole.x) >= Math.abs(whole.y);
      if (this.#view.scale > 1) this.#means = "pan";
      else if (event.pointerType !== "mouse") this.#means = along ? "turn" : whole.y > 0 ? "close" : "nothing";
    }
    if (this.#means === "pan") this.pan({ x: at.x - before.x, y: at.y - before.y });
    else if (this.#means === "turn") this.#drag = { x: whole.x, y: 0 };
    else if (this.#means === "close") this.#drag = { x: 0, y: Math.max(0, whole.y) };
  };

  up = (event: PointerEvent): void => {
    if (!this.#pointers.delete(event.pointerId) || this.#pointers.size > 0) return;
    this.#held = false;
    const start = this.#start;
    const drag = this.#drag;
    this.#drag = { x: 0, y: 0 };
    if (!start || event.type === "pointercancel") return;
    if (!this.#moved) return this.#press(event);
    const { width, height } = this.#size;
    const ms = Math.max(1, event.timeStamp - start.time);
    const far = (by: number, length: number) => Math.abs(by) > length * SWIPE_SHARE || Math.abs(by) / ms > FLICK;
    if (this.#means === "turn" && far(drag.x, width)) {
      // Pages are turned towards where one came from.
      this.handlers.turn(drag.x < 0 === !this.handlers.stage().rtl ? 1 : -1);
    } else if (this.#means === "close" && far(drag.y, height)) {
      this.handlers.close();
    }
  };

  #press(event: PointerEvent): void {
    const at = this.#point(event);
    const before = this.#tap;
    this.#tap = { at, time: event.timeStamp };
    if (before && event.timeStamp - before.time < DOUBLE_TAP_MS && distance(before.at, at) < DOUBLE_TAP_PX) {
      this.#tap = undefined;
      this.toggle(at);
    }
  }

  get #size(): Size {
    return this.handlers.stage().rect;
  }

  #point(event: MouseEvent): Point {
    const { rect } = this.handlers.stage();
    return { x: event.clientX - rect.left - rect.width / 2, y: event.clientY - rect.top - rect.height / 2 };
  }
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function middle(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}
