import { expect, test } from "vitest";
import { counted } from "../src/shell/attention.ts";

test.each([
  [0, "Harbour"],
  [3, "(3) Harbour"],
  [99, "(99) Harbour"],
  [100, "(99+) Harbour"],
])("%i unread", (unread, title) => {
  expect(counted("Harbour", unread)).toBe(title);
});
