import { expect, test } from "vitest";
import { isPassword, isUsername } from "../src/entry/field.ts";

test.each(["ada", "a1", "Ada.Lovelace", "0_-.", "x".repeat(32), " ada "])("%s is a username", (text) => {
  expect(isUsername(text)).toBe(true);
});

test.each(["", "a", ".ada", "_a", "ada!", "ada lovelace", "ädä", "x".repeat(33)])("%s is no username", (text) => {
  expect(isUsername(text)).toBe(false);
});

test("the characters of a password are counted as people count them", () => {
  expect(isPassword("1234567")).toBe(false);
  expect(isPassword("12345678")).toBe(true);
  expect(isPassword("🦊🦊🦊🦊")).toBe(false);
  expect(isPassword("🦊".repeat(256))).toBe(true);
  expect(isPassword("x".repeat(257))).toBe(false);
});
