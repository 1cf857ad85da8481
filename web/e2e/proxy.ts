import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** What a bad network does, as chances and spans; each is drawn anew for each connection. */
export interface Weather {
  /** How likely a connection is refused. */
  refuses: number;
  /** How long a connection lives, at least and at most. */
  livesMs: readonly [number, number];
  /** How likely it ends in the middle of what is being carried, rather than between. */
  truncates: number;
  /** For how long it holds back what it carries, at most. */
  delaysMs: number;
}

export const STORM: Weather = { refuses: 0.1, livesMs: [100, 1_200], truncates: 0.5, delaysMs: 60 };
export const CALM: Weather = { refuses: 0, livesMs: [Infinity, Infinity], truncates: 0, delaysMs: 0 };

/** A way to a server on which connections are refused, held up, and cut off, also in the middle of a frame. */
export class Proxy {
  weather = CALM;
  /** How many connections were cut off from here. */
  cuts = 0;
  readonly #open = new Set<() => void>();

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
    private readonly random: () => number,
  ) {
    server.on("connection", (client) => this.#carry(client));
  }

  static async start(target: string, random: () => number): Promise<Proxy> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Proxy(server, new URL(target), random);
  }

  get url(): string {
    const address = this.server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return `http://127.0.0.1:${address.port}`;
  }

  /** Cuts every connection that is open. */
  cut(): void {
    for (const cut of [...this.#open]) cut();
  }

  async stop(): Promise<void> {
    const closed = once(this.server, "close");
    this.server.close();
    this.cut();
    await closed;
  }

  #carry(client: Socket): void {
    const { refuses, livesMs, truncates, delaysMs } = this.weather;
    if (this.random() < refuses) return void client.destroy();
    const server = connect(Number(this.target.port), this.target.hostname);
    const timers = new Set<NodeJS.Timeout>();
    const truncating = this.random() < truncates;
    let ending = false;
    let truncated = false;

    const end = () => {
      this.#open.delete(cut);
      for (const timer of timers) clearTimeout(timer);
      for (const side of [client, server]) side.destroy();
    };
    const cut = () => {
      if (this.#open.has(cut)) this.cuts += 1;
      end();
    };
    this.#open.add(cut);
    const later = (delayMs: number, work: () => void) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        work();
      }, delayMs);
      timers.add(timer);
    };
    const [livesMin, livesMax] = livesMs;
    if (livesMax < Infinity) {
      // One that truncates waits for something to carry.
      later(livesMin + this.random() * (livesMax - livesMin), () => (truncating ? (ending = true) : cut()));
    }

    for (const [from, to] of [[client, server], [server, client]] as const) {
      let carried = Promise.resolve();
      from.on("error", end);
      from.on("close", end);
      from.on("data", (chunk: Buffer) => {
        const delayMs = this.random() * delaysMs;
        // One behind the other: a network that delays does not reorder what is within a connection.
        carried = carried.then(() => new Promise<void>((done) => (delayMs < 1 ? done() : later(delayMs, done)))).then(() => {
          // What comes after a part that is lost is lost as well: a network has no holes within a connection.
          if (truncated) return;
          if (!ending) return void to.write(chunk);
          truncated = true;
          to.write(chunk.subarray(0, Math.floor(chunk.length * this.random())), cut);
        });
      });
    }
  }
}
