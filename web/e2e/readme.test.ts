import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "vite";
import { expect, it } from "vitest";
import { Natter } from "./harness.ts";

const SDK = resolve(import.meta.dirname, "../sdk");
const RUN_MS_MAX = 30_000;

it("sdk/README.md: the first lines work, as they are, with the module as it is built", async () => {
  const readme = await readFile(join(SDK, "README.md"), "utf8");
  const [, example] = /^```js\n(.*?)^```$/ms.exec(readme) ?? [];
  if (example === undefined) throw new Error("the README has no example");

  const directory = await mkdtemp(join(tmpdir(), "natter-readme-"));
  const natter = await Natter.start();
  try {
    const module = join(directory, "node_modules/@natter/sdk");
    await mkdir(module, { recursive: true });
    await writeFile(join(module, "package.json"), await readFile(join(SDK, "package.json")));
    await build({ root: SDK, logLevel: "error", build: { outDir: join(module, "dist") } });

    const password = "correct horse battery";
    await natter.call("POST", "/auth/register", { username: "ada", password });
    const { accessToken } = await natter.call<{ accessToken: string }>("POST", "/auth/register", { username: "bob", password });
    const host = `const getTokenFromYourServer = async () => ${JSON.stringify(accessToken)};\n`;
    await writeFile(join(directory, "example.mjs"), host + example.replace("https://chat.example.com", natter.url));

    const printed = await run(directory, "position 2");
    for (const line of ["connection: online", "[]", "[ 'Hello, Ada! (queued)' ]", "[ 'Hello, Ada! (sent)' ]", "0 writing"]) {
      expect(printed).toContain(line);
    }
  } finally {
    await natter.stop();
    await rm(directory, { recursive: true, force: true });
  }
});

/** Runs the example until it has printed a line, and answers all that it has printed. */
async function run(directory: string, last: string): Promise<string[]> {
  // Node 20 has a WebSocket, but behind a flag.
  const child = spawn(process.execPath, ["--experimental-websocket", "example.mjs"], { cwd: directory });
  const lines: string[] = [];
  const gone = once(child, "exit");
  const deadline = setTimeout(() => child.kill(), RUN_MS_MAX);
  let rest = "";
  child.stdout.on("data", (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
    if (lines.includes(last)) child.kill();
  });
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString()));
  await gone;
  clearTimeout(deadline);
  if (!lines.includes(last)) throw new Error(`it printed ${JSON.stringify(lines)} and complained:\n${complaints}`);
  return lines;
}
