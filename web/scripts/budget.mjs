// The initial JavaScript, compressed, must stay within its budget: what the page loads before anybody does anything.
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const BUDGET_BYTES = 130_000;
const dist = new URL("../app/dist/", import.meta.url);

const page = await readFile(new URL("index.html", dist), "utf8");
const scripts = [...page.matchAll(/<(?:script[^>]*src|link[^>]*rel="modulepreload"[^>]*href)="\/([^"]+)"/g)];
if (scripts.length === 0) throw new Error("app/dist/index.html loads no script: build the client first");

const queue = scripts.map(([, path]) => new URL(path ?? "", dist).href);
const seen = new Set(queue);
let bytes = 0;
for (const file of queue) {
  const code = await readFile(new URL(file));
  bytes += gzipSync(code, { level: 9 }).length;
  for (const [, path] of code.toString().matchAll(/\b(?:from|import)\s*"(\.[^"]+\.js)"/g)) {
    const imported = new URL(path ?? "", file).href;
    if (!seen.has(imported)) queue.push(imported);
    seen.add(imported);
  }
}

console.log(`initial JavaScript: ${bytes} of ${BUDGET_BYTES} bytes, compressed, in ${queue.length} files`);
if (bytes > BUDGET_BYTES) process.exitCode = 1;
