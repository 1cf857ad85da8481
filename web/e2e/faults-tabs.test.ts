import type { BrowserContext, Page } from "playwright-core";
import { expect, it } from "vitest";
import { message, pair } from "./pair.ts";

/** What home-made chats get wrong when there are several tabs, or nobody looks. */
const two = pair();

/** Positions are whole points of the screen, heights of rows are not. */
const MOVED_PX_MAX = 1;

interface Observed {
  /** Sounds that were made: each has two notes. */
  sounds: number;
  notifications: string[];
}

/** Lets a test hide pages, notes what they play and show on the desktop, and wants both. */
async function observe(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const observed: Observed & { hidden: boolean } = { sounds: 0, notifications: [], hidden: false };
    Object.assign(window, { observed });
    Object.defineProperty(document, "visibilityState", { get: () => (observed.hidden ? "hidden" : "visible") });
    Object.defineProperty(document, "hidden", { get: () => observed.hidden });
    document.hasFocus = () => !observed.hidden;
    const begin = Reflect.get<OscillatorNode, "start">(OscillatorNode.prototype, "start");
    OscillatorNode.prototype.start = function start(when) {
      observed.sounds += 1 / 2;
      begin.call(this, when);
    };
    class Shown extends EventTarget {
      static readonly permission = "granted";
      constructor(title: string, { body = "" }: NotificationOptions = {}) {
        super();
        observed.notifications.push(`${title}: ${body}`);
      }
      close() {}
    }
    Object.assign(window, { Notification: Shown });
    const kept = JSON.parse(localStorage.getItem("natter.preferences") ?? "{}") as object;
    localStorage.setItem("natter.preferences", JSON.stringify({ ...kept, desktop: true, sounds: true }));
  });
}

