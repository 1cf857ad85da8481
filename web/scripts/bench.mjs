// Measures the web client against what it is to be: its first page, sending, switching, scrolling, drift, typing. Usage: node
// scripts/bench.mjs [first|sending|switching|scrolling|drifting|typing…] [FILE.jsonl], a file of messages for texts that people
// have written; with NATTER_BIN for another server than the debug build.
import { resolve } from "node:path";
import { runnerImport } from "vite";

/** @type {{ module: typeof import("../bench/run.ts") }} */
const { module } = await runnerImport(resolve(import.meta.dirname, "../bench/run.ts"));
await module.bench(process.argv.slice(2));
