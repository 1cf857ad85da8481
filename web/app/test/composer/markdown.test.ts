import { describe, expect, it } from "vitest";
import { codeAt, composed, continued, fenceAt, MARKS, pastedLink, toggle, type Edit } from "../../src/composer/markdown.ts";

/** What a text becomes, with the selection in brackets. */
function after(text: string, edit: Edit | undefined): string | undefined {
  if (!edit) return undefined;
  const all = text.slice(0, edit.from) + edit.insert + text.slice(edit.to);
  const [from, to] = edit.select;
  return `${all.slice(0, from)}⟦${all.slice(from, to)}⟧${all.slice(to)}`;
}

/** A text whose selection is in brackets. */
function marked(text: string): { text: string; from: number; to: number } {
  const from = text.indexOf("⟦");
  const to = text.indexOf("⟧") - 1;
  return { text: text.replace(/[⟦⟧]/gu, ""), from, to };
}

describe("a mark", () => {
  const toggled = (shown: string, mark: string) => {
    const { text, from, to } = marked(shown);
    return after(text, toggle(text, from, to, mark));
  };

  it.each([
    ["so ⟦bold⟧", MARKS.bold, "so **⟦bold⟧**"],
    ["so **⟦bold⟧**", MARKS.bold, "so ⟦bold⟧"],
    ["so ⟦**bold**⟧", MARKS.bold, "so ⟦bold⟧"],
    ["⟦⟧", MARKS.italic, "*⟦⟧*"],
    ["**⟦bold⟧**", MARKS.italic, "***⟦bold⟧***"],
    ["***⟦both⟧***", MARKS.bold, "*⟦both⟧*"],
    ["***⟦both⟧***", MARKS.italic, "**⟦both⟧**"],
    ["⟦gone⟧", MARKS.strike, "~~⟦gone⟧~~"],
    ["a⟦ word ⟧b", MARKS.bold, "a **⟦word⟧** b"],
    ["⟦one\ntwo⟧", MARKS.code, "```\n⟦one\ntwo⟧\n```"],
    ["⟦مرحبًا⟧", MARKS.bold, "**⟦مرحبًا⟧**"],
  ])("on %s by %s makes %s", (before, mark, expected) => {
    expect(toggled(before, mark)).toBe(expected);
  });
});

describe("a new line", () => {
  it.each([
    ["- one", "- one\n- ⟦⟧"],
    ["  - one", "  - one\n  - ⟦⟧"],
    ["9. nine", "9. nine\n10. ⟦⟧"],
    ["> said", "> said\n> ⟦⟧"],
    ["text\n- ", "text\n⟦⟧"],
    ["1. ", "⟦⟧"],
    ["plain", undefined],
    ["-no item", undefined],
    ["```\n- code", undefined],
  ])("behind %j makes %j", (text, expected) => {
    expect(after(text, continued(text, text.length))).toBe(expected);
  });

  it("in the middle of an item takes the rest along", () => {
    expect(after("- one two", continued("- one two", 5))).toBe("- one\n- ⟦⟧ two");
  });
});

describe("a block of code", () => {
  it.each([
    ["```js", true],
    ["```js\nlet x;", true],
    ["```\nx\n```", false],
    ["```\nx\n```\n", false],
    ["````\n```", true],
    ["a ```", false],
    ["text", false],
  ])("%j: a place at its end is inside: %s", (text, inside) => {
    expect(fenceAt(text, text.length)).toBe(inside);
  });

  it("is known within a line, too", () => {
    expect(codeAt("see `a @b", 9)).toBe(true);
    expect(codeAt("see `a` @b", 10)).toBe(false);
  });
});

describe("an address pasted over words", () => {
  const pasted = (shown: string, address: string) => {
    const { text, from, to } = marked(shown);
    return after(text, pastedLink(text, from, to, address));
  };

  it("makes a link of them", () => {
    expect(pasted("see ⟦the docs⟧", " https://example.com/a_(b) ")).toBe("see [the docs](https://example.com/a_%28b%29)⟦⟧");
  });

  it.each([
    ["see ⟦⟧", "https://example.com"],
    ["⟦https://a.example⟧", "https://example.com"],
    ["⟦words⟧", "javascript:alert(1)"],
    ["⟦words⟧", "just text"],
    ["⟦[x]⟧", "https://example.com"],
    ["`⟦code⟧`", "https://example.com"],
  ])("replaces %s as it always does", (shown, address) => {
    expect(pasted(shown, address)).toBeUndefined();
  });
});

it("is sent without blank lines around it and without what the server refuses", () => {
  expect(composed("\n \n  indented\n\n")).toBe("  indented");
  expect(composed("a\r\nb\u0007\u0085\tc")).toBe("a\nb\tc");
});
