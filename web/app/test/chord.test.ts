import { expect, test } from "vitest";
import { chord, matches, type Pressed } from "../src/shell/chord.ts";

const pressed = (key: string, more: Partial<Pressed> = {}): Pressed => ({
  key,
  code: "",
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...more,
});

test("Mod is Ctrl, and the command key on a Mac", () => {
  const keys = chord("Mod+K");
  expect(matches(pressed("k", { ctrlKey: true }), keys, false)).toBe(true);
  expect(matches(pressed("k", { metaKey: true }), keys, false)).toBe(false);
  expect(matches(pressed("k", { metaKey: true }), keys, true)).toBe(true);
  expect(matches(pressed("k", { ctrlKey: true }), keys, true)).toBe(false);
  expect(matches(pressed("k"), keys, false)).toBe(false);
});

test("more modifiers than asked for are other keys", () => {
  expect(matches(pressed("ArrowUp", { altKey: true }), chord("Alt+ArrowUp"))).toBe(true);
  expect(matches(pressed("ArrowUp", { altKey: true, shiftKey: true }), chord("Alt+ArrowUp"))).toBe(false);
  expect(matches(pressed("ArrowUp", { altKey: true, shiftKey: true }), chord("Alt+Shift+ArrowUp"))).toBe(true);
  expect(matches(pressed("K", { ctrlKey: true, shiftKey: true }), chord("Mod+K"), false)).toBe(false);
});

test("a letter is where the keyboard has it, or in its place on keyboards of other scripts", () => {
  const keys = chord("Mod+K");
  expect(matches(pressed("ن", { ctrlKey: true, code: "KeyK" }), keys, false)).toBe(true);
  // On Dvorak, K is on another key.
  expect(matches(pressed("k", { ctrlKey: true, code: "KeyV" }), keys, false)).toBe(true);
  expect(matches(pressed("t", { ctrlKey: true, code: "KeyK" }), keys, false)).toBe(false);
});

test("a sign may need Shift, as the slash of a German keyboard does", () => {
  expect(matches(pressed("/", { ctrlKey: true, shiftKey: true, code: "Digit7" }), chord("Mod+/"), false)).toBe(true);
  expect(matches(pressed("/", { ctrlKey: true, code: "Slash" }), chord("Mod+/"), false)).toBe(true);
  expect(matches(pressed("+", { ctrlKey: true }), chord("Mod++"), false)).toBe(true);
});
