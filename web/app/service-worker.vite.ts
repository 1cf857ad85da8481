import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Plugin } from "vite";

const PLACE = "BUILD_FILES";
const PLACE_USED = "USED_FILES";
/** Found in the code as it is written, or as it was made shorter. */
const NAME = "sw";

/**
 * Builds the service worker beside the page, as `/sw.js`, and tells it the files of the build: those that it keeps from the
 * start, and those that it keeps once they are used.
 */
export function serviceWorker(entry: string, onceUsed: RegExp): Plugin {
  let publicDir = "";
  return {
    name: "natter-service-worker",
    apply: "build",
    config: () => ({
      build: {
        rolldownOptions: {
          input: { index: "index.html", [NAME]: entry },
          output: {
            entryFileNames: ({ name }) => (name === NAME ? "sw.js" : "assets/[name]-[hash].js"),
          },
        },
      },
    }),
    configResolved: (config) => {
      publicDir = config.publicDir;
    },
    // After the page is written, which is one of the files.
    generateBundle: {
      order: "post",
      async handler(_, bundle) {
        const worker = bundle["sw.js"];
        if (worker?.type !== "chunk") throw new Error("there is no service worker");
        if (worker.imports.length > 0) throw new Error(`the service worker must be one file, without ${worker.imports.join()}`);
        const used = Object.keys(bundle).filter((name) => onceUsed.test(name));
        const built = Object.values(bundle).filter((file) => file !== worker && !onceUsed.test(file.fileName));
        const files = built.map((file) => ({
          url: `/${file.fileName}`,
          // The names of all others carry a hash of their content.
          revision: file.fileName === "index.html" && file.type === "asset" ? digest(file.source) : null,
        }));
        for (const name of await readdir(publicDir)) {
          files.push({ url: `/${name}`, revision: digest(await readFile(join(publicDir, name))) });
        }
        files.sort((a, b) => (a.url < b.url ? -1 : 1));
        const places = { [PLACE]: files, [PLACE_USED]: used.map((name) => `/${name}`).sort() };
        for (const [place, list] of Object.entries(places)) {
          const filled = worker.code.replace(place, JSON.stringify(list));
          if (filled === worker.code) throw new Error(`the service worker has no place for ${place}`);
          worker.code = filled;
        }
      },
    },
  };
}

function digest(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 16);
}
