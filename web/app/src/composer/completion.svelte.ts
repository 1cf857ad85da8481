import { language } from "../i18n.svelte.ts";
import { loadEmoji, toned, type Emoji } from "./emoji.ts";
import { habits } from "./habits.ts";
import type { Edit } from "./markdown.ts";
import type { Mentionable, Mentions } from "./mentions.ts";
import { shortcodeAt, triggerAt, type Trigger } from "./trigger.ts";

/** What a name that is being typed may become. */
export type Suggestion =
  | { kind: "mention"; key: string; insert: string; person: Mentionable }
  | { kind: "emoji"; key: string; insert: string; emoji: Emoji };

const EMOJI_MAX = 8;

/** Suggests how the name at the caret may go on. */
export class Completion {
  items = $state.raw<readonly Suggestion[]>([]);
  active = $state(0);
  #trigger: Trigger | undefined;
  /** Where somebody did not want any. */
  #dismissed: number | undefined;
  #asked = 0;

  constructor(private readonly mentions: Mentions) {}

  get kind(): Trigger["kind"] | undefined {
    return this.items[0]?.kind;
  }

  /** The text or the caret has changed. */
  update(text: string, caret: number): void {
    const trigger = triggerAt(text, caret);
    if (trigger?.from !== this.#dismissed) this.#dismissed = undefined;
    if (!trigger || this.#dismissed !== undefined) return this.close();
    const same = trigger.kind === this.#trigger?.kind && trigger.query === this.#trigger.query;
    this.#trigger = trigger;
    if (same) return;
    this.#asked += 1;
    const asked = this.#asked;
    this.#find(trigger).then(
      (items) => {
        if (asked !== this.#asked) return;
        this.items = items;
        this.active = 0;
      },
      (error: unknown) => {
        // Without a network there are no suggestions; the name can still be typed.
        console.warn(error);
        if (asked === this.#asked) this.items = [];
      },
    );
  }

  move(step: 1 | -1): void {
    this.active = (this.active + step + this.items.length) % this.items.length;
  }

  close(): void {
    this.#asked += 1;
    this.#trigger = undefined;
    if (this.items.length > 0) this.items = [];
  }

  /** Suggests nothing more for this name. */
  dismiss(): void {
    this.#dismissed = this.#trigger?.from;
    this.close();
  }

  /** What becomes of the text when a suggestion is taken. */
  choose(text: string, { kind, insert }: Suggestion): Edit | undefined {
    const trigger = this.#trigger;
    if (!trigger) return undefined;
    this.close();
    if (kind === "emoji") habits.used(insert);
    return replaced(text, trigger, insert);
  }

  /** What becomes of a short name of an emoji that was typed to its end. */
  async typedOut(text: string, caret: number): Promise<Edit | undefined> {
    const trigger = shortcodeAt(text, caret);
    const emoji = trigger && (await loadEmoji(language.current)).named(trigger.query);
    if (!emoji) return undefined;
    const insert = toned(emoji, habits.get().tone);
    const end = trigger.from + insert.length;
    return { from: trigger.from, to: trigger.to, insert, select: [end, end] };
  }

  async #find(trigger: Trigger): Promise<Suggestion[]> {
    if (trigger.kind === "mention") {
      const people = await this.mentions.find(trigger.query);
      return people.map((person) => {
        return { kind: "mention", key: person.username, insert: `@${person.username}`, person };
      });
    }
    const [set, { tone }] = [await loadEmoji(language.current), habits.get()];
    return set.find(trigger.query, EMOJI_MAX).map((emoji) => {
      return { kind: "emoji", key: emoji.char, insert: toned(emoji, tone), emoji };
    });
  }
}

function replaced(text: string, { from, to }: Trigger, name: string): Edit {
  const insert = text[to] === " " ? name : `${name} `;
  const caret = from + name.length + 1;
  return { from, to, insert, select: [caret, caret] };
}
