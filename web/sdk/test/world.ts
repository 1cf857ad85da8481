import { Client, memoryStore, type Account, type Environment, type Store } from "../src/index.ts";
import { FakeServer, type Link } from "./fake-server.ts";

/** Small, fast, and the same numbers for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A clock, a network and a server in one hand: nothing happens unless the test says so. */
export class World {
  readonly server = new FakeServer();
  readonly random: () => number;
  /** Whether requests and sockets get through. */
  online = true;
  /** What was reported because nobody waited for it. */
  readonly reported: unknown[] = [];
  readonly #timers = new Map<number, { at: number; work: () => void }>();
  readonly #locks = new Map<string, Promise<unknown>>();
  readonly #hiding = new Set<() => void>();
  readonly #held = new Map<string, Promise<void>>();
  #lastTimer = 0;
  #now = Date.UTC(2026, 10, 21, 9);
  #ids = 0;

  constructor(seed = 1) {
    this.random = seeded(seed);
  }

  /** A browser tab, or one of several when they share a store. */
  client(store: Store = memoryStore(), overrides: Partial<Environment> = {}): Client {
    return new Client({ url: "http://fake", ...this.environment(store), ...overrides });
  }

  environment(store: Store): Environment {
    return {
      store,
      fetch: async (url, init) => {
        if (!this.online) throw new TypeError("network");
        const token = new Headers(init.headers).get("Authorization")?.replace("Bearer ", "");
        let body: unknown;
        if (init.body instanceof Blob) body = new Uint8Array(await init.body.arrayBuffer());
        else if (typeof init.body === "string") body = JSON.parse(init.body);
        const method = init.method ?? "GET";
        const { status, body: answer, headers } = this.server.handle(method, url, body, token, new Headers(init.headers));
        const json = answer === undefined || method === "HEAD" ? null : JSON.stringify(answer);
        await this.#held.get(`${method} ${new URL(url).pathname.replace("/api/v1", "")}`);
        init.signal?.throwIfAborted();
        return new Response(json, { status, ...(headers && { headers }) });
      },
      connect: (url) => this.#connect(url),
      exclusive: (name, work) => {
        const turn = (this.#locks.get(name) ?? Promise.resolve()).then(work);
        this.#locks.set(name, turn.catch(() => undefined));
        return turn;
      },
      now: () => this.#now,
      after: (delayMs, work) => {
        const id = ++this.#lastTimer;
        this.#timers.set(id, { at: this.#now + delayMs, work });
        return () => this.#timers.delete(id);
      },
      random: this.random,
      uniqueId: () => `id-${++this.#ids}`,
      onWake: () => () => undefined,
      onHide: (work) => {
        this.#hiding.add(work);
        return () => this.#hiding.delete(work);
      },
      report: (error) => this.reported.push(error),
    };
  }

  /** Puts all pages away. */
  hide(): void {
    for (const work of this.#hiding) work();
  }

  /** Lets everything happen that does not wait for the clock. */
  async settle(): Promise<void> {
    // Each turn of the event loop empties the queue of promises; a request takes several.
    for (let turn = 0; turn < 40; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Keeps the answers to a request on their way, as they are when it is asked. Answers how to let them arrive. */
  hold(request: string): () => void {
    let release = () => {};
    this.#held.set(request, new Promise((resolve) => (release = resolve)));
    return () => {
      this.#held.delete(request);
      release();
    };
  }

  /** Moves the clock, timer by timer. */
  async pass(durationMs: number): Promise<void> {
    const end = this.#now + durationMs;
    await this.settle();
    for (;;) {
      const [next] = [...this.#timers].filter(([, timer]) => timer.at <= end).sort(([, a], [, b]) => a.at - b.at);
      if (!next) break;
      const [id, timer] = next;
      this.#timers.delete(id);
      this.#now = Math.max(this.#now, timer.at);
      timer.work();
      await this.settle();
    }
    this.#now = end;
  }

  /** Moves the clock until something is done; large files take their turns of the event loop. */
  async finish<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const mark = () => (done = true);
    work.then(mark, mark);
    for (let second = 0; !done && second < 600; second += 1) await this.pass(1_000);
    if (!done) throw new Error("it does not end");
    return work;
  }

  get now(): number {
    return this.#now;
  }

  /** How long until the next timer. */
  get nextTimerMs(): number {
    return Math.min(...[...this.#timers.values()].map(({ at }) => at)) - this.#now;
  }

  #connect(url: string): ReturnType<Environment["connect"]> {
    const ticket = new URL(url).searchParams.get("ticket") ?? "";
    let link: Link | undefined;
    const socket = {
      readyState: 0,
      onmessage: null,
      onclose: null,
      onerror: null,
      send: (text: string) => {
        if (socket.readyState !== 1) throw new Error("the socket is not open");
        const frame = JSON.parse(text) as { id?: string; type: string; payload: unknown };
        queueMicrotask(() => link && this.server.frame(link, frame));
      },
      close: () => {
        socket.readyState = 2;
        if (link) this.server.links.delete(link);
      },
    };
    const call = (name: "onmessage" | "onclose", event: object) =>
      queueMicrotask(() => (socket[name] as ((event: object) => void) | null)?.(event));
    queueMicrotask(() => {
      const opened =
        this.online &&
        this.server.open(ticket, {
          deliver: (frame) => call("onmessage", { data: JSON.stringify(frame) }),
          close: (code, reason) => {
            socket.readyState = 2;
            call("onclose", { code, reason });
          },
        });
      if (opened) [link, socket.readyState] = [opened, 1];
      else call("onclose", { code: 1006, reason: "" });
    });
    return socket;
  }
}

/** Somebody who has just signed up. */
export async function person(world: World, username: string): Promise<Account> {
  const client = world.client(memoryStore());
  await client.start();
  await client.register({ username, password: "correct horse" });
  await world.settle();
  const account = client.account.get();
  if (!account) throw new Error("not signed in");
  return account;
}
