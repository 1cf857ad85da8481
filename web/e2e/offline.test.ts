import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { everythingKept, kept, launch, Natter, PASSWORD, Person, textsKept } from "./harness.ts";

let browser: Browser;
let natter: Natter;
let people: Person[];

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());
beforeEach(async () => {
  natter = await Natter.start();
  people = [];
});
afterEach(async () => {
  await Promise.all(people.map((person) => person.context.close()));
  await natter.stop();
});

async function arrive(username: string, displayName: string): Promise<Person> {
  // High enough for all messages of a test to be in view.
  const person = await Person.arrive(browser, natter.url, { viewport: { width: 1024, height: 2400 } });
  people.push(person);
  await person.signUp(username, displayName);
  return person;
}

/** Another tab of the same browser. */
async function anotherTab(person: Person, path: string): Promise<Page> {
  const page = await person.context.newPage();
  await page.goto(`${natter.url}${path}`);
  return page;
}

const bubbles = (page: Page) => page.locator("article .content").allTextContents();

test("what is written without a network, and a file, arrive once and in order though the tab was killed twice", async () => {
  const ada = await arrive("ada", "Ada");
  const bob = await arrive("bob", "Bob");
  await ada.startDirect("bob");
  await ada.write("before");
  await bob.open("Ada");
  await bob.sees(["before"]);
  await kept(ada.page);
  // Messages are gathered for a moment before they are kept.
  await expect.poll(() => textsKept(ada.page)).toEqual(["before"]);
  const path = new URL(ada.page.url()).pathname;

  ada.outage = true;
  await ada.context.setOffline(true);
  // The connection that was there would live on.
  await ada.page.reload();
  await ada.sees(["before"]);
  const texts = Array.from({ length: 20 }, (_, number) => `text ${number + 1}`);
  for (const text of texts.slice(0, 10)) await ada.write(text);
  await ada.page.locator("input[type=file]").setInputFiles({
    name: "notes.txt",
    mimeType: "text/plain",
    buffer: Buffer.from("written on a train"),
  });
  await ada.page.getByText("notes.txt").first().waitFor();
  await ada.write("the notes");
  for (const text of texts.slice(10)) await ada.write(text);
  const written = ["before", ...texts.slice(0, 10), "the notes", ...texts.slice(10)];
  await ada.sees(written);
  await ada.page.close();

  const second = await anotherTab(ada, path);
  await expect.poll(() => bubbles(second), { timeout: 10_000 }).toEqual(written);
  await second.close();
  await ada.context.setOffline(false);
  const third = await anotherTab(ada, path);
  await bob.sees(written);
  await expect.poll(() => bubbles(third), { timeout: 10_000 }).toEqual(written);
  await bob.page.getByText("notes.txt").first().waitFor();

  const { accessToken } = await natter.call<{ accessToken: string }>("POST", "/auth/login", {
    username: "bob",
    password: "correct horse battery",
  });
  const page = await natter.call<{ data: { content: string; attachments: unknown[] }[] }>(
    "GET",
    `/conversations${path.replace("/c", "")}/messages`,
    undefined,
    accessToken,
  );
  expect(page.data.map(({ content }) => content)).toEqual(written);
  expect(page.data.map(({ attachments }) => attachments.length)).toEqual(written.map((text) => (text === "the notes" ? 1 : 0)));
});

test("the client opens without a server, and shows what it has shown before", async () => {
  const ada = await arrive("ada", "Ada");
  await arrive("bob", "Bob");
  await ada.startDirect("bob");
  await ada.write("still here");
  await ada.page.locator("article", { hasText: "Sent" }).first().waitFor();
  await kept(ada.page);
  await expect.poll(() => textsKept(ada.page)).toEqual(["still here"]);
  for (const person of people) person.outage = true;
  await natter.end("SIGKILL");
  await ada.page.reload();
  await ada.sees(["still here"]);
  await ada.page.getByRole("link", { name: "Bob" }).first().waitFor();
  await natter.start();
  await ada.write("and back");
  await ada.sees(["still here", "and back"]);
});

