import type { Component } from "svelte";

/** One thing that can be done. */
export interface MenuItem {
  label: string;
  icon?: Component<{ size?: number | string }> | undefined;
  onselect: () => void;
  danger?: boolean | undefined;
  disabled?: boolean | undefined;
  /** Makes it something that is on or off. */
  checked?: boolean | undefined;
  /** A line stands above it. */
  startsGroup?: boolean | undefined;
  /** The key that does the same, or another short note. */
  hint?: string | undefined;
}

/** Letters that come within this time belong to one word. */
const WORD_MS = 700;

/** Finds what somebody types: the next that begins with the letters so far, or with the letter that is repeated. */
export class TypeAhead {
  #letters = "";
  #last = -Infinity;

  /** @returns the index to go to, or -1. */
  type(letter: string, labels: readonly string[], current: number, nowMs: number): number {
    if (nowMs - this.#last > WORD_MS) this.#letters = "";
    this.#last = nowMs;
    this.#letters += fold(letter);
    const repeated = [...this.#letters].every((one) => one === this.#letters[0]);
    const wanted = repeated ? (this.#letters[0] ?? "") : this.#letters;
    // A first letter goes on to the next; more letters may be about where one is.
    const from = repeated ? current + 1 : Math.max(current, 0);
    for (let step = 0; step < labels.length; step += 1) {
      const index = (from + step) % labels.length;
      if (fold(labels[index] ?? "").startsWith(wanted)) return index;
    }
    return -1;
  }

  /** Whether a word has begun, in which a space is a letter. */
  typing(nowMs: number): boolean {
    return this.#letters !== "" && nowMs - this.#last <= WORD_MS;
  }
}

/** Letters without case and accents, as people type them. */
function fold(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
}
