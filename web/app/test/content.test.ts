import { describe, expect, it } from "vitest";
import { isLong, isOnlyEmoji, withoutGaps } from "../src/conversation/content/look.ts";
import { blocks } from "../src/markup.ts";
import { highlight, lines } from "../src/message/highlight.ts";

describe("a message of emoji", () => {
  it.each(["🎉", "👩‍👩‍👧‍👦🏳️‍🌈🇳🇴", "❤️ 👍🏽", "😀😀😀😀😀😀"])("%s is looked at", (content) => {
    expect(isOnlyEmoji(content)).toBe(true);
  });

  it.each(["", " ", "1", "©", "a🎉", "😀😀😀😀😀😀😀", "👍!"])("%j is read", (content) => {
    expect(isOnlyEmoji(content)).toBe(false);
  });
});

describe("a long message", () => {
  it("has many lines or characters, code aside", () => {
    expect(isLong(blocks("line\n".repeat(41)))).toBe(true);
    expect(isLong(blocks("x".repeat(3_001)))).toBe(true);
    expect(isLong(blocks("- item\n".repeat(60)))).toBe(true);
    expect(isLong(blocks("> line\n".repeat(60)))).toBe(true);
    expect(isLong(blocks("line\n".repeat(20)))).toBe(false);
    expect(isLong(blocks("```\n" + "line\n".repeat(300) + "```"))).toBe(false);
  });
});

describe("empty lines", () => {
  it("are shown once", () => {
    expect(withoutGaps(["a\n\n\n \n\nb\n\nc\nd"])).toEqual(["a\n\nb\n\nc\nd"]);
    const link = { kind: "link" as const, href: "https://a/", parts: ["a\n\n\nb"] };
    expect(withoutGaps(["a\n\n\n", link])).toEqual(["a\n\n", link]);
  });
});

describe("code", () => {
  it("keeps every character, and tells what some of them are", async () => {
    const code = 'fn main() {\n    let x = "<b>&amp;</b>"; // 5 > 4\n}\n';
    const pieces = await highlight(code, "rust");
    expect(pieces?.map(({ text }) => text).join("")).toBe(code);
    expect(pieces).toContainEqual({ text: "fn", kind: "keyword" });
    expect(pieces).toContainEqual({ text: '"<b>&amp;</b>"', kind: "string" });
    expect(pieces).toContainEqual({ text: "// 5 > 4", kind: "comment" });
  });

  it("keeps what is in another language inside", async () => {
    const code = "<style>p { color: red }</style>\n<script>let a = 1;</script>";
    const pieces = await highlight(code, "html");
    expect(pieces?.map(({ text }) => text).join("")).toBe(code);
    expect(pieces).toContainEqual({ text: "let", kind: "keyword" });
  });

  it("is left as it is in a language that is not known", async () => {
    expect(await highlight("x", "klingon")).toBeUndefined();
    expect(await highlight("x", "")).toBeUndefined();
    expect(await highlight("x".repeat(60_001), "rust")).toBeUndefined();
  });

  it("is cut into lines", () => {
    expect(lines([{ text: "a\nb", kind: "string" }, { text: "\n\nc", kind: undefined }])).toEqual([
      [{ text: "a", kind: "string" }],
      [{ text: "b", kind: "string" }],
      [],
      [{ text: "c", kind: undefined }],
    ]);
  });
});
