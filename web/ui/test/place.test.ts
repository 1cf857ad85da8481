import { expect, test } from "vitest";
import { boxOf, place } from "../src/place.ts";

const VIEW = { inlineSize: 1_000, blockSize: 800 };
const SIZE = { inlineSize: 200, blockSize: 300 };
const anchor = (inline: number, block: number) => ({ inline, block, inlineSize: 40, blockSize: 40 });

test("it opens on the side that was asked for, and begins where its anchor begins", () => {
  expect(place(anchor(300, 200), SIZE, VIEW, "block-end")).toEqual({ inline: 300, block: 244 });
  expect(place(anchor(300, 400), SIZE, VIEW, "block-start")).toEqual({ inline: 300, block: 96 });
  expect(place(anchor(300, 200), SIZE, VIEW, "inline-end")).toEqual({ inline: 344, block: 200 });
  expect(place(anchor(300, 200), SIZE, VIEW, "inline-start")).toEqual({ inline: 96, block: 200 });
});

test("it opens on the opposite side where it fits only there", () => {
  expect(place(anchor(300, 600), SIZE, VIEW, "block-end").block).toBe(296);
  expect(place(anchor(300, 100), SIZE, VIEW, "block-start").block).toBe(144);
  expect(place(anchor(900, 200), SIZE, VIEW, "inline-end").inline).toBe(696);
});

test("it ends where its anchor ends where its beginning would push it out of view", () => {
  expect(place(anchor(940, 200), SIZE, VIEW, "block-end").inline).toBe(780);
});

test("it is in view even where it fits nowhere", () => {
  const tall = { inlineSize: 2_000, blockSize: 780 };
  expect(place(anchor(500, 400), tall, VIEW, "block-end")).toEqual({ inline: 8, block: 12 });
  expect(place(anchor(-50, -50), SIZE, VIEW, "block-end")).toEqual({ inline: 8, block: 8 });
});

test("a rectangle is measured from where lines begin", () => {
  const rect = { left: 100, right: 140, top: 10, bottom: 50 };
  expect(boxOf(rect, false, 1_000)).toEqual({ inline: 100, block: 10, inlineSize: 40, blockSize: 40 });
  expect(boxOf(rect, true, 1_000)).toEqual({ inline: 860, block: 10, inlineSize: 40, blockSize: 40 });
});
