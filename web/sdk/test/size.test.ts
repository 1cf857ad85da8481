import { gzipSync } from "node:zlib";
import { build, type Rollup } from "vite";
import { expect, it } from "vitest";

/** What the client may weigh in a page, compressed, before anybody uploads anything. */
const GZIP_BYTES_MAX = 15_000;
/** The same for what is fetched when somebody does, and for a cache. */
const PART_GZIP_BYTES_MAX = 3_000;

it("stays small", async () => {
  const entry = (name: string) => new URL(`../src/${name}.ts`, import.meta.url).pathname;
  const built = await build({
    configFile: false,
    logLevel: "silent",
    build: { write: false, minify: true, lib: { entry: { sdk: entry("index"), cache: entry("cache") }, formats: ["es"] } },
  });
  const outputs = (Array.isArray(built) ? built : [built]).flatMap((result) => ("output" in result ? result.output : []));
  const chunks = new Map(outputs.flatMap((file) => (file.type === "chunk" ? [[file.fileName, file] as const] : [])));

  /** A chunk, and those that are fetched with it. */
  const whole = (name: string, seen = new Set<string>()): Rollup.OutputChunk[] => {
    const chunk = chunks.get(name);
    if (!chunk || seen.has(name)) return [];
    seen.add(name);
    return [chunk, ...chunk.imports.flatMap((next) => whole(next, seen))];
  };
  const main = whole("sdk.js");
  const rest = [...chunks.values()].filter((chunk) => !main.includes(chunk));
  const bytes = (code: string) => gzipSync(code, { level: 9 }).length;
  const code = main.map((chunk) => chunk.code).join("");
  console.log(`the SDK: ${bytes(code)} of ${GZIP_BYTES_MAX} bytes, compressed`);
  for (const chunk of rest) console.log(`${chunk.fileName}: ${bytes(chunk.code)} of ${PART_GZIP_BYTES_MAX}`);

  expect(code).toContain("sync.resume");
  expect(bytes(code)).toBeLessThanOrEqual(GZIP_BYTES_MAX);
  expect(rest.map((chunk) => chunk.code).join("")).toContain("Tus-Resumable");
  for (const chunk of rest) expect(bytes(chunk.code)).toBeLessThanOrEqual(PART_GZIP_BYTES_MAX);
});
