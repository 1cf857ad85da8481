import { describe, expect, it } from "vitest";
import { read } from "../sentences.vite.ts";
import { Numbers, say, type Values } from "../src/i18n/sentence.ts";

function said(text: string, values: Values, language = "en"): string {
  return say(read(text), values, new Numbers(language));
}

describe("a sentence", () => {
  it("is a string if it depends on nothing", () => {
    expect(read("Don't go")).toBe("Don't go");
    expect(read("'{'braces'}'")).toBe("{braces}");
    expect(read("<b>no markup</b>")).toBe("<b>no markup</b>");
  });

  it("takes values as they are, and numbers as the language writes them", () => {
    expect(said("{name}: {count}", { name: "Ada", count: 12_000 })).toBe("Ada: 12000");
    expect(said("{count, number}", { count: 12_000 }, "de")).toBe("12.000");
    expect(said("{share, number, percent}", { share: 0.5 })).toBe("50%");
  });

  it("keeps apart what is written the other way, with all its signs", () => {
    expect(said("هنا تبدأ {title}.", { title: "Tea (draft)!" }, "ar")).toBe("هنا تبدأ \u2068Tea (draft)!\u2069.");
    expect(said("{name}: {count}", { name: "أمينة", count: 3 }, "en")).toBe("\u2068أمينة\u2069: 3");
    expect(said("{name}, {time}", { name: "أمينة", time: "02:49" }, "ar")).toBe("أمينة, 02:49");
    expect(said("{name}!", { name: "Zoë 日本" }, "de")).toBe("Zoë 日本!");
  });

  it("counts as the language does, and exact numbers first", () => {
    const english = "{count, plural, =0 {nobody} one {# person} other {# people}}";
    expect([0, 1, 2_000].map((count) => said(english, { count }))).toEqual(["nobody", "1 person", "2,000 people"]);
    const arabic = "{count, plural, zero {0} one {1} two {2} few {3} many {4} other {5}}";
    expect([0, 1, 2, 5, 50, 100].map((count) => said(arabic, { count }, "ar"))).toEqual(["0", "1", "2", "3", "4", "5"]);
  });

  it("chooses by a word, within what is counted too", () => {
    const text = "{count, plural, other {{role, select, owner {{count, number} owners} other {{count, number} others}}}}";
    expect(said(text, { count: 3, role: "owner" })).toBe("3 owners");
    expect(said(text, { count: 3, role: "guest" })).toBe("3 others");
  });

  it("says nothing without its values", () => {
    expect(() => said("{name}", {})).toThrow("name");
  });

  it("is refused when it is built if the client could not say it", () => {
    expect(() => read("{when, date}")).toThrow("does not know");
    expect(() => read("{count, plural, offset:1 other {#}}")).toThrow("does not know");
    expect(() => read("{count, selectordinal, other {#}}")).toThrow("does not know");
  });
});
