import ar from "virtual:emoji/ar";
import de from "virtual:emoji/de";
import en from "virtual:emoji/en";
import ja from "virtual:emoji/ja";
import type { Language } from "../i18n/languages.ts";

/** Where the emoji are, by their names in each language. They are large: one is fetched when it is needed. */
export const EMOJI_FILES: Readonly<Record<Language, string>> = { ar, de, en, ja };
