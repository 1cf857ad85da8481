import type { Schemas } from "@natter/sdk";
import { summary } from "../markup.ts";

type Highlight = Schemas["Highlight"];

/** A piece of a text, found or not. */
export interface Piece {
  text: string;
  found: boolean;
}

/** How much is shown before the first thing found, and in all, in UTF-16 code units. */
const BEFORE = 60;
const LENGTH = 280;

const characters = new Intl.Segmenter();

/**
 * A found message in one line, without its markup. Where what was found cannot be told apart from the markup, such as a
 * phrase over two lines, it is shown as it was written.
 */
export function found(content: string, highlights: readonly Highlight[]): Piece[] {
  const plain = summary(content);
  const moved: Highlight[] = [];
  for (const { start, end } of highlights) {
    // Taking markup away moves what was found towards the beginning, and leaves its order.
    const at = plain.indexOf(content.slice(start, end), moved.at(-1)?.end ?? 0);
    if (at < 0) return excerpt(content, highlights);
    moved.push({ start: at, end: at + end - start });
  }
  return excerpt(plain, moved);
}

/**
 * The part of a text in which something was found, cut where a character ends, in one line. The ranges are UTF-16 code
 * units, as those of strings here.
 */
export function excerpt(text: string, highlights: readonly Highlight[]): Piece[] {
  const first = highlights[0]?.start ?? 0;
  const from = first > BEFORE ? boundary(text, first - BEFORE) : 0;
  const to = from + LENGTH < text.length ? boundary(text, Math.max(from + LENGTH, highlights[0]?.end ?? 0)) : text.length;

  const pieces: Piece[] = [];
  const add = (start: number, end: number, found: boolean) => {
    const part = text.slice(Math.max(start, from), Math.min(end, to)).replace(/\s+/g, " ");
    if (part !== "") pieces.push({ text: part, found });
  };
  let at = from;
  for (const { start, end } of highlights) {
    // What overlaps, or is out of view, is not shown twice.
    if (end <= at || start >= to) continue;
    add(at, start, false);
    add(Math.max(start, at), end, true);
    at = end;
  }
  add(at, to, false);
  if (from > 0) pieces.unshift({ text: "…", found: false });
  if (to < text.length) pieces.push({ text: "…", found: false });
  return pieces;
}

/** Where the character begins that a position is in: half an emoji is none. */
function boundary(text: string, position: number): number {
  // A window rather than all of it: texts are long, and the longest characters are not.
  const WINDOW = 64;
  const start = Math.max(0, position - WINDOW);
  const segment = characters.segment(text.slice(start, position + WINDOW)).containing(position - start);
  return start + (segment?.index ?? position - start);
}
