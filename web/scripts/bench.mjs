// Measures the web client's first page as a phone on a slow network would see it, with Lighthouse's own settings. Usage: node scripts/bench.mjs, with NATTER_BIN for another server than the debug build.
import lighthouse from "lighthouse";
import { resolve } from "node:path";
import { runnerImport } from "vite";

/** @type {{ module: typeof import("../e2e/harness.ts") }} */
const { module } = await runnerImport(resolve(import.meta.dirname, "../e2e/harness.ts"));
const { freePort, launch, Natter } = module;

const port = await freePort();
const [browser, natter] = await Promise.all([launch([`--remote-debugging-port=${port}`]), Natter.start()]);
try {
  await scores();
} finally {
  await browser.close();
  await natter.stop();
}

async function scores() {
  const run = await lighthouse(natter.url, { port, onlyCategories: ["performance", "accessibility", "best-practices"] });
  if (!run) throw new Error("Lighthouse has no result");
  for (const { title, score } of Object.values(run.lhr.categories)) print(title, Math.round((score ?? 0) * 100), "of 100");
  print("largest contentful paint", Math.round(run.lhr.audits["largest-contentful-paint"]?.numericValue ?? NaN), "ms");
}

/**
 * @param {string} what
 * @param {number} value
 * @param {string} unit
 */
function print(what, value, unit) {
  console.log(`${what.padEnd(28)}${String(value).padStart(6)} ${unit}`);
}
