/** Whose card is open. The shell shows it, once, whoever has opened it. */
let current = $state<string>();

export const profile = {
  /** A username. */
  get current(): string | undefined {
    return current;
  },

  /** Shows somebody, by username. */
  open(this: void, username: string): void {
    current = username;
  },

  close(this: void): void {
    current = undefined;
  },
};
