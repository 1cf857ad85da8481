import { describe, expect, it } from "vitest";
import { forField, presets } from "../../src/composer/schedule.ts";

const offered = (now: Date) => presets(now).map(({ id, at }) => `${id} ${forField(at)}`);

describe("times that are offered", () => {
  it("are later today, tomorrow morning and Monday morning", () => {
    // A Wednesday.
    expect(offered(new Date(2026, 10, 18, 10, 20))).toEqual([
      "later 2026-11-18T13:00",
      "tomorrow 2026-11-19T09:00",
      "monday 2026-11-23T09:00",
    ]);
  });

  it("are not later today in the evening, and Monday is not offered twice", () => {
    expect(offered(new Date(2026, 10, 22, 20, 0))).toEqual(["tomorrow 2026-11-23T09:00"]);
    expect(offered(new Date(2026, 10, 23, 20, 0))).toEqual(["tomorrow 2026-11-24T09:00", "monday 2026-11-30T09:00"]);
  });

  it("are by the clock on the wall, also over the end of a month", () => {
    expect(offered(new Date(2026, 11, 31, 23, 59))[0]).toBe("tomorrow 2027-01-01T09:00");
  });
});
