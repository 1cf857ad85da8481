const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** Making one takes as long as formatting a thousand numbers. */
const formats = new Map<string, Intl.NumberFormat>();

function format(locale: string, name: string, value: number, options: Intl.NumberFormatOptions): string {
  const key = `${locale} ${name}`;
  let known = formats.get(key);
  if (!known) formats.set(key, (known = new Intl.NumberFormat(locale, options)));
  return known.format(value);
}

/** How much a file holds: 48 kB. */
export function bytes(count: number, locale: string): string {
  let value = count;
  let step = 0;
  // What would be rounded to 1000 of a unit is 1 of the next.
  while (value >= 999.5 && step < UNITS.length - 1) {
    value /= 1000;
    step += 1;
  }
  const digits = step > 0 && value < 9.95 ? 1 : 0;
  return format(locale, `${step} ${digits}`, value, {
    style: "unit",
    unit: UNITS[step] ?? "byte",
    unitDisplay: step === 0 ? "long" : "short",
    maximumFractionDigits: digits,
  });
}

/** How long something lasts: 1:05, or 1:00:05. */
export function duration(ms: number, locale: string): string {
  const whole = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const plain = (value: number) => format(locale, "plain", value, { useGrouping: false });
  const padded = (value: number) => format(locale, "padded", value, { minimumIntegerDigits: 2 });
  if (hours === 0) return `${plain(minutes)}:${padded(seconds)}`;
  return `${plain(hours)}:${padded(minutes)}:${padded(seconds)}`;
}

/** How fast something is played: 1.5×. */
export function speed(rate: number, locale: string): string {
  return `${format(locale, "speed", rate, { maximumFractionDigits: 1 })}×`;
}

export function percent(fraction: number, locale: string): string {
  return format(locale, "percent", fraction, { style: "percent", maximumFractionDigits: 0 });
}
