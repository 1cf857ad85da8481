import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { PASSWORD, withoutWorkers, type Person } from "./harness.ts";
import { message, pair } from "./pair.ts";

/** What home-made chats get wrong about time: of days, of clocks, and of what somebody does just now. */
const two = pair();

const DAY_MS = 86_400_000;

/** Two messages of the night in which Berlin has an hour twice, and one of the night after it. */
const NIGHT = ["2026-10-24T22:30:00Z", "2026-10-25T22:30:00Z", "2026-10-25T23:30:00Z"];
const AFTER_IT = new Date("2026-10-26T12:00:00Z");

it.each([
  ["Europe/Berlin", ["Yesterday", "first", "second", "Today", "third"]],
  ["America/New_York", ["Saturday 24 October", "first", "Yesterday", "second", "third"]],
])("draws the lines between days by the calendar of its reader, who is in %s", async (timezoneId, lines) => {
  const id = await two.group(`Nights in ${timezoneId}`);
  for (const words of ["first", "second", "third"]) await two.say("alice", id, words);
  const reader = await two.arrive({ timezoneId });
  await withoutWorkers(reader);
  await reader.page.clock.setFixedTime(AFTER_IT);
  // The server would say that all of it was said now.
  await reader.page.route(/\/messages(\?|$)/, async (route) => {
    const answer = await route.fetch();
    const page = (await answer.json()) as { data: { kind: string; createdAt: string }[] };
    const dated = page.data.filter(({ kind }) => kind === "text").map((said, index) => ({ ...said, createdAt: NIGHT[index] }));
    await route.fulfill({ response: answer, json: { ...page, data: dated } });
  });
  await reader.page.goto(two.natter.url);
  await reader.signIn("bob");
  await reader.open(`Nights in ${timezoneId}`);
  await message(reader, "third").waitFor();
  const shown = reader.page.locator(".messages :is(.day, article .content)");
  await expect.poll(() => shown.allTextContents()).toEqual(lines);
});

it.each([["behind", -DAY_MS], ["ahead", DAY_MS]])("puts no message elsewhere by a clock that is a day %s", async (where, shift) => {
  const { alice, natter } = two;
  const name = where === "behind" ? "late" : "early";
  await natter.call("POST", "/auth/register", { username: name, displayName: name, password: PASSWORD });
  await natter.call("POST", "/conversations", { type: "group", name: `Clocks ${where}`, members: [name] }, two.token("alice"));
  const wrong = await two.arrive();
  await shiftClock(wrong.page, shift);
  await wrong.page.goto(natter.url);
  await wrong.signIn(name);
  await Promise.all([alice.open(`Clocks ${where}`), wrong.open(`Clocks ${where}`)]);
  const texts: string[] = [];
  for (const [index, person] of [alice, wrong, alice, wrong].entries()) {
    texts.push(`number ${index}`);
    await person.write(`number ${index}`);
    await Promise.all([alice.sees(texts), wrong.sees(texts)]);
  }
  // What waits stands at the end, though it would be the first or the last by its own clock.
  for (const person of [alice, wrong, two.bob]) person.outage = true;
  await natter.end("SIGTERM");
  await wrong.connection("offline");
  for (const text of ["waits", "waits, too"]) await wrong.write(text);
  texts.push("waits", "waits, too");
  await wrong.sees(texts);
  await natter.start();
  await Promise.all([alice.sees(texts), wrong.sees(texts)]);
  for (const person of [alice, two.bob]) {
    await person.connection("online");
    person.outage = false;
  }
});

async function shiftClock(page: Page, byMs: number): Promise<void> {
  await page.addInitScript((shift) => {
    const Right = Date;
    globalThis.Date = class extends Right {
      constructor(...given: []) {
        if (given.length > 0) super(...given);
        else super(Right.now() + shift);
      }
      static override now() {
        return Right.now() + shift;
      }
    } as DateConstructor;
  }, byMs);
}

it("does not say for ever that somebody writes who is gone, nor that they left when they only loaded the page again", async () => {
  const { alice } = two;
  const guest = await two.arrive();
  await guest.signUp("gina", "Gina");
  await guest.startDirect("alice");
  await guest.write("Hello");
  await alice.open("Gina");
  const header = alice.page.getByRole("region", { name: "Gina" }).locator("header");
  await header.getByText("Online", { exact: true }).waitFor();
  const told = await watch(alice, "header");
  await guest.page.reload();
  await guest.composer.pressSequentially("Is the fer");
  await alice.page.getByText("Gina is writing…").waitFor();
  expect((await told()).filter((words) => /Last seen|Offline/.test(words))).toEqual([]);
  await guest.context.close();
  await alice.page.getByText("Gina is writing…").waitFor({ state: "detached" });
  await header.getByText(/^Last seen /).waitFor();
});

/** Notes whatever an element of the conversation says from now on. */
async function watch({ page }: Person, selector: string): Promise<() => Promise<string[]>> {
  const noted = await page.evaluateHandle((element) => {
    const words: string[] = [];
    const look = () => words.push(document.querySelector(`.conversation ${element}`)?.textContent ?? "");
    new MutationObserver(look).observe(document.body, { childList: true, characterData: true, subtree: true });
    look();
    return words;
  }, selector);
  return () => noted.jsonValue();
}
