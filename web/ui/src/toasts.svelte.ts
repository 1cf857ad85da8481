/** More at once nobody reads: the oldest goes. */
const TOASTS_MAX = 3;
const SECONDS = 8;

export interface ToastWish {
  text: string;
  look?: "plain" | "danger";
  /** What can be done about it, mostly undone. */
  action?: { label: string; run: () => void };
  /** For how long it is there while nobody looks at it closely. */
  seconds?: number;
  /** Called once when it goes without its action: what could be undone is now to be done. */
  ongone?: () => void;
}

export interface Toast extends ToastWish {
  readonly id: number;
  /** What is left of its time while the clock stands. */
  leftMs: number;
}

/** Short news at the edge of the window. They stay while they are looked at, and while the page is hidden. */
export class Toasts {
  #all = $state.raw<readonly Toast[]>([]);
  /** Where they can be shown; the last one lies on top. */
  #places = $state.raw<readonly string[]>([]);
  #lastId = 0;
  #held: readonly string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #since = 0;

  get all(): readonly Toast[] {
    return this.#all;
  }

  /** Those that are shown at a place. */
  at(place: string): readonly Toast[] {
    return this.#places.at(-1) === place ? this.#all : [];
  }

  /** Shows them at a place that now lies above all others. @returns what gives it up. */
  take(place: string): () => void {
    this.#places = [...this.#places, place];
    return () => (this.#places = this.#places.filter((other) => other !== place));
  }

  /** @returns what takes it away. */
  show(wish: ToastWish): () => void {
    this.#stop();
    const toast: Toast = { ...wish, id: (this.#lastId += 1), leftMs: (wish.seconds ?? SECONDS) * 1_000 };
    this.#all = [...this.#all, toast];
    for (const old of this.#all.slice(0, -TOASTS_MAX)) this.close(old);
    this.#run();
    return () => this.close(toast);
  }

  /** It goes, and what it would have undone is done. */
  close(toast: Toast): void {
    if (this.#remove(toast)) toast.ongone?.();
  }

  /** Does what it offers. */
  act(toast: Toast): void {
    if (this.#remove(toast)) toast.action?.run();
  }

  /** Nothing goes while there is a reason to hold it: a pointer, the focus, a hidden page. */
  hold(reason: string, held: boolean): void {
    this.#stop();
    this.#held = [...this.#held.filter((other) => other !== reason), ...(held ? [reason] : [])];
    this.#run();
  }

  #remove(toast: Toast): boolean {
    if (!this.#all.includes(toast)) return false;
    this.#stop();
    this.#all = this.#all.filter((other) => other !== toast);
    this.#run();
    return true;
  }

  /** The clock runs for all of them at once: they are read together. */
  #run(): void {
    if (this.#held.length > 0 || this.#all.length === 0) return;
    this.#since = performance.now();
    this.#timer = setTimeout(() => {
      this.#stop();
      for (const toast of this.#all) if (toast.leftMs <= 0) this.close(toast);
      this.#run();
    }, Math.min(...this.#all.map(({ leftMs }) => leftMs)));
  }

  #stop(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const passed = performance.now() - this.#since;
    for (const toast of this.#all) toast.leftMs -= passed;
  }
}

/** Those of this page; `<Toasts />` shows them. */
export const toasts = new Toasts();
