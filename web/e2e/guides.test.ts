import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, expect, it } from "vitest";
import { BINARY, freePort } from "./harness.ts";

const DOCS = resolve(import.meta.dirname, "../../docs");
const TOOLS = process.env["TOOLS_DIR"] ?? join(homedir(), ".cache/natter/tools");
/** What the examples say for wherever the server is. */
const ADDRESS = "127.0.0.1:8080";
const RUN_MS_MAX = 60_000;
/** How each kind of example is run, from a file. */
const PROGRAMS: Record<string, string> = { js: "node", python: "python3" };

/** A fenced block of a guide, at its line. */
interface Block {
  line: number;
  language: string;
  code: string;
}

const directories: string[] = [];

afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
});

for (const guide of await readdir(join(DOCS, "guides"))) {
  if (!guide.endsWith(".md")) continue;
  const text = await readFile(join(DOCS, "guides", guide), "utf8");
  if (!read(text).some(({ language }) => isRun(language))) continue;
  it(`docs/guides/${guide}: what it shows works`, async () => {
    const port = await freePort();
    const blocks = read(text.replaceAll(ADDRESS, `127.0.0.1:${port}`));
    const printed = await run(blocks, port);
    for (const { line, code, shown } of expectations(blocks)) {
      expect(pattern(shown).test(squeeze(printed.get(line) ?? "")), `${line}: ${code}\n${printed.get(line)}`).toBe(true);
    }
  });
}

it("docs/guides/websocket.md tells of every type", async () => {
  const text = await readFile(join(DOCS, "guides/websocket.md"), "utf8");
  const asyncapi = await readFile(join(DOCS, "asyncapi.json"), "utf8");
  const { operations } = JSON.parse(asyncapi) as { operations: object };
  for (const type of Object.keys(operations)) expect(text).toContain(`\`${type}\``);
});

function read(text: string): Block[] {
  const blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  return blocks.map(({ index, 1: language = "", 2: code = "" }) => ({
    line: text.slice(0, index).split("\n").length,
    language,
    code,
  }));
}

function isRun(language: string): boolean {
  return language === "sh" || language in PROGRAMS;
}

/**
 * Does what the guide says, from its first block to its last, in one shell: what one block exports, the next one has.
 * Answers what each block printed, by its line.
 */
async function run(blocks: readonly Block[], port: number): Promise<Map<number, string>> {
  const directory = await mkdtemp(join(tmpdir(), "natter-guide-"));
  directories.push(directory);
  const script = ["set -eu -o pipefail", "trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT"];
  for (const { line, language, code } of blocks) {
    if (!isRun(language)) continue;
    const program = PROGRAMS[language];
    script.push(`echo; echo "@@ ${line}"`);
    if (program === undefined) {
      script.push(code);
    } else {
      // A block that begins with its name is a file that others use.
      const name = /^\/\/ (\S+\.mjs)$/m.exec(code)?.[1] ?? `block-${line}${language === "js" ? ".mjs" : ".py"}`;
      await writeFile(join(directory, name), code);
      script.push(`timeout 20 ${program} ${name}`);
    }
    if (code.includes("natter serve")) script.push(`curl -s -o /dev/null --retry 100 --retry-delay 1 --retry-connrefused http://127.0.0.1:${port}/health/ready`);
  }
  await writeFile(join(directory, "guide.sh"), script.join("\n"));
  await symlink(resolve(import.meta.dirname, "../node_modules"), join(directory, "node_modules"));
  const path = await program(directory);
  const output = await new Promise<string>((resolve, reject) => {
    const environment = {
      PATH: `${path}:${join(TOOLS, "python/bin")}:${process.env["PATH"]}`,
      NATTER_LISTEN: `127.0.0.1:${port}`,
      NATTER_DATA_DIR: join(directory, "data"),
    };
    execFile("bash", ["guide.sh"], { cwd: directory, env: environment, timeout: RUN_MS_MAX }, (error, out, complaints) => {
      if (error) reject(new Error(`${out}\n${complaints}`, { cause: error }));
      else resolve(out);
    });
  });
  const parts = output.split(/^@@ (\d+)$/m).slice(1);
  return new Map(parts.flatMap((part, index) => (index % 2 === 0 ? [[Number(part), parts[index + 1] ?? ""]] : [])));
}

/** Puts `natter` where the shell finds it. What a server says does not belong to the output of an example. */
async function program(directory: string): Promise<string> {
  const path = join(directory, "bin");
  await mkdir(path);
  const wrapper = `#!/bin/bash\nif [ "$1" = serve ]; then exec >"${directory}/log" 2>&1; fi\nexec "${BINARY}" "$@"\n`;
  await writeFile(join(path, "natter"), wrapper);
  await chmod(join(path, "natter"), 0o755);
  return path;
}

/** An example, and the block right below it that shows what it prints. */
function* expectations(blocks: readonly Block[]): Generator<{ line: number; code: string; shown: string }> {
  for (const [index, { line, code }] of blocks.entries()) {
    const next = blocks[index + 1];
    const end = line + code.split("\n").length;
    if (next && ["text", "json"].includes(next.language) && next.line - end <= 2) yield { line, code, shown: next.code };
  }
}

/** What is shown, as an expression: `…` stands for anything. */
function pattern(shown: string): RegExp {
  const parts = squeeze(shown).split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s");
}

/** Blanks are for the reader. */
function squeeze(text: string): string {
  return text.replaceAll(/\s+/g, "");
}
