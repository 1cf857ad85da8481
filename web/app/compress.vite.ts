import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import type { Plugin } from "vite";

const COMPRESSED = /\.(?:js|css|html|svg|json)$/;
/** A shorter file is sent in one packet anyway. */
const WORTH_BYTES = 1_024;

/** Puts a compressed form beside each file that gets shorter by it, so that the server need not compress anything. */
export function compress(): Plugin {
  return {
    name: "natter-compress",
    apply: "build",
    async writeBundle({ dir = "" }, bundle) {
      const names = Object.keys(bundle).filter((name) => COMPRESSED.test(name));
      await Promise.all(
        names.map(async (name) => {
          const path = join(dir, name);
          const content = await readFile(path);
          if (content.length < WORTH_BYTES) return;
          const compressed = await promisify(gzip)(content, { level: constants.Z_BEST_COMPRESSION });
          await writeFile(`${path}.gz`, compressed);
        }),
      );
    },
  };
}
