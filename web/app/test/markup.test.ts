import { describe, expect, it } from "vitest";
import { pieces } from "../src/markup.ts";

const text = (text: string) => ({ kind: "text", text });

describe("pieces", () => {
  it("keeps what it does not know as it was typed", () => {
    for (const typed of [
      "**bold** _it_ ~~del~~ <b>html</b> <script>alert(1)</script>",
      "# heading\n- list\n> quote\n1. one\n\n---\n\n| a | b |\n|---|---|\n| 1 | 2 |",
      "one\ntwo\n\n\nthree",
      "    indented\n\ttab",
      "5 \\* 3 &amp; &lt;",
      "[name](https://example.com) ![image](https://example.com/x.png)",
      "a\n===\nb\n---",
    ]) {
      const shown = pieces(typed).map((piece) => piece.text).join("");
      expect(shown).toBe(typed);
    }
  });

  it("shows code as it is", () => {
    expect(pieces("use `a < b && c`")).toEqual([text("use "), { kind: "code", text: "a < b && c" }]);
    expect(pieces("before\n```rust\nfn main() {}\n\n    x\n```\nafter")).toEqual([
      text("before"),
      { kind: "block", text: "fn main() {}\n\n    x", language: "rust" },
      text("after"),
    ]);
    expect(pieces("```\nnot closed")).toEqual([{ kind: "block", text: "not closed", language: "" }]);
  });

  it("links the web and nothing else", () => {
    expect(pieces("see https://example.com/a?b=1&c=2.")).toEqual([
      text("see "),
      { kind: "link", text: "https://example.com/a?b=1&c=2", href: "https://example.com/a?b=1&c=2" },
      text("."),
    ]);
    for (const typed of ["javascript:alert(1)", "<javascript:alert(1)>", "me@example.com", "data:text/html,x", "file:///etc"]) {
      expect(pieces(typed).map((piece) => piece.kind)).not.toContain("link");
    }
  });
});
