/** The languages of the client, each in its own words. */
export const LANGUAGES = { en: "English", ar: "العربية", de: "Deutsch", ja: "日本語" } as const;
export type Language = keyof typeof LANGUAGES;

/** A language, or that of the browser. */
export type Locale = "auto" | Language;

export function isLanguage(tag: unknown): tag is Language {
  return typeof tag === "string" && Object.hasOwn(LANGUAGES, tag);
}

/** What is spoken: what was chosen, else the first language of the browser that the client speaks. */
export function spoken(locale: Locale, browser: readonly string[]): Language {
  if (locale !== "auto") return locale;
  return browser.map((tag) => tag.split("-")[0]).find(isLanguage) ?? "en";
}