test("what came just before the page was hidden is kept, though it never wakes again", async () => {
  const ada = await arrive("ada", "Ada");
  const bob = await arrive("bob", "Bob");
  await bob.startDirect("ada");
  await bob.write("first");
  await ada.open("Bob");
  await ada.sees(["first"]);
  await kept(ada.page);
  // From here on nothing is kept because of a clock, as on a phone that puts the page to sleep.
  await ada.context.addInitScript(() => {
    const now = Date.now();
    Date.now = () => now;
    const later = window.setTimeout.bind(window);
    const soon = (work: () => void, delayMs = 0) => (delayMs < 1_000 ? later(work, delayMs) : 0);
    Object.assign(window, { setTimeout: soon });
  });
  await ada.page.reload();
  await ada.connection("online");
  const texts = ["first"];
  await ada.sees(texts);
  // One after the other: the first change is kept at once.
  for (const text of ["second", "third"]) {
    await bob.write(text);
    texts.push(text);
    await ada.sees(texts);
  }
  await ada.page.evaluate(() => {
    Object.defineProperty(document, "visibilityState", { value: "hidden" });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await expect.poll(() => textsKept(ada.page)).toEqual(texts);
  const path = new URL(ada.page.url()).pathname;
  await ada.page.close();
  await ada.context.setOffline(true);
  const next = await anotherTab(ada, path);
  await expect.poll(() => bubbles(next)).toEqual(texts);
});

test("emoji are found by Arabic words, without a network as well, and those of no other language are kept", async () => {
  const ada = await Person.arrive(browser, natter.url, { locale: "ar" });
  people.push(ada);
  const register = { username: "ada", displayName: "Ada", password: PASSWORD };
  const { accessToken } = await natter.call<{ accessToken: string }>("POST", "/auth/register", register);
  const group = { type: "group", name: "رصيف", members: [] };
  await natter.call("POST", "/conversations", group, accessToken);
  await ada.page.goto(natter.url);
  await ada.page.locator("input[autocomplete=username]").fill("ada");
  await ada.page.locator("input[type=password]").fill(PASSWORD);
  await ada.page.locator("form [type=submit]").click();
  await ada.row("رصيف").click();
  const composer = ada.page.locator("textarea");
  await composer.waitFor();
  const path = new URL(ada.page.url()).pathname;
  await kept(ada.page);
  const files = () => ada.page.evaluate(async () => {
    const urls = await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => url)));
    return urls.flat().map((url) => /emoji-(\w\w)-[^/]+\.json/.exec(url)?.[1]).filter((language) => language !== undefined);
  });
  await expect.poll(files).toEqual(["ar"]);

  ada.outage = true;
  await ada.context.setOffline(true);
  await ada.page.goto(`${natter.url}${path}`);
  await ada.page.getByRole("button", { name: "إدراج رمز تعبيري" }).click();
  await ada.page.getByRole("searchbox", { name: "البحث عن رمز تعبيري" }).fill("صاروخ");
  await ada.page.getByRole("gridcell", { name: /صاروخ/ }).first().click();
  await expect.poll(() => composer.inputValue()).toContain("🚀");
  expect(ada.complaints).toEqual([]);
});

test("who signs out leaves nothing behind", async () => {
  const ada = await arrive("ada", "Ada");
  await arrive("bob", "Bob");
  await ada.startDirect("bob");
  await ada.write("a secret");
  await ada.composer.fill("a secret draft");
  await kept(ada.page);
  await ada.page.goto(`${natter.url}/`);
  await ada.page.getByRole("button", { name: /account|Ada/i }).first().click();
  await ada.page.getByRole("menuitem", { name: "Sign out" }).click();
  await ada.page.getByLabel("Username").waitFor();
  const left = await everythingKept(ada.page);
  expect(left).not.toMatch(/secret|\bada\b|\/api\//i);
  await ada.page.reload();
  await ada.page.getByLabel("Username").waitFor();
});
