const KEPT_AS = "natter.emoji";
const RECENT_MAX = 27;

interface Habits {
  recent: string[];
  tone: number;
}

/** Which emoji somebody uses on this device: the last ones, and the tone of skin. */
export const habits = {
  get(): Habits {
    try {
      const { recent, tone } = JSON.parse(localStorage.getItem(KEPT_AS) ?? "{}") as Partial<Habits>;
      return { recent: recent ?? [], tone: tone ?? 0 };
    } catch {
      return { recent: [], tone: 0 };
    }
  },

  used(char: string): void {
    const { recent, tone } = habits.get();
    keep({ recent: [char, ...recent.filter((other) => other !== char)].slice(0, RECENT_MAX), tone });
  },

  choose(tone: number): void {
    keep({ ...habits.get(), tone });
  },

  /** For signing out. */
  forget(): void {
    try {
      localStorage.removeItem(KEPT_AS);
    } catch {
      // Then nothing was kept either.
    }
  },
};

function keep(kept: Habits): void {
  try {
    localStorage.setItem(KEPT_AS, JSON.stringify(kept));
  } catch {
    // A browser that keeps nothing shows no recent ones.
  }
}
