import { m } from "./messages.ts";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const dayOfYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const shortDate = new Intl.DateTimeFormat(undefined, { dateStyle: "short" });
const longDay = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const longDate = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

export const time = {
  /** 14:05 */
  clock: (iso: string): string => clock.format(new Date(iso)),

  /** Everything there is to know. */
  full: (iso: string): string => full.format(new Date(iso)),

  /** As short as it can be and still be understood: the time today, else the day. */
  brief(iso: string, now = new Date()): string {
    const date = new Date(iso);
    if (time.sameDay(date, now)) return clock.format(date);
    return (date.getFullYear() === now.getFullYear() ? dayOfYear : shortDate).format(date);
  },

  /** For the line between two days. */
  day(iso: string, now = new Date()): string {
    const date = new Date(iso);
    if (time.sameDay(date, now)) return m.today;
    // By the calendar and not by 24 hours, which two days of the year don't have.
    if (time.sameDay(date, new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1))) return m.yesterday;
    return (date.getFullYear() === now.getFullYear() ? longDay : longDate).format(date);
  },

  sameDay: (a: Date, b: Date): boolean =>
    a.getDate() === b.getDate() && a.getMonth() === b.getMonth() && a.getFullYear() === b.getFullYear(),
};
