import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch, Natter, PASSWORD, Person } from "./harness.ts";
import { CALM, Proxy } from "./proxy.ts";

const SEED = Number(process.env["E2E_SEED"] ?? 1);
/** How many steps are taken before the numbers are compared; those of different devices and people run at once. */
const STEPS = 50;
const ROUNDS = Number(process.env["E2E_ROUNDS"] ?? 20);
const SETTLED_MS_MAX = 30_000;
const ALL_ROUNDS_MS_MAX = 600_000;
const CONVERSATIONS = ["North", "South", "West", "East", "Up", "Down"];

/** The same numbers for the same seed (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Something that happens, by whom: what one does happens one after the other. */
interface Step {
  readonly by: string;
  readonly does: string;
  readonly run: () => Promise<unknown>;
}

interface Device {
  readonly name: string;
  readonly page: Page;
}

let browser: Browser;
let natter: Natter;
/** Two tabs of one browser, and a phone: each browser with a network of its own. */
let browsers: readonly { readonly person: Person; readonly network: Proxy }[];
let devices: readonly Device[];
let ids: readonly string[];
const tokens = new Map<string, string>();
/** What can be answered in a thread, edited or deleted. */
const said: { by: string; id: string; where: string }[] = [];

beforeAll(async () => {
  [browser, natter] = await Promise.all([launch(), Natter.start()]);
  for (const username of ["alice", "bob", "carol"]) {
    const account = { username, displayName: username, password: PASSWORD };
    tokens.set(username, (await natter.call<{ accessToken: string }>("POST", "/auth/register", account)).accessToken);
  }
  const group = (name: string) => ({ type: "group", name, members: ["bob", "carol"] });
  ids = await Promise.all(CONVERSATIONS.map(async (name) => (await call<{ id: string }>("alice", "POST", "/conversations", group(name))).id));
  for (const id of ids) await say("alice", id, { content: "The first" });
  browsers = await Promise.all([{}, { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true }].map(async (options) => {
    const network = await Proxy.start(natter.url, Math.random);
    const person = await Person.arrive(browser, network.url, options);
    person.outage = true;
    await person.page.goto(network.url);
    await person.signIn("bob");
    return { person, network };
  }));
  const [tabs, phone] = browsers.map(({ person }) => person);
  if (!tabs || !phone) throw new Error("no devices");
  const second = await tabs.context.newPage();
  await second.goto(tabs.url);
  devices = [
    { name: "tab 1", page: tabs.page },
    { name: "tab 2", page: second },
    { name: "phone", page: phone.page },
  ];
  for (const { page } of devices) await page.locator("nav.side li a").nth(CONVERSATIONS.length - 1).waitFor();
});

afterAll(async () => {
  await browser.close();
  await Promise.all(browsers.map(({ network }) => network.stop()));
  await natter.stop();
});

it(`shows the server's numbers on two tabs and a phone, whatever happened (E2E_SEED=${SEED})`, async () => {
  const random = numbers(SEED);
  const done: string[] = [];
  let seen = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const steps = Array.from({ length: STEPS }, () => draw(random));
    done.push(...steps.map(({ by, does }) => `${round}: ${by} ${does}`));
    const lanes = [...new Set(steps.map(({ by }) => by))].map((one) => steps.filter(({ by }) => by === one));
    await Promise.all(lanes.map(async (lane) => {
      for (const { run } of lane) await run();
    }));
    for (const { name, page } of devices) {
      // The server's as well: what was read just now may be on its way to it.
      await expect
        .poll(async () => differences(await shown(page), await counted()), {
          message: `E2E_SEED=${SEED}: ${name} after\n${done.slice(-3 * STEPS).join("\n")}`,
          timeout: SETTLED_MS_MAX,
        })
        .toEqual([]);
    }
    seen += Object.values(await counted()).reduce((sum, number) => sum + number, 0);
  }
  // There was something to be wrong about.
  expect(seen).toBeGreaterThan(ROUNDS);
  expect(browsers.flatMap(({ person }) => person.complaints)).toEqual([]);
}, ALL_ROUNDS_MS_MAX);

