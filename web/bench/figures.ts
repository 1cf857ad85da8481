/** What is measured, beside what it is to be. */
let bars = 0;
let met = 0;

/** Prints a figure with its bar; what there is to compare it with goes into the note. */
export function figure(what: string, value: number, unit: string, bar?: { max: number } | { min: number }, note = ""): void {
  const rounded = Math.abs(value) < 10 ? value.toFixed(1) : String(Math.round(value));
  let verdict = "";
  if (bar) {
    const holds = "max" in bar ? value <= bar.max : value >= bar.min;
    bars += 1;
    if (holds) met += 1;
    verdict = `${"max" in bar ? "≤" : "≥"} ${"max" in bar ? bar.max : bar.min}`.padEnd(7) + (holds ? "met" : "MISSED");
  }
  console.log(`${what.padEnd(46)}${`${rounded} ${unit}`.padStart(11)}   ${verdict.padEnd(15)}${note}`.trimEnd());
}

export function heading(text: string): void {
  console.log(`\n${text}`);
}

export function conclusion(): void {
  console.log(`\n${met} of ${bars} bars are met.`);
}

/** The value that a share of all values does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

export const median = (values: readonly number[]) => percentile(values, 0.5);
export const p95 = (values: readonly number[]) => percentile(values, 0.95);

/** As text, for a note. */
export const ms = (value: number) => `${Math.round(value)} ms`;
