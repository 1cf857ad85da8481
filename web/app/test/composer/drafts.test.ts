import { NetworkError, Value, type Account, type ConnectionState } from "@natter/sdk";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { drafts as kept, draftsOf, type Drafts } from "../../src/drafts.ts";

/** As the server keeps drafts, with a clock of its own. */
class Server {
  readonly drafts = new Map<string, { conversationId: string; content: string; replyTo: string | null; updatedAt: string }>();
  readonly asked: string[] = [];
  reachable = true;
  #seconds = 0;

  put(conversationId: string, content: string, replyTo: string | null = null) {
    this.#seconds += 1;
    const updatedAt = new Date(Date.now() + this.#seconds * 1_000).toISOString();
    const draft = { conversationId, content, replyTo, updatedAt };
    this.drafts.set(conversationId, draft);
    return draft;
  }

  async call(endpoint: string, parts: { path?: { id: string }; body?: { content: string; replyTo: string | null } }) {
    this.asked.push(endpoint.split(" ")[0] ?? "");
    if (!this.reachable) throw new NetworkError("no");
    const id = parts.path?.id ?? "";
    if (endpoint.startsWith("PUT")) return this.put(id, parts.body?.content ?? "", parts.body?.replyTo ?? null);
    if (endpoint.startsWith("DELETE")) return void this.drafts.delete(id);
    return { data: [...this.drafts.values()], meta: { nextCursor: null, hasMore: false } };
  }
}

let server: Server;

function device(user = "ada"): { drafts: Drafts; connection: Value<ConnectionState> } {
  const connection = new Value<ConnectionState>("online");
  const account = { user: { id: user }, connection, call: server.call.bind(server) } as unknown as Account;
  return { drafts: draftsOf(account), connection };
}

/** What this browser keeps. */
function storage(): Storage {
  const kept = new Map<string, string>();
  const methods = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
  return new Proxy(methods as unknown as Storage, { ownKeys: () => [...kept.keys()], getOwnPropertyDescriptor: (_, key) => (kept.has(String(key)) ? { enumerable: true, configurable: true } : undefined) });
}

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
  const page = new EventTarget();
  vi.stubGlobal("localStorage", storage());
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  vi.stubGlobal("dispatchEvent", page.dispatchEvent.bind(page));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Everything that is under way or due comes to its end. */
const settled = () => vi.advanceTimersByTimeAsync(20_000);

describe("a draft", () => {
  it("is kept at once, and told when the typing pauses, once", async () => {
    const { drafts } = device();
    await settled();
    for (const content of ["h", "he", "hello"]) drafts.set("c1", { content, replyTo: "m1" });
    expect(localStorage.getItem("draft:ada:c1")).toContain('"hello"');
    await settled();
    expect(server.drafts.get("c1")).toMatchObject({ content: "hello", replyTo: "m1" });
    expect(server.asked.filter((method) => method === "PUT")).toHaveLength(1);
  });

  it("of another device appears where nothing was typed, and goes when it was sent there", async () => {
    const { drafts, connection } = device();
    await settled();
    const seen: string[] = [];
    drafts.watch("c1", ({ content }) => seen.push(content));
    server.put("c1", "from the phone");
    dispatchEvent(new Event("focus"));
    await settled();
    expect(drafts.texts.get().get("c1")).toBe("from the phone");
    server.drafts.delete("c1");
    connection.set("offline");
    connection.set("online");
    await settled();
    expect(seen).toEqual(["from the phone", ""]);
    expect(drafts.texts.get().size).toBe(0);
  });

  it("never takes the place of what was typed here and not told", async () => {
    server.reachable = false;
    const { drafts, connection } = device();
    await settled();
    const seen: string[] = [];
    drafts.watch("c1", ({ content }) => seen.push(content));
    drafts.set("c1", { content: "typed offline", replyTo: null });
    await settled();
    server.put("c1", "from the phone");
    server.reachable = true;
    connection.set("offline");
    connection.set("online");
    await settled();
    expect(drafts.get("c1").content).toBe("typed offline");
    expect(seen).toEqual([]);
    expect(server.drafts.get("c1")?.content).toBe("typed offline");
  });

  it("that was emptied is forgotten everywhere, and asks nothing of the server that has none", async () => {
    const { drafts } = device();
    await settled();
    drafts.set("c1", { content: "gone soon", replyTo: null });
    await settled();
    drafts.set("c1", { content: "", replyTo: null });
    await settled();
    expect(server.drafts.size).toBe(0);
    const before = server.asked.filter((method) => method === "DELETE").length;
    drafts.set("c1", { content: "fast", replyTo: null });
    drafts.set("c1", { content: "", replyTo: null });
    await settled();
    expect(server.asked.filter((method) => method === "DELETE").length).toBe(before);
    expect(Object.keys(localStorage)).toEqual([]);
  });

  it("that could not be told survives the page, and is told by the next one", async () => {
    server.reachable = false;
    const first = device();
    first.drafts.set("c1", { content: "kept", replyTo: null });
    await settled();
    first.connection.set("closed");
    server.reachable = true;
    const { drafts } = device();
    expect(drafts.get("c1").content).toBe("kept");
    await settled();
    expect(server.drafts.get("c1")?.content).toBe("kept");
  });

  it("of an edit or a thread stays on the device", async () => {
    const { drafts } = device();
    drafts.set("edit/m1", { content: "changed", replyTo: null });
    drafts.set("c1/m1", { content: "answer", replyTo: null });
    await settled();
    expect(server.drafts.size).toBe(0);
    expect(device().drafts.get("c1/m1").content).toBe("answer");
  });

  it("belongs to one user, and leaves with them", async () => {
    device("ada").drafts.set("c1", { content: "mine", replyTo: null });
    expect(device("bob").drafts.get("c1").content).toBe("");
    kept.clear();
    await settled();
    expect(Object.keys(localStorage)).toEqual([]);
    expect(device("ada").drafts.get("c1").content).toBe("");
  });

  it("is typed on where the browser keeps nothing", async () => {
    vi.stubGlobal("localStorage", undefined);
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const { drafts } = device();
    drafts.set("c1", { content: "still here", replyTo: null });
    expect(drafts.get("c1").content).toBe("still here");
    await settled();
    expect(server.drafts.get("c1")?.content).toBe("still here");
  });
});
