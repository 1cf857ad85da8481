import { Backoff } from "./backoff.ts";
import type { Cancel, Environment, Socket } from "./environment.ts";
import { ChatError, NetworkError, isRetriable, retryAfterMs } from "./errors.ts";
import type { Identity } from "./identity.ts";
import type { Server } from "./server.ts";
import type { AuthState, ClientRequests, Problem, Ready } from "./types.ts";

/** A frame that the server sends. */
interface Frame {
  id?: string;
  type: string;
  payload: unknown;
}

export interface ConnectionHandlers {
  /** A socket is open; events of every conversation arrive on it from now on. */
  ready(ready: Ready): void;
  /** Something happened, in the order in which the server said it. */
  event(type: string, payload: unknown): void;
  /** The socket is gone, or could not be opened; answers that were waited for will not come. */
  down(): void;
}

/** How long a socket may take from the first byte to `ready`. */
const READY_MS = 15_000;
/** How long after a ping there may be silence. */
const PONG_MS = 10_000;
/** A socket that lived this long was not refused: the next wait is short again. */
const STABLE_MS = 10_000;
/** After one that was opened but did not live as long, waits grow to 4 seconds only: perhaps the network is poor. */
const OPENED_TRIES_MAX = 3;
/** No server may keep its clients away for longer. */
const HINT_MS_MAX = 300_000;
/** How long before its end a token gives way to the next: a third of what is left of it, but not more than this. */
const RENEWAL_MS_MAX = 60_000;
/** How often to get a new token when this device's clock is so wrong that each one seems to have ended. */
const RENEWAL_BLIND_MS = 60_000;
/** Timers hold no more than 24 days. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/**
 * One socket that is opened again whenever it closes, with jittered exponential waits or the one that the server asks
 * for, and kept open when its token ends. What is sent is answered or fails; nothing is sent twice here.
 */
export class Connection {
  #socket: Socket | undefined;
  #ready = false;
  #running = false;
  #readyAt = 0;
  #heartbeatMs = 25_000;
  #timer: Cancel | undefined;
  #renewal: Cancel | undefined;
  #lastId = 0;
  readonly #answers = new Map<
    string,
    { resolve: (payload: unknown) => void; reject: (error: Error) => void }
  >();
  readonly #backoff: Backoff;
  #closed: ((hintMs: number | undefined) => void) | undefined;

  constructor(
    private readonly env: Environment,
    private readonly server: Server,
    private readonly identity: Identity,
    private readonly handlers: ConnectionHandlers,
  ) {
    this.#backoff = new Backoff(env);
  }

  /** Whether frames can be sent. */
  get open(): boolean {
    return this.#ready;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#run().catch((error: unknown) => this.env.report(error));
  }

  stop(): void {
    this.#running = false;
    this.#lose(undefined);
    this.#backoff.wake();
  }

