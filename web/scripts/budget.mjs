// What pages load before anybody does anything must stay within its budget, compressed: the first page, where one signs
// in, and the one that whoever is signed in sees, with the list of conversations.
import { readdir, readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const FIRST_PAGE_BYTES = 70_000;
const SIGNED_IN_BYTES = 110_000;
const dist = new URL("../app/dist/", import.meta.url);

const page = await readFile(new URL("index.html", dist), "utf8");
const first = [...page.matchAll(/<(?:script[^>]*src|link[^>]*rel="modulepreload"[^>]*href)="\/([^"]+)"/g)].map(([, path]) => path ?? "");
const shell = (await readdir(new URL("assets/", dist))).filter((name) => /^shell-.*\.js$/.test(name)).map((name) => `assets/${name}`);
if (first.length === 0 || shell.length !== 1) throw new Error("app/dist is not the client: build it first");

await keep("first page", first, FIRST_PAGE_BYTES);
await keep("signed in", [...first, ...shell], SIGNED_IN_BYTES);

/**
 * @param {string} what
 * @param {string[]} paths
 * @param {number} budget
 */
async function keep(what, paths, budget) {
  const queue = paths.map((path) => new URL(path, dist).href);
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
  console.log(`JavaScript, ${what}: ${bytes} of ${budget} bytes, compressed, in ${queue.length} files`);
  if (bytes > budget) process.exitCode = 1;
}
