import type { Account } from "@natter/sdk";

const KEPT_AS = "natter.mutes";
/** Timers that browsers can set end at 2^31 ms; a longer one is set again. */
const TIMER_MS_MAX = 2_000_000_000;

const HOUR_MS = 3_600_000;
export const MUTE_HOURS = [1, 8, 24, 168] as const;

/**
 * The server knows that a conversation is muted, not until when. This browser knows, and ends it: at once if it is open
 * then, else when it is opened next.
 */
export class Mutes {
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly account: Account,
    private readonly unmute: (conversationId: string) => Promise<void>,
  ) {}

  /** Ends what is over, now and from now on. Answers how to stop. */
  start(): () => void {
    void this.#tick();
    return () => clearTimeout(this.#timer);
  }

  /** A conversation is muted for some hours, or for good, or not any more. */
  set(conversationId: string, hours: number | undefined): void {
    const { [conversationId]: _, ...others } = this.#read();
    this.#write(hours === undefined ? others : { ...others, [conversationId]: Date.now() + hours * HOUR_MS });
    void this.#tick();
  }

  async #tick(): Promise<void> {
    clearTimeout(this.#timer);
    const now = Date.now();
    for (const [id, end] of Object.entries(this.#read())) {
      if (end > now) continue;
      try {
        await this.unmute(id);
      } catch {
        // Without a connection, or no member any more: the next start tries again, and finds it over.
        continue;
      }
      const { [id]: _, ...others } = this.#read();
      this.#write(others);
    }
    const next = Math.min(...Object.values(this.#read()).filter((end) => end > now));
    if (Number.isFinite(next)) this.#timer = setTimeout(() => void this.#tick(), Math.min(next - now, TIMER_MS_MAX));
  }

  get #key(): string {
    return `${KEPT_AS}:${this.account.user.id}`;
  }

  #read(): Record<string, number> {
    try {
      return JSON.parse(localStorage.getItem(this.#key) ?? "{}") as Record<string, number>;
    } catch {
      return {};
    }
  }

  #write(mutes: Record<string, number>): void {
    try {
      if (Object.keys(mutes).length === 0) localStorage.removeItem(this.#key);
      else localStorage.setItem(this.#key, JSON.stringify(mutes));
    } catch {
      // A browser that keeps nothing mutes until somebody ends it.
    }
  }
}

/** For signing out: nothing of whoever was here stays. */
export function forgetMutes(): void {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(`${KEPT_AS}:`)) localStorage.removeItem(key);
  } catch {
    // Then nothing was kept.
  }
}
