import { expect, test } from "vitest";
import { keyCaps } from "../src/keys.ts";
import { step } from "../src/roving.ts";

test("keys are named as they are printed", () => {
  expect(keyCaps("Mod+k", false)).toEqual(["Ctrl", "K"]);
  expect(keyCaps("Mod+Shift+K", true)).toEqual(["⌘", "⇧", "K"]);
  expect(keyCaps("Alt+ArrowUp", false)).toEqual(["Alt", "↑"]);
  expect(keyCaps("Escape", false)).toEqual(["Esc"]);
});

test("a plus is a key, too", () => {
  expect(keyCaps("+", false)).toEqual(["+"]);
  expect(keyCaps("Mod++", false)).toEqual(["Ctrl", "+"]);
});

test("arrows go round, along the line as it is read", () => {
  expect(step("ArrowRight", 2, 3, "inline", false)).toBe(0);
  expect(step("ArrowLeft", 0, 3, "inline", false)).toBe(2);
  expect(step("ArrowRight", 1, 3, "inline", true)).toBe(0);
  expect(step("ArrowLeft", 1, 3, "inline", true)).toBe(2);
});

test("arrows across the line are for something else", () => {
  expect(step("ArrowDown", 0, 3, "inline", false)).toBeUndefined();
  expect(step("ArrowRight", 0, 3, "block", false)).toBeUndefined();
  expect(step("ArrowDown", 0, 0, "block", false)).toBeUndefined();
});