  /** The network or the page came back: try now, or make sure that the socket still lives. */
  wake(): void {
    if (this.#ready) this.#ping();
    else this.#backoff.wake();
  }

  /** Sends a frame and waits for its answer. */
  request<T extends keyof ClientRequests>(type: T, payload: ClientRequests[T][0]): Promise<ClientRequests[T][1]> {
    const socket = this.#socket;
    // One that closes takes nothing any more, and complains in the console.
    if (socket?.readyState !== 1 || !this.#ready) return Promise.reject(new NetworkError("There is no connection."));
    return new Promise((resolve, reject) => {
      this.#lastId += 1;
      const id = `c${this.#lastId}`;
      this.#answers.set(id, { resolve: resolve as (payload: unknown) => void, reject });
      socket.send(JSON.stringify({ id, type, payload }));
    });
  }

  async #run(): Promise<void> {
    while (this.#running) {
      let hintMs: number | undefined;
      let refusedForMs = 0;
      try {
        const { ticket, token } = await this.server.ticket();
        if (!this.#running) return;
        hintMs = await this.#live(ticket, token);
      } catch (error) {
        if (!this.#running) return;
        this.handlers.down();
        if (!(error instanceof ChatError || error instanceof NetworkError)) throw error;
        if (!isRetriable(error)) this.env.report(error);
        refusedForMs = retryAfterMs(error);
      }
      if (!this.#running) return;
      if (hintMs !== undefined) await this.#backoff.waitFor(hintMs);
      else await this.#backoff.wait(refusedForMs);
    }
  }

  /** Opens a socket and answers when it is gone: with the delay that the server asks for, if it does. */
  #live(ticket: string, token: string): Promise<number | undefined> {
    return new Promise((resolve) => {
      const address = new URL(`${this.server.base}/api/v1/ws`);
      address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
      address.searchParams.set("ticket", ticket);
      const socket = this.env.connect(address.href);
      this.#socket = socket;
      this.#closed = resolve;
      socket.onmessage = ({ data }) => this.#receive(data, token);
      socket.onclose = ({ reason }) => this.#lose(hint(reason));
      // What follows is a close; without a listener the package `ws` would end the process.
      socket.onerror = () => undefined;
      this.#dropAfter(READY_MS);
    });
  }

  #receive(text: unknown, token: string): void {
    let frame: Frame;
    try {
      frame = JSON.parse(String(text)) as Frame;
    } catch {
      // Something between here and the server has spoilt it, and who knows what else.
      return this.#lose(undefined);
    }
    if (this.#ready) this.#watch();
    const { id, type, payload } = frame;
    // Another answer follows.
    if (type === "accepted") return;

    const answer = id === undefined ? undefined : this.#answers.get(id);
    if (id !== undefined) this.#answers.delete(id);

    if (type === "ready") this.#becomeReady(payload as Ready, token);
    else if (type === "error") {
      const error = new ChatError(payload as Problem);
      if (answer) answer.reject(error);
      else this.env.report(error);
    } else if (answer) answer.resolve(payload);
    else if (type !== "pong" && type !== "ack") this.handlers.event(type, payload);
  }

  #becomeReady(ready: Ready, token: string): void {
    this.#ready = true;
    this.#readyAt = this.env.now();
    this.#heartbeatMs = ready.heartbeatSeconds * 1000;
    this.#watch();
    this.#renewBefore(ready.expiresAt, token);
    this.handlers.ready(ready);
  }

  /** Brings a newer token before the present one ends, so that the socket stays open. */
  #renewBefore(expiresAt: AuthState["expiresAt"], token: string): void {
    this.#renewal?.();
    if (expiresAt === null) return;
    const leftMs = Date.parse(expiresAt) - this.env.now();
    const delayMs = leftMs > 0 ? leftMs - Math.min(RENEWAL_MS_MAX, leftMs / 3) : RENEWAL_BLIND_MS;
    this.#renewal = this.env.after(Math.min(delayMs, TIMER_MS_MAX), () => void this.#renew(token));
  }

  async #renew(used: string): Promise<void> {
    const socket = this.#socket;
    try {
      const token = await this.identity.token(used);
      if (socket !== this.#socket) return;
      const { expiresAt } = await this.request("auth.refresh", { token });
      this.#renewBefore(expiresAt, token);
    } catch (error) {
      // The server closes the socket when the token has ended, and the next one is opened with another.
      if (!isRetriable(error)) this.env.report(error);
    }
  }

  /** After a heartbeat of silence asks the server whether it is there. A browser does not show WebSocket's own pings. */
  #watch(): void {
    this.#timer?.();
    this.#timer = this.env.after(this.#heartbeatMs, () => this.#ping());
  }

  #ping(): void {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify({ type: "ping" }));
    this.#dropAfter(PONG_MS);
  }

  #dropAfter(delayMs: number): void {
    this.#timer?.();
    this.#timer = this.env.after(delayMs, () => this.#lose(undefined));
  }

  /** Lets go of the socket at once. A closing handshake over a dead network would take minutes. */
  #lose(hintMs: number | undefined): void {
    const socket = this.#socket;
    if (!socket) return;
    socket.onmessage = socket.onclose = null;
    socket.close();
    this.#socket = undefined;
    this.#timer?.();
    this.#renewal?.();
    if (this.#ready) this.#backoff.reset(this.env.now() - this.#readyAt < STABLE_MS ? OPENED_TRIES_MAX : 0);
    this.#ready = false;
    this.handlers.down();
    for (const { reject } of this.#answers.values()) reject(new NetworkError("The connection was lost."));
    this.#answers.clear();
    this.#closed?.(hintMs);
  }
}

/** The delay in the reason of a close: `{"reconnectAfterMs": 1200}`. */
function hint(reason: string): number | undefined {
  if (!reason.startsWith("{")) return undefined;
  try {
    const delayMs: unknown = (JSON.parse(reason) as { reconnectAfterMs?: unknown }).reconnectAfterMs;
    return typeof delayMs === "number" && delayMs >= 0 ? Math.min(delayMs, HINT_MS_MAX) : undefined;
  } catch {
    return undefined;
  }
}
