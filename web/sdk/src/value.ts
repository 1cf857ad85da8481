/** Something that changes. Whoever subscribes is called at once with the present value, then on each change. */
export interface Readable<T> {
  get(): T;
  /** Answers how to stop. */
  subscribe(listener: (value: T) => void): () => void;
}

/** A {@link Readable} that its owner can set. */
export class Value<T> implements Readable<T> {
  #value: T;
  readonly #listeners = new Set<{ call: (value: T) => void }>();

  constructor(value: T) {
    this.#value = value;
  }

  get(): T {
    return this.#value;
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener.call(value);
  }

  subscribe(listener: (value: T) => void): () => void {
    // Wrapped, so that the same function can subscribe twice and each can stop alone.
    const entry = { call: listener };
    this.#listeners.add(entry);
    listener(this.#value);
    return () => this.#listeners.delete(entry);
  }
}
