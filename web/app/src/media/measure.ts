import { language } from "../i18n.svelte.ts";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** Making one takes as long as formatting a thousand numbers. */
const formats = new Map<string, Intl.NumberFormat>();

function format(name: string, value: number, options: Intl.NumberFormatOptions): string {
  const key = `${language.current} ${name}`;
  let known = formats.get(key);
  if (!known) formats.set(key, (known = new Intl.NumberFormat(language.current, options)));
  return known.format(value);
}

/** How much a file holds: 48 kB. */
export function bytes(count: number): string {
  let value = count;
  let step = 0;
  // What would be rounded to 1000 of a unit is 1 of the next.
  while (value >= 999.5 && step < UNITS.length - 1) {
    value /= 1000;
    step += 1;
  }
  const digits = step > 0 && value < 9.95 ? 1 : 0;
  return format(`${step} ${digits}`, value, {
    style: "unit",
    unit: UNITS[step] ?? "byte",
    unitDisplay: step === 0 ? "long" : "short",
    maximumFractionDigits: digits,
  });
}

/** How long something lasts: 1:05, or 1:00:05. */
export function duration(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const plain = (value: number) => format("plain", value, { useGrouping: false });
  const padded = (value: number) => format("padded", value, { minimumIntegerDigits: 2 });
  if (hours === 0) return `${plain(minutes)}:${padded(seconds)}`;
  return `${plain(hours)}:${padded(minutes)}:${padded(seconds)}`;
}

/** How fast something is played: 1.5×. */
export function speed(rate: number): string {
  return `${format("speed", rate, { maximumFractionDigits: 1 })}×`;
}

export function percent(fraction: number): string {
  return format("percent", fraction, { style: "percent", maximumFractionDigits: 0 });
}
