import type { Emoji, EmojiGroup } from "./emoji.ts";

/** What is chosen from: a group of Unicode, the ones used last, or what was found. */
export interface Section {
  id: EmojiGroup | "recent" | "found";
  title: string;
  emoji: readonly Emoji[];
}

export type Row =
  | { kind: "title"; section: Section; top: number }
  | { kind: "cells"; section: Section; cells: readonly Emoji[]; top: number };

export const TITLE = 32;

export interface Layout {
  /** The size of a cell, in CSS pixels. */
  cell: number;
  rows: readonly Row[];
  height: number;
}

/** Where everything is, of which only what is in view is drawn. */
export function layout(sections: readonly Section[], columns: number, cell: number): Layout {
  const rows: Row[] = [];
  let top = 0;
  for (const section of sections) {
    if (section.emoji.length === 0) continue;
    rows.push({ kind: "title", section, top });
    top += TITLE;
    for (let from = 0; from < section.emoji.length; from += columns) {
      rows.push({ kind: "cells", section, cells: section.emoji.slice(from, from + columns), top });
      top += cell;
    }
  }
  return { rows, cell, height: top };
}

/** The rows between two heights, with some on either side. */
export function inView({ rows, cell }: Layout, from: number, to: number): readonly (Row & { index: number })[] {
  const margin = 4 * cell;
  return rows.flatMap((row, index) => (row.top > from - margin - cell && row.top < to + margin ? { ...row, index } : []));
}

/** A cell, by its row and column. */
export type Place = readonly [row: number, column: number];

/** Where a key leads from a cell; `inline` is 1 where text runs to the right. Nothing for keys that lead nowhere. */
export function moved({ rows }: Layout, [row, column]: Place, key: string, inline: 1 | -1, page: number): Place | undefined {
  switch (key) {
    case "ArrowRight":
      return along(rows, row, column, inline);
    case "ArrowLeft":
      return along(rows, row, column, inline === 1 ? -1 : 1);
    case "ArrowDown":
      return across(rows, row, column, 1);
    case "ArrowUp":
      return across(rows, row, column, -1);
    case "PageDown":
      return across(rows, row, column, page);
    case "PageUp":
      return across(rows, row, column, -page);
    case "Home":
      return [row, 0];
    case "End":
      return [row, width(rows, row) - 1];
    default:
      return undefined;
  }
}

/** The first cell. */
export function first({ rows }: Layout): Place | undefined {
  const row = rows.findIndex(({ kind }) => kind === "cells");
  return row === -1 ? undefined : [row, 0];
}

function width(rows: readonly Row[], row: number): number {
  const found = rows[row];
  return found?.kind === "cells" ? found.cells.length : 0;
}

function along(rows: readonly Row[], row: number, column: number, step: 1 | -1): Place {
  const next = column + step;
  if (next >= 0 && next < width(rows, row)) return [row, next];
  const [other] = across(rows, row, 0, step);
  if (other === row) return [row, column];
  return [other, step === 1 ? 0 : width(rows, other) - 1];
}

/** So many rows on, past titles, and in the last column where a row is shorter. */
function across(rows: readonly Row[], row: number, column: number, steps: number): Place {
  const step = Math.sign(steps);
  let left = Math.abs(steps);
  let at = row;
  for (let next = row + step; left > 0 && rows[next]; next += step) {
    if (width(rows, next) === 0) continue;
    at = next;
    left -= 1;
  }
  return [at, Math.min(column, width(rows, at) - 1)];
}
