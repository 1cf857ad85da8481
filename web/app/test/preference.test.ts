import { expect, test } from "vitest";
import { spoken } from "../src/i18n/languages.ts";
import { DEFAULTS, quietAt, usable } from "../src/settings/preference.ts";

test("what was kept is taken as far as it can be used, and the rest is as usual", () => {
  const kept = { theme: "dark", density: "tiny", locale: "toString", singleKeys: "yes", sounds: false, more: 1 };
  expect(usable(kept)).toEqual({ ...DEFAULTS, theme: "dark", sounds: false });
  for (const nothing of [null, undefined, 7, "text", []]) expect(usable(nothing)).toEqual(DEFAULTS);
});

test("a theme or hours that somebody else's hand has changed are not used", () => {
  expect(usable({ customTheme: { accent: "#123456", surface: "url(x)", text: "#000000" } })).toEqual(DEFAULTS);
  expect(usable({ quietHours: { from: "24:00", to: "07:00" } })).toEqual(DEFAULTS);
  const quietHours = { from: "22:30", to: "07:00" };
  expect(usable({ quietHours })).toEqual({ ...DEFAULTS, quietHours });
});

test("quiet hours begin with their first minute, end before their last, and may go over midnight", () => {
  const at = (hour: number, minute: number) => new Date(2026, 2, 29, hour, minute);
  const night = { from: "22:30", to: "07:00" };
  expect([at(22, 29), at(22, 30), at(0, 0), at(6, 59), at(7, 0)].map((now) => quietAt(night, now))).toEqual([
    false,
    true,
    true,
    true,
    false,
  ]);
  const noon = { from: "12:00", to: "13:00" };
  expect([at(11, 59), at(12, 0), at(13, 0)].map((now) => quietAt(noon, now))).toEqual([false, true, false]);
  expect(quietAt({ from: "08:00", to: "08:00" }, at(8, 0))).toBe(false);
  expect(quietAt(null, at(3, 0))).toBe(false);
});

test("the language is the chosen one, else the first of the browser that is spoken here", () => {
  expect(spoken("ja", ["de-AT"])).toBe("ja");
  expect(spoken("auto", ["fr-CA", "de-AT", "en"])).toBe("de");
  expect(spoken("auto", ["constructor", "fr"])).toBe("en");
});
