import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Gallery, until } from "./visit.ts";

/** What the gallery offers to tests, in `sections/Lists.svelte`. */
interface Bench {
  prepend(count: number): void;
  append(count: number): void;
  remove(index: number): void;
  picture(index: number, height: number): void;
  edit(index: number, text: string): void;
  react(index: number): void;
  replace(count: number): void;
  jump(key: string, align: "start" | "center" | "end" | "auto"): boolean;
  toEnd(): void;
}
declare global {
  var bench: Bench;
  /** Until one more frame was seen: what holds after it, and not in its midst. */
  var frame: () => Promise<void>;
  var watching: boolean;
  var worst: number;
  var rendered: number[];
}

/** A jump that nobody sees. */
const DRIFT_PX_MAX = 1;

let gallery: Gallery;
let page: Page;

beforeAll(async () => {
  gallery = await Gallery.open();
});
afterAll(() => gallery.close());
beforeEach(async () => {
  page = await gallery.visit();
  await begin();
});
afterEach(async () => {
  await page.context().close();
  expect(gallery.complaints()).toEqual([]);
});

/** Brings the list into view, in a page that was just loaded. */
async function begin(): Promise<void> {
  await page.evaluate(() => {
    globalThis.frame = () =>
      new Promise((wake) =>
        requestAnimationFrame(() => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => wake();
          port2.postMessage(null);
        }),
      );
  });
  await page.getByRole("region", { name: "Lines" }).scrollIntoViewIfNeeded();
  await settled();
}

/** Until the list has not moved for some frames. */
async function settled(): Promise<void> {
  await page.evaluate(async () => {
    const scroller = document.querySelector(".scroller")!;
    const state = () => `${scroller.scrollTop} ${scroller.scrollHeight} ${scroller.querySelector("[data-row]")?.getBoundingClientRect().top}`;
    for (let still = 0, last = ""; still < 5; ) {
      await frame();
      still = state() === last ? still + 1 : 0;
      last = state();
    }
  });
}

test("a list that opens at its end renders none of the rows at its beginning", async () => {
  await page.addInitScript(() => {
    globalThis.rendered = [];
    new MutationObserver((changes) => {
      const added = changes.flatMap(({ addedNodes }) => [...addedNodes]).filter((node) => node instanceof Element);
      const rows = added.flatMap((node) => [node, ...node.querySelectorAll("li")]).filter((node) => node.matches("li[data-index]"));
      rendered.push(...rows.map((row) => Number((row as HTMLElement).dataset["index"])));
    }).observe(document, { childList: true, subtree: true });
  });
  await page.reload();
  await begin();
  const { rows, left } = await page.evaluate(() => {
    const { scrollHeight, scrollTop, clientHeight } = document.querySelector(".scroller")!;
    return { rows: rendered, left: scrollHeight - scrollTop - clientHeight };
  });
  expect(left).toBeLessThanOrEqual(1);
  expect(rows).toContain(999);
  expect(Math.min(...rows)).toBeGreaterThan(900);
});

/** Brings the list into its middle, far from both ends. */
async function toMiddle(): Promise<void> {
  await page.evaluate(() => bench.jump("line-500", "start"));
  await settled();
}

/**
 * Does something and watches, frame by frame, how far the row that is topmost in view moves.
 * @param act runs in the page; it is told where in the list the topmost row is.
 */
async function drift(act: (topmost: number) => void): Promise<number> {
  const topmost = await page.evaluate(() => {
    const scroller = document.querySelector(".scroller")!;
    const edge = scroller.getBoundingClientRect().top;
    const row = [...scroller.querySelectorAll<HTMLElement>("[data-row]")].find((one) => one.getBoundingClientRect().top >= edge)!;
    const top = () => scroller.querySelector(`[data-row="${row.dataset["row"]}"]`)?.getBoundingClientRect().top ?? Infinity;
    const before = top();
    globalThis.worst = 0;
    globalThis.watching = true;
    const watch = async () => {
      while (watching) {
        await frame();
        worst = Math.max(worst, Math.abs(top() - before));
      }
    };
    void watch();
    return Number(row.dataset["number"]);
  });
  await page.evaluate(act, topmost);
  await settled();
  return page.evaluate(() => {
    watching = false;
    return worst;
  });
}

