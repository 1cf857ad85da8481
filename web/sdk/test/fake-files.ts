import type { Schemas } from "../src/index.ts";
import { Refusal, type Answer } from "./refusal.ts";

/** What a fault may do to one request with bytes: the line may be cut before, in the middle, or behind what it does. */
export type UploadFault = "none" | "refuse" | "cut-before" | "cut-within" | "cut-behind";

interface Upload {
  owner: string;
  name: string;
  length: number;
  bytes: Uint8Array;
}

/** Files as the server takes them: in one request under a key, or in several by tus, and each attached by its owner. */
export class FakeFiles {
  readonly #files = new Map<string, { file: Schemas["File"]; owner: string; bytes: Uint8Array }>();
  readonly uploads = new Map<string, Upload>();
  readonly #answers = new Map<string, Answer>();
  /** Decides about each request that brings bytes. */
  fault: () => UploadFault = () => "none";
  /** Whether there is no room for anybody's files. */
  full = false;
  /** Bytes that came. */
  receivedBytes = 0;

  constructor(private readonly id: () => string) {}

  /** The files that there are, by name. */
  get names(): string[] {
    return [...this.#files.values()].map(({ file }) => file.name);
  }

  content(id: string): Uint8Array | undefined {
    return this.#files.get(id)?.bytes;
  }

  /** A day passes: what was not sent is forgotten. */
  expire(): void {
    this.#files.clear();
    this.uploads.clear();
    this.#answers.clear();
  }

  attach(owner: string, ids: readonly string[]): Schemas["File"][] {
    return ids.map((id) => {
      const known = this.#files.get(id);
      if (known?.owner === owner) return known.file;
      throw new Refusal(422, "validation_failed", false, null, [{ field: "attachments", message: "is not there" }]);
    });
  }

  handle(method: string, path: string, headers: Headers, body: unknown, owner: string): Answer {
    const [, , first = "", second] = path.split("/");
    if (method === "POST" && path === "/files") return this.#once(headers, body as Uint8Array, owner);
    if (first !== "uploads") {
      const known = this.#files.get(first);
      if (known?.owner !== owner) throw new Refusal(404, "not_found");
      if (method === "DELETE") {
        this.#files.delete(first);
        return { status: 204, body: undefined };
      }
      return { status: 200, body: known.file };
    }
    if (headers.get("Tus-Resumable") !== "1.0.0") throw new Refusal(412, "precondition_failed");
    if (method === "POST") return this.#begin(headers, owner);
    const id = second ?? "";
    const file = this.#files.get(id)?.file;
    if (method === "HEAD" && file) return standing(file.size, file.size);
    const upload = this.uploads.get(id);
    if (upload?.owner !== owner) throw new Refusal(404, "not_found");
    if (method === "DELETE") {
      this.uploads.delete(id);
      return { status: 204, body: undefined };
    }
    if (method === "HEAD") return standing(upload.bytes.length, upload.length);
    return this.#proceed(id, upload, headers, body as Uint8Array);
  }

  #once(headers: Headers, form: Uint8Array, owner: string): Answer {
    const key = headers.get("Idempotency-Key") ?? "";
    const known = this.#answers.get(key);
    if (known && key !== "") return known;
    const boundary = /boundary=(.*)/.exec(headers.get("Content-Type") ?? "")?.[1] ?? "";
    const text = new TextDecoder("latin1").decode(form);
    const [, head = "", content = ""] =
      new RegExp(`^--${boundary}\\r\\n([^]*?)\\r\\n\\r\\n([^]*)\\r\\n--${boundary}--\\r\\n$`).exec(text) ?? [];
    const fault = this.#cut();
    const name = new TextDecoder().decode(latin1(/filename="(.*)"/.exec(head)?.[1] ?? ""));
    try {
      const answer = { status: 201, body: this.#keep(this.id(), owner, name, latin1(content)) };
      this.#answers.set(key, answer);
      if (fault === "cut-behind") throw new TypeError("network");
      return answer;
    } catch (error) {
      // A refusal is kept like any other answer.
      if (error instanceof Refusal) this.#answers.set(key, { status: error.status, body: error.problem });
      throw error;
    }
  }

  #begin(headers: Headers, owner: string): Answer {
    const id = this.id();
    const name = atob(/filename (\S+)/.exec(headers.get("Upload-Metadata") ?? "")?.[1] ?? "");
    const length = Number(headers.get("Upload-Length"));
    this.uploads.set(id, { owner, name: new TextDecoder().decode(latin1(name)), length, bytes: new Uint8Array() });
    return { status: 201, body: undefined, headers: { Location: `/api/v1/files/uploads/${id}`, "Upload-Offset": "0" } };
  }

  #proceed(id: string, upload: Upload, headers: Headers, body: Uint8Array): Answer {
    if (Number(headers.get("Upload-Offset")) !== upload.bytes.length) throw new Refusal(409, "upload_offset", true);
    const fault = this.#cut();
    const part = fault === "cut-within" ? body.slice(0, body.length / 2) : body;
    this.receivedBytes += part.length;
    upload.bytes = joined(upload.bytes, part);
    if (fault === "cut-within") throw new TypeError("network");
    if (upload.bytes.length === upload.length) {
      this.uploads.delete(id);
      this.#keep(id, upload.owner, upload.name, upload.bytes);
    }
    if (fault === "cut-behind") throw new TypeError("network");
    return standing(upload.bytes.length, upload.length);
  }

  #cut(): UploadFault {
    const fault = this.fault();
    if (fault === "cut-before") throw new TypeError("network");
    if (fault === "refuse") throw new Refusal(503, "unavailable", true);
    return fault;
  }

  /** What is taken out of pictures makes them smaller than what was sent. */
  #keep(id: string, owner: string, name: string, bytes: Uint8Array): Schemas["File"] {
    if (name.endsWith(".exe")) throw new Refusal(415, "file_type_not_allowed");
    if (this.full) throw new Refusal(409, "limit_reached");
    const size = name.endsWith(".jpg") ? bytes.length - 1 : bytes.length;
    const file: Schemas["File"] = { id, name, mediaType: "text/plain", size, sha256: "", status: "ready" };
    this.#files.set(id, { file, owner, bytes });
    return file;
  }
}

function standing(offset: number, length: number): Answer {
  return { status: 204, body: undefined, headers: { "Upload-Offset": String(offset), "Upload-Length": String(length) } };
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
