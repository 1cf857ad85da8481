/** A newer version of the client that waits for its turn. */
let apply = $state.raw<() => void>();

export const update = {
  /** Set while there is one: takes it, which loads the page again. What was typed must be safe before. */
  get apply(): (() => void) | undefined {
    return apply;
  },

  /** There is one. */
  offer(this: void, take: () => void): void {
    apply = take;
  },

  /** Not now; the next start takes it anyway. */
  dismiss(this: void): void {
    apply = undefined;
  },
};
