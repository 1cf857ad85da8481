import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { blocks, summary, type Block } from "../src/markup.ts";

interface Fixture {
  markdown: string;
  tokens: Block[];
}

/** The server's tests read the same file. */
const fixtures = JSON.parse(
  readFileSync(new URL("../../../docs/guides/markdown.fixtures.json", import.meta.url), "utf8"),
) as Fixture[];

describe("blocks", () => {
  it.each(fixtures)("$markdown", ({ markdown, tokens }) => {
    expect(blocks(markdown)).toEqual(tokens);
  });

  it("shows everything that is not markup", () => {
    const typed = "<b>html</b> & | # a\n\n    b > c\t_d_ \\e ~f~ g*h*i @@j";
    expect(blocks(typed)).toEqual([{ kind: "text", parts: [typed] }]);
  });

  it("links to nothing that runs", () => {
    for (const scheme of ["javascript:", "data:", "file://", "vbscript:", "blob:https://"]) {
      for (const typed of [`${scheme}example.com/x`, `[x](${scheme}example.com/x)`, `<${scheme}example.com/x>`]) {
        expect(hrefs(blocks(typed)).filter((href) => !/^https?:\/\//.test(href))).toEqual([]);
      }
    }
  });

  // Were any of these looked at anew for each of its characters, this would take minutes.
  it.each([
    "`", "` ``", "[", "[a](", "[a](https://b", "[a](https://b(", "@", "@a-", "@aa@", "h", "https://", "https://a/(",
    "https://a@", "mailto:a@b", "> ", "\n", "```\n", "> ```\n", "``` ", "```\t\t`", "- ", "- a\n", "- a\n  `b`\n", "  ", "1. ",
    "*", "*a ", "*a **b ", "*a* ", "***a ***b* ", "~~a", "*a **b ~~c ***d ", "a* b** c~~ ", "\u{1f469}\u200d",
  ])("takes steps in proportion to the length of %j", (part) => {
    blocks(part.repeat(250_000 / part.length));
  }, 30_000);
});

describe("summary", () => {
  it("is one line without markup", () => {
    expect(summary("**Hi** @ada,\n\n> see [this](https://example.com)\n\n1. `one`\n   two\n```js\nx\n\ny\n```\n- end")).toBe(
      "Hi @ada, see this 1. one two x y • end",
    );
  });
});

function hrefs(tokens: unknown): string[] {
  if (Array.isArray(tokens)) return tokens.flatMap(hrefs);
  if (typeof tokens !== "object" || tokens === null) return [];
  return Object.entries(tokens).flatMap(([key, value]) => (key === "href" ? [String(value)] : hrefs(value)));
}
