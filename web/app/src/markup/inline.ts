import { addressAt, linkAt } from "./address.ts";
import { charAt, charBefore, joins, run } from "./char.ts";
import { Emphasis, runAt, type Run } from "./emphasis.ts";
import type { Inline } from "./part.ts";

/** Takes a line apart. Of two things that overlap, the one that begins first is there. */
export function readInline(line: string, inLink = false): Inline[] {
  const code = codeSpans(line);
  const emphasis = new Emphasis();
  let unread = 0;
  for (let at = 0; at < line.length; ) {
    const found = partAt(line, at, code, inLink);
    if (found) {
      emphasis.push(line.slice(unread, at));
      emphasis.push(found.part);
      unread = at + found.length;
    }
    at = found ? unread : at + 1;
  }
  emphasis.push(line.slice(unread));
  return emphasis.end();
}

/** A part of a line, and how much of the line it takes. */
interface Found {
  part: Inline | Run;
  length: number;
}

function partAt(line: string, at: number, code: Map<number, number>, inLink: boolean): Found | undefined {
  const char = line[at] ?? "";
  if (char === "`") return codeAt(line, at, code);
  if (char === "*" || char === "~") return runAt(line, at);
  if (inLink) return undefined;
  if (char === "@") return mentionAt(line, at);
  if (char === "[") {
    const link = linkAt(line, at);
    return link && { part: { kind: "link", href: link.href, parts: readInline(link.label, true) }, length: link.length };
  }
  if (/[hm]/i.test(char)) {
    const address = addressAt(line, at);
    if (!address) return undefined;
    const { text, safe } = address;
    return { part: safe ? { kind: "link", href: text, parts: [text] } : text, length: text.length };
  }
  return undefined;
}

/** Where each run of backticks that could begin inline code would end it: behind the next run of the same length. */
function codeSpans(line: string): Map<number, number> {
  const next = new Map<number, number>();
  const spans = new Map<number, number>();
  for (const { 0: ticks, index } of [...line.matchAll(/`+/g)].reverse()) {
    const end = next.get(ticks.length);
    if (end !== undefined) spans.set(index, end);
    next.set(ticks.length, index + ticks.length);
  }
  return spans;
}

function codeAt(line: string, at: number, spans: Map<number, number>): Found {
  const ticks = run(line, at, (char) => char === "`");
  const end = spans.get(at);
  if (end === undefined) return { part: line.slice(at, at + ticks), length: ticks };
  const text = line.slice(at + ticks, end - ticks);
  // A space on both sides keeps backticks of the code from those around it.
  const spaced = text.startsWith(" ") && text.endsWith(" ") && text.trim() !== "";
  return { part: { kind: "code", text: spaced ? text.slice(1, -1) : text }, length: end - at };
}

const USERNAME_CHARS_MIN = 2;
const USERNAME_CHARS_MAX = 32;

function mentionAt(line: string, at: number): Found | undefined {
  const before = charBefore(line, at);
  if (joins(before) || /[_\-+@]/.test(before)) return undefined;
  let end = at + 1 + run(line, at + 1, (char) => /[a-zA-Z0-9_.-]/.test(char));
  // The end of a sentence is not part of the name.
  while (/[.-]/.test(line[end - 1] ?? "")) end -= 1;
  const text = line.slice(at, end);
  const name = text.slice(1).toLowerCase();
  const after = charAt(line, end);
  const fits = name.length >= USERNAME_CHARS_MIN && name.length <= USERNAME_CHARS_MAX && /^[a-z0-9]/.test(name);
  if (!fits || joins(after) || after === "@") return undefined;
  return { part: { kind: "mention", name, text }, length: text.length };
}
