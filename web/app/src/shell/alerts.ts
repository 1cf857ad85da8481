import type { Account, Message } from "@natter/sdk";
import { m } from "../i18n.svelte.ts";
import { describe } from "../message/describe.ts";
import { isQuiet, preferences } from "../preferences.svelte.ts";
import { paths, router } from "../router.svelte.ts";
import type { OwnStatus } from "./status.svelte.ts";

/** One tab of all makes sounds and shows messages on the desktop: whichever has this lock. */
const LEADER = "natter:alerts";
/** A tab in which somebody looks at a conversation holds the lock of that name. */
const looking = (conversationId: string) => `natter:looking:${conversationId}`;
/** Text of a message that the desktop shows. */
const TEXT_MAX = 200;
/** Two notes, in hertz, and how long each takes. */
const NOTES_HZ = [660, 880];
const NOTE_S = 0.09;
const LOUDNESS = 0.06;

/** Says that a message came, to whoever does not look: by a sound, and on the desktop where that is allowed. */
export class Alerts {
  #leads = navigator.locks === undefined;
  #audio: AudioContext | undefined;

  constructor(
    private readonly account: Account,
    private readonly status: OwnStatus,
  ) {}

  /** Listens. Answers how to stop. */
  start(): () => void {
    const stop = new AbortController();
    this.#lock(LEADER, stop.signal, () => (this.#leads = true));
    const off = this.account.on("message.new", (message) => void this.#message(message));
    return () => {
      stop.abort();
      off();
      void this.#audio?.close();
    };
  }

  /** Somebody looks at a conversation, until the signal ends. */
  look(conversationId: string, signal: AbortSignal): void {
    this.#lock(looking(conversationId), signal, () => undefined, "shared");
  }

  async #message(message: Message): Promise<void> {
    const { conversationId, sender, kind } = message;
    if (!this.#leads || sender.id === this.account.user.id || kind === "system") return;
    if (this.status.chosen === "busy" || isQuiet(new Date())) return;
    const conversation = this.account.conversations.find(conversationId);
    if (!conversation || conversation.me.muted || conversation.me.lastReadSeq >= message.seq) return;
    if (await this.#isLookedAt(conversationId)) return;
    if (preferences.sounds) this.#sound();
    if (preferences.desktop && document.visibilityState === "hidden") {
      const { displayName } = sender;
      const title = conversation.type === "direct" ? displayName : m.senderIn({ sender: displayName, title: conversation.title });
      await show(title, describe(message).slice(0, TEXT_MAX), message);
    }
  }

  async #isLookedAt(conversationId: string): Promise<boolean> {
    if (navigator.locks === undefined) {
      return document.hasFocus() && router.route.page === "conversation" && router.route.id === conversationId;
    }
    const { held = [] } = await navigator.locks.query();
    return held.some(({ name }) => name === looking(conversationId));
  }

  #lock(name: string, signal: AbortSignal, held: () => void, mode: LockMode = "exclusive"): void {
    const locks = navigator.locks as LockManager | undefined;
    locks
      ?.request(name, { mode, signal }, () => {
        held();
        return new Promise<void>((release) => signal.addEventListener("abort", () => release()));
      })
      // Aborted while it waited.
      .catch(() => undefined);
  }

  #sound(): void {
    try {
      this.#audio ??= new AudioContext();
      const { currentTime, destination } = this.#audio;
      for (const [index, hertz] of NOTES_HZ.entries()) {
        const begin = currentTime + index * NOTE_S;
        const note = new OscillatorNode(this.#audio, { frequency: hertz });
        const volume = new GainNode(this.#audio, { gain: 0 });
        volume.gain.setValueAtTime(LOUDNESS, begin);
        volume.gain.exponentialRampToValueAtTime(0.0001, begin + 2 * NOTE_S);
        note.connect(volume).connect(destination);
        note.start(begin);
        note.stop(begin + 2 * NOTE_S);
      }
    } catch (error) {
      // Without a device that plays it there is no sound.
      console.warn(error);
    }
  }
}

async function show(title: string, body: string, { id, conversationId }: Message): Promise<void> {
  if (typeof Notification === "undefined" || Notification.permission !== "granted") return;
  const url = paths.message(conversationId, id);
  const options = { body, tag: conversationId, icon: "/favicon.svg", silent: true, data: { url } };
  try {
    const shown = new Notification(title, options);
    shown.onclick = () => {
      window.focus();
      router.go(url);
      shown.close();
    };
  } catch {
    // Phones show only those of a service worker, which then follows the address.
    const registration = await navigator.serviceWorker?.getRegistration();
    await registration?.showNotification(title, options);
  }
}
