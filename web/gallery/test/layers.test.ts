import AxeBuilder from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Gallery, until } from "./visit.ts";

let gallery: Gallery;
let page: Page;

beforeAll(async () => {
  gallery = await Gallery.open();
});
afterAll(() => gallery.close());
afterEach(async () => {
  await page.context().close();
  expect(gallery.complaints()).toEqual([]);
});

const button = (name: string) => page.getByRole("button", { name, exact: true });
/** The words of what has the focus, or its name. */
const focused = () =>
  page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent.trim());
const becomesFocused = (what: string) => until(focused, (one) => one === what);

describe("a menu", () => {
  test("opens by keyboard, is walked through, and gives the focus back", async () => {
    page = await gallery.visit();
    await button("More").focus();
    await page.keyboard.press("ArrowDown");
    await becomesFocused("Reply R");
    expect(await button("More").getAttribute("aria-expanded")).toBe("true");
    await page.keyboard.press("ArrowUp");
    await becomesFocused("Delete Del");
    await page.keyboard.press("Home");
    await page.keyboard.press("e");
    await becomesFocused("Edit E");
    await page.keyboard.press("e");
    await becomesFocused("Émigré, a name with accents");
    await page.keyboard.press("Escape");
    await becomesFocused("More");
    expect(await page.getByRole("menu").count()).toBe(0);
    await page.keyboard.press("ArrowUp");
    await becomesFocused("Delete Del");
    await page.keyboard.press("Enter");
    await becomesFocused("More");
    expect(await page.getByLabel("Chosen", { exact: true }).textContent()).toBe("Delete");
  });

  test("opens by Enter on its first item, and closes on Tab", async () => {
    page = await gallery.visit();
    await button("More").press("Enter");
    await becomesFocused("Reply R");
    await page.keyboard.press("Tab");
    await until(() => page.getByRole("menu").count(), (count) => count === 0);
    expect(await focused()).not.toBe("");
  });

  test("does nothing for what is disabled, and says what is on", async () => {
    page = await gallery.visit();
    await button("More").click();
    await page.getByRole("menuitem", { name: "Forward" }).click({ force: true });
    expect(await page.getByRole("menu").count()).toBe(1);
    expect(await page.getByRole("menuitemcheckbox", { name: "Muted", checked: true }).count()).toBe(1);
  });

  test("closes on a press of its button and on a press elsewhere", async () => {
    page = await gallery.visit();
    const open = (count: number) => until(() => page.getByRole("menu").count(), (menus) => menus === count);
    await button("More").click();
    await open(1);
    await button("More").click();
    await open(0);
    await button("More").click();
    await open(1);
    await page.getByRole("heading", { name: "Fields" }).dispatchEvent("pointerdown");
    await open(0);
  });

  test("opens where the right button of the mouse was pressed, and stays when it is let go", async () => {
    page = await gallery.visit();
    const area = button("Press with the right button");
    await area.scrollIntoViewIfNeeded();
    const box = (await area.boundingBox())!;
    await area.click({ button: "right" });
    const menu = page.getByRole("menu", { name: "Message" });
    await menu.waitFor();
    expect(Math.abs((await menu.boundingBox())!.x - (box.x + box.width / 2))).toBeLessThan(8);
    await page.keyboard.press("Escape");
    await until(() => menu.count(), (count) => count === 0);
  });

  test("leads to a dialog, which gives the focus back to the menu's button", async () => {
    page = await gallery.visit();
    await button("More").click();
    await page.getByRole("menuitem", { name: "Edit" }).click();
    const dialog = page.getByRole("dialog", { name: "Rename the conversation" });
    await dialog.waitFor();
    expect(await dialog.getByRole("textbox", { name: "Name" }).evaluate((one) => one === document.activeElement)).toBe(true);
    await page.keyboard.press("Escape");
    await becomesFocused("More");
  });

  test("is a sheet at the lower edge where fingers point, with room for them", async () => {
    page = await gallery.visit("", { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
    await button("More").tap();
    const item = page.getByRole("menuitem", { name: "Reply" });
    await item.waitFor();
    expect((await item.boundingBox())!.height).toBeGreaterThanOrEqual(44);
    const menu = page.getByRole("menu");
    await until(async () => (await menu.boundingBox())!, ({ y, height }) => Math.round(y + height) >= 735);
    await page.touchscreen.tap(180, 40);
    await until(() => menu.count(), (count) => count === 0);
    await becomesFocused("More");
  });
});

test("a popover closes on Escape, on a press elsewhere, and on its button", async () => {
  page = await gallery.visit();
  const card = page.getByRole("dialog", { name: "Card" });
  const open = (count: number) => until(() => card.count(), (cards) => cards === count);
  await button("block-end").click();
  await open(1);
  await button("Something to do").focus();
  await page.keyboard.press("Escape");
  await open(0);
  await becomesFocused("block-end");
  await button("block-end").click();
  await open(1);
  await button("block-end").click();
  await open(0);
  await button("block-end").click();
  await open(1);
  await page.getByRole("heading", { name: "Fields" }).dispatchEvent("pointerdown");
  await open(0);
});

test.each(["Small dialog", "Sheet"])("a %s keeps the focus, closes by its button and gives the focus back", async (name) => {
  page = await gallery.visit();
  await button(name).click();
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  for (let stop = 0; stop < 8; stop += 1) {
    await page.keyboard.press("Tab");
    const outside = await page.evaluate(() => {
      const one = document.activeElement;
      return one !== null && one !== document.body && one.closest("dialog") === null;
    });
    expect(outside).toBe(false);
  }
  await dialog.getByRole("button", { name: "Close" }).click();
  await becomesFocused(name);
});

describe("a toast", () => {
  test("undoes, and else does what it could have undone", async () => {
    page = await gallery.visit();
    await page.clock.install({ time: 0 });
    await page.clock.pauseAt(1_000);
    const region = page.getByRole("region", { name: "Notices" });
    const state = () => page.getByLabel("Undone and done").textContent();
    await button("With undo").click();
    await region.getByRole("button", { name: "Undo" }).click();
    expect(await state()).toBe("1 undone, 0 done");
    await button("With undo").click();
    await page.keyboard.press("Escape");
    expect(await until(state, (one) => one !== "1 undone, 0 done")).toBe("1 undone, 1 done");
    await button("With undo").click();
    await page.mouse.move(0, 0);
    await page.clock.runFor(7_900);
    expect(await state()).toBe("1 undone, 1 done");
    await page.clock.runFor(200);
    expect(await until(state, (one) => one !== "1 undone, 1 done")).toBe("1 undone, 2 done");
  });

  test("stays while a pointer or the focus is on it", async () => {
    page = await gallery.visit();
    await page.clock.install({ time: 0 });
    await page.clock.pauseAt(1_000);
    const region = page.getByRole("region", { name: "Notices" });
    await button("With undo").click();
    await region.hover();
    await page.clock.runFor(60_000);
    await region.getByRole("button", { name: "Undo" }).focus();
    await page.mouse.move(0, 0);
    await page.clock.runFor(60_000);
    expect(await region.getByText("Message deleted").count()).toBe(1);
    await button("Short").focus();
    await page.clock.runFor(9_000);
    await until(() => page.getByText("Message deleted").count(), (count) => count === 0);
  });

  test("gives the focus back when it goes by its own button", async () => {
    page = await gallery.visit();
    await button("With undo").click();
    await page.getByRole("region", { name: "Notices" }).getByRole("button", { name: "Undo" }).focus();
    await page.keyboard.press("Enter");
    await becomesFocused("With undo");
  });
});

test("a tooltip shows to the keyboard, and goes on Escape", async () => {
  page = await gallery.visit();
  await button("Bold").last().focus();
  await page.keyboard.press("ArrowRight");
  await becomesFocused("Italic");
  const tooltip = page.locator(".tooltip");
  await until(() => tooltip.textContent(), (text) => text?.includes("Italic") ?? false);
  expect(await tooltip.isVisible()).toBe(true);
  await page.keyboard.press("Escape");
  await until(() => tooltip.isVisible(), (visible) => !visible);
});

test.each(["ltr", "rtl"])("tabs follow the arrows as lines run %s", async (dir) => {
  page = await gallery.visit(`?dir=${dir}`);
  await page.getByRole("tab", { name: "Files" }).focus();
  await page.keyboard.press(dir === "ltr" ? "ArrowRight" : "ArrowLeft");
  expect(await page.getByRole("tab", { selected: true }).textContent()).toContain("Pins");
  expect(await page.getByRole("tabpanel", { name: "Pins" }).count()).toBe(1);
  await page.keyboard.press("Home");
  expect(await page.getByRole("tab", { selected: true }).textContent()).toContain("Members");
});

describe("gestures", () => {
  const gesture = () => page.getByLabel("Gesture", { exact: true }).textContent();

  async function touch(dir: "ltr" | "rtl", ...path: [type: "touchStart" | "touchMove" | "touchEnd", dx: number, dy: number][]) {
    page = await gallery.visit(`?dir=${dir}`, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
    const pad = page.getByText("Here, with a finger");
    await pad.scrollIntoViewIfNeeded();
    const { x, y, width, height } = (await pad.boundingBox())!;
    const client = await page.context().newCDPSession(page);
    for (const [type, dx, dy] of path) {
      const touchPoints = type === "touchEnd" ? [] : [{ x: x + width / 2 + dx, y: y + height / 2 + dy }];
      await client.send("Input.dispatchTouchEvent", { type, touchPoints });
    }
  }

  test("a finger that rests is a long press", async () => {
    await touch("ltr", ["touchStart", 0, 0], ["touchMove", 2, 3]);
    await until(gesture, (one) => one?.startsWith("long press") ?? false);
  });

  test.each([
    ["ltr", 60, "swipe by 60"],
    ["ltr", -60, "swipe by -60"],
    ["rtl", -60, "swipe by 60"],
  ] as const)("a finger that moves along lines that run %s by %i is a %s", async (dir, dx, wanted) => {
    await touch(dir, ["touchStart", 0, 0], ["touchMove", dx / 3, 1], ["touchMove", dx, 2], ["touchEnd", 0, 0]);
    expect(await until(gesture, (one) => one !== "none yet")).toBe(wanted);
  });

  test("a finger that moves across lines scrolls, and is no gesture", async () => {
    await touch("ltr", ["touchStart", 0, 0], ["touchMove", 2, -20], ["touchMove", 60, -60], ["touchEnd", 0, 0]);
    expect(await gesture()).toBe("none yet");
  });
});

describe("every component is accessible", () => {
  for (const theme of ["light", "dark"]) {
    for (const dir of ["ltr", "rtl"]) {
      for (const width of [360, 1440]) {
        test(`${theme}, ${dir}, ${width} px`, { timeout: 120_000 }, async () => {
          page = await gallery.visit(`?theme=${theme}&dir=${dir}`, { viewport: { width, height: 900 } });
          const violations = async (part: string) => {
            await page.evaluate(async () => {
              await document.fonts.ready;
              const ending = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
              await Promise.allSettled(ending.map((animation) => animation.finished));
            });
            const { violations: found } = await new AxeBuilder({ page }).include(part).analyze();
            return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join("\n")}`);
          };
          await button("With undo").click();
          expect(await violations("body")).toEqual([]);
          for (const [opener, role] of [
            ["More", "menu"],
            ["inline-end", "dialog"],
            ["Small dialog", "dialog"],
            ["Sheet", "dialog"],
          ] as const) {
            await button(opener).click();
            await page.getByRole(role).waitFor();
            expect(await violations(`[role=${role}], dialog`), opener).toEqual([]);
            await page.keyboard.press("Escape");
            await until(() => page.getByRole(role).count(), (count) => count === 0);
          }
        });
      }
    }
  }
});
