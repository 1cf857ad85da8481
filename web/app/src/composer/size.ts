const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** A number of bytes, as people say it. */
export function bytes(count: number, locale: string): string {
  const power = count === 0 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log(count) / Math.log(1024)));
  const unit = UNITS[power] ?? "byte";
  const maximumFractionDigits = count < 10 * 1024 ** power && power > 0 ? 1 : 0;
  const format = new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits });
  return format.format(count / 1024 ** power);
}
