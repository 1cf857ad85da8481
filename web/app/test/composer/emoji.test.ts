import names from "emojibase-data/en/shortcodes/github.json" with { type: "json" };
import { describe, expect, it } from "vitest";
import { emojiIn } from "../../emoji.vite.ts";
import { emojiOf, EmojiSet, GROUPS, toned, type Entry } from "../../src/composer/emoji.ts";
import type { Language } from "../../src/i18n/languages.ts";
import { first, inView, layout, moved, type Place } from "../../src/composer/emojigrid.ts";

const entries = emojiIn("en");
const all = (data: readonly Entry[]) => emojiOf(data, names, () => false);
const set = new EmojiSet(all(entries), "en");

describe("emoji", () => {
  it("come by groups, all of which have some", () => {
    expect(set.all.length).toBeGreaterThan(1_800);
    expect([...new Set(set.all.map(({ group }) => group))]).toEqual([...GROUPS]);
  });

  it("are found by the beginning of a short name, the exact one first", () => {
    expect(set.find("smile", 8)[0]?.char).toBe("😄");
    expect(set.find("+1", 8)[0]?.char).toBe("👍️");
    expect(set.find("grinning face", 1)[0]?.char).toBe("😀");
    expect(set.find("nosuchname", 8)).toEqual([]);
    expect(set.find("a", 5)).toHaveLength(5);
  });

  it("are found in other languages", () => {
    const find = (language: Language, query: string) =>
      new EmojiSet(all(emojiIn(language)), language).find(query, 50).map(({ char }) => char);
    expect(find("de", "frohlich")).toContain("😀");
    expect(find("ja", "笑う")).toContain("😀");
    expect(find("de", "smile")).toContain("😄");
    expect(find("ar", "صاروخ")[0]).toBe("🚀");
    // As it is mostly written, and as the dictionary has it.
    expect(find("ar", "احمر")).toContain("❤️");
    expect(find("ar", "rocket")).toContain("🚀");
  });

  it("have Arabic names, those too that are put together of others", () => {
    const arabic = new EmojiSet(all(emojiIn("ar")), "ar");
    expect(arabic.all.map(({ char }) => char)).toEqual(set.all.map(({ char }) => char));
    expect(arabic.all.filter(({ label }) => !/\p{Script=Arabic}/u.test(label))).toEqual([]);
    expect(arabic.of("🇩🇪")?.label).toBe("علم: ألمانيا");
    expect(arabic.of("👩‍👦")?.label).toBe("أسرة: سيدة، صبي");
    expect(arabic.of("👨‍🦰")?.label).toBe("رجل: شعر أحمر");
    expect(arabic.of("👋🏿")?.label).toBe(arabic.of("👋")?.label);
  });

  it("take on the tone of skin, of everybody in them", () => {
    const tone = (char: string) => set.all.find((emoji) => emoji.char === char);
    const wave = tone("👋");
    expect(wave && [0, 1, 5].map((wanted) => toned(wave, wanted))).toEqual(["👋", "👋🏻", "👋🏿"]);
    const handshake = tone("🤝");
    expect(handshake && toned(handshake, 3)).toBe("🤝🏽");
    const smile = tone("😀");
    expect(smile && toned(smile, 3)).toBe("😀");
    expect(set.of("👋🏿")?.label).toBe("waving hand");
  });

  it("leave out what cannot be drawn", () => {
    const some = emojiOf(entries, names, (hexcode) => hexcode === "1F600");
    expect(some.some(({ char }) => char === "😀")).toBe(false);
  });
});

describe("the grid", () => {
  const [one, two] = [set.all.slice(0, 10), set.all.slice(10, 13)];
  const grid = layout(
    [
      { id: "recent", title: "", emoji: [] },
      { id: "smileys", title: "", emoji: one },
      { id: "people", title: "", emoji: two },
    ],
    4,
    40,
  );

  it("has titles, and no empty groups", () => {
    expect(grid.rows.map((row) => (row.kind === "title" ? row.section.id : row.cells.length))).toEqual([
      "smileys", 4, 4, 2, "people", 3,
    ]);
    expect(grid.height).toBe(2 * 32 + 4 * 40);
    expect(first(grid)).toEqual([1, 0]);
  });

  it.each<[Place, string, 1 | -1, Place]>([
    [[1, 0], "ArrowRight", 1, [1, 1]],
    [[1, 0], "ArrowLeft", -1, [1, 1]],
    [[1, 3], "ArrowRight", 1, [2, 0]],
    [[3, 1], "ArrowRight", 1, [5, 0]],
    [[5, 0], "ArrowLeft", 1, [3, 1]],
    [[1, 0], "ArrowLeft", 1, [1, 0]],
    [[5, 2], "ArrowRight", 1, [5, 2]],
    [[2, 3], "ArrowDown", 1, [3, 1]],
    [[3, 0], "ArrowDown", 1, [5, 0]],
    [[5, 2], "ArrowUp", 1, [3, 1]],
    [[1, 2], "PageDown", 1, [5, 2]],
    [[5, 2], "Home", 1, [5, 0]],
    [[2, 0], "End", 1, [2, 3]],
  ])("from %j %s leads (text direction %i) to %j", (from, key, inline, to) => {
    expect(moved(grid, from, key, inline, 9)).toEqual(to);
  });

  it("draws only what is in view", () => {
    const long = layout([{ id: "smileys", title: "", emoji: set.all }], 9, 40);
    const rows = inView(long, 4_000, 4_300);
    expect(rows.length).toBeLessThan(20);
    expect(rows.some((row) => row.top <= 4_000 && row.top + 40 > 4_000)).toBe(true);
    expect(rows.some((row) => row.top < 4_300 && row.top + 40 >= 4_300)).toBe(true);
  });
});