test("it starts at its end", async () => {
  const distance = await page.evaluate(() => {
    const scroller = document.querySelector(".scroller")!;
    return scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
  });
  expect(distance).toBeLessThanOrEqual(1);
  expect(await page.getByLabel("Ends in view").textContent()).toContain("end");
});

test("it stays at its end when a row comes, grows or shrinks, and when the window does", async () => {
  const distance = () =>
    page.evaluate(() => {
      const scroller = document.querySelector(".scroller")!;
      return scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
    });
  for (const act of [
    () => bench.append(1),
    () => bench.picture(1_000, 300),
    () => bench.react(999),
    () => bench.edit(1_000, "short"),
    () => bench.append(5),
  ]) {
    await page.evaluate(act);
    await settled();
    expect(await distance(), act.toString()).toBeLessThanOrEqual(1);
  }
  await page.setViewportSize({ width: 400, height: 768 });
  await settled();
  expect(await distance()).toBeLessThanOrEqual(1);
  // As when a keyboard comes, or the field below it grows.
  await page.getByRole("region", { name: "Lines" }).locator("..").evaluate((list) => (list.style.blockSize = "12rem"));
  await settled();
  expect(await distance()).toBeLessThanOrEqual(1);
});

test("its end is followed from the first row on, however fast rows come, until somebody scrolls up", async () => {
  const distance = async (rows: number, between: "frames" | "tasks") => {
    await page.evaluate(
      async ([count, wait]) => {
        for (let row = 0; row < count; row += 1) {
          bench.append(1);
          const { port1, port2 } = new MessageChannel();
          const task = new Promise((wake) => (port1.onmessage = wake));
          port2.postMessage(null);
          await (wait === "frames" ? frame() : task);
        }
      },
      [rows, between] as const,
    );
    await settled();
    return page.evaluate(() => {
      const scroller = document.querySelector(".scroller")!;
      return scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
    });
  };
  await page.evaluate(() => bench.replace(2));
  // Too short to be brought to the top.
  await page.evaluate(() => bench.jump("line-1", "start"));
  await settled();
  expect(await distance(20, "frames")).toBeLessThanOrEqual(1);
  expect(await distance(40, "tasks")).toBeLessThanOrEqual(1);
  await page.getByRole("region", { name: "Lines" }).hover();
  await page.mouse.wheel(0, -200);
  await settled();
  expect(await distance(5, "frames")).toBeGreaterThan(100);
});

test.each<[string, (topmost: number) => void]>([
  ["rows come before", () => bench.prepend(50)],
  ["rows come after", () => bench.append(20)],
  ["a picture above arrives", (topmost) => bench.picture(topmost - 3, 240)],
  ["a picture below arrives", (topmost) => bench.picture(topmost + 2, 240)],
  ["a row above is edited", (topmost) => bench.edit(topmost - 2, "a long text ".repeat(60))],
  ["a row above gets a reaction", (topmost) => bench.react(topmost - 2)],
  ["a row far above is edited", (topmost) => bench.edit(topmost - 200, "a long text ".repeat(60))],
  ["a row above goes", (topmost) => bench.remove(topmost - 2)],
])("nothing jumps when %s", async (_, act) => {
  await toMiddle();
  expect(await drift(act)).toBeLessThanOrEqual(DRIFT_PX_MAX);
});

test("nothing jumps when rows come before while it is at its start", async () => {
  await page.evaluate(() => document.querySelector(".scroller")!.scrollTo(0, 0));
  await settled();
  expect(await drift(() => bench.prepend(50))).toBeLessThanOrEqual(DRIFT_PX_MAX);
});

/** Scrolls a step in each frame and answers by how much the rows in view moved otherwise, at worst. */
async function unevenness(stepPx: number, frames: number, withPictures: boolean): Promise<number> {
  return page.evaluate(
    async ([step, count, pictures]) => {
      const scroller = document.querySelector(".scroller")!;
      const edge = scroller.getBoundingClientRect();
      const rows = () =>
        new Map(
          [...scroller.querySelectorAll<HTMLElement>("[data-row]")]
            .map((row) => [row.dataset["row"]!, row.getBoundingClientRect()] as const)
            .filter(([, { top }]) => top >= edge.top && top <= edge.bottom)
            .map(([key, { top }]) => [key, top] as const),
        );
      let worst = 0;
      await frame();
      for (let done = 0; done < count; done += 1) {
        const before = rows();
        scroller.scrollBy(0, step);
        const topmost = Number(scroller.querySelector<HTMLElement>("[data-row]")?.dataset["number"]);
        if (pictures && done % 7 === 0) bench.picture(topmost + 3, 100 + done);
        await frame();
        for (const [key, top] of rows()) {
          const was = before.get(key);
          // Nearest to the upper edge: what is below it may be pushed by a picture in view.
          if (was === undefined) continue;
          worst = Math.max(worst, Math.abs(was - step - top));
          break;
        }
      }
      return worst;
    },
    [stepPx, frames, withPictures] as const,
  );
}

