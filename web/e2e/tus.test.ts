import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Upload, type UploadOptions } from "tus-js-client";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { Natter } from "./harness.ts";
import { Proxy, CALM } from "./proxy.ts";
import { seeded } from "../sdk/test/world.ts";

/** What is known of a file. */
interface File {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
}

const MIB = 1024 * 1024;
const FILE_BYTES = 30 * MIB;
/** Random bytes are no file of a type that is known, so one is listed that is not. */
const SETTINGS = { NATTER_FILES_SIZE_BYTES_MAX: String(FILE_BYTES), NATTER_FILES_TYPES_ALLOWED: "bin,txt" };
/** A client asks so often whether it can go on, and no longer waits than this. */
const RETRIES = Array.from({ length: 400 }, () => 25);

let natter: Natter;
let proxy: Proxy;
let token: string;

beforeAll(async () => {
  natter = await Natter.start(SETTINGS);
  proxy = await Proxy.start(natter.url, seeded(5));
  const person = { username: "ada", password: "correct horse battery" };
  token = (await natter.call<{ accessToken: string }>("POST", "/auth/register", person)).accessToken;
});
afterEach(() => void (proxy.weather = CALM));
afterAll(async () => {
  await proxy.stop();
  await natter.stop();
});

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Has the client upload content, and answers the file once it is there. */
async function upload(content: Buffer, options: UploadOptions, begun?: (upload: Upload) => void): Promise<File> {
  const address = await new Promise<string | null>((done, fail) => {
    const upload = new Upload(content, {
      endpoint: `${proxy.url}/api/v1/files/uploads`,
      headers: { Authorization: `Bearer ${token}` },
      metadata: { filename: "Häfen.bin", filetype: "application/octet-stream" },
      chunkSize: MIB,
      retryDelays: RETRIES,
      ...options,
      onError: fail,
      onSuccess: () => done(upload.url),
    });
    begun?.(upload);
    upload.start();
  });
  return natter.call<File>("GET", `/files/${address?.split("/").at(-1)}/info`, undefined, token);
}

it("a file comes through a line that is cut again and again", async () => {
  proxy.weather = { refuses: 0.1, livesMs: [40, 400], truncates: 0.5, delaysMs: 6 };
  const [before, content] = [proxy.cuts, randomBytes(FILE_BYTES)];
  const file = await upload(content, {});
  expect(file).toMatchObject({ name: "Häfen.bin", size: FILE_BYTES, sha256: sha256(content) });
  expect(proxy.cuts - before).toBeGreaterThan(3);
  const fetched = await fetch(`${natter.url}/api/v1/files/${file.id}`, { headers: { Authorization: `Bearer ${token}` } });
  expect(sha256(Buffer.from(await fetched.arrayBuffer()))).toBe(file.sha256);
});

it("an upload goes on after the server was killed", async () => {
  const content = randomBytes(FILE_BYTES);
  let restarted: Promise<void> | undefined;
  const restart = async () => {
    await natter.end("SIGKILL");
    await natter.start();
  };
  const file = await upload(content, {
    onChunkComplete: (_, sent) => void (restarted ??= sent >= 10 * MIB ? restart() : undefined),
  });
  expect(restarted).toBeDefined();
  await restarted;
  expect(file).toMatchObject({ size: FILE_BYTES, sha256: sha256(content) });
});

it("is the same in one request, with the creation, and by POST alone", async () => {
  const content = randomBytes(3 * MIB);
  for (const options of [
    { chunkSize: Infinity },
    { uploadDataDuringCreation: true },
    { uploadDataDuringCreation: true, chunkSize: Infinity },
    { overridePatchMethod: true },
  ]) {
    expect(await upload(content, options), JSON.stringify(options)).toMatchObject({ sha256: sha256(content) });
  }
});

it("what was broken off is found again, or given up", async () => {
  const content = randomBytes(4 * MIB);
  let upload: Upload | undefined;
  await new Promise<void>((done, fail) => {
    upload = new Upload(content, {
      endpoint: `${proxy.url}/api/v1/files/uploads`,
      headers: { Authorization: `Bearer ${token}` },
      metadata: { filename: "a.bin" },
      chunkSize: MIB,
      onError: fail,
      onChunkComplete: () => void upload?.abort().then(done, fail),
    });
    upload.start();
  });
  const place = upload?.url ?? "";
  const ask = () => fetch(place, { method: "HEAD", headers: { Authorization: `Bearer ${token}`, "Tus-Resumable": "1.0.0" } });
  const offset = Number((await ask()).headers.get("upload-offset"));
  expect(offset).toBeGreaterThanOrEqual(MIB);
  const headers = { Authorization: `Bearer ${token}` };
  await new Promise<void>((done, fail) => {
    const again = new Upload(content, { uploadUrl: place, headers, retryDelays: RETRIES, onError: fail, onSuccess: () => done() });
    again.start();
  });
  const file = await natter.call<File>("GET", `/files/${place.split("/").at(-1)}/info`, undefined, token);
  expect(file.sha256).toBe(sha256(content));

  const begun = await fetch(`${natter.url}/api/v1/files/uploads`, {
    method: "POST",
    headers: { ...headers, "Tus-Resumable": "1.0.0", "Upload-Length": "5", "Upload-Metadata": "filename YS50eHQ=" },
  });
  const given = new URL(begun.headers.get("location") ?? "", natter.url).href;
  await Upload.terminate(given, { headers });
  const gone = await fetch(given, { method: "HEAD", headers: { ...headers, "Tus-Resumable": "1.0.0" } });
  expect(gone.status).toBe(404);
});

it("a refusal ends the upload with its code", async () => {
  const program = Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01", "latin1"), randomBytes(2 * MIB)]);
  const refusal = upload(program, { metadata: { filename: "picture.bin" }, retryDelays: [25] });
  await expect(refusal).rejects.toThrow("file_type_mismatch");
});

it("is spoken with an unchanged tuspy", async () => {
  const tools = process.env["TOOLS_DIR"];
  if (tools === undefined) throw new Error("TOOLS_DIR is set by the Makefile: run this through make");
  const content = randomBytes(FILE_BYTES);
  const path = join(natter.directory, "sent.bin");
  await writeFile(path, content);
  proxy.weather = { ...CALM, livesMs: [100, 800], truncates: 0.5, delaysMs: 3 };
  const script = [join(import.meta.dirname, "upload.py"), `${proxy.url}/api/v1/files/uploads`, token, path];
  const python = spawn(join(tools, "python/bin/python"), script, { stdio: ["pipe", "pipe", "pipe"] });
  const ended = once(python, "exit");
  const said: string[] = [];
  let complaints = "";
  python.stderr.on("data", (chunk) => (complaints += String(chunk)));
  for await (const line of createInterface(python.stdout)) {
    said.push(line);
    if (line !== "restart") continue;
    await natter.end("SIGKILL");
    await natter.start();
    python.stdin.end("\n");
  }
  await ended;
  expect(said, complaints).toHaveLength(2);
  const file = await natter.call<File>("GET", `/files/${said[1]?.split("/").at(-1)}/info`, undefined, token);
  expect(file).toMatchObject({ name: "sent.bin", size: FILE_BYTES, sha256: sha256(content) });
});
