import { sameDay } from "./day.ts";
import { language, m } from "./i18n.svelte.ts";

const FORMATS = {
  clock: { hour: "2-digit", minute: "2-digit" },
  dayOfYear: { day: "numeric", month: "short" },
  shortDate: { dateStyle: "short" },
  longDay: { weekday: "long", day: "numeric", month: "long" },
  longDate: { dateStyle: "long" },
  moment: { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
  full: { dateStyle: "full", timeStyle: "medium" },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

/** Making one takes as long as formatting a thousand dates. */
const formats = new Map<string, Intl.DateTimeFormat>();

function format(name: keyof typeof FORMATS, date: Date): string {
  // English is written as the browser's own English, with its order of day and month.
  const tag = language.current === "en" ? navigator.languages.find((tag) => tag.startsWith("en")) : language.current;
  const key = `${tag} ${name}`;
  let known = formats.get(key);
  if (!known) formats.set(key, (known = new Intl.DateTimeFormat(tag, FORMATS[name])));
  return known.format(date);
}

export const time = {
  /** 14:05 */
  clock: (iso: string): string => format("clock", new Date(iso)),

  /** Everything there is to know. */
  full: (iso: string): string => format("full", new Date(iso)),

  /** A day that is near, and the time. */
  moment: (iso: string): string => format("moment", new Date(iso)),

  /** As short as it can be and still be understood: the time today, else the day. */
  brief(iso: string, now = new Date()): string {
    const date = new Date(iso);
    if (sameDay(date, now)) return format("clock", date);
    return format(date.getFullYear() === now.getFullYear() ? "dayOfYear" : "shortDate", date);
  },

  /** For the line between two days. */
  day(iso: string, now = new Date()): string {
    const date = new Date(iso);
    if (sameDay(date, now)) return m.today;
    // By the calendar and not by 24 hours, which two days of the year don't have.
    if (sameDay(date, new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1))) return m.yesterday;
    return format(date.getFullYear() === now.getFullYear() ? "longDay" : "longDate", date);
  },
};