test.each([
  ["up", -90],
  ["down", 90],
])("scrolling %s through rows that nobody has measured is even", async (_, step) => {
  await toMiddle();
  expect(await unevenness(step, 150, false)).toBeLessThanOrEqual(DRIFT_PX_MAX);
});

test("scrolling up is even while pictures above arrive", async () => {
  await toMiddle();
  expect(await unevenness(-40, 150, true)).toBeLessThanOrEqual(DRIFT_PX_MAX);
});

test("it keeps its topmost row when it becomes narrower", async () => {
  await toMiddle();
  const topmost = () =>
    page.evaluate(() => {
      const scroller = document.querySelector(".scroller")!;
      const edge = scroller.getBoundingClientRect().top;
      const row = [...scroller.querySelectorAll<HTMLElement>("[data-row]")].find((one) => one.getBoundingClientRect().bottom > edge + 1)!;
      return { key: row.dataset["row"], top: row.getBoundingClientRect().top - edge };
    });
  const before = await topmost();
  await page.setViewportSize({ width: 420, height: 768 });
  await settled();
  const after = await topmost();
  expect(after.key).toBe(before.key);
  expect(Math.abs(after.top - before.top)).toBeLessThanOrEqual(DRIFT_PX_MAX);
});

test.each([10, 480, 990])("a jump to row %i brings it into the middle, and one can go on from there", async (number) => {
  await page.evaluate((key) => bench.jump(key, "center"), `line-${number}`);
  await settled();
  const off = await page.evaluate((key) => {
    const list = document.querySelector(".scroller")!.getBoundingClientRect();
    const row = document.querySelector(`[data-row="${key}"]`)!.getBoundingClientRect();
    return (row.top + row.bottom) / 2 - (list.top + list.bottom) / 2;
  }, `line-${number}`);
  expect(Math.abs(off)).toBeLessThanOrEqual(2);
  expect(await unevenness(number < 500 ? 30 : -30, 20, false)).toBeLessThanOrEqual(DRIFT_PX_MAX);
});

test("arrows, Home, End and pages go from row to row, and the list is one stop of the Tab key", async () => {
  const focused = () => page.evaluate(() => (document.activeElement as HTMLElement).dataset["row"]);
  await page.getByRole("button", { name: "To the end" }).focus();
  await page.keyboard.press("Tab");
  expect(await focused()).toBe("line-999");
  for (const [key, row] of [
    ["ArrowUp", "line-998"],
    ["ArrowUp", "line-997"],
    ["ArrowDown", "line-998"],
    ["Home", "line-0"],
    ["ArrowUp", "line-0"],
    ["End", "line-999"],
  ] as const) {
    await page.keyboard.press(key);
    await until(focused, (one) => one === row);
    const inView = await page.evaluate(() => {
      const list = document.querySelector(".scroller")!.getBoundingClientRect();
      const row = document.activeElement!.getBoundingClientRect();
      return row.top >= list.top - 1 && row.bottom <= list.bottom + 1;
    });
    if (!inView) await settled();
  }
  await page.keyboard.press("PageUp");
  await until(focused, (one) => one !== "line-999" && one !== undefined);
  await page.keyboard.press("Shift+Tab");
  expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe("To the end");
});

test("the row that has the focus keeps it while it is scrolled away, and gives it to its neighbour when it goes", async () => {
  const focused = () => page.evaluate(() => (document.activeElement as HTMLElement).dataset["row"]);
  await page.getByRole("button", { name: "To the end" }).focus();
  await page.keyboard.press("Tab");
  await page.evaluate(() => bench.jump("line-100", "center"));
  await settled();
  expect(await focused()).toBe("line-999");
  await page.evaluate(() => bench.remove(999));
  expect(await until(focused, (one) => one !== undefined)).toBe("line-998");
});
