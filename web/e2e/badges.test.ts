import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { pair } from "./pair.ts";

const two = pair();

const SEED = Number(process.env["E2E_SEED"] ?? 1);
/** How many steps are taken before the numbers are compared. */
const STEPS = 6;
const ROUNDS = Number(process.env["E2E_ROUNDS"] ?? 25);
const SETTLED_MS_MAX = 20_000;
const CONVERSATIONS = ["North", "South", "West"];

/** The same numbers for the same seed (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

it(`shows the server's numbers on two tabs and a phone, whatever happened (E2E_SEED=${SEED})`, async () => {
  const { bob, natter } = two;
  const random = numbers(SEED);
  const ids = await Promise.all(CONVERSATIONS.map((name) => two.group(name)));
  const second = await bob.context.newPage();
  const phone = await two.arrive({ viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true });
  await phone.page.goto(natter.url);
  await phone.signIn("bob");
  await Promise.all([bob.page.goto(natter.url), second.goto(natter.url)]);
  const devices: readonly Page[] = [bob.page, second, phone.page];
  for (const device of devices) await device.locator("nav.side li a").nth(2).waitFor();
  const done: string[] = [];
  let seen = 0;

  const steps: readonly ((which: number) => Promise<string>)[] = [
    async (which) => `Alice says ${await two.say("alice", ids[which] ?? "", "something")} in ${which}`,
    async (which) => `Alice mentions ${await two.say("alice", ids[which] ?? "", "something for @bob")} in ${which}`,
    async (which) => `Bob says ${await two.say("bob", ids[which] ?? "", "an answer")} in ${which}`,
    async (which) => {
      const id = await two.say("alice", ids[which] ?? "", "soon gone, @bob");
      await natter.call("DELETE", `/messages/${id}`, undefined, two.token("alice"));
      return `Alice says something in ${which} and deletes it`;
    },
    async (which) => {
      const device = random(devices.length);
      const page = devices[device];
      // As somebody does: to the list, into the conversation, and back.
      await page?.evaluate((path) => {
        history.pushState(null, "", path);
        dispatchEvent(new PopStateEvent("popstate"));
      }, `/c/${ids[which] ?? ""}`);
      await page?.locator("article .content").first().waitFor();
      await page?.evaluate(() => {
        history.pushState(null, "", "/");
        dispatchEvent(new PopStateEvent("popstate"));
      });
      return `device ${device} reads ${which}`;
    },
    async () => {
      const device = random(2) === 0 ? bob : phone;
      device.outage = true;
      await device.context.setOffline(true);
      const said = await two.say("alice", ids[random(ids.length)] ?? "", "while somebody is away");
      await device.context.setOffline(false);
      return `${said} while ${device === bob ? "the tabs were" : "the phone was"} away`;
    },
  ];
  for (const id of ids) await two.say("alice", id, "The first");

  for (let round = 0; round < ROUNDS; round += 1) {
    for (let step = 0; step < STEPS; step += 1) {
      done.push((await steps[random(steps.length)]?.(random(ids.length))) ?? "");
    }
    for (const [index, page] of devices.entries()) {
      // The server's as well: what was read just now may be on its way to it.
      await expect
        .poll(async () => differences(await shown(page), await counted()), { message: `device ${index} after\n${done.join("\n")}`, timeout: SETTLED_MS_MAX })
        .toEqual([]);
    }
    seen += Object.values(await counted()).reduce((sum, number) => sum + number, 0);
  }
  // There was something to be wrong about.
  expect(seen).toBeGreaterThan(ROUNDS);
  await second.close();

  /** What the server says. */
  async function counted(): Promise<Record<string, number>> {
    const page = await natter.call<{ data: { name?: string; unreadCount: number; mentionCount: number }[] }>(
      "GET",
      "/conversations",
      undefined,
      two.token("bob"),
    );
    return table(page.data.map(({ name = "", unreadCount, mentionCount }) => [name, unreadCount, mentionCount] as const));
  }
}, 240_000);

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
