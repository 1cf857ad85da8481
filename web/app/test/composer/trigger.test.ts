import { describe, expect, it } from "vitest";
import { matching } from "../../src/composer/mentions.ts";
import { shortcodeAt, triggerAt } from "../../src/composer/trigger.ts";

describe("the name at the caret", () => {
  it.each([
    ["@", "mention", ""],
    ["hi @ad", "mention", "ad"],
    ["(@ada", "mention", "ada"],
    ["و@فر", "mention", "فر"],
    ["中文@ada", "mention", "ada"],
    [":smi", "emoji", "smi"],
    ["nice :+1", "emoji", "+1"],
    ["مرحبا :ابت", "emoji", "ابت"],
  ])("of %j is a %s of %j", (text, kind, query) => {
    expect(triggerAt(text, text.length)).toMatchObject({ kind, query, to: text.length });
  });

  it.each(["ada@example", "@@ada", "@ada ", ":s", "10:30", "https://x", "word:smile", "`@ada", "```\n@ada"])(
    "of %j is none",
    (text) => {
      expect(triggerAt(text, text.length)).toBeUndefined();
    },
  );

  it("says what it stands in for", () => {
    const trigger = triggerAt("hi @ad there", 6);
    expect(trigger && "hi @ad there".slice(trigger.from, trigger.to)).toBe("@ad");
    const code = shortcodeAt("so :wave: there", 9);
    expect(code && "so :wave: there".slice(code.from, code.to)).toBe(":wave:");
    expect(shortcodeAt("10:30:", 6)).toBeUndefined();
  });
});

it("people are found by their username and by every word of their name, in any script and without accents", () => {
  const people = [
    { username: "farid", displayName: "فريد Farid" },
    { username: "ines", displayName: "Inês da Costa" },
  ];
  const found = (query: string) => matching(people, query).map(({ username }) => username);
  expect(found("فر")).toEqual(["farid"]);
  expect(found("INE")).toEqual(["ines"]);
  expect(found("inês")).toEqual(["ines"]);
  expect(found("cos")).toEqual(["ines"]);
  expect(found("osta")).toEqual([]);
  expect(found("")).toEqual(["farid", "ines"]);
});
