import { readInline } from "./markup/inline.ts";
import { merge, plain, type Inline } from "./markup/part.ts";

export type { Inline };

/**
 * Takes a message apart. The subset of Markdown is defined in docs/guides/markdown.md; the server finds mentions and
 * links by the same rules. Nothing becomes HTML on the way: what comes out is rendered as elements and text.
 */
export function blocks(content: string): Block[] {
  return readLines(content.split("\n"), false);
}

/** What a message says, in one line and without its markup. */
export function summary(content: string): string {
  return blocks(content).map(blockText).join(" ").replace(/\s+/g, " ");
}

export type Block =
  | { kind: "text"; parts: Inline[] }
  | { kind: "code"; language: string; text: string }
  | { kind: "quote"; blocks: Block[] }
  | { kind: "list"; items: Item[] };

export interface Item {
  /** What stands before it: "•", or a number as it was typed. */
  marker: string;
  /** How deep it is indented; 0 is not at all. */
  level: number;
  parts: Inline[];
}

const LEVELS_MAX = 4;

const FENCE = /^([ \t]*)(`{3,})([^`]*)$/;
const QUOTE = /^>(?: |$)/;
const ITEM = /^([ \t]*)(-|\d{1,9}\.) +(?=\S)/;
const CONTINUATION = /^(?: {2}|\t)\s*(?=\S)/;

/** What a reader of a block found, and the line behind it. */
type Found = [Block | undefined, number];

function readLines(lines: string[], quoted: boolean): Block[] {
  const result: Block[] = [];
  for (let at = 0; at < lines.length; ) {
    const [block, next] = readCode(lines, at) ?? readQuote(lines, at, quoted) ?? readList(lines, at) ?? readText(lines, at, quoted);
    if (block) result.push(block);
    at = next;
  }
  return result;
}

function readCode(lines: string[], at: number): Found | undefined {
  const opening = FENCE.exec(lines[at] ?? "");
  if (!opening) return undefined;
  const [, indent = "", ticks = "", info = ""] = opening;
  let end = at + 1;
  while (end < lines.length && !closes(lines[end] ?? "", ticks.length)) end += 1;
  const text = lines.slice(at + 1, end).map((line) => line.slice(leading(line, indent.length))).join("\n");
  return [{ kind: "code", language: info.trim().split(/\s/, 1)[0] ?? "", text }, end + 1];
}

function closes(line: string, ticks: number): boolean {
  const found = /^[ \t]*(`+)[ \t]*$/.exec(line);
  return found?.[1] !== undefined && found[1].length >= ticks;
}

/** How many spaces and tabs a line begins with, at most. */
function leading(line: string, most: number): number {
  let count = 0;
  while (count < most && (line[count] === " " || line[count] === "\t")) count += 1;
  return count;
}

function readQuote(lines: string[], at: number, quoted: boolean): Found | undefined {
  let end = at;
  while (!quoted && end < lines.length && QUOTE.test(lines[end] ?? "")) end += 1;
  if (end === at) return undefined;
  return [{ kind: "quote", blocks: readLines(lines.slice(at, end).map((line) => line.slice(2)), true) }, end];
}

function readList(lines: string[], at: number): Found | undefined {
  const items: Item[] = [];
  // The indentations of the items that the current one is inside of, and its own.
  let indents: number[] = [];
  let end = at;
  for (; end < lines.length && !FENCE.test(lines[end] ?? ""); end += 1) {
    const line = lines[end] ?? "";
    const item = ITEM.exec(line);
    if (item) {
      const indent = item[1]?.length ?? 0;
      indents = [...indents.filter((outer) => outer < indent), indent].slice(0, LEVELS_MAX);
      const marker = item[2] === "-" ? "•" : (item[2] ?? "");
      items.push({ marker, level: indents.length - 1, parts: readInline(line.slice(item[0].length)) });
    } else {
      const continuation = CONTINUATION.exec(line);
      const last = items.at(-1);
      if (!continuation || !last) break;
      last.parts.push("\n", ...readInline(line.slice(continuation[0].length)));
    }
  }
  if (items.length === 0) return undefined;
  return [{ kind: "list", items: items.map((item) => ({ ...item, parts: merge(item.parts) })) }, end];
}

function readText(lines: string[], at: number, quoted: boolean): Found {
  let end = at + 1;
  while (end < lines.length && !startsBlock(lines[end] ?? "", quoted)) end += 1;
  let [first, last] = [at, end];
  while (first < last && isEmpty(lines[first])) first += 1;
  while (first < last && isEmpty(lines[last - 1])) last -= 1;
  const parts = lines.slice(first, last).flatMap((line, index) => (index === 0 ? readInline(line) : ["\n", ...readInline(line)]));
  return [first === last ? undefined : { kind: "text", parts: merge(parts) }, end];
}

function startsBlock(line: string, quoted: boolean): boolean {
  return FENCE.test(line) || ITEM.test(line) || (!quoted && QUOTE.test(line));
}

function isEmpty(line: string | undefined): boolean {
  return line === undefined || line.trim() === "";
}

function blockText(block: Block): string {
  switch (block.kind) {
    case "text":
      return plain(block.parts);
    case "code":
      return block.text;
    case "quote":
      return block.blocks.map(blockText).join(" ");
    case "list":
      return block.items.map((item) => `${item.marker} ${plain(item.parts)}`).join(" ");
  }
}