function draw(random: () => number): Step {
  const below = (count: number) => Math.floor(random() * count);
  const one = <T>(all: readonly T[]) => all[below(all.length)] as T;
  const where = below(ids.length);
  const id = ids[where] ?? "";
  const other = one(["alice", "carol"]);
  const place = CONVERSATIONS[where];
  const chance = random();
  const own = (by: string) => said.findLast((message) => message.by === by && message.where === id);

  if (chance < 0.24) return { by: other, does: `says something in ${place}`, run: () => say(other, id, { content: "something" }) };
  if (chance < 0.32) return { by: other, does: `mentions Bob in ${place}`, run: () => say(other, id, { content: "something for @bob" }) };
  if (chance < 0.4) {
    const run = () => say(other, id, { content: "in the thread, @bob", threadId: own("alice")?.id });
    return { by: other, does: `answers in a thread of ${place}`, run };
  }
  if (chance < 0.46) {
    const run = async () => {
      const last = own(other);
      if (last) await call(other, "PATCH", `/messages/${last.id}`, { content: "what was meant was @bob" });
    };
    return { by: other, does: `edits the last of their messages in ${place}, which mentions Bob now`, run };
  }
  if (chance < 0.53) return { by: other, does: `deletes the last of their messages in ${place}`, run: () => erase(other, id) };
  if (chance < 0.59) return { by: "bob", does: `says something in ${place}, elsewhere`, run: () => say("bob", id, { content: "an answer" }) };
  if (chance < 0.64) {
    const muted = random() < 0.5;
    return { by: "bob", does: `${muted ? "mutes" : "unmutes"} ${place}`, run: () => call("bob", "PATCH", `/conversations/${id}/me`, { muted }) };
  }
  if (chance < 0.9) {
    const { name, page } = one(devices);
    return { by: name, does: `reads ${place}`, run: () => read(page, id) };
  }
  if (chance < 0.985) {
    const which = below(browsers.length);
    const run = () => away([which], () => say(other, id, { content: "while somebody is away" }));
    return { by: "network", does: `of ${which === 0 ? "the tabs" : "the phone"} breaks while ${other} says something in ${place}`, run };
  }
  // A device learns whom another one has blocked when it connects.
  const blocks = random() < 0.5;
  const run = () => away([0, 1], () => block(blocks));
  return { by: "network", does: `breaks everywhere while Bob ${blocks ? "blocks" : "unblocks"} Carol`, run };
}

function call<T>(username: string, method: string, path: string, body?: unknown): Promise<T> {
  return natter.call<T>(method, path, body, tokens.get(username));
}

async function say(by: string, where: string, message: { content: string; threadId?: string | undefined }): Promise<void> {
  const { id } = await call<{ id: string }>(by, "POST", `/conversations/${where}/messages`, message);
  if (message.threadId === undefined) said.push({ by, id, where });
}

async function erase(by: string, where: string): Promise<void> {
  const place = said.findLastIndex((message) => message.by === by && message.where === where);
  const [last] = place < 0 ? [] : said.splice(place, 1);
  if (last) await call(by, "DELETE", `/messages/${last.id}`);
}

async function block(blocks: boolean): Promise<void> {
  const { data } = await call<{ data: unknown[] }>("bob", "GET", "/blocks");
  if (blocks === data.length > 0) return;
  if (blocks) await call("bob", "POST", "/blocks", { username: "carol" });
  else await call("bob", "DELETE", "/blocks/carol");
}

/** As somebody does: from the list into the conversation, and back when its end was in view. */
async function read(page: Page, id: string): Promise<void> {
  await go(page, `/c/${id}`);
  await page.locator("article").last().waitFor();
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(drawn)))));
  await go(page, "/");
}

async function go(page: Page, path: string): Promise<void> {
  await page.evaluate((address) => {
    history.pushState(null, "", address);
    dispatchEvent(new PopStateEvent("popstate"));
  }, path);
}

/** Something happens while some have no network. */
async function away(which: readonly number[], work: () => Promise<unknown>): Promise<void> {
  const networks = browsers.filter((_, index) => which.includes(index));
  for (const { network } of networks) {
    network.weather = { ...CALM, refuses: 1 };
    network.cut();
  }
  await work();
  for (const { network, person } of networks) {
    network.weather = CALM;
    for (const page of person.context.pages()) await page.evaluate(() => dispatchEvent(new Event("online")));
  }
}

/** What the server says. */
async function counted(): Promise<Record<string, number>> {
  const { data } = await call<{ data: { name?: string; unreadCount: number; mentionCount: number }[] }>("bob", "GET", "/conversations");
  return table(data.map(({ name = "", unreadCount, mentionCount }) => [name, unreadCount, mentionCount] as const));
}

/** What a list shows, by the words that are read out. */
async function shown(page: Page): Promise<Record<string, number>> {
  const rows = await page.locator("nav.side li a").evaluateAll((links) =>
    links.map((link) => {
      const signs = link.querySelector(".signs")?.textContent ?? "";
      const count = (of: RegExp) => Number(of.exec(signs)?.[1] ?? 0);
      return [link.querySelector(".title")?.textContent ?? "", count(/(\d+) unread message/), count(/(\d+) mention/)] as const;
    }),
  );
  return table(rows);
}

function differences(shown: Record<string, number>, counted: Record<string, number>): string[] {
  const names = new Set([...Object.keys(shown), ...Object.keys(counted)]);
  return [...names].filter((name) => shown[name] !== counted[name]).map((name) => `${name}: ${shown[name] ?? "none"}, not ${counted[name] ?? "none"}`);
}

function table(rows: readonly (readonly [string, number, number])[]): Record<string, number> {
  const sorted = rows.toSorted(([a], [b]) => a.localeCompare(b));
  return Object.fromEntries(sorted.flatMap(([title, unread, mentions]) => [[`${title}: unread`, unread], [`${title}: mentions`, mentions]]));
}
