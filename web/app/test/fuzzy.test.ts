import { expect, test } from "vitest";
import { folded } from "../src/folded.ts";
import { score } from "../src/shell/fuzzy.ts";

const best = (query: string, ...names: string[]) =>
  names
    .map((name) => ({ name, points: score(folded(query), folded(name)) }))
    .filter(({ points }) => points !== undefined)
    .sort((a, b) => (b.points ?? 0) - (a.points ?? 0))
    .map(({ name }) => name);

test("the letters must all be there, in order", () => {
  expect(best("rls", "Release", "Leers", "rl")).toEqual(["Release"]);
});

test("what was typed as it stands comes first, at the start of a word before its middle", () => {
  expect(best("ops", "Laptops", "Open positions", "Ops")).toEqual(["Ops", "Laptops", "Open positions"]);
  expect(best("lease", "Release", "Car lease")).toEqual(["Car lease", "Release"]);
});

test("the first letters of words count more than letters in between", () => {
  expect(best("wh", "Watch", "Weekend hike")[0]).toBe("Weekend hike");
});

test("case and accents do not matter, in any script", () => {
  expect(best("munchen", "MÜNCHEN")).toEqual(["MÜNCHEN"]);
  expect(best("ｎａｔｔｅｒ", "Natter")).toEqual(["Natter"]);
  expect(best("محمد", "مُحَمَّد")).toEqual(["مُحَمَّد"]);
});

test("nothing typed fits everything", () => {
  expect(best("", "a", "b")).toHaveLength(2);
});