async function hide(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((wanted) => {
    (window as unknown as { observed: { hidden: boolean } }).observed.hidden = wanted;
    dispatchEvent(new Event(wanted ? "blur" : "focus"));
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
}

/** What all of them have played and shown. */
async function observedBy(pages: readonly Page[]): Promise<Observed> {
  const each = await Promise.all(pages.map((page) => page.evaluate(() => (window as unknown as { observed: Observed }).observed)));
  return { sounds: each.reduce((sum, { sounds }) => sum + sounds, 0), notifications: each.flatMap(({ notifications }) => notifications) };
}

it("tells of a message once, however many tabs there are, and not of one that somebody looks at", async () => {
  const id = await two.group("Bells");
  const guest = await two.arrive();
  await observe(guest.context);
  await guest.page.goto(two.natter.url);
  await guest.signIn("bob");
  const second = await guest.context.newPage();
  await second.goto(two.natter.url);
  const pages = [guest.page, second];
  const row = second.locator("nav.side li a", { hasText: "Bells" });
  await row.waitFor();
  for (const page of pages) await hide(page, true);

  for (const words of ["One", "Two", "Three"]) await two.say("alice", id, words);
  const told = ["One", "Two", "Three"].map((words) => `Alice Archer in Bells: ${words}`);
  await expect.poll(() => observedBy(pages)).toEqual({ sounds: 3, notifications: told });

  // Somebody looks at it in one of them: neither tells of it.
  await hide(second, false);
  await row.click();
  await second.getByText("Three").last().waitFor();
  await two.say("alice", id, "Seen at once");
  await second.locator("article", { hasText: "Seen at once" }).waitFor();
  await hide(second, true);
  await two.say("alice", id, "And this not");
  told.push("Alice Archer in Bells: And this not");
  await expect.poll(() => observedBy(pages)).toEqual({ sounds: 4, notifications: told });
  await second.close();
});

it("marks nothing read while the page is hidden, and all of it when somebody looks", async () => {
  const id = await two.group("Hidden");
  const guest = await two.arrive();
  await observe(guest.context);
  await guest.page.goto(two.natter.url);
  await guest.signIn("bob");
  await two.say("alice", id, "Seen");
  await guest.open("Hidden");
  await message(guest, "Seen").waitFor();
  await expect.poll(unread).toBe(0);
  await hide(guest.page, true);
  await two.say("alice", id, "Nobody looks");
  await two.say("alice", id, "Nobody looks still");
  await message(guest, "Nobody looks still").waitFor();
  await guest.row("Hidden").getByText("2 unread messages").waitFor({ state: "attached" });
  await expect.poll(() => guest.page.title()).toMatch(/^\(\d+\) /);
  expect(await unread()).toBe(2);
  await hide(guest.page, false);
  await guest.row("Hidden").getByText("2 unread messages").waitFor({ state: "detached" });
  await expect.poll(unread).toBe(0);
  // Whoever was away finds where they were.
  await guest.page.getByText("New", { exact: true }).waitFor();

  async function unread(): Promise<number> {
    const { unreadCount } = await two.natter.call<{ unreadCount: number }>("GET", `/conversations/${id}`, undefined, two.token("bob"));
    return unreadCount;
  }
});

/** Of so many lines, those below the view, and what only begins in it. */
function linesBelow(page: Page, lines: number): Promise<number> {
  return page.evaluate((last) => {
    const bottom = document.querySelector(".messages .scroller")?.getBoundingClientRect().bottom ?? 0;
    const seen = [...document.querySelectorAll("article")].filter((article) => article.getBoundingClientRect().bottom <= bottom + 1);
    return last - Number(/line (\d+)/.exec(seen.at(-1)?.textContent ?? "")?.[1]);
  }, lines - 1);
}

it("counts as read what has come into view, and no more", async () => {
  const id = await two.group("Along");
  for (let index = 0; index < 60; index += 1) await two.say("alice", id, `line ${index}.`);
  const { bob } = two;
  await bob.open("Along");
  await message(bob, "line 0.").waitFor();
  const below = () => linesBelow(bob.page, 60);
  for (const scrolled of [0, 300, 300, -600]) {
    const before = await below();
    await bob.page.locator(".messages .scroller").evaluate((scroller, by) => (scroller.scrollTop += by), scrolled);
    if (scrolled !== 0) await expect.poll(below).not.toBe(before);
    // Going back makes nothing unread.
    const left = scrolled < 0 ? before : await below();
    expect(left).toBeGreaterThan(0);
    await bob.row("Along").getByText(`${left} unread messages`).waitFor({ state: "attached" });
    const kept = await two.natter.call<{ unreadCount: number }>("GET", `/conversations/${id}`, undefined, two.token("bob"));
    expect(kept.unreadCount).toBe(left);
  }
  await bob.page.getByRole("button", { name: /^Go to the latest messages/ }).click();
  await bob.row("Along").getByText(/unread message/).waitFor({ state: "detached" });
});

it("counts as read no more than is in view where a link leads", async () => {
  const { bob } = two;
  const id = await two.group("Afar");
  const lines: string[] = [];
  for (let index = 0; index < 300; index += 1) lines.push(await two.say("alice", id, `line ${index}.`));
  await bob.open("Afar");
  // Down to the end of what was fetched, so that the view is far from where it is in what will be.
  await message(bob, "line 0.").waitFor();
  await bob.page.locator(".messages .scroller").evaluate((scroller) => (scroller.scrollTop += 600));
  await bob.page.evaluate((address) => {
    history.pushState(null, "", address);
    dispatchEvent(new PopStateEvent("popstate"));
  }, `/c/${id}/m/${lines[200]}`);
  await message(bob, "line 200.").waitFor();
  await expect
    .poll(async () => {
      const { unreadCount } = await two.natter.call<{ unreadCount: number }>("GET", `/conversations/${id}`, undefined, two.token("bob"));
      return unreadCount - (await linesBelow(bob.page, 300));
    })
    .toBe(0);
});

it("keeps one element for a message, from when it is written until it is sent and changed", async () => {
  const { alice } = two;
  await two.together("Keys");
  await alice.write("Always the same");
  const article = await message(alice, "Always the same").elementHandle();
  await message(alice, "Always the same").getByText("Sent", { exact: true }).waitFor({ state: "attached" });
  await alice.composer.press("ArrowUp");
  await alice.composer.fill("Always the same, but changed");
  await alice.composer.press("Enter");
  await message(two.bob, "but changed").waitFor();
  expect(await article?.evaluate((element) => element.isConnected && element.textContent)).toContain("but changed");
});

it("moves nothing that somebody reads when what is around it changes", async () => {
  const { alice, natter } = two;
  const id = await two.group("Steady");
  const ids: string[] = [];
  for (let index = 0; index < 60; index += 1) ids.push(await two.say("alice", id, `message ${index}`));
  await alice.open("Steady");
  await message(alice, "message 59").waitFor();
  const list = alice.page.locator(".messages .scroller");
  await list.hover();
  // As somebody does it: while rows are still measured, a list that nobody has moved stays at its end.
  await alice.page.mouse.wheel(0, -1_200);
  const left = () => list.evaluate(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight);
  await expect.poll(left).toBeGreaterThan(600);
  // A message near the top of what is in view, and one above that which changes.
  const read = await alice.page.evaluateHandle(() => {
    const at = document.elementFromPoint(600, 160);
    return at?.closest("article") ?? null;
  });
  const number = Number(await read.evaluate((article) => /message (\d+)/.exec(article?.textContent ?? "")?.[1]));
  const top = () => read.evaluate((article) => article?.getBoundingClientRect().top ?? NaN);
  await alice.still();
  const before = await top();
  const moved = async () => Math.abs((await top()) - before);
  const above = ids[number - 6] ?? "";
  await natter.call("POST", `/messages/${above}/reactions`, { emoji: "👍" }, two.token("bob"));
  await alice.page.getByRole("button", { name: "👍, 1 reaction" }).waitFor({ state: "attached" });
  expect(await moved()).toBeLessThanOrEqual(MOVED_PX_MAX);
  await natter.call("PATCH", `/messages/${above}`, { content: "It became\na much\nlonger message" }, two.token("alice"));
  await message(alice, "longer message").waitFor({ state: "attached" });
  expect(await moved()).toBeLessThanOrEqual(MOVED_PX_MAX);
  await two.say("bob", id, "And a new one");
  await alice.page.getByRole("button", { name: /^Go to the latest messages.*1/ }).waitFor();
  expect(await moved()).toBeLessThanOrEqual(MOVED_PX_MAX);
});
