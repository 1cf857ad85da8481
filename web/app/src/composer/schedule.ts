/** A time that is offered for sending. */
export interface Preset {
  id: "later" | "tomorrow" | "monday";
  at: Date;
}

const MORNING_HOUR = 9;
/** Later today is no later than this. */
const EVENING_HOUR = 21;

/** The times to offer, by the calendar and the clocks of this device. */
export function presets(now: Date): Preset[] {
  const day = (days: number, hour: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);
  // The next full hour but two.
  const later = day(0, now.getHours() + 3);
  const toMonday = (8 - now.getDay()) % 7 || 7;
  const offered: Preset[] = [];
  if (later <= day(0, EVENING_HOUR)) offered.push({ id: "later", at: later });
  offered.push({ id: "tomorrow", at: day(1, MORNING_HOUR) });
  if (toMonday > 1) offered.push({ id: "monday", at: day(toMonday, MORNING_HOUR) });
  return offered;
}

/** A time as a field for dates and times takes it: of the clock on the wall, to the minute. */
export function forField(date: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}
