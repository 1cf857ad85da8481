import type { CDPSession, Page } from "playwright-core";
import { figure, heading, median, ms, p95 } from "./figures.ts";
import type { World } from "./world.ts";

/** Conversations that are opened for the first time. */
const FRESH = 60;
/** Fewer than the client keeps in memory, and how often one goes through them. */
const NEAR = 10;
const ROUNDS = 6;
/** More than it keeps, so that what it kept has to go, too. */
const FAR = 30;
const HEAP_SWITCHES = 200;
const RELOADS = 5;
const MIB = 2 ** 20;

/** From the key until the messages of another conversation were painted. */
export async function switching(world: World): Promise<void> {
  const { page } = world.alice;
  heading("Going from one of 3,000 conversations to the next");
  await page.goto(`${world.natter.url}/c/${world.longId}`);
  await page.locator("article").first().waitFor();
  await page.evaluate(() => probe.painted());

  const fresh = await go(page, "ArrowDown", FRESH);
  const near: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    // The first way back is not: these were opened one after the other, and are at hand.
    near.push(...(await go(page, round % 2 === 0 ? "ArrowUp" : "ArrowDown", NEAR)));
  }
  figure("To one that is at hand, 95 of 100", p95(near), "ms", { max: 100 }, `half within ${ms(median(near))}`);
  figure("To one that was never opened", p95(fresh), "ms", { max: 300 }, `half within ${ms(median(fresh))}`);

  const opened: number[] = [];
  for (let run = 0; run < RELOADS; run += 1) {
    await page.reload({ waitUntil: "commit" });
    opened.push(await page.evaluate(async () => (await probe.seen(() => document.querySelector("article") !== null)) - performance.timeOrigin));
    await world.alice.connection("online");
  }
  figure("Loaded anew, until its messages are there", median(opened), "ms", { max: 500 });

  const cdp = await page.context().newCDPSession(page);
  // Whatever is made once is made.
  for (let done = 0; done < 2 * FAR; done += FAR) await go(page, done === 0 ? "ArrowUp" : "ArrowDown", FAR);
  const before = await heap(cdp);
  for (let done = 0; done < HEAP_SWITCHES; done += FAR) await go(page, (done / FAR) % 2 === 0 ? "ArrowUp" : "ArrowDown", FAR);
  const after = await heap(cdp);
  figure(`Heap after ${HEAP_SWITCHES} more`, after / MIB, "MiB", { max: 150 });
  figure("By how much it has grown", (after / before - 1) * 100, "%", { max: 5 }, `from ${(before / MIB).toFixed(1)} MiB`);
  await cdp.detach();
}

async function go(page: Page, key: "ArrowUp" | "ArrowDown", count: number): Promise<number[]> {
  const took: number[] = [];
  for (let done = 0; done < count; done += 1) {
    await page.evaluate(() => {
      const title = () => document.querySelector(".conversation")?.ariaLabel;
      const before = title();
      probe.arm("keydown", () => title() !== before && document.querySelector(".conversation article") !== null);
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
