import english from "./i18n/en.ts";
import { spoken, type Language, type Locale } from "./i18n/languages.ts";
import type { Messages } from "./i18n/messages.ts";
import { Numbers, say, type Sentence, type Values } from "./i18n/sentence.ts";

const RIGHT_TO_LEFT: readonly Language[] = ["ar"];
const others: Record<Exclude<Language, "en">, () => Promise<{ default: Record<string, Sentence> }>> = {
  ar: () => import("./i18n/ar.ts"),
  de: () => import("./i18n/de.ts"),
  ja: () => import("./i18n/ja.ts"),
};

let current = $state<Language>("en");
let sentences = $state.raw<Record<string, Sentence>>(english);
let numbers = new Numbers("en");
let wanted: Language = "en";

/** The language that the client speaks, and that dates and numbers are written in. */
export const language = {
  get current(): Language {
    return current;
  },

  /** Speaks a language from now on; fails, and goes on as before, if its sentences cannot be loaded. */
  async speak(this: void, locale: Locale): Promise<void> {
    const chosen = spoken(locale, navigator.languages);
    wanted = chosen;
    const said = chosen === "en" ? english : (await others[chosen]()).default;
    // Somebody has chosen another one while this one was on its way.
    if (wanted !== chosen) return;
    numbers = new Numbers(chosen);
    sentences = said;
    current = chosen;
    document.documentElement.lang = chosen;
    document.documentElement.dir = RIGHT_TO_LEFT.includes(chosen) ? "rtl" : "ltr";
  },
};

/** What the client says, in the current language: a sentence, or what makes one of some values. */
export const m: Messages = new Proxy({} as Messages, {
  get(_, key: string) {
    const sentence = sentences[key] ?? english[key] ?? key;
    return typeof sentence === "string" ? sentence : (values: Values) => say(sentence, values, numbers);
  },
});
