import type { Cache } from "./cache.ts";
import { indexedDbStore, memoryStore, type Store } from "./store.ts";

/** The part of a WebSocket that the client uses; those of browsers, of Node and of the package `ws` have it. */
export interface Socket {
  /** 1 while it is open (as the standard of `WebSocket` has it). */
  readonly readyState: number;
  send(text: string): void;
  close(): void;
  onmessage: Listener<{ data: unknown }> | null;
  onclose: Listener<{ code: number; reason: string }> | null;
  onerror: Listener<unknown> | null;
}

/** Written as a method, so that a listener that wants to know more of the event is one, too. */
type Listener<E> = { call(event: E): void }["call"];

/** Takes back what was asked for. */
export type Cancel = () => void;

/** Everything that the client takes from the outside, so that a test can hold all of it in its hands. */
export interface Environment {
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** The same for a file, if it can tell how many bytes of it were sent: where there is none, XMLHttpRequest if there is. */
  transfer?: ((url: string, init: RequestInit, onprogress: (bytes: number) => void) => Promise<Response>) | undefined;
  connect(url: string): Socket;
  store: Store;
  /** Keeps what was shown, so that it is there at once, and without a network: `indexedDbCache` of `@natter/sdk/cache`. */
  cache?: Cache | undefined;
  /** Runs `work` while no other work of the same name runs, in any tab. */
  exclusive<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Milliseconds since 1970. */
  now(): number;
  after(delayMs: number, work: () => void): Cancel;
  /** A number from 0 up to 1. */
  random(): number;
  /** 128 random bits as text. */
  uniqueId(): string;
  /** Calls `work` when the network came back, or the page did. */
  onWake(work: () => void): Cancel;
  /** Calls `work` when the page is hidden or left, for the cache: where there is none, the events of the page if there is one. */
  onHide?: ((work: () => void) => Cancel) | undefined;
  /** Takes an error that no caller waits for. */
  report(error: unknown): void;
}

/** What the browser or Node offers. */
export function defaultEnvironment(): Environment {
  return {
    fetch: (url, init) => fetch(url, init),
    connect,
    store: typeof indexedDB === "undefined" ? memoryStore() : indexedDbStore("natter"),
    exclusive: exclusive(),
    now: () => Date.now(),
    after: (delayMs, work) => {
      const timer = setTimeout(work, delayMs);
      return () => clearTimeout(timer);
    },
    random: () => Math.random(),
    // Not crypto.randomUUID, which a page without TLS does not have.
    uniqueId: () =>
      Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(""),
    onWake,
    report: (error) => console.error(error),
  };
}

function connect(url: string): Socket {
  if (typeof WebSocket === "undefined") {
    throw new Error("There is no WebSocket here: pass one as `connect`.");
  }
  return new WebSocket(url);
}

/** Web Locks where there are some; a page without TLS has none, and then only its own calls wait for each other. */
function exclusive(): Environment["exclusive"] {
  const locks = typeof navigator === "undefined" ? undefined : (navigator.locks as LockManager | undefined);
  if (locks) return async (name, work) => await locks.request(name, work);

  const tails = new Map<string, Promise<unknown>>();
  return (name, work) => {
    const turn = (tails.get(name) ?? Promise.resolve()).then(work);
    const tail = turn.catch(() => undefined).then(() => {
      if (tails.get(name) === tail) tails.delete(name);
    });
    tails.set(name, tail);
    return turn;
  };
}

function onWake(work: () => void): Cancel {
  if (typeof window === "undefined") return () => undefined;
  const visible = () => {
    if (document.visibilityState === "visible") work();
  };
  window.addEventListener("online", work);
  document.addEventListener("visibilitychange", visible);
  return () => {
    window.removeEventListener("online", work);
    document.removeEventListener("visibilitychange", visible);
  };
}
