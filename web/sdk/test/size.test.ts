import { gzipSync } from "node:zlib";
import { build } from "vite";
import { expect, it } from "vitest";

/** What the whole client may weigh in a page, compressed. */
const GZIP_BYTES_MAX = 15_000;

it("stays small", async () => {
  const entry = new URL("../src/index.ts", import.meta.url).pathname;
  const built = await build({
    configFile: false,
    logLevel: "silent",
    build: { write: false, minify: true, lib: { entry, formats: ["es"], fileName: "sdk" } },
  });
  const files = (Array.isArray(built) ? built : [built]).flatMap((result) => ("output" in result ? result.output : []));
  const code = files.map((file) => (file.type === "chunk" ? file.code : "")).join("");
  const bytes = gzipSync(code, { level: 9 }).length;
  console.log(`the whole SDK: ${bytes} of ${GZIP_BYTES_MAX} bytes, compressed`);
  expect(code).toContain("sync.resume");
  expect(bytes).toBeLessThanOrEqual(GZIP_BYTES_MAX);
});
