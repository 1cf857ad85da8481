import type { Account, Presence } from "@natter/sdk";

const KEPT_AS = "natter.status";
/** Who has not looked at the page for so long is away. */
const AWAY_AFTER_MS = 5 * 60_000;

export const STATUSES = ["online", "away", "busy", "offline"] as const satisfies readonly Presence[];

/** How somebody wants to be seen; on this device, until they say otherwise. `offline` is to others as if not there. */
export class OwnStatus {
  chosen = $state<Presence>("online");
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly account: Account) {}

  /** Says so, and says who does not look for long to be away. Answers how to stop. */
  start(): () => void {
    this.chosen = read();
    this.#tell();
    const look = () => this.#tell();
    const other = (event: StorageEvent) => {
      if (event.key !== KEPT_AS) return;
      this.chosen = read();
      this.#tell();
    };
    document.addEventListener("visibilitychange", look);
    window.addEventListener("storage", other);
    return () => {
      clearTimeout(this.#timer);
      document.removeEventListener("visibilitychange", look);
      window.removeEventListener("storage", other);
    };
  }

  choose(status: Presence): void {
    this.chosen = status;
    try {
      localStorage.setItem(KEPT_AS, status);
    } catch {
      // Then it holds for this page.
    }
    this.#tell();
  }

  #tell(): void {
    clearTimeout(this.#timer);
    const { people } = this.account;
    if (this.chosen === "online" && document.visibilityState === "hidden") {
      this.#timer = setTimeout(() => people.set("away"), AWAY_AFTER_MS);
    } else {
      people.set(this.chosen);
    }
  }
}

/** For signing out: who comes next is as they are. */
export function forgetStatus(): void {
  try {
    localStorage.removeItem(KEPT_AS);
  } catch {
    // Then nothing was kept.
  }
}

function read(): Presence {
  try {
    const kept = localStorage.getItem(KEPT_AS);
    return STATUSES.find((status) => status === kept) ?? "online";
  } catch {
    return "online";
  }
}
