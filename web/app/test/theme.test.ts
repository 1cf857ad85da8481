import { expect, test } from "vitest";
import { contrast } from "@natter/ui/contrast";
import { inkOn, isHex, mix, readable, type Hex } from "../src/settings/colour.ts";
import { checks, FIRST_THEME, isReadable, tokens, type CustomTheme } from "../src/settings/theme.ts";

/** A generator of numbers that is the same in each run. */
function dice(seed: number): () => number {
  return () => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
}

const random = dice(7);
const colour = (): Hex => `#${Math.floor(random() * 0x1000000).toString(16).padStart(6, "0")}`;

test("contrast is that of the standard", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 5);
  expect(contrast("#ffffff", "#000000")).toBeCloseTo(21, 5);
  expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
  expect(contrast("#767676", "#ffffff")).toBeCloseTo(4.54, 2);
});

test("a mix begins with one colour and ends with the other", () => {
  for (let count = 0; count < 100; count += 1) {
    const [one, other] = [colour(), colour()];
    expect(mix(one, other, 0)).toBe(one);
    expect(mix(one, other, 1)).toBe(other);
    expect(isHex(mix(one, other, 0.5))).toBe(true);
  }
});

test("black or white can be read on every colour", () => {
  for (let count = 0; count < 500; count += 1) {
    const ground = colour();
    expect(contrast(inkOn(ground), ground)).toBeGreaterThanOrEqual(4.5);
  }
});

test("a colour that can be read stays as it is, any other is moved until it can", () => {
  expect(readable("#0000aa", "#000000", ["#ffffff"], 4.5)).toBe("#0000aa");
  const moved = readable("#ffee00", "#000000", ["#ffffff"], 4.5);
  expect(contrast(moved, "#ffffff")).toBeGreaterThanOrEqual(4.5);
  expect(moved).not.toBe("#000000");
});

test("whatever is chosen, all text of a theme that passes the checks can be read", () => {
  let tried = 0;
  while (tried < 300) {
    const theme: CustomTheme = { accent: colour(), surface: colour(), text: colour() };
    if (!isReadable(theme)) continue;
    tried += 1;
    const of = tokens(theme) as Record<string, Hex>;
    const pairs: [string, string, number][] = [
      ["--text", "--ground", 4.5],
      ["--text", "--sunken", 4.5],
      ["--text", "--accent-soft", 4.5],
      ["--text-quiet", "--accent-soft", 4.5],
      ["--accent-text", "--accent-soft", 4.5],
      ["--danger", "--danger-soft", 4.5],
      ["--notice", "--notice-soft", 4.5],
      ["--text-quiet", "--surface", 4.5],
      ["--text-quiet", "--ground", 4.5],
      ["--on-accent", "--accent", 4.5],
      ["--on-accent", "--accent-hover", 4.5],
      ["--accent-text", "--surface", 4.5],
      ["--danger", "--surface", 4.5],
      ["--notice", "--surface", 4.5],
      ["--edge", "--surface", 3],
    ];
    for (const [front, back, least] of pairs) {
      const [one, other] = [of[front] ?? "#000000", of[back] ?? "#000000"];
      expect(contrast(one, other), `${front} ${one} on ${back} ${other} of ${JSON.stringify(theme)}`).toBeGreaterThanOrEqual(least);
    }
  }
});

test("a theme that cannot be read says what does not stand out", () => {
  expect(isReadable(FIRST_THEME)).toBe(true);
  const grey: CustomTheme = { accent: "#bbbbbb", surface: "#ffffff", text: "#999999" };
  expect(isReadable(grey)).toBe(false);
  expect(checks(grey).filter(({ ratio, least }) => ratio < least).map(({ what }) => what)).toEqual(["text", "accent"]);
});
