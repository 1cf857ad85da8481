import { expect, test } from "vitest";
import { intent } from "../src/gestures.ts";

test("a finger that hardly moves has not decided", () => {
  expect(intent(0, 0)).toBe("undecided");
  expect(intent(6, -6)).toBe("undecided");
});

test("only what is clearly along the line is a swipe, in either direction", () => {
  expect(intent(20, 3)).toBe("swipe");
  expect(intent(-20, -9)).toBe("swipe");
});

test("in doubt it is scrolling", () => {
  expect(intent(20, 10)).toBe("scroll");
  expect(intent(-12, 12)).toBe("scroll");
  expect(intent(0, 30)).toBe("scroll");
});
