import { ChatError, isRetriable, type Account, type Schemas } from "@natter/sdk";
import { failure } from "../failure.ts";
import { m } from "../i18n.svelte.ts";
import { FILES_MAX, fileBytesMax } from "./limits.ts";

/** Why a file did not come into the tray. */
export type Refusal =
  | { why: "empty" | "folder"; name: string }
  | { why: "large"; name: string; size: number; max: number }
  | { why: "many"; count: number };

/** A file that will be sent with the next message. Its upload begins at once, so that a refusal comes before the message. */
export class Attached {
  progress = $state(0);
  state = $state<"waiting" | "uploading" | "done" | "failed">("waiting");
  /** Why it failed. */
  failure = $state("");
  retriable = $state(true);
  /** As the server has it. */
  file: Schemas["File"] | undefined;
  /** A picture of it; to be given back. */
  readonly preview: string | undefined;
  readonly given = new AbortController();

  constructor(
    readonly name: string,
    readonly blob: Blob,
  ) {
    if (/^(image|video)\//u.test(blob.type)) this.preview = URL.createObjectURL(blob);
  }

  /** Lets go of its picture, and of its upload if that is under way. */
  release(): void {
    this.given.abort();
    if (this.preview !== undefined) URL.revokeObjectURL(this.preview);
  }
}

/** Uploads under way at once; the others wait. */
const UPLOADS_MAX = 3;

/** The files that will be sent with the next message of one place. It outlives the screen that shows it. */
export class Tray {
  files = $state.raw<readonly Attached[]>([]);
  refusals = $state.raw<readonly Refusal[]>([]);
  #adding: Promise<void> = Promise.resolve();

  constructor(private readonly account: Account) {}

  get ready(): boolean {
    return this.files.every(({ state }) => state === "done");
  }

  get failed(): boolean {
    return this.files.some(({ state }) => state === "failed");
  }

  /** Takes files, but for those that the server would refuse and those that are here already. */
  add(files: readonly File[]): Promise<void> {
    this.refusals = [];
    this.#adding = this.#adding.then(() => this.#add(files));
    return this.#adding;
  }

  remove(attached: Attached): void {
    this.files = this.files.filter((other) => other !== attached);
    attached.release();
    if (attached.file) this.#forget(attached.file.id);
    this.#upload();
  }

  retry(attached: Attached): void {
    attached.state = "waiting";
    attached.failure = "";
    this.#upload();
  }

  /** What a message takes along: what is uploaded, and what is still to be. The tray is empty then. */
  take(): { attachments: Schemas["File"][]; files: { name: string; blob: Blob }[] } {
    const taken = this.files;
    this.files = [];
    this.refusals = [];
    for (const attached of taken) attached.release();
    return {
      attachments: taken.flatMap(({ file }) => file ?? []),
      files: taken.filter(({ file }) => !file).map(({ name, blob }) => ({ name, blob })),
    };
  }

  /** Throws everything away. */
  clear(): void {
    for (const attached of [...this.files]) this.remove(attached);
    this.refusals = [];
  }

  async #add(files: readonly File[]): Promise<void> {
    const max = await fileBytesMax();
    const refusals: Refusal[] = [];
    let over = 0;
    for (const file of files) {
      // The browser shows a folder as a file that cannot be read.
      const bytes = await file.slice(0, 1).arrayBuffer().catch(() => undefined);
      if (bytes === undefined) refusals.push({ why: "folder", name: file.name });
      else if (file.size === 0) refusals.push({ why: "empty", name: file.name });
      else if (file.size > max) refusals.push({ why: "large", name: file.name, size: file.size, max });
      else if (await this.#has(file)) continue;
      else if (this.files.length >= FILES_MAX) over += 1;
      else this.files = [...this.files, new Attached(sensible(file), file)];
    }
    if (over > 0) refusals.push({ why: "many", count: over });
    this.refusals = refusals;
    this.#upload();
  }

  /** Whether the same content is here: pasted twice, it is meant once. */
  async #has(file: File): Promise<boolean> {
    for (const { blob } of this.files) {
      if (blob.size === file.size && blob.type === file.type && (await same(blob, file))) return true;
    }
    return false;
  }

  #upload(): void {
    const under = this.files.filter(({ state }) => state === "uploading").length;
    const next = this.files.filter(({ state }) => state === "waiting").slice(0, Math.max(0, UPLOADS_MAX - under));
    for (const attached of next) void this.#send(attached);
  }

  async #send(attached: Attached): Promise<void> {
    attached.state = "uploading";
    attached.progress = 0;
    const { name, blob, given } = attached;
    try {
      attached.file = await this.account.upload(blob, {
        name,
        signal: given.signal,
        onprogress: (fraction) => (attached.progress = fraction),
      });
      if (given.signal.aborted) this.#forget(attached.file.id);
      attached.state = "done";
    } catch (error) {
      if (given.signal.aborted) return;
      attached.failure = refusalOf(error, name);
      attached.retriable = !(error instanceof ChatError) || isRetriable(error);
      attached.state = "failed";
    } finally {
      this.#upload();
    }
  }

  #forget(id: string): void {
    // The server forgets it by itself, a day later.
    this.account.call("DELETE /files/{id}", { path: { id } }).catch((error: unknown) => console.warn(error));
  }
}

/** Why the server does not take a file, in words that are no stranger to whoever chose it. */
function refusalOf(error: unknown, name: string): string {
  switch (error instanceof ChatError ? error.code : undefined) {
    case "file_type_not_allowed":
      return m.fileTypeNotAllowed({ type: name.includes(".") ? `.${name.split(".").at(-1)}` : name });
    case "file_type_mismatch":
      return m.fileTypeMismatch;
    case "file_not_valid":
      return m.fileNotValid;
    case "quota_reached":
    case "storage_full":
      return m.fileNoRoom;
    default:
      return failure(error).text;
  }
}

/** Characters that turn the text around: with them a name seems to end otherwise. The server takes them out as well. */
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** What is pasted from a screen has no name of its own. */
function sensible(file: File): string {
  const name = file.name.replaceAll(TURNING, "");
  if (!/^image\.(png|jpe?g|gif|webp)$/iu.test(name) && name !== "") return name;
  const now = new Date();
  const two = (number: number) => String(number).padStart(2, "0");
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  const extension = name.split(".").at(-1) || file.type.split("/").at(-1) || "bin";
  return `picture-${day}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}.${extension}`;
}

async function same(a: Blob, b: Blob): Promise<boolean> {
  const [left, right] = await Promise.all([a.arrayBuffer(), b.arrayBuffer()]);
  const [x, y] = [new Uint8Array(left), new Uint8Array(right)];
  return x.every((byte, index) => byte === y[index]);
}
