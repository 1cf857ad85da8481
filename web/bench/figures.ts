/** What is measured, beside what it is to be. */
type Bar = { max: number } | { min: number };

interface Figure {
  part: string;
  what: string;
  /** As they are printed: half of all are within this, and the value that is held against the bar. */
  half: string;
  value: string;
  samples: string;
  bar: string;
  verdict: "met" | "MISSED" | "";
  note: string;
}

const figures: Figure[] = [];
let part = "";

export function heading(text: string): void {
  part = text;
  console.log(`\n${text}`);
}

/** Prints what was measured many times: 95 of 100 are to be within the bar. */
export function spread(what: string, values: readonly number[], unit: string, bar: Bar, note = ""): void {
  add({ what, half: `${rounded(median(values))} ${unit}`, value: p95(values), unit, samples: String(values.length), bar, note });
}

/** Prints a figure of which there is one, or the one that counts of several. */
export function figure(what: string, value: number, unit: string, bar?: Bar, note = "", samples = 1): void {
  add({ what, half: "", value, unit, samples: String(samples), bar, note });
}

interface Measured {
  what: string;
  half: string;
  value: number;
  unit: string;
  samples: string;
  bar: Bar | undefined;
  note: string;
}

function add({ value, unit, bar, ...measured }: Measured): void {
  // What could not be measured has not met anything.
  const holds = bar && ("max" in bar ? value <= bar.max : value >= bar.min);
  const limit = bar ? `${"max" in bar ? `≤ ${bar.max}` : `≥ ${bar.min}`} ${unit}`.trim() : "";
  const verdict = holds === undefined ? "" : holds ? "met" : "MISSED";
  const one: Figure = { part, ...measured, value: `${rounded(value)} ${unit}`.trim(), bar: limit, verdict };
  figures.push(one);
  console.log(row(one));
}

function row({ what, half, value, samples, bar, verdict, note }: Figure): string {
  const measured = [what.padEnd(48), half.padStart(10), value.padStart(11), samples.padStart(7)].join("");
  return `${measured}  ${bar.padEnd(11)}${verdict.padEnd(8)}${note}`.trimEnd();
}

/** All figures once more, in one table. */
export function conclusion(): void {
  const head = { what: "", half: "half", value: "95 of 100", samples: "of", bar: "bar", verdict: "", note: "" } as const;
  console.log(`\n${row({ part: "", ...head })}`);
  for (const title of new Set(figures.map((one) => one.part))) {
    console.log(title);
    for (const one of figures) if (one.part === title) console.log(row({ ...one, what: `  ${one.what}` }));
  }
  const bars = figures.filter(({ verdict }) => verdict !== "");
  console.log(`\n${bars.filter(({ verdict }) => verdict === "met").length} of ${bars.length} bars are met.`);
}

/** The value that a share of all values does not exceed. */
function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

export const median = (values: readonly number[]) => percentile(values, 0.5);
export const p95 = (values: readonly number[]) => percentile(values, 0.95);

const rounded = (value: number) => (Math.abs(value) < 10 ? value.toFixed(1) : String(Math.round(value)));

/** As text, for a note. */
export const ms = (value: number) => `${Math.round(value)} ms`;
