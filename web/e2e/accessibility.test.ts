import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launch, Natter, PASSWORD, Person } from "./harness.ts";

/** Where the screens are: what is in the addresses. */
interface Place {
  conversationId: string;
  messageId: string;
}

interface Screen {
  readonly name: string;
  readonly path: (place: Place) => string;
  /** From the address to what is to be seen. */
  readonly reach?: (page: Page) => Promise<void>;
  /** Until it is seen. */
  readonly shows: string;
}

const SETTINGS = ["profile", "appearance", "language", "notifications", "privacy", "devices", "shortcuts"];
const PANES = { details: ".details", members: ".members li", files: ".pane [role=tabpanel]", pins: ".pane li", search: ".search" };

const conversation = ({ conversationId }: Place) => `/c/${conversationId}`;

/** Opens what a message's tools open. */
const byTool = (tool: number) => async (page: Page) => {
  await page.locator("article").last().focus();
  await page.locator("article [role=toolbar] button").nth(tool).click();
};

const header = (button: string) => async (page: Page) => {
  await page.locator(`nav.side header ${button}`).click();
};

const SIGNED_OUT: readonly Screen[] = [
  { name: "sign in", path: () => "/", shows: "form" },
  { name: "sign up, refused", path: () => "/sign-up", reach: (page) => page.locator("form [type=submit]").click(), shows: "[aria-invalid=true]" },
  { name: "invite, signed out", path: () => "/i/nothing", shows: "form" },
];

const SIGNED_IN: readonly Screen[] = [
  { name: "list", path: () => "/", shows: "nav.side li a" },
  { name: "account menu", path: () => "/", reach: header(".me"), shows: "[role=menu]" },
  { name: "notifications", path: () => "/", reach: header(".bell button"), shows: "[role=dialog] .notices" },
  { name: "new conversation", path: () => "/", reach: header("> button:last-child"), shows: "dialog [role=option]" },
  { name: "switcher", path: () => "/", reach: (page) => page.keyboard.press("Control+K"), shows: "dialog [role=option]" },
  { name: "shortcuts", path: () => "/", reach: (page) => page.keyboard.press("Control+/"), shows: "dialog dl" },
  { name: "conversation", path: conversation, shows: "article .content" },
  { name: "menu of a message", path: conversation, reach: byTool(3), shows: "[role=menu]" },
  { name: "emoji", path: conversation, reach: byTool(0), shows: "[role=gridcell]" },
  { name: "reply", path: conversation, reach: byTool(1), shows: "form .strip" },
  { name: "thread", path: (place) => `${conversation(place)}?side=thread:${place.messageId}`, shows: ".thread article" },
  ...Object.entries(PANES).map(([pane, shows]): Screen => ({ name: pane, path: (place) => `${conversation(place)}?side=${pane}`, shows })),
  { name: "no conversation", path: () => "/c/01890a5d-ac96-774b-bcce-b302099a8057", shows: ".empty" },
  { name: "search", path: () => "/search?q=quay", shows: ".search mark" },
  ...SETTINGS.map((section): Screen => ({ name: `settings: ${section}`, path: () => `/settings/${section}`, shows: ".settings h2" })),
  { name: "nothing there", path: () => "/no/such/page", shows: ".empty" },
];

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

async function violations(person: Person, { name, path, reach, shows }: Screen): Promise<string[]> {
  const { page } = person;
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto(natter.url + path(place));
  await page.locator("nav.side, form").first().waitFor({ state: "attached" });
  await reach?.(page);
  await page.locator(shows).first().waitFor();
  await person.still();
  const light = await axe(page).analyze();
  await page.emulateMedia({ colorScheme: "dark" });
  await person.still();
  const dark = await axe(page).withRules(COLOUR_RULES).analyze();
  return [...light.violations, ...dark.violations].flatMap(({ id, nodes }) =>
    nodes.map(({ target, html }) => `${name}: ${id}: ${target.join(" ")}: ${html}`),
  );
}

/** The other mode than the one for "legacy" is for frames of other hosts, and opens a page for each look. */
function axe(page: Page): AxeBuilder {
  return new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"], preload: false });
}
