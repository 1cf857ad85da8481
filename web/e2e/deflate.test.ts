import { execFile } from "node:child_process";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import WebSocket, { type PerMessageDeflateOptions } from "ws";
import { Natter } from "./harness.ts";

/** Sent by each client over a compressed connection. */
const MESSAGES = 600;
/** Under way at one time: as many as the server takes before it waits for answers. */
const AHEAD = 32;
/** The limit of one message on a socket, as the server has it. */
const FRAME_BYTES_MAX = 512 * 1024;

const TAKEOVER = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

let natter: Natter;
let token: string;

beforeAll(async () => {
  natter = await Natter.start();
  const person = { username: "ada", password: "correct horse battery" };
  token = (await natter.call<{ accessToken: string }>("POST", "/auth/register", person)).accessToken;
});
afterAll(() => natter.stop());

/** A room of its own for each client, so that nobody hears of the others. */
async function room(): Promise<string> {
  const body = { type: "group", name: "Compressed" };
  return (await natter.call<{ id: string }>("POST", "/conversations", body, token)).id;
}

/** An open socket, and what it has received. */
class Client {
  readonly socket: WebSocket;
  /** The events of new messages, byte for byte as they came. */
  readonly news: string[] = [];
  #answer: IncomingMessage | undefined;
  #complaint: string | undefined;

  private constructor(deflate: PerMessageDeflateOptions | false) {
    const address = natter.url.replace("http", "ws");
    this.socket = new WebSocket(`${address}/api/v1/ws?token=${token}`, { perMessageDeflate: deflate });
    this.socket.on("upgrade", (answer: IncomingMessage) => (this.#answer = answer));
    this.socket.on("message", (bytes: Buffer) => {
      const text = bytes.toString();
      if (text.startsWith('{"type":"message.new"')) this.news.push(text);
      if (text.includes('"type":"error"')) this.#complaint = text;
    });
  }

  static async open(deflate: PerMessageDeflateOptions | false): Promise<Client> {
    const client = new Client(deflate);
    await once(client.socket, "message");
    return client;
  }

  /** What the server has agreed to. */
  get extensions(): string | undefined {
    return this.#answer?.headers["sec-websocket-extensions"];
  }

  get bytesRead(): number {
    return this.#answer?.socket.bytesRead ?? 0;
  }

  /** Until so many messages have come. */
  async hears(count: number): Promise<void> {
    while (this.news.length < count) {
      await once(this.socket, "message");
      if (this.#complaint !== undefined) throw new Error(this.#complaint);
    }
  }
}

/** Of many lengths, around the shortest that is compressed too; some get much shorter by it and some hardly. */
function content(index: number): string {
  const alphabets = ["x", "ab ", "κόσμε 💬", 'The ferry "leaves" at\nsix. ', noise(97, index)];
  const alphabet = alphabets[index % alphabets.length] ?? "";
  const length = index < 200 ? index + 1 : 1 + ((index * 7919) % 4000);
  const characters = Array.from(`${index}:${alphabet.repeat(Math.ceil(length / alphabet.length))}`);
  return characters.slice(0, length + 4).join("").trimEnd();
}

function noise(length: number, seed: number): string {
  let state = seed + 1;
  const characters = Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return String.fromCharCode(33 + (state >>> 24) % 94);
  });
  return characters.join("");
}

const offers: [string, PerMessageDeflateOptions, string][] = [
  ["takeover both ways", { threshold: 0 }, TAKEOVER],
  ["no takeover by the server", { threshold: 0, serverNoContextTakeover: true }, TAKEOVER],
  ["no takeover by the client", { threshold: 0, clientNoContextTakeover: true }, TAKEOVER],
  ["windows of all sizes", { threshold: 0, serverMaxWindowBits: 15, clientMaxWindowBits: 9 }, `${TAKEOVER}; server_max_window_bits=15`],
];

describe("ws", () => {
  it.each(offers)("is understood and understands, offering %s", async (_, offer, agreed) => {
    const conversation = await room();
    const [compressed, plain] = await Promise.all([Client.open(offer), Client.open(false)]);
    expect([compressed.extensions, plain.extensions]).toEqual([agreed, undefined]);

    const contents = Array.from({ length: MESSAGES }, (_, index) => content(index));
    for (const [index, text] of contents.entries()) {
      await compressed.hears(index - AHEAD);
      const payload = { conversationId: conversation, clientMessageId: `${index}`, content: text };
      const frame = Buffer.from(JSON.stringify({ id: `${index}`, type: "message.send", payload }));
      if (index % 3 === 0) {
        // Perhaps in the middle of a character.
        const middle = Math.floor(frame.length / 2);
        compressed.socket.send(frame.subarray(0, middle), { binary: false, fin: false, compress: true });
        compressed.socket.ping("between");
        compressed.socket.send(frame.subarray(middle), { binary: false, fin: true, compress: true });
      } else {
        compressed.socket.send(frame, { binary: false, compress: index % 3 === 1 });
      }
    }
    await Promise.all([compressed.hears(MESSAGES), plain.hears(MESSAGES)]);
    expect(compressed.news).toEqual(plain.news);
    const received = plain.news.map((text) => (JSON.parse(text) as { payload: { content: string } }).payload.content);
    expect(received).toEqual(contents);
    // The compressed connection got all the answers too.
    expect(compressed.bytesRead).toBeLessThan(plain.bytesRead);
    compressed.socket.close();
    plain.socket.close();
  });

  it("is told when what it sends is too large after it is inflated", async () => {
    const client = await Client.open({ threshold: 0 });
    client.socket.send("x".repeat(FRAME_BYTES_MAX + 1));
    const [code] = (await once(client.socket, "close")) as [number];
    expect(code).toBe(1009);
  });

  it("does without compression when it wants a smaller window than everybody's", async () => {
    const client = await Client.open({ threshold: 0, serverMaxWindowBits: 10 });
    expect(client.extensions).toBeUndefined();
    client.socket.close();
  });
});

describe("websockets", () => {
  it("is understood and understands, whatever it offers", async () => {
    const tools = process.env["TOOLS_DIR"];
    if (tools === undefined) throw new Error("TOOLS_DIR is set by the Makefile: run this through make");
    const address = `${natter.url.replace("http", "ws")}/api/v1/ws?token=${token}`;
    const script = [join(import.meta.dirname, "deflate.py"), address, await room(), String(MESSAGES)];
    const { stdout } = await promisify(execFile)(join(tools, "python/bin/python"), script);
    expect(stdout).toBe(`3 offers, ${3 * MESSAGES} messages\n`);
  });
});
