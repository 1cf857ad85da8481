import { IntlMessageFormat } from "intl-messageformat";
import english from "./i18n/en.ts";
import type { Messages } from "./i18n/messages.ts";

/** The languages of the client, each in its own words. */
export const LANGUAGES = { en: "English", ar: "العربية", de: "Deutsch", ja: "日本語" } as const;
export type Language = keyof typeof LANGUAGES;

const KEPT_AS = "natter.language";
const RIGHT_TO_LEFT: readonly Language[] = ["ar"];
const others: Record<Exclude<Language, "en">, () => Promise<{ default: Record<string, string> }>> = {
  ar: () => import("./i18n/ar.ts"),
  de: () => import("./i18n/de.ts"),
  ja: () => import("./i18n/ja.ts"),
};

let current = $state<Language>("en");
let sentences = $state.raw<Record<string, string>>(english);
let formats: Record<string, IntlMessageFormat> = {};

/** The language that the client speaks, and that dates and numbers are written in. */
export const language = {
  get current(): Language {
    return current;
  },

  /** What was chosen here before, else the first language of the browser that the client speaks. */
  start(this: void): Promise<void> {
    const kept = stored();
    const wanted = kept === undefined ? navigator.languages.map((tag) => tag.split("-")[0] ?? "") : [kept];
    return speak(wanted.find(isLanguage) ?? "en");
  },

  /** Speaks another language from now on, also after a reload. */
  async choose(this: void, chosen: Language): Promise<void> {
    await speak(chosen);
    try {
      localStorage.setItem(KEPT_AS, chosen);
    } catch {
      // A browser that keeps nothing asks its own preferences again the next time.
    }
  },
};

/** What the client says, in the current language: a sentence, or what makes one of some values. */
export const m: Messages = new Proxy({} as Messages, {
  get(_, key: string) {
    const sentence = sentences[key] ?? english[key] ?? key;
    if (!sentence.includes("{")) return sentence;
    return (values: Record<string, string | number | Date>) => format(key, sentence).format(values);
  },
});

function format(key: string, sentence: string): IntlMessageFormat {
  return (formats[key] ??= new IntlMessageFormat(sentence, current, undefined, { ignoreTag: true }));
}

async function speak(chosen: Language): Promise<void> {
  const said = chosen === "en" ? english : (await others[chosen]()).default;
  formats = {};
  sentences = said;
  current = chosen;
  document.documentElement.lang = chosen;
  document.documentElement.dir = RIGHT_TO_LEFT.includes(chosen) ? "rtl" : "ltr";
}

function stored(): string | undefined {
  try {
    return localStorage.getItem(KEPT_AS) ?? undefined;
  } catch {
    return undefined;
  }
}

function isLanguage(tag: string): tag is Language {
  return tag in LANGUAGES;
}
