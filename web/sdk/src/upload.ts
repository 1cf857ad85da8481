import type { Environment } from "./environment.ts";
import { isNotFound, NetworkError } from "./errors.ts";
import { read } from "./http.ts";
import type { Server } from "./server.ts";
import type { Schemas } from "./types.ts";

/** What an upload is to be called, and whoever looks at it. */
export interface UploadOptions {
  /** With an extension, which must be what the content is. */
  readonly name: string;
  /** Hears how much has arrived, from 0 to 1. */
  readonly onprogress?: ((fraction: number) => void) | undefined;
  /** Gives it up, and deletes what has arrived. */
  readonly signal?: AbortSignal | undefined;
}

/** How far an upload is. Whoever keeps it can go on later, from another page. */
export interface UploadState {
  /** Recognises a repeat of what goes in one request. */
  readonly key: string;
  /** What goes in several: the id of the upload, and of the file that it becomes. */
  readonly id?: string;
  /** The file, once it is there. */
  readonly file?: Schemas["File"];
}

/** An upload that can be gone on with. */
export interface UploadTask extends UploadOptions {
  readonly state: UploadState;
  /** Takes how far it is now, before anything depends on it. */
  readonly keep: (state: UploadState) => Promise<void>;
}

/** Bytes of one request. A file that is larger goes in several, by tus, and none of them is worth much when it is lost. */
const PART_BYTES_MAX = 5 * 1024 * 1024;
/** How long nothing may be sent and nothing answered, the look at a file that has arrived included. */
const STALL_MS = 60_000;
/** The same where nobody tells what was sent: so long a part may take. */
const BLIND_MS = 600_000;

/** Tries to upload a file, from where it is. Fails when the connection does; the next try goes on. */
export async function upload(env: Environment, server: Server, blob: Blob, task: UploadTask): Promise<Schemas["File"]> {
  const told = (bytes: number) => task.onprogress?.(Math.min(1, bytes / blob.size));
  const send = sender(env, server, told, task.signal);
  const file = blob.size > PART_BYTES_MAX ? await inParts(send, server, blob, task) : await atOnce(send, blob, task);
  task.onprogress?.(1);
  return file;
}

/** Deletes what has arrived of a file that nobody wants any more. */
export async function forget(env: Environment, server: Server, { id, file }: UploadState): Promise<void> {
  try {
    if (file) await server.call("DELETE /files/{id}", { path: { id: file.id } });
    else if (id !== undefined) await sender(env, server)("DELETE", `/uploads/${id}`, TUS);
  } catch {
    // The server forgets it by itself, after a day.
  }
}

interface Answer {
  readonly headers: Headers;
  readonly body: unknown;
}

type Send = ReturnType<typeof sender>;

/** Sends requests to `/files` that the rest of the interface knows nothing of: with bytes, and with answers in headers. */
function sender(env: Environment, server: Server, told?: (bytes: number) => void, signal?: AbortSignal) {
  const telling = env.transfer ?? (typeof XMLHttpRequest === "undefined" ? undefined : transfer);
  return (method: string, path: string, headers: Record<string, string>, body?: Blob, before = 0): Promise<Answer> =>
    server.authorized(async (token) => {
      const controller = new AbortController();
      const abort = () => controller.abort();
      const waitMs = telling ? STALL_MS : BLIND_MS;
      let patience = env.after(waitMs, abort);
      const progress = (bytes: number) => {
        patience();
        patience = env.after(waitMs, abort);
        told?.(before + bytes);
      };
      signal?.addEventListener("abort", abort);
      try {
        signal?.throwIfAborted();
        const url = `${server.base}/api/v1/files${path}`;
        const init: RequestInit = {
          method,
          headers: { ...headers, Authorization: `Bearer ${token}` },
          cache: "no-store",
          credentials: "omit",
          signal: controller.signal,
        };
        let answer: Response | undefined;
        const text = await read(async () => {
          answer = await (body && telling
            ? telling(url, { ...init, body }, progress)
            : env.fetch(url, body ? { ...init, body } : init));
          return answer;
        });
        return { headers: answer?.headers ?? new Headers(), body: text };
      } finally {
        patience();
        signal?.removeEventListener("abort", abort);
        // Whoever gave it up hears nothing else.
        signal?.throwIfAborted();
      }
    });
}

const TUS = { "Tus-Resumable": "1.0.0" };

/** A form, written by hand: a repeat must have the same size, which the boundaries of some browsers don't. */
async function atOnce(send: Send, blob: Blob, { name, state, keep }: UploadTask): Promise<Schemas["File"]> {
  await keep(state);
  const boundary = `natter-${state.key}`;
  const safe = name.replace(/[\\\r\n]/g, "_").replaceAll('"', '\\"');
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${safe}"\r\n\r\n`;
  const form = new Blob([head, blob, `\r\n--${boundary}--\r\n`]);
  const headers = { "Content-Type": `multipart/form-data; boundary=${boundary}`, "Idempotency-Key": state.key };
  return (await send("POST", "", headers, form)).body as Schemas["File"];
}

/** By version 1.0.0 of the protocol of tus.io. */
async function inParts(send: Send, server: Server, blob: Blob, task: UploadTask): Promise<Schemas["File"]> {
  let { id, offset } = await stand(send, blob, task.state);
  if (id === undefined) {
    const bytes = new TextEncoder().encode(task.name);
    const metadata = `filename ${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}`;
    const headers = { ...TUS, "Upload-Length": String(blob.size), "Upload-Metadata": metadata };
    const begun = await send("POST", "/uploads", headers);
    id = header(begun, "Location").split("/").at(-1) ?? "";
    await task.keep({ ...task.state, id });
  }
  while (offset < blob.size) {
    task.onprogress?.(offset / blob.size);
    const part = blob.slice(offset, offset + PART_BYTES_MAX);
    const headers = { ...TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(offset) };
    offset = Number(header(await send("PATCH", `/uploads/${id}`, headers, part, offset), "Upload-Offset"));
  }
  return server.call("GET /files/{id}/info", { path: { id } });
}

/** How much of an upload the server has. */
async function stand(send: Send, blob: Blob, { id }: UploadState): Promise<{ id?: string | undefined; offset: number }> {
  if (id === undefined) return { offset: 0 };
  try {
    const answer = await send("HEAD", `/uploads/${id}`, TUS);
    const offset = header(answer, "Upload-Offset");
    // What is kept of a whole file may have another size than what was sent.
    return { id, offset: offset === answer.headers.get("Upload-Length") ? blob.size : Number(offset) };
  } catch (error) {
    if (!isNotFound(error)) throw error;
    // It has waited for too long.
    return { offset: 0 };
  }
}

function header({ headers }: Answer, name: string): string {
  const value = headers.get(name);
  if (value === null) throw new NetworkError(`Something between here and the server took the header ${name} away.`);
  return value;
}

/** `fetch` does not tell how much of a body was sent. */
function transfer(url: string, init: RequestInit, onprogress: (bytes: number) => void): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(init.method ?? "POST", url);
    for (const [name, value] of new Headers(init.headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded }) => onprogress(loaded);
    request.onload = () => {
      const headers = new Headers();
      for (const line of request.getAllResponseHeaders().trim().split("\r\n")) {
        const colon = line.indexOf(":");
        if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
      }
      const { status, responseText } = request;
      resolve(new Response(responseText === "" ? null : responseText, { status, headers }));
    };
    request.onerror = request.onabort = () => reject(new TypeError("The request broke off."));
    init.signal?.addEventListener("abort", () => request.abort());
    request.send(init.body as XMLHttpRequestBodyInit);
  });
}
