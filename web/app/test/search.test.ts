import { expect, test } from "vitest";
import { excerpt, found } from "../src/search/excerpt.ts";
import { formatQuery, parseQuery, request } from "../src/search/query.ts";

test("filters are read out of a text, and words stay as they were typed", () => {
  expect(parseQuery('  invoice from:@ada "from:bob in" has:file after:2026-01-31 before:2026-02-30x ')).toEqual({
    words: 'invoice "from:bob in" before:2026-02-30x',
    from: "ada",
    hasFile: true,
    after: "2026-01-31",
  });
  expect(parseQuery("")).toEqual({ words: "" });
  expect(parseQuery("https://example.com has:everything in:")).toEqual({ words: "https://example.com has:everything in:" });
});

test("a query that was written is read as it was", () => {
  const query = { words: "مرحبا 👩‍👩‍👧 \"two words\"", from: "ada", in: "0190-abc", before: "2026-03-01", after: "2026-01-31", hasFile: true } as const;
  expect(parseQuery(formatQuery(query))).toEqual(query);
  expect(formatQuery({ words: " only words " })).toBe("only words");
});

test("the server is asked from the beginning of the day here, and not at all without words", () => {
  const asked = request({ words: "a", before: "2026-03-01", after: "2026-01-31", hasFile: true });
  expect(asked).toEqual({
    q: "a",
    before: new Date(2026, 2, 1).toISOString(),
    after: new Date(2026, 0, 31).toISOString(),
    has: "file",
  });
  expect(request({ words: " ", from: "ada" })).toBeUndefined();
});

const shown = (text: string, ...found: string[]) => {
  let at = 0;
  const highlights = found.map((part) => {
    const start = text.indexOf(part, at);
    at = start + part.length;
    return { start, end: at };
  });
  return excerpt(text, highlights);
};

test("what was found is marked behind emoji and in Arabic", () => {
  expect(shown("👩‍👩‍👧‍👦 said hello 👋", "hello")).toEqual([
    { text: "👩‍👩‍👧‍👦 said ", found: false },
    { text: "hello", found: true },
    { text: " 👋", found: false },
  ]);
  expect(shown("هل وصلت الرسالة؟ نعم وصلت", "وصلت", "وصلت")).toEqual([
    { text: "هل ", found: false },
    { text: "وصلت", found: true },
    { text: " الرسالة؟ نعم ", found: false },
    { text: "وصلت", found: true },
  ]);
});

test("a long text is cut between characters, with what was found in view", () => {
  const family = "👩‍👩‍👧‍👦";
  const text = `${family.repeat(40)} needle ${family.repeat(60)}`;
  const pieces = shown(text, "needle");
  expect(pieces.find(({ found }) => found)?.text).toBe("needle");
  expect(pieces[0]?.text).toBe("…");
  expect(pieces.at(-1)?.text).toBe("…");
  const middle = pieces.slice(1, -1).map(({ text: part }) => part).join("");
  expect(middle.replaceAll(family, "")).toBe(" needle ");
});

test("lines become one, and ranges that overlap are shown once", () => {
  expect(excerpt("one\n\n  two", [{ start: 0, end: 3 }, { start: 1, end: 3 }])).toEqual([
    { text: "one", found: true },
    { text: " two", found: false },
  ]);
  expect(excerpt("", [])).toEqual([]);
});

test("what was found is shown without the markup around it", () => {
  const content = "A **bold needle** and\n`code needle`";
  const highlights = [...content.matchAll(/needle/g)].map(({ index }) => ({ start: index, end: index + 6 }));
  expect(found(content, highlights)).toEqual([
    { text: "A bold ", found: false },
    { text: "needle", found: true },
    { text: " and code ", found: false },
    { text: "needle", found: true },
  ]);
});

test("what was found across markup is shown as it was written", () => {
  const content = "one **two** three";
  expect(found(content, [{ start: 0, end: 7 }])).toEqual([
    { text: "one **t", found: true },
    { text: "wo** three", found: false },
  ]);
});
