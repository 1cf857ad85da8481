/**
 * Every emoji by its names. The data is large and comes when it is first needed; English is there for the short names,
 * which are English everywhere.
 */
import { NetworkError } from "@natter/sdk";
import { folded } from "../folded.ts";
import type { Language } from "../i18n/languages.ts";
import { EMOJI_FILES } from "./emojifiles.ts";

export interface Emoji {
  char: string;
  /** What it is called, in the language that was asked for. */
  label: string;
  /** The short names, such as `smile`. */
  names: readonly string[];
  group: EmojiGroup;
  /** The same in the five tones of skin, from light to dark; none where there is no skin. */
  tones: readonly string[];
  /** What else it stands for. */
  tags: readonly string[];
}

/** The groups, in the order of Unicode. The third, tones and hair by themselves, is nothing to choose. */
export const GROUPS = ["smileys", "people", "animals", "food", "travel", "activities", "objects", "symbols", "flags"] as const;
export type EmojiGroup = (typeof GROUPS)[number];
const GROUP_NUMBERS: readonly (EmojiGroup | undefined)[] = ["smileys", "people", undefined, ...GROUPS.slice(2)];

/** An entry of a file of emoji, as emojibase-data has them. */
export interface Entry {
  hexcode: string;
  unicode: string;
  label: string;
  group?: number;
  order?: number;
  tags?: string[];
  skins?: { hexcode: string; unicode: string }[];
}

export class EmojiSet {
  /** What finds each of them, without case and accents. Made when somebody first looks for one: that takes a while. */
  #words: readonly (readonly string[])[] | undefined;
  readonly #byName: ReadonlyMap<string, Emoji>;
  readonly #byChar: ReadonlyMap<string, Emoji>;

  constructor(
    readonly all: readonly Emoji[],
    /** The language of the labels. */
    readonly language: string,
  ) {
    this.#byName = new Map(all.flatMap((emoji) => emoji.names.map((name) => [name, emoji])));
    this.#byChar = new Map(all.flatMap((emoji) => [emoji.char, ...emoji.tones].map((char) => [char, emoji])));
  }

  named(name: string): Emoji | undefined {
    return this.#byName.get(name);
  }

  /** The emoji that a text is, in any tone. */
  of(char: string): Emoji | undefined {
    return this.#byChar.get(char);
  }

  /** Those with a word that begins so, the best first. */
  find(query: string, max: number): Emoji[] {
    const wanted = folded(query.trim()).split(/[\s_]+/u);
    this.#words ??= this.all.map(wordsOf);
    const words = this.#words;
    const found = this.all
      .map((emoji, index) => ({ emoji, rank: rankOf(emoji, words[index] ?? [], query.toLowerCase(), wanted) }))
      .filter(({ rank }) => rank < Infinity);
    // The sort is stable: within a rank they stay in the order of Unicode.
    return found.sort((a, b) => a.rank - b.rank).slice(0, max).map(({ emoji }) => emoji);
  }
}

function wordsOf({ label, tags, names }: Emoji): string[] {
  const said = folded([label, ...tags, ...names].join(" "));
  return [...new Set(said.split(/[\s_-]+/u))];
}

function rankOf(emoji: Emoji, words: readonly string[], query: string, wanted: readonly string[]): number {
  if (emoji.names.includes(query)) return 0;
  if (emoji.names.some((name) => name.startsWith(query))) return 1;
  if (!wanted.every((start) => words.some((word) => word.startsWith(start)))) {
    // Japanese does not part its words.
    const label = folded(emoji.label);
    return /[\u0300-\u{10ffff}]/u.test(query) && wanted.every((part) => label.includes(part)) ? 4 : Infinity;
  }
  const label = folded(emoji.label);
  return label.startsWith(wanted[0] ?? "") ? 2 : 3;
}

const loaded = new Map<Language, Promise<EmojiSet>>();

/** The emoji, named in a language, without those that this system cannot draw. */
export function loadEmoji(language: Language): Promise<EmojiSet> {
  const known = loaded.get(language);
  if (known) return known;
  const set = Promise.all([
    fetchEntries(language),
    import("emojibase-data/en/shortcodes/github.json"),
    import("emojibase-data/versions/emoji.json"),
    import("./drawable.ts"),
  ]).then(([entries, names, versions, { undrawable }]) => {
    const without = undrawable(versions.default);
    return new EmojiSet(emojiOf(entries, names.default, without), language);
  });
  loaded.set(language, set);
  // Perhaps there is a network the next time.
  set.catch(() => loaded.delete(language));
  return set;
}

async function fetchEntries(language: Language): Promise<Entry[]> {
  const answer = await fetch(EMOJI_FILES[language]).catch((cause: unknown) => {
    throw new NetworkError("no answer", { cause });
  });
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status}`);
  return (await answer.json()) as Entry[];
}

/** What the data says, by what is chosen from. */
export function emojiOf(
  entries: readonly Entry[],
  names: Readonly<Record<string, string | string[]>>,
  without: (hexcode: string) => boolean,
): Emoji[] {
  return entries
    .filter(({ group, hexcode }) => group !== undefined && GROUP_NUMBERS[group] !== undefined && !without(hexcode))
    .sort((a, b) => (a.order ?? 0) - (b.order ?? 0))
    .map(({ hexcode, unicode, label, group, tags = [], skins = [] }) => {
      return {
        char: unicode,
        label,
        names: [names[hexcode] ?? []].flat(),
        tags,
        group: GROUP_NUMBERS[group ?? 0] ?? "symbols",
        tones: TONES.flatMap((tone) => skins.find((skin) => onlyTone(skin.hexcode) === tone && !without(skin.hexcode))?.unicode ?? []),
      };
    });
}

const TONES = ["1F3FB", "1F3FC", "1F3FD", "1F3FE", "1F3FF"];

/** The tone of an emoji in which everybody has the same. */
function onlyTone(hexcode: string): string | undefined {
  const tones = new Set(hexcode.split("-").filter((code) => TONES.includes(code)));
  return tones.size === 1 ? [...tones][0] : undefined;
}

/** An emoji in a tone from 1 to 5; 0 is the yellow one. */
export function toned({ char, tones }: Emoji, tone: number): string {
  return tones[tone - 1] ?? char;
}
