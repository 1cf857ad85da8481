import { charBefore, joins, run } from "./char.ts";

/** An address that stands in a line as it is: `https://example.com`. If it is not safe, it is no link. */
export function addressAt(line: string, at: number): { text: string; safe: boolean } | undefined {
  if (!hasScheme(line, at) || joins(charBefore(line, at))) return undefined;
  const text = bareAt(line, at);
  return { text, safe: isSafe(text) };
}

/** An address behind a text: `[text](https://example.com)`. */
export function linkAt(line: string, at: number): { label: string; href: string; length: number } | undefined {
  const labelEnd = at + 1 + run(line, at + 1, (char) => char !== "[" && char !== "]");
  const label = line.slice(at + 1, labelEnd);
  const start = labelEnd + 2;
  // A text that is an address itself would hide where the link leads.
  if (line.slice(labelEnd, start) !== "](" || INVISIBLE.test(label) || label.includes("://")) return undefined;
  let depth = 0;
  const length = run(line, start, (char) => {
    if (char === "(") depth += 1;
    if (char === ")") depth -= 1;
    // One pair of parentheses is enough for the addresses that there are, and bounds how far is looked.
    return depth >= 0 && depth <= 1 && !ENDS_ADDRESS.test(char);
  });
  const href = line.slice(start, start + length);
  if (line[start + length] !== ")" || !hasScheme(href, 0) || !isSafe(href)) return undefined;
  return { label, href, length: start + length + 1 - at };
}

const SCHEME = /(?:https?:\/\/|mailto:)/iy;

function hasScheme(text: string, at: number): boolean {
  SCHEME.lastIndex = at;
  return SCHEME.test(text);
}

/** Whether it names a host, or a mailbox, and no password: `https://bank.example@evil.example` is a trick. */
function isSafe(href: string): boolean {
  const web = /^https?:\/\/([^/?#]*)/i.exec(href);
  if (web) return /^[\p{Alphabetic}\p{N}[][^@]*$/u.test(web[1] ?? "");
  return /^mailto:[^@?]+@[^?]/i.test(href);
}

/** What no address goes on with; see docs/guides/markdown.md. */
const ENDS_ADDRESS =
  /[\s\p{Cc}<>"`\\«»\u2018-\u201f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\u3001-\u3003\u3008-\u3011\u3014-\u301f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]/u;

/** A text of which nothing is seen. */
const INVISIBLE = /^[\s\p{Cc}\p{Default_Ignorable_Code_Point}\u2800\u{1d159}]*$/u;

/** What may be an address: up to a bracket that closes what was opened before it, and without what ends a sentence. */
function bareAt(line: string, at: number): string {
  const open = [0, 0, 0];
  const length = run(line, at, (char) => {
    const closed = ")]}".indexOf(char);
    const opened = "([{".indexOf(char);
    if (opened >= 0) open[opened] = (open[opened] ?? 0) + 1;
    if (closed >= 0) open[closed] = (open[closed] ?? 0) - 1;
    return (open[closed] ?? 0) >= 0 && !ENDS_ADDRESS.test(char);
  });
  let end = at + length;
  while (end > at && ENDS_SENTENCE.test(line[end - 1] ?? "")) end -= 1;
  return line.slice(at, end);
}

const ENDS_SENTENCE = /[.,:;!?*~'([{\u060c\u061b\u061f]/;
