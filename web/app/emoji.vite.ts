import annotations from "cldr-annotations-full/annotations/ar/annotations.json" with { type: "json" };
import german from "emojibase-data/de/compact.json" with { type: "json" };
import english from "emojibase-data/en/compact.json" with { type: "json" };
import japanese from "emojibase-data/ja/compact.json" with { type: "json" };
import type { Plugin } from "vite";
import type { Entry } from "./src/composer/emoji.ts";
import type { Language } from "./src/i18n/languages.ts";

const ID = /^\0?virtual:emoji\/(en|ar|de|ja)$/;

/** Makes a file of all emoji by their names in a language, and tells its address: `import url from "virtual:emoji/ar"`. */
export function emoji(): Plugin {
  let building = false;
  return {
    name: "natter-emoji",
    configResolved: ({ command }) => {
      building = command === "build";
    },
    resolveId: { filter: { id: ID }, handler: (id) => (id.startsWith("\0") ? id : `\0${id}`) },
    load: {
      filter: { id: ID },
      handler(id) {
        const language = ID.exec(id)?.[1] as Language;
        const source = JSON.stringify(emojiIn(language));
        if (!building) return `export default ${JSON.stringify(`data:application/json,${encodeURIComponent(source)}`)}`;
        const file = this.emitFile({ type: "asset", name: `emoji-${language}.json`, source });
        return `export default import.meta.ROLLUP_FILE_URL_${file}`;
      },
    },
  };
}

/** Without what is said of each tone of skin, which is the larger part. */
export function emojiIn(language: Language): Entry[] {
  const entries: Record<Language, () => readonly Entry[]> = { en: () => english, ar: arabic, de: () => german, ja: () => japanese };
  return entries[language]().map(({ hexcode, unicode, label, group, order, tags, skins }) => ({
    hexcode,
    unicode,
    label,
    ...(group !== undefined && { group }),
    ...(order !== undefined && { order }),
    ...(tags && { tags }),
    ...(skins && { skins: skins.map((skin) => ({ hexcode: skin.hexcode, unicode: skin.unicode })) }),
  }));
}

/** What Unicode says of a character: what it is called, and what else it stands for. */
type Annotation = { tts?: string[]; default?: string[] } | undefined;

/** Words in English names that are not names themselves. */
const WORDS: Readonly<Record<string, string>> = {
  flag: "علم",
  keycap: "زر لوحة المفاتيح",
  "facing right": "باتجاه اليمين",
  England: "إنجلترا",
  Scotland: "اسكتلندا",
  Wales: "ويلز",
};

/**
 * Emojibase has no Arabic: these are the names of Unicode's own collection. That leaves out what is put together of several,
 * such as "man: red hair", of which each part has a name.
 */
function arabic(): Entry[] {
  const known = annotations.annotations.annotations as Record<string, Annotation>;
  const own = ({ unicode }: Entry) => known[unicode.replaceAll("\uFE0F", "")];
  const named = new Map((english as readonly Entry[]).map((entry) => [entry.label, own(entry)?.tts?.[0]]));
  const regions = new Intl.DisplayNames("ar", { type: "region", fallback: "none" });

  const composed = ({ label, unicode }: Entry): string => {
    const [, first = "", rest = ""] = /^(.+?): (.+)$/.exec(label) ?? [];
    const region = /^\p{RI}{2}$/u.test(unicode) ? regions.of(regionOf(unicode)) : undefined;
    const parts = region === undefined ? rest.split(", ").map((part) => partOf(part)) : [region];
    const whole = partOf(first);
    if (whole === undefined || parts.includes(undefined)) throw new Error(`there is no Arabic for ${JSON.stringify(label)}`);
    return `${whole}: ${parts.join("، ")}`;
  };
  const partOf = (word: string) => WORDS[word] ?? named.get(word) ?? (/^(?:[#*]|\d+)$/.test(word) ? word : undefined);

  return (english as readonly Entry[]).map((entry) => {
    const { tts: [label] = [], default: tags = [] } = own(entry) ?? {};
    // A letter by itself is nothing to choose, and has no name.
    if (entry.group === undefined) return { ...entry, label: label ?? entry.label, tags };
    return { ...entry, label: label ?? composed(entry), tags };
  });
}

/** The two letters that a flag is of. */
function regionOf(flag: string): string {
  return [...flag].map((sign) => String.fromCharCode((sign.codePointAt(0) ?? 0) - 0x1f1e6 + 65)).join("");
}
