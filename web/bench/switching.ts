import type { CDPSession, Page } from "playwright-core";
import { figure, spread, heading } from "./figures.ts";
import type { World } from "./world.ts";

/** Conversations that are opened for the first time. */
const FRESH = 60;
/** Fewer than the client keeps in memory, and how often one goes through them. */
const NEAR = 10;
const NEAR_PASSES = 10;
/** More than it keeps in memory, and as many as it keeps on the device; those at the end of a pass are not in memory. */
const FAR = 25;
const FAR_PASSES = 8;
const FAR_AT_LEAST = 8;
const RELOADS = 10;
const MIB = 2 ** 20;

type Key = "ArrowUp" | "ArrowDown";

/** From the key until the newest messages of another conversation were painted. */
export async function switching(world: World): Promise<void> {
  const { page } = world.alice;
  heading("Going from one of 3,000 conversations to the next");
  await page.goto(`${world.natter.url}/c/${world.longId}`);
  await page.locator("article").first().waitFor();
  await world.alice.connection("online");

  const fresh = await go(page, "ArrowDown", FRESH);
  const near = (await passes(page, NEAR, NEAR_PASSES)).flat();
  // Whatever is made once is made, and each pass ends where the one before it began.
  await passes(page, FAR, 2);
  const cdp = await page.context().newCDPSession(page);
  const before = await heap(cdp);
  const far = await passes(page, FAR, FAR_PASSES);
  const after = await heap(cdp);
  await cdp.detach();

  const opened: number[] = [];
  for (let run = 0; run < RELOADS; run += 1) {
    await page.reload({ waitUntil: "commit" });
    const seen = await page.evaluate(async () => [await probe.seen(() => document.querySelector("article") !== null), performance.timeOrigin] as const);
    opened.push(seen[0] - seen[1]);
    await world.alice.connection("online");
  }

  spread("To one that is in memory", near, "ms", { max: 100 });
  spread("To one that is kept on the device", far.flatMap((took) => took.slice(-FAR_AT_LEAST)), "ms", { max: 100 });
  spread("To one that was never opened", fresh, "ms", { max: 300 });
  spread("Loaded anew, until its messages are there", opened, "ms", { max: 500 });
  figure(`Heap after ${FAR * FAR_PASSES} more`, after / MIB, "MiB", { max: 150 });
  figure("By how much it has grown", (after / before - 1) * 100, "%", { max: 5 }, `from ${(before / MIB).toFixed(1)} MiB`);
}

/** Up and down again. */
async function passes(page: Page, length: number, count: number): Promise<number[][]> {
  const took: number[][] = [];
  for (let pass = 0; pass < count; pass += 1) took.push(await go(page, pass % 2 === 0 ? "ArrowUp" : "ArrowDown", length));
  return took;
}

async function go(page: Page, key: Key, count: number): Promise<number[]> {
  const took: number[] = [];
  for (let done = 0; done < count; done += 1) {
    await page.evaluate(async () => {
      await probe.idle();
      const left = document.querySelector(".conversation");
      probe.arm("keydown", () => {
        const opened = document.querySelector(".conversation");
        if (!opened || opened === left) return false;
        const list = opened.querySelector(".messages .scroller");
        const last = [...opened.querySelectorAll("li[aria-setsize]")].at(-1);
        if (!list || !last || last.ariaPosInSet !== last.ariaSetSize) return false;
        // The newest message is there, and in view.
        const [view, row] = [list.getBoundingClientRect(), last.getBoundingClientRect()];
        return row.bottom > view.top && row.bottom <= view.bottom + 1;
      });
    });
    await page.keyboard.press(`Alt+${key}`);
    took.push(await page.evaluate(() => probe.took));
  }
  return took;
}

/** Bytes that are in use once what is not has been collected. */
async function heap(cdp: CDPSession): Promise<number> {
  await cdp.send("HeapProfiler.enable");
  for (let run = 0; run < 3; run += 1) await cdp.send("HeapProfiler.collectGarbage");
  return (await cdp.send("Runtime.getHeapUsage")).usedSize;
}
