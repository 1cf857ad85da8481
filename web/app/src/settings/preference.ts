import { isLanguage, type Locale } from "../i18n/languages.ts";
import { RECENT_MAX } from "../search/recent.ts";
import { FIRST_THEME, isCustomTheme, type CustomTheme } from "./theme.ts";

export const THEMES = ["system", "light", "dark", "custom"] as const;
export const DENSITIES = ["comfortable", "compact"] as const;

/** Hours of a day, such as "22:00", that may go over midnight. */
export interface QuietHours {
  from: string;
  to: string;
}

export interface Preferences {
  theme: (typeof THEMES)[number];
  customTheme: CustomTheme;
  density: (typeof DENSITIES)[number];
  locale: Locale;
  /** Shortcuts that are one letter without a modifier. */
  singleKeys: boolean;
  /** Enter sends and Shift+Enter begins a new line; otherwise Enter begins one and Ctrl+Enter sends. */
  enterSends: boolean;
  sounds: boolean;
  /** Whether the system shows what arrives while nobody looks at the page; the browser must allow it, too. */
  desktop: boolean;
  /** When neither is wanted. */
  quietHours: QuietHours | null;
  /** What was looked for, the latest first. */
  searches: readonly string[];
}

export const DEFAULTS: Preferences = {
  theme: "system",
  customTheme: FIRST_THEME,
  density: "comfortable",
  locale: "auto",
  singleKeys: true,
  enterSends: true,
  sounds: true,
  desktop: false,
  quietHours: null,
  searches: [],
};

const isBoolean = (value: unknown) => typeof value === "boolean";

const VALID: Record<keyof Preferences, (value: unknown) => boolean> = {
  theme: (value) => THEMES.some((theme) => theme === value),
  customTheme: isCustomTheme,
  density: (value) => DENSITIES.some((density) => density === value),
  locale: (value) => value === "auto" || isLanguage(value),
  singleKeys: isBoolean,
  enterSends: isBoolean,
  sounds: isBoolean,
  desktop: isBoolean,
  quietHours: (value) => value === null || isQuietHours(value),
  searches: (value) => Array.isArray(value) && value.length <= RECENT_MAX && value.every((text) => typeof text === "string"),
};

/** What was kept, as far as it can be used: it may be from another version, or by somebody else's hand. */
export function usable(kept: unknown): Preferences {
  const given = typeof kept === "object" && kept !== null ? (kept as Record<string, unknown>) : {};
  const valid = Object.entries(VALID).filter(([name, fits]) => Object.hasOwn(given, name) && fits(given[name]));
  return { ...DEFAULTS, ...Object.fromEntries(valid.map(([name]) => [name, given[name]])) };
}

/** Whether it is quiet at a time of somebody's day: from the first minute on, up to the last. */
export function quietAt(hours: QuietHours | null, now: Date): boolean {
  if (!hours) return false;
  const minute = now.getHours() * 60 + now.getMinutes();
  const [from, to] = [minutes(hours.from), minutes(hours.to)];
  return from <= to ? from <= minute && minute < to : minute >= from || minute < to;
}

function isQuietHours(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { from, to } = value as Record<string, unknown>;
  return [from, to].every((time) => typeof time === "string" && /^([01]\d|2[0-3]):[0-5]\d$/.test(time));
}

function minutes(time: string): number {
  const [hour = 0, minute = 0] = time.split(":").map(Number);
  return hour * 60 + minute;
}
