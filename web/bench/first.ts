import lighthouse from "lighthouse";
import { freePort, launch, type Natter } from "../e2e/harness.ts";
import { figure, heading, median } from "./figures.ts";

const RUNS = 3;

/**
 * The first page, as a phone on a slow network would see it, with Lighthouse's own settings. In a browser of its own, since
 * Lighthouse closes what is open in it.
 */
export async function firstPage(natter: Natter): Promise<void> {
  heading(`The first page, by Lighthouse for a phone, median of ${RUNS}`);
  const port = await freePort();
  const browser = await launch([`--remote-debugging-port=${port}`]);
  const scores = new Map<string, number[]>();
  const paints: number[] = [];
  try {
    for (let run = 0; run < RUNS; run += 1) {
      const result = await lighthouse(natter.url, { port, onlyCategories: ["performance", "accessibility", "best-practices"] });
      if (!result) throw new Error("Lighthouse has no result");
      const { categories, audits, runtimeError } = result.lhr;
      if (runtimeError) throw new Error(`Lighthouse: ${runtimeError.message}`);
      for (const { title, score } of Object.values(categories)) {
        scores.set(title, [...(scores.get(title) ?? []), (score ?? NaN) * 100]);
      }
      paints.push(audits["largest-contentful-paint"]?.numericValue ?? NaN);
    }
  } finally {
    await browser.close();
  }
  for (const [title, values] of scores) figure(title, median(values), "", { min: title === "Performance" ? 95 : 100 }, "", RUNS);
  figure("Largest contentful paint", median(paints), "ms", { max: 2_000 }, "", RUNS);
}
