import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { serveGallery } from "./serve.ts";

/** What must be opened to be seen. */
const OPENED: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  menu: (page) => page.getByRole("button", { name: "More", exact: true }).click(),
  "menu-long": (page) => page.getByRole("button", { name: "Sixty items" }).click(),
  popover: (page) => page.getByRole("button", { name: "inline-end" }).click(),
  dialog: (page) => page.getByRole("button", { name: "Small dialog" }).click(),
  "dialog-large": (page) => page.getByRole("button", { name: "Large dialog" }).click(),
  sheet: (page) => page.getByRole("button", { name: "Sheet" }).click(),
  toasts: async (page) => {
    await page.getByRole("button", { name: "With undo" }).click();
    await page.getByRole("button", { name: "Long, about a problem" }).click();
  },
  tooltip: (page) => page.getByRole("button", { name: "Italic" }).press("ArrowLeft"),
};

/** Every component in every state, on three widths, in both schemes and both directions. */
export async function picturesOfGallery(browser: Browser, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const gallery = await serveGallery();
  try {
    for (const width of [360, 768, 1440]) {
      const viewport = { width, height: width < 640 ? 740 : 900 };
      // A phone is touched; that changes sizes.
      const context = await browser.newContext({ viewport, hasTouch: width < 640, isMobile: width < 640 });
      for (const theme of ["light", "dark"]) {
        for (const dir of ["ltr", "rtl"]) {
          const page = await context.newPage();
          const picture = (name: string) => join(directory, `${name}-${width}-${theme}-${dir}.png`);
          const fresh = async () => {
            await page.goto(`${gallery.url}/?theme=${theme}&dir=${dir}`);
            await still(page);
          };
          await fresh();
          for (const section of await page.locator("main > section").all()) {
            await section.scrollIntoViewIfNeeded();
            await section.screenshot({ path: picture(`section-${await section.getAttribute("id")}`) });
          }
          for (const [name, open] of Object.entries(OPENED)) {
            await fresh();
            await open(page);
            await still(page);
            await page.screenshot({ path: picture(name) });
          }
          await page.close();
        }
      }
      await context.close();
    }
  } finally {
    await gallery.close();
  }
}

/** Until fonts are there and nothing moves any more but what always does. */
async function still(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await document.fonts.ready;
    const ending = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map((animation) => animation.finished));
  });
}
