import type { Socket } from "@natter/sdk";

/** A page that is not seen draws no frames, and browsers may draw fewer than usual. */
const FRAME_MS_MAX = 100;
/** What comes while more than this waits is taken at once. */
const WAITING_MAX = 1_000;

/**
 * A socket whose messages are taken with the next frame, all that have come until then: nobody sees them sooner, and
 * however many there are, the page is drawn once for them, and hears its keys in between.
 */
export class Paced implements Socket {
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  onerror: Socket["onerror"] = null;
  #waiting: { data: unknown }[] = [];

  constructor(
    private readonly socket: Socket,
    soon: (work: () => void) => void = withNextFrame,
  ) {
    socket.onmessage = (event) => {
      const count = this.#waiting.push(event);
      if (count === 1) soon(() => this.#take());
      else if (count === WAITING_MAX) this.#take();
    };
    socket.onclose = (event) => {
      this.#take();
      this.onclose?.(event);
    };
    socket.onerror = (event) => this.onerror?.(event);
  }

  get readyState(): number {
    return this.socket.readyState;
  }

  send(text: string): void {
    this.socket.send(text);
  }

  close(): void {
    this.socket.close();
  }

  #take(): void {
    for (const event of this.#waiting.splice(0)) {
      try {
        this.onmessage?.(event);
      } catch (error) {
        // One that could not be taken does not take the others with it.
        reportError(error);
      }
    }
  }
}

function withNextFrame(work: () => void): void {
  if (document.hidden) return work();
  const run = () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    work();
  };
  const frame = requestAnimationFrame(run);
  const timer = setTimeout(run, FRAME_MS_MAX);
}
