import { charAt, charBefore, joins, run } from "./char.ts";
import { merge, type Inline } from "./part.ts";

/** Stars or tildes that may begin or end emphasis. */
export class Run {
  constructor(
    readonly marks: string,
    readonly opens: boolean,
    readonly closes: boolean,
  ) {}
}

const KINDS: Record<string, ("strong" | "em" | "strike")[]> = {
  "*": ["em"],
  "**": ["strong"],
  "***": ["strong", "em"],
  "~~": ["strike"],
};

export function runAt(line: string, at: number): { part: Run | string; length: number } {
  const length = run(line, at, (char) => char === line[at]);
  const marks = line.slice(at, at + length);
  const before = charBefore(line, at);
  const after = charAt(line, at + length);
  // In the middle of a word they are stars: 2*3*4.
  const apart = marks in KINDS && !(joins(before) && joins(after));
  const opens = apart && /\S/.test(after);
  const closes = apart && /\S/.test(before);
  return { part: opens || closes ? new Run(marks, opens, closes) : marks, length };
}

/** Puts the parts of a line together. Each kind of marks is open at most once, so a part takes few steps. */
export class Emphasis {
  /** What is open, from the outside in. The first is the line itself. */
  #open: { marks: string; parts: Inline[] }[] = [{ marks: "", parts: [] }];

  push(part: Inline | Run): void {
    if (!(part instanceof Run)) this.#append([part]);
    else if (part.closes && this.#close(part.marks)) return;
    else if (part.opens) this.#start(part.marks);
    else this.#append([part.marks]);
  }

  end(): Inline[] {
    this.#giveUp(1);
    return merge(this.#open[0]?.parts ?? []);
  }

  #append(parts: Inline[], to = this.#open.at(-1)): void {
    for (const part of parts) to?.parts.push(part);
  }

  #find(marks: string): number {
    return this.#open.findLastIndex((open) => open.marks === marks);
  }

  #start(marks: string): void {
    const earlier = this.#find(marks);
    // Of two that could begin the same, the later one does.
    if (earlier > 0) this.#drop(earlier);
    this.#open.push({ marks, parts: [] });
  }

  #close(marks: string): boolean {
    const at = this.#find(marks);
    if (at > 0) {
      this.#giveUp(at + 1);
      let parts = merge(this.#open.pop()?.parts ?? []);
      for (const kind of (KINDS[marks] ?? []).toReversed()) parts = [{ kind, parts }];
      this.#append(parts);
      return true;
    }
    // Three end what was begun apart: **bold and *both***.
    const [one, two] = [this.#find("*"), this.#find("**")];
    if (marks !== "***" || one < 0 || two < 0) return false;
    return one > two ? this.#close("*") && this.#close("**") : this.#close("**") && this.#close("*");
  }

  /** What was opened from here on is not closed, so it opened nothing. */
  #giveUp(from: number): void {
    while (this.#open.length > from) this.#drop(this.#open.length - 1);
  }

  #drop(at: number): void {
    const [dropped] = this.#open.splice(at, 1);
    if (dropped) this.#append([dropped.marks, ...dropped.parts], this.#open[at - 1]);
  }
}
