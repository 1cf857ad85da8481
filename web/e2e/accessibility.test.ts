import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launch, Natter, PASSWORD, Person } from "./harness.ts";
import { SIGNED_IN, SIGNED_OUT, visit, type Place, type Screen } from "./screens.ts";

let browser: Browser;
let natter: Natter;
let place: Place;

beforeAll(async () => {
  [browser, natter] = await Promise.all([launch(), Natter.start()]);
  const tokens: string[] = [];
  for (const [username, displayName] of [["ada", "Ada Archer"], ["bob", "بدر Baker"]]) {
    const account = { username, displayName, password: PASSWORD };
    tokens.push((await natter.call<{ accessToken: string }>("POST", "/auth/register", account)).accessToken);
  }
  const [ada, bob] = tokens;
  const group = { type: "group", name: "Quay 4 / رصيف", members: ["bob"] };
  const { id: conversationId } = await natter.call<{ id: string }>("POST", "/conversations", group, ada);
  const say = async (token: string | undefined, content: string, more: object = {}) =>
    (await natter.call<{ id: string }>("POST", `/conversations/${conversationId}/messages`, { content, ...more }, token)).id;
  const messageId = await say(bob, "Which **quay** is it, @ada? See https://example.com/ and `pier.txt`\n> quoted\n- item");
  await say(ada, "مرحبا, the thread", { threadId: messageId });
  await say(bob, "An answer with a quote", { replyTo: messageId });
  await say(ada, "```rust\nfn main() {}\n```");
  await natter.call("PUT", `/messages/${messageId}/pin`, undefined, ada);
  await natter.call("POST", `/messages/${messageId}/reactions`, { emoji: "👍" }, ada);
  place = { conversationId, messageId };
});
afterAll(async () => {
  await browser.close();
  await natter.stop();
});

const WIDTHS = [360, 1440];
const LOCALES = ["en-GB", "ar"];
/** Many pages, on a machine that does other things meanwhile. */
const ALL_SCREENS_MS_MAX = 400_000;
/** In the dark, a page has other colours and is the same otherwise. */
const COLOUR_RULES = ["color-contrast", "link-in-text-block"];

describe.each(LOCALES)("%s", (locale) => {
  it.each(WIDTHS)("nothing is wrong with any screen, %i px wide, light and dark", async (width) => {
    const person = await Person.arrive(browser, natter.url, {
      viewport: { width, height: 800 },
      colorScheme: "light",
      locale,
      // What moves has other colours on its way.
      reducedMotion: "reduce",
    });
    const { page } = person;
    const found: string[] = [];
    for (const screen of SIGNED_OUT) found.push(...(await violations(person, screen)));
    await page.goto(`${natter.url}/`);
    await page.locator("input[autocomplete=username]").fill("ada");
    await page.locator("input[type=password]").fill(PASSWORD);
    await page.locator("form [type=submit]").click();
    await page.locator("nav.side li a").first().waitFor();
    expect(await page.evaluate(() => document.documentElement.dir)).toBe(locale === "ar" ? "rtl" : "ltr");
    for (const screen of SIGNED_IN) found.push(...(await violations(person, screen)));
    expect(found).toEqual([]);
    await person.context.close();
  }, ALL_SCREENS_MS_MAX);
});

async function violations(person: Person, screen: Screen): Promise<string[]> {
  const { page } = person;
  await page.emulateMedia({ colorScheme: "light" });
  await visit(person, screen, place);
  const light = await axe(page).analyze();
  await page.emulateMedia({ colorScheme: "dark" });
  await person.still();
  const dark = await axe(page).withRules(COLOUR_RULES).analyze();
  return [...light.violations, ...dark.violations].flatMap(({ id, nodes }) =>
    nodes.map(({ target, html }) => `${screen.name}: ${id}: ${target.join(" ")}: ${html}`),
  );
}

/** The other mode than the one for "legacy" is for frames of other hosts, and opens a page for each look. */
function axe(page: Page): AxeBuilder {
  return new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"], preload: false });
}
