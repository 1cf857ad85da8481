import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Gallery } from "./visit.ts";

let gallery: Gallery;
let page: Page;

beforeAll(async () => {
  gallery = await Gallery.open();
});
afterAll(() => gallery.close());
beforeEach(async () => {
  page = await gallery.visit();
});
afterEach(async () => {
  await page.context().close();
  expect(gallery.complaints()).toEqual([]);
});

test("a row is a link, a button or neither, by what it does", async () => {
  const rows = page.locator(".rows > .row");
  expect(await rows.evaluateAll((all) => all.map(({ localName }) => localName))).toEqual(["span", "button", "a"]);
  await page.getByRole("button", { name: /@amina/ }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Space");
  expect(await page.getByLabel("Rows pressed").textContent()).toBe("2");
});

test.each(["ltr", "rtl"])("what is too long is cut within the row, %s", async (dir) => {
  await page.goto(`${page.url().split("?")[0]}?dir=${dir}`);
  const sizes = await page.locator(".rows").evaluate((box) => {
    const { left, right } = box.getBoundingClientRect();
    const inside = [...box.querySelectorAll(".row, .own, .aside, .text")].map((part) => part.getBoundingClientRect());
    const text = box.querySelector<HTMLElement>(".text")!;
    return {
      outside: inside.filter((part) => part.left < left - 1 || part.right > right + 1).length,
      lines: Math.round(text.clientHeight / Number.parseFloat(getComputedStyle(text).lineHeight)),
    };
  });
  expect(sizes).toEqual({ outside: 0, lines: 4 });
});
