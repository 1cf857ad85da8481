import { describe, expect, it } from "vitest";
import { memoryStore } from "@natter/sdk";
import { roomy } from "../src/offline/roomy.ts";

/** A store on a device that can be full. */
function device() {
  const store = memoryStore();
  const full = { full: false, broken: false };
  const set: typeof store.set = async (key, value) => {
    if (full.broken) throw new Error("the disk is broken");
    if (full.full) throw new DOMException("full", "QuotaExceededError");
    await store.set(key, value);
  };
  return Object.assign(full, { store: { ...store, set } });
}

describe("a store that has room", () => {
  it("keeps what the device has no room for, among what it has, and gives it to the device when there is room", async () => {
    const at = device();
    const store = roomy(at.store);
    await store.set("a/1", "kept");
    at.full = true;
    await store.set("a/1", "changed");
    await store.set("a/0", "first");
    expect(await store.get("a/1")).toBe("changed");
    expect(await store.entries("a/")).toEqual([["a/0", "first"], ["a/1", "changed"]]);
    expect(await at.store.entries("")).toEqual([["a/1", "kept"]]);
    await store.delete("a/0");
    expect(await store.entries("a/")).toEqual([["a/1", "changed"]]);
    at.full = false;
    await store.set("a/1", "changed again");
    expect(await at.store.entries("")).toEqual([["a/1", "changed again"]]);
    expect(await store.entries("")).toEqual([["a/1", "changed again"]]);
  });

  it("does not hide that a device fails in another way", async () => {
    const at = device();
    at.broken = true;
    await expect(roomy(at.store).set("a", 1)).rejects.toThrow("broken");
  });
});
