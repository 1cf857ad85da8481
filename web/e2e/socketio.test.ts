import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { io, type Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Natter } from "./harness.ts";

/** What is compared of the server's payloads. */
interface Message {
  readonly id: string;
  readonly conversationId: string;
  readonly seq: number;
  readonly content: string;
}
interface Conversation {
  readonly id: string;
  readonly epoch: string;
  readonly lastSeq: number;
}
interface Problem {
  readonly code: string;
}
interface Session {
  readonly accessToken: string;
  readonly refreshToken: string;
}

const PASSWORD = "correct horse battery";
const WAIT_MS_MAX = 20_000;
/** The ways from polling to WebSocket that a client can go. */
const WAYS = [["polling"], ["websocket"], ["polling", "websocket"]] as const;

let natter: Natter;
const open: Client[] = [];

beforeAll(async () => void (natter = await Natter.start()));
afterAll(() => natter.stop());
afterEach(() => open.splice(0).forEach((client) => client.socket.disconnect()));

/** The official client, and everything that it has heard. */
class Client {
  readonly heard: { kind: string; payload: unknown }[] = [];
  readonly ends: string[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(
    readonly token: string,
    ways: readonly string[],
    readonly socket: Socket = io(natter.url, { transports: [...ways], auth: { token }, forceNew: true, reconnectionDelay: 50 }),
  ) {
    open.push(this);
    socket.onAny((kind: string, payload: unknown) => {
      this.heard.push({ kind, payload });
      this.#wake();
    });
    socket.on("disconnect", (reason) => {
      this.ends.push(reason);
      this.#wake();
    });
  }

  static async connect(token: string, ways: readonly string[]): Promise<Client> {
    const client = new Client(token, ways);
    await client.hears("ready");
    return client;
  }

  /** What the acknowledgement says. */
  ask<T>(kind: string, payload?: object): Promise<T> {
    return this.socket.timeout(WAIT_MS_MAX).emitWithAck(kind, payload) as Promise<T>;
  }

  all<T>(kind: string): T[] {
    return this.heard.filter((event) => event.kind === kind).map((event) => event.payload as T);
  }

  /** The payloads of all events of a kind, once there are so many. */
  async hears<T>(kind: string, count = 1): Promise<T[]> {
    await this.until(`${count} of ${kind}`, () => this.all(kind).length >= count);
    return this.all(kind);
  }

  async until(what: string, happened: () => boolean): Promise<void> {
    const late = AbortSignal.timeout(WAIT_MS_MAX);
    while (!happened()) {
      await new Promise<void>((wake, fail) => {
        this.#waiting.add(wake);
        late.onabort = () => fail(new Error(`no ${what} among ${JSON.stringify(this.heard)}, ${this.ends.join()}`));
      });
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

let people = 0;

/** Somebody new. */
function signUp(): Promise<Session> {
  people += 1;
  return natter.call("POST", "/auth/register", { username: `person${people}`, password: PASSWORD });
}

function channel(token: string, name: string): Promise<Conversation> {
  return natter.call("POST", "/conversations", { type: "channel", name, visibility: "public" }, token);
}

describe.each(WAYS.map((ways) => ({ ways })))("by $ways", ({ ways }) => {
  let ada: Session;
  let bob: Session;
  let harbour: Conversation;
  let name: string;

  beforeEach(async () => {
    [ada, bob] = [await signUp(), await signUp()];
    name = `harbour ${people}`;
    harbour = await channel(ada.accessToken, name);
    await natter.call("POST", `/conversations/${harbour.id}/join`, undefined, bob.accessToken);
  });

  it("acknowledges what is kept, and tells all members the same as REST does", async () => {
    const [sender, member] = [await Client.connect(ada.accessToken, ways), await Client.connect(bob.accessToken, ways)];
    const sent = await sender.ask<Message>("message.send", { conversationId: harbour.id, content: "Ahoy — 🦜" });
    const [heard] = await member.hears<Message>("message.new");
    expect(heard).toEqual(await natter.call("GET", `/messages/${sent.id}`, undefined, bob.accessToken));
    expect(sent).toEqual(await natter.call("GET", `/messages/${sent.id}`, undefined, ada.accessToken));
    await sender.ask("reaction.add", { messageId: sent.id, emoji: "👍" });
    expect(await member.hears("reaction.added")).toHaveLength(1);
  });

  it("answers what cannot be done to the callback, or as an event where there is none", async () => {
    const client = await Client.connect(ada.accessToken, ways);
    const nowhere = { conversationId: "0190163d-8694-739b-aea5-966c26f8ad91", content: "?" };
    expect(await client.ask("message.send", nowhere)).toMatchObject({ error: { code: "not_found", status: 404 } });
    expect(await client.ask("nonsense", {})).toMatchObject({ error: { code: "unknown_type" } });
    expect(await client.ask("ping")).toEqual({});
    client.socket.emit("message.send", nowhere);
    client.socket.emit("ping");
    expect(await client.hears("error")).toMatchObject([{ code: "not_found" }]);
    expect(await client.hears("pong")).toEqual([{}]);
    client.socket.emit("message.send", new Uint8Array([1, 2, 3]));
    expect((await client.hears<Problem>("error", 2))[1]?.code).toBe("unsupported_media_type");
  });

  it("knows rooms by id and by name", async () => {
    const [eve, member] = [await signUp(), await Client.connect(bob.accessToken, ways)];
    const client = await Client.connect(eve.accessToken, ways);
    expect(await client.ask("send_message", { room: name, content: "?" })).toMatchObject({ error: { code: "not_found" } });
    for (const room of [name, harbour.id]) {
      expect(await client.ask("join_room", { room })).toMatchObject({ id: harbour.id, name });
    }
    const key = crypto.randomUUID();
    const sent = await client.ask<Message>("send_message", { room: name, content: "by name", clientMessageId: key });
    const again = { room: harbour.id, content: "by name", clientMessageId: key };
    expect(await client.ask("send_message", again)).toEqual(sent);
    expect(await client.ask("send_message", { room: "elsewhere", content: "?" })).toMatchObject({ error: { code: "not_found" } });
    expect(await client.ask("leave_room", { room: name })).toEqual({});
    await client.ask("send_message", { room: name, content: "still a member" });
    const messages = await member.hears<Message>("message.new", 3);
    expect(messages.slice(1).map((message) => message.content)).toEqual(["by name", "still a member"]);
  });

  it("comes back by itself after a crash, and is told what it missed", async () => {
    const client = await Client.connect(ada.accessToken, ways);
    const first = await client.ask<Message>("message.send", { conversationId: harbour.id, content: "before" });
    await client.hears("message.new");
    await natter.end("SIGKILL");
    await client.until("end", () => client.ends.length > 0);
    await natter.start();
    await client.hears("ready", 2);
    const other = await Client.connect(bob.accessToken, ways);
    const missed = [];
    for (const content of ["one", "two"]) {
      missed.push(await other.ask<Message>("message.send", { conversationId: harbour.id, content }));
    }
    await client.hears("message.new", 3);
    const position = { id: harbour.id, epoch: harbour.epoch, seq: first.seq };
    expect(await client.ask("sync.resume", { conversations: [position] })).toEqual({ events: 2 });
    expect(await client.hears("sync.events")).toMatchObject([{ conversationId: harbour.id, events: missed.map(({ seq }) => ({ seq })) }]);
    expect(await client.hears("sync.done")).toEqual([{ events: 2 }]);
    expect(client.all<Message>("message.new").map((message) => message.content)).toEqual(["before", "one", "two"]);
  });

  it("is sent away for good when its session ends", async () => {
    const client = await Client.connect(ada.accessToken, ways);
    const body = JSON.stringify({ refreshToken: ada.refreshToken });
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(`${natter.url}/api/v1/auth/logout`, { method: "POST", headers, body });
    expect(answer.status).toBe(204);
    await client.until("end", () => client.ends.length > 0);
    expect(client.ends).toEqual(["io server disconnect"]);
    expect(client.all("error")).toMatchObject([{ code: "session_ended", status: 401 }]);
    expect(client.socket.active).toBe(false);
  });

  it("is told why it does not get in", async () => {
    const refused = (socket: Socket) =>
      new Promise<Error & { data?: Problem }>((resolve) => socket.once("connect_error", resolve));
    const client = new Client("nonsense", ways);
    expect((await refused(client.socket)).data).toMatchObject({ code: "unauthenticated", status: 401 });
    const elsewhere = io(`${natter.url}/admin`, { transports: [...ways], auth: { token: ada.accessToken }, forceNew: true });
    expect((await refused(elsewhere)).message).toBe("Invalid namespace");
    elsewhere.disconnect();
  });

  it("can say who it is in the address", async () => {
    const query = { token: ada.accessToken };
    const client = new Client("", [], io(natter.url, { transports: [...ways], query, forceNew: true }));
    expect(await client.hears("ready")).toMatchObject([{ connectionId: client.socket.id }]);
  });
});

it("goes over to WebSocket without losing, doubling or reordering anything", async () => {
  const [ada, bob] = [await signUp(), await signUp()];
  const harbour = await channel(ada.accessToken, "upgrade");
  await natter.call("POST", `/conversations/${harbour.id}/join`, undefined, bob.accessToken);
  const sender = await Client.connect(ada.accessToken, ["websocket"]);
  let sending = true;
  const sent: string[] = [];
  const send = async () => {
    while (sending) {
      const content = `message ${sent.push("") - 1}`;
      sent[sent.length - 1] = content;
      await sender.ask("message.send", { conversationId: harbour.id, content });
    }
  };
  const talk = send();
  for (let round = 0; round < 20; round += 1) {
    const client = await Client.connect(bob.accessToken, ["polling", "websocket"]);
    const asked = Array.from({ length: 20 }, () => client.ask("ping"));
    await client.hears("message.new", 30);
    await Promise.all(asked);
    expect(client.socket.io.engine.transport.name).toBe("websocket");
    const numbers = client.all<Message>("message.new").map((message) => Number(message.content.split(" ")[1]));
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
    client.socket.disconnect();
  }
  sending = false;
  await talk;
});

it("serves the client for Python as it is", async () => {
  const tools = process.env["TOOLS_DIR"];
  if (tools === undefined) throw new Error("TOOLS_DIR is set by the Makefile: run this through make");
  const [ada, bob] = [await signUp(), await signUp()];
  const harbour = await channel(ada.accessToken, "python");
  await natter.call("POST", `/conversations/${harbour.id}/join`, undefined, bob.accessToken);
  const script = [join(import.meta.dirname, "rooms.py"), natter.url, ada.accessToken, bob.accessToken, harbour.id, "20"];
  const python = spawn(join(tools, "python/bin/python"), script, { stdio: ["pipe", "pipe", "pipe"] });
  const said: string[] = [];
  let complaints = "";
  python.stderr.on("data", (chunk) => (complaints += String(chunk)));
  for await (const line of createInterface(python.stdout)) {
    said.push(line);
    if (line !== "restart") continue;
    await natter.end("SIGTERM");
    await natter.start();
    python.stdin.end("\n");
  }
  expect(said, complaints).toEqual(["restart", "3 ways"]);
});

it("shows who is connected, as native sockets do", async () => {
  const [ada, bob] = [await signUp(), await signUp()];
  const harbour = await channel(ada.accessToken, "presence");
  await natter.call("POST", `/conversations/${harbour.id}/join`, undefined, bob.accessToken);
  const watcher = await Client.connect(ada.accessToken, ["websocket"]);
  const me = await natter.call<{ id: string }>("GET", "/users/me", undefined, bob.accessToken);
  const state = await watcher.ask("presence.watch", { userIds: [me.id] });
  expect(state).toMatchObject({ users: [{ userId: me.id, status: "offline" }] });
  const client = await Client.connect(bob.accessToken, ["polling"]);
  expect(await watcher.hears("presence.changed")).toMatchObject([{ userId: me.id, status: "online" }]);
  client.socket.disconnect();
  expect((await watcher.hears("presence.changed", 2))[1]).toMatchObject({ userId: me.id, status: "offline" });
});
