import { IntlMessageFormat } from "intl-messageformat";
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { sentence, type Values } from "../src/i18n/sentence.ts";

const NUMBERS = [0, 1, 2, 3, 7, 11, 25, 100, 1234, 0.5];
const folder = new URL("../src/i18n/", import.meta.url);

/** What a sentence may be about: every name that its text has, and everything that it tells apart. */
function samples(text: string): Values[] {
  const names = [...text.matchAll(/\{\s*(\w+)\s*[,}]/g)].map(([, name]) => name ?? "");
  const numbers = new Set([...text.matchAll(/\{\s*(\w+)\s*,\s*(?:plural|number)/g)].map(([, name]) => name));
  const words = [...text.matchAll(/\b(\w+)\s*\{/g)].map(([, word]) => word ?? "");
  return [...NUMBERS.map(String), ...words].map((value, index) =>
    Object.fromEntries(names.map((name) => [name, numbers.has(name) ? (NUMBERS[index % NUMBERS.length] ?? 0) : value])),
  );
}

test.each(["en", "ar", "de", "ja"])("every sentence in %s is said as the standard has it", (locale) => {
  for (const file of readdirSync(new URL(`${locale}/`, folder))) {
    const said = JSON.parse(readFileSync(new URL(`${locale}/${file}`, folder), "utf8")) as Record<string, string>;
    for (const [key, text] of Object.entries(said)) {
      const ours = sentence(text, locale);
      const theirs = new IntlMessageFormat(text, locale, undefined, { ignoreTag: true });
      for (const values of samples(text)) expect(ours(values), `${file}: ${key}`).toBe(theirs.format(values));
    }
  }
});

test.each([
  ["a '{quoted}' brace, and it''s fine: {x}", { x: "y" }],
  ["nothing # here", {}],
  ["{n, plural, =0 {none} one {# of {x}} other {# of {x}, {k, select, a {A#} other {O}}}}", { n: 12_345, x: "{}#'", k: "a" }],
  ["{n, plural, one {one} other {other}} {n, number} {n, number, percent}", { n: 1 }],
])("%s", (text, values) => {
  expect(sentence(text, "en")(values)).toBe(new IntlMessageFormat(text, "en", undefined, { ignoreTag: true }).format(values));
});

test.each(["{", "{x", "{x, plural}", "{x, date}", "}", "{x, plural, one {a}"])("%s is no sentence", (text) => {
  expect(() => sentence(text, "en")).toThrow(SyntaxError);
});
