import type { Page } from "playwright-core";

/** What is measured inside the page, by its own clock. */
export interface Probe {
  /** Nothing is left to do. */
  idle(): Promise<void>;
  /** The next frame has been painted. Answers when, in milliseconds of the page's clock. */
  painted(): Promise<number>;
  /** From the next event of a type until a frame in which a condition holds was painted, in milliseconds. */
  arm(type: "keydown" | "click", holds: () => boolean): void;
  /** The result of what was armed. */
  took: Promise<number>;
  /**
   * Until a condition holds in a frame that was painted; answers when, by the clock that all pages share. Fails if it takes
   * too long.
   */
  seen(holds: () => boolean): Promise<number>;
  /** For each key that was pressed, when that was, and how long it took until the frame after it was painted. */
  keys: { at: number; took: number }[];
}

declare global {
  var probe: Probe;
}

/** Puts the probe into every page that is opened from now on. It runs in the page. */
export function install(): void {
  const painted = () =>
    new Promise<number>((done) => {
      requestAnimationFrame(() => {
        // A message is delivered after the frame that follows the callback.
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => done(performance.now());
        port2.postMessage(null);
      });
    });
  const WAIT_MS_MAX = 15_000;
  const until = (holds: () => boolean) =>
    new Promise<number>((done, fail) => {
      const deadline = performance.now() + WAIT_MS_MAX;
      const look = () => {
        if (!holds()) {
          if (performance.now() > deadline) fail(new Error(`not within ${WAIT_MS_MAX} ms: ${String(holds)}`));
          else requestAnimationFrame(look);
          return;
        }
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => done(performance.now());
        port2.postMessage(null);
      };
      requestAnimationFrame(look);
    });
  const keys: Probe["keys"] = [];
  globalThis.probe = {
    idle: () => new Promise((done) => requestIdleCallback(() => done(), { timeout: 500 })),
    painted,
    took: Promise.resolve(NaN),
    keys,
    arm(type, holds) {
      this.took = new Promise((done, fail) => {
        const begun = ({ timeStamp }: Event) => void until(holds).then((now) => done(now - timeStamp), fail);
        addEventListener(type, begun, { capture: true, once: true });
      });
    },
    seen: async (holds) => performance.timeOrigin + (await until(holds)),
  };
  addEventListener("keydown", ({ timeStamp }) => {
    const key = { at: timeStamp, took: NaN };
    keys.push(key);
    void painted().then((now) => (key.took = now - timeStamp));
  }, { capture: true });
}

/** Intervals between frames, in milliseconds, while a page scrolls by a step in each; 0 where nothing can be scrolled. */
export function frames(page: Page, count: number, stepPx: number): Promise<Scrolled> {
  return page.evaluate(
    ([count, step]) =>
      new Promise<Scrolled>((done) => {
        const scroller = document.querySelector<HTMLElement>(".messages .scroller");
        const result: Scrolled = { intervals: [], rows: 0, window: 0, stood: 0 };
        let last: number | undefined;
        const next = (now: number) => {
          if (last !== undefined) result.intervals.push(now - last);
          last = now;
          const rows = scroller?.querySelectorAll("[data-row]") ?? [];
          result.rows = Math.max(result.rows, rows.length);
          result.window = Math.max(result.window, Number(rows[0]?.closest("li")?.ariaSetSize ?? 0));
          if (result.intervals.length === count) return done(result);
          const before = scroller?.scrollTop;
          scroller?.scrollBy(0, step);
          if (scroller && scroller.scrollTop === before) result.stood += 1;
          requestAnimationFrame(next);
        };
        requestAnimationFrame(next);
      }),
    [count, stepPx] as const,
  );
}

export interface Scrolled {
  intervals: number[];
  /** Most rows that were in the page, and most messages that were at hand, at one time. */
  rows: number;
  window: number;
  /** Frames in which the list was at an end and could not go on. */
  stood: number;
}
