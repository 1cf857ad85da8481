/**
 * What shortcuts do to a text with markup. Everything here answers an {@link Edit} and changes nothing itself, so that the
 * field can take it in a way that the browser's own undo knows.
 */

/** Replaces what is between two places, and then selects. */
export interface Edit {
  from: number;
  to: number;
  insert: string;
  select: readonly [from: number, to: number];
}

/** The marks that shortcuts set, by what they mean. */
export const MARKS = { bold: "**", italic: "*", code: "`", strike: "~~" } as const;

/** Puts a mark around the selection, or takes it away where it is; without one, around the caret. */
export function toggle(text: string, from: number, to: number, mark: string): Edit {
  // Spaces at the ends belong outside: there is no emphasis beside one.
  while (from < to && /\s/.test(text[from] ?? "")) from += 1;
  while (to > from && /\s/.test(text[to - 1] ?? "")) to -= 1;
  const chosen = text.slice(from, to);
  const size = mark.length;

  if (runBefore(text, from, mark) === size && runAfter(text, to, mark) === size) {
    return { from: from - size, to: to + size, insert: chosen, select: [from - size, to - size] };
  }
  if (chosen.length > 2 * size && runAfter(chosen, 0, mark) === size && runBefore(chosen, chosen.length, mark) === size) {
    const inner = chosen.slice(size, -size);
    return { from, to, insert: inner, select: [from, from + inner.length] };
  }
  // Code of several lines is a block.
  if (mark === MARKS.code && chosen.includes("\n")) return block(text, from, to);
  return { from, to, insert: `${mark}${chosen}${mark}`, select: [from + size, to + size] };
}

function block(text: string, from: number, to: number): Edit {
  const before = from === 0 || text[from - 1] === "\n" ? "```\n" : "\n```\n";
  const after = to === text.length || text[to] === "\n" ? "\n```" : "\n```\n";
  const chosen = text.slice(from, to);
  const start = from + before.length;
  return { from, to, insert: `${before}${chosen}${after}`, select: [start, start + chosen.length] };
}

/** How many characters of a mark stand together before a place; three stars are two marks, and none of one star. */
function runBefore(text: string, at: number, mark: string): number {
  let size = 0;
  while (text[at - 1 - size] === mark[0]) size += 1;
  return size === 3 && mark[0] === "*" ? mark.length : size;
}

function runAfter(text: string, at: number, mark: string): number {
  let size = 0;
  while (text[at + size] === mark[0]) size += 1;
  return size === 3 && mark[0] === "*" ? mark.length : size;
}

const ITEM = /^([ \t]*)(-|(\d{1,9})\.)( +)(.*)$/u;
const QUOTE = /^(> )(.*)$/u;

/**
 * What a new line within a list or a quote begins with: the same, or the next number. Behind an item without a text the
 * list ends. Nothing where there is none.
 */
export function continued(text: string, caret: number): Edit | undefined {
  const start = text.lastIndexOf("\n", caret - 1) + 1;
  const before = text.slice(start, caret);
  const end = text.indexOf("\n", caret);
  const after = text.slice(caret, end === -1 ? text.length : end);
  const item = ITEM.exec(before);
  const quote = QUOTE.exec(before);
  if ((!item && !quote) || codeAt(text, caret)) return undefined;

  const content = item ? item[5] : quote?.[2];
  if (content === "" && after.trim() === "") return { from: start, to: caret, insert: "", select: [start, start] };
  const next = item ? `${item[1]}${item[3] === undefined ? "-" : `${Number(item[3]) + 1}.`}${item[4]}` : "> ";
  const insert = `\n${next}`;
  return { from: caret, to: caret, insert, select: [caret + insert.length, caret + insert.length] };
}

/** Whether a place is in a block of code that was begun, or in code within a line. */
export function codeAt(text: string, caret: number): boolean {
  if (fenceAt(text, caret)) return true;
  const line = text.slice(text.lastIndexOf("\n", caret - 1) + 1, caret);
  return (line.match(/`+/gu) ?? []).length % 2 === 1;
}

/** Whether a place is in a block of code: Enter makes a line there. */
export function fenceAt(text: string, caret: number): boolean {
  const end = text.indexOf("\n", caret);
  const here = text.slice(0, caret).split("\n").length - 1;
  let fence: number | undefined;
  for (const [index, line] of text.slice(0, end === -1 ? text.length : end).split("\n").entries()) {
    const open = /^[ \t]*(`{3,})[^`]*$/u.exec(line)?.[1];
    if (fence === undefined) {
      if (open !== undefined) fence = open.length;
    } else if (open !== undefined && open.length >= fence && line.trim() === open) {
      // Behind the fence that ends it is outside.
      fence = undefined;
      if (index === here) return false;
    }
  }
  return fence !== undefined;
}

/** An address, pasted over words, makes a link of them. */
export function pastedLink(text: string, from: number, to: number, pasted: string): Edit | undefined {
  const chosen = text.slice(from, to);
  const address = pasted.trim();
  if (!/^(https?:\/\/[^\s<>"`\\[\]]+|mailto:[^\s@]+@[^\s@]+)$/iu.test(address)) return undefined;
  // What the text of a link must not have; and over an address, another one is pasted.
  if (chosen.trim() === "" || /[[\]\n]|:\/\//u.test(chosen) || codeAt(text, from)) return undefined;
  const insert = `[${chosen}](${address.replaceAll("(", "%28").replaceAll(")", "%29")})`;
  return { from, to, insert, select: [from + insert.length, from + insert.length] };
}

/** The text as it is sent: blank lines around it are an accident, the indentation of its first line may not be. */
export function composed(text: string): string {
  // Control characters are refused; they come with what is pasted from a terminal.
  // eslint-disable-next-line no-control-regex
  const clean = text.replace(/\r\n?/gu, "\n").replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/gu, "");
  return clean.replace(/^(\s*\n)+/u, "").trimEnd();
}
