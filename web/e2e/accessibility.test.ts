import { AxeBuilder } from "@axe-core/playwright";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launch, Natter, Person } from "./harness.ts";

let browser: Browser;
let natter: Natter;

beforeAll(async () => {
  [browser, natter] = await Promise.all([launch(), Natter.start()]);
});
afterAll(async () => {
  await browser.close();
  await natter.stop();
});

async function check(person: Person, direction: "ltr" | "rtl"): Promise<void> {
  await person.page.evaluate((dir) => (document.documentElement.dir = dir), direction);
  await person.still();
  const { violations } = await new AxeBuilder({ page: person.page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`)).toEqual([]);
}

let count = 0;

describe.each([360, 1440])("%i px wide", (width) => {
  describe.each(["light", "dark"] as const)("%s", (colorScheme) => {
    it.each(["ltr", "rtl"] as const)("%s: every screen", async (direction) => {
      count += 1;
      const name = `user${count}`;
      const person = await Person.arrive(browser, natter.url, { viewport: { width, height: 800 }, colorScheme });
      const { page } = person;
      await page.goto(natter.url);
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      await check(person, direction);
      await page.getByRole("link", { name: "Create account" }).click();
      await page.getByRole("button", { name: "Create account" }).click();
      await page.getByText("Please fill this in.").first().waitFor();
      await check(person, direction);
      await person.signUp(name, "Somebody With A Name");
      await page.getByText("No conversations yet").waitFor();
      await check(person, direction);

      await page.getByRole("button", { name: "New conversation" }).first().click();
      await page.getByRole("radio", { name: "Channel" }).check();
      await check(person, direction);
      await page.getByLabel("Name").fill("general");
      await page.getByRole("button", { name: "Create" }).click();
      await page.getByText("Say hello").waitFor();
      await check(person, direction);
      await person.write("Some **text** with `code` for @somebody: https://example.com/\n> quoted\n- item\n```rust\nfn main() {}\n```");
      await page.getByText("fn main").first().waitFor();
      await check(person, direction);
      await page.goto(`${natter.url}/no/such/page`);
      await page.getByText("There is nothing at this address.").waitFor();
      await check(person, direction);
      expect(person.complaints).toEqual([]);
      await person.context.close();
    });
  });
});
