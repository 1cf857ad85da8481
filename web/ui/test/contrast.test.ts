import { expect, test } from "vitest";
import { contrast } from "../src/contrast.ts";

test.each([
  // The ends of the scale, and greys that WCAG's examples use.
  ["#000", "#fff", 21],
  ["#fff", "#ffffff", 1],
  ["#777777", "#ffffff", 4.48],
  ["#767676", "#ffffff", 4.54],
  ["#ff0000", "#ffffff", 4.0],
  ["#0000ff", "#ffffff", 8.59],
])("%s on %s has a contrast of %f", (text, back, ratio) => {
  expect(contrast(text, back)).toBeCloseTo(ratio, 2);
  expect(contrast(back, text)).toBeCloseTo(ratio, 2);
});

test("oklch is the same colour as its hexadecimal form", () => {
  // CSS Color 4: oklch of #ff0000 and of #0000ff.
  expect(contrast("oklch(0.62796 0.25768 29.2339)", "#ffffff")).toBeCloseTo(contrast("#ff0000", "#ffffff"), 2);
  expect(contrast("oklch(45.201% 78.303% 264.052)", "#ffffff")).toBeCloseTo(contrast("#0000ff", "#ffffff"), 2);
  expect(contrast("oklch(1 0 0)", "oklch(0% none none)")).toBeCloseTo(21, 2);
});

test("what shines through shows what lies below", () => {
  expect(contrast("#00000080", "#ffffff")).toBeCloseTo(contrast("#7f7f7f", "#ffffff"), 1);
  expect(contrast("oklch(0 0 0 / 0)", "#123456")).toBeCloseTo(1, 5);
  expect(contrast("#000", "#ffffff00")).toBeCloseTo(21, 2);
});
