import type { Page } from "playwright-core";
import { figure, spread, heading, median, ms, p95 } from "./figures.ts";
import { frames, type Scrolled } from "./probe.ts";
import { LONG_MESSAGES, type World } from "./world.ts";

/** As fast as a hand can: about 7,000 px in a second. */
const STEP_PX = 120;
const FRAMES = 900;
const JUMPS = [0.5, 0.02, 0.98, 0.25, 0.75];

/** Through a conversation of 100,000 messages: from its end, from its middle both ways, and to its beginning. */
export async function scrolling(world: World): Promise<void> {
  heading(`Scrolling through ${LONG_MESSAGES.toLocaleString("en")} messages, ${STEP_PX} px in each frame`);
  const { page } = world.alice;
  const blank = await page.context().newPage();
  const empty = await frames(blank, FRAMES / 3, 0);
  await blank.close();

  await page.goto(`${world.natter.url}/c/${world.longId}`);
  await page.locator("article").first().waitFor();
  const jumps: number[] = [];
  const runs: Scrolled[] = [await frames(page, FRAMES, -STEP_PX)];
  const token = await world.token("alice");
  for (const share of JUMPS) {
    const after = Math.floor(LONG_MESSAGES * share);
    const { data } = await world.natter.call<{ data: { payload: { id: string } }[] }>(
      "GET",
      `/conversations/${world.longId}/events?after=${after}&limit=1`,
      undefined,
      token,
    );
    jumps.push(await jump(page, world.longId, data[0]!.payload.id));
    runs.push(await frames(page, FRAMES / 3, STEP_PX), await frames(page, FRAMES / 2, -STEP_PX));
  }
  const intervals = runs.flatMap((run) => run.intervals);
  const stood = runs.reduce((sum, run) => sum + run.stood, 0);
  const ratio = p95(intervals) / p95(empty.intervals);
  spread("Frame", intervals, "ms", { max: 20 }, `${ratio.toFixed(2)} of an empty page's`);
  const idle = `an empty page's ${ms(Math.max(...empty.intervals))}`;
  figure("Frame, the longest", Math.max(...intervals), "ms", { max: 60 }, idle, intervals.length);
  figure("Messages at hand, at most", Math.max(...runs.map((run) => run.window)), "", { max: 600 });
  figure("Rows in the page, at most", Math.max(...runs.map((run) => run.rows)), "", { max: 600 });
  figure("Waited for messages", (stood / intervals.length) * 100, "%", undefined, "", intervals.length);
  figure("To a message far away, the slowest", Math.max(...jumps), "ms", { max: 1_000 }, `half within ${ms(median(jumps))}`, jumps.length);
}

/** Follows a link to a message, and answers how long it took until it was in view. */
export async function jump(page: Page, conversationId: string, messageId: string): Promise<number> {
  await page.evaluate(
    ([conversation, message]) => {
      const link = document.createElement("a");
      link.href = `/c/${conversation}/m/${message}`;
      link.textContent = "jump";
      document.body.append(link);
      probe.arm("click", () => {
        const list = document.querySelector(".messages .scroller")?.getBoundingClientRect();
        const row = document.querySelector(`[data-row="${message}"]`)?.getBoundingClientRect();
        return list !== undefined && row !== undefined && row.bottom > list.top && row.top < list.bottom;
      });
      link.click();
      link.remove();
    },
    [conversationId, messageId] as const,
  );
  return page.evaluate(() => probe.took);
}
