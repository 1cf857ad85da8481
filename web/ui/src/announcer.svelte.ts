/** How long news is collected before it is said: a busy conversation must not drown everything else. */
const COLLECT_MS = 1_000;

/**
 * What a screen reader says, politely. It stands outside of every list: rows of a virtual list come and go by
 * scrolling, which is no news.
 */
export class Announcer {
  #spoken = $state("");
  #waiting: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** The text of the live region. */
  get spoken(): string {
    return this.#spoken;
  }

  /** @param summarise What to say when there is more than one piece of news. */
  constructor(private readonly summarise: (count: number) => string) {}

  say(text: string): void {
    this.#waiting.push(text);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const [only] = this.#waiting;
      this.#spoken = this.#waiting.length === 1 && only !== undefined ? only : this.summarise(this.#waiting.length);
      this.#waiting = [];
    }, COLLECT_MS);
  }
}
