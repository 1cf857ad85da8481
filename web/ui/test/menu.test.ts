import { expect, test } from "vitest";
import { TypeAhead } from "../src/menu.ts";

const LABELS = ["Copy", "Delete", "Émigré", "Edit", "Copy link", "Échelle"];

/** Types letters at the given times and answers where each leads. */
function typed(letters: string, gapMs = 100, from = 0): number[] {
  const ahead = new TypeAhead();
  let current = from;
  return [...letters].map((letter, index) => {
    const found = ahead.type(letter, LABELS, current, index * gapMs);
    if (found >= 0) current = found;
    return found;
  });
}

test("a letter leads to the next that begins with it, whatever its case and accents", () => {
  expect(typed("d")).toEqual([1]);
  expect(typed("E")).toEqual([2]);
  expect(typed("é", 100, 2)).toEqual([3]);
});

test("a letter that is repeated goes round", () => {
  expect(typed("cccc", 100, 5)).toEqual([0, 4, 0, 4]);
});

test("letters in quick succession are one word, which may stay where it is", () => {
  expect(typed("copy l", 100, 5)).toEqual([0, 0, 0, 0, 4, 4]);
});

test("letters after a pause begin a new word", () => {
  expect(typed("ed", 100)).toEqual([2, 3]);
  expect(typed("ed", 1_000)).toEqual([2, 1]);
});

test("what nothing begins with leads nowhere", () => {
  expect(typed("x")).toEqual([-1]);
});

test("a space is a letter only within a word", () => {
  const ahead = new TypeAhead();
  expect(ahead.typing(0)).toBe(false);
  ahead.type("c", LABELS, 0, 0);
  expect(ahead.typing(200)).toBe(true);
  expect(ahead.typing(2_000)).toBe(false);
});
