import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { launch, Natter, Person } from "./harness.ts";

let browser: Browser;
let natter: Natter;
let alice: Person;
let bob: Person;

beforeAll(async () => void (browser = await launch()));
afterAll(() => browser.close());

beforeEach(async () => {
  natter = await Natter.start();
  [alice, bob] = await Promise.all([Person.arrive(browser, natter.url), Person.arrive(browser, natter.url)]);
});

afterEach(async () => {
  await Promise.all([alice.context.close(), bob.context.close()]);
  await natter.stop();
  expect(alice.complaints).toEqual([]);
  expect(bob.complaints).toEqual([]);
});

async function meet(): Promise<void> {
  await Promise.all([alice.signUp("alice", "Alice Archer"), bob.signUp("bob", "Bob Baker")]);
  await alice.startDirect("bob");
  await bob.open("Alice Archer");
}

it("carries messages from one browser to the other and back", async () => {
  await meet();
  await alice.write("Is the ferry on time?");
  await bob.sees(["Is the ferry on time?"]);
  await bob.write("It leaves at six.\nFrom pier 4.");
  await alice.sees(["Is the ferry on time?", "It leaves at six.\nFrom pier 4."]);
});

it.each(["SIGKILL", "SIGTERM"] as const)("loses and doubles nothing over a restart by %s, without a reload", async (signal) => {
  await meet();
  await Promise.all([alice, bob].map((person) => person.page.evaluate(() => Object.assign(window, { notReloaded: true }))));
  const texts: string[] = [];
  for (let index = 0; index < 10; index += 1) {
    texts.push(`before ${index}`);
    await alice.write(`before ${index}`);
  }
  for (const person of [alice, bob]) person.outage = true;
  // Right behind the last message, so that some are on their way.
  await natter.end(signal);
  for (let index = 0; index < 10; index += 1) {
    texts.push(`while it is down ${index}`);
    await alice.write(`while it is down ${index}`);
  }
  await alice.connection("offline");
  await alice.sees(texts);
  await natter.start();
  await Promise.all([alice.connection("online"), bob.connection("online")]);
  for (const person of [alice, bob]) person.outage = false;
  await bob.sees(texts);
  await alice.page.getByText("Waiting to be sent").first().waitFor({ state: "detached" });

  texts.push("It is back.");
  await bob.write("It is back.");
  await Promise.all([alice.sees(texts), bob.sees(texts)]);
  for (const person of [alice, bob]) {
    expect(await person.page.evaluate(() => "notReloaded" in window)).toBe(true);
  }
});

it("shows who is there, who writes, and what is unread", async () => {
  await meet();
  await bob.page.getByRole("region", { name: "Alice Archer" }).locator("header").getByText("Online", { exact: true }).waitFor();
  await alice.composer.pressSequentially("Is the fer");
  await bob.page.getByText("Alice Archer is writing…").waitFor();
  await alice.composer.fill("");
  await bob.page.getByText("Alice Archer is writing…").waitFor({ state: "detached" });
  await alice.composer.pressSequentially("Is the ferry on time?");
  await bob.page.getByText("Alice Archer is writing…").waitFor();
  await alice.composer.press("Enter");
  await bob.sees(["Is the ferry on time?"]);
  await bob.page.getByText("Alice Archer is writing…").waitFor({ state: "detached" });

  // Not in view, so unread; then in view, so read, on each device.
  await bob.page.goto(natter.url);
  await alice.write("It is not.");
  await bob.page.getByText("1 unread message").waitFor({ state: "attached" });
  await bob.open("Alice Archer");
  await bob.page.getByText("1 unread message").waitFor({ state: "detached" });
  await bob.page.reload();
  await bob.sees(["Is the ferry on time?", "It is not."]);
  await bob.page.getByText("1 unread message").waitFor({ state: "detached" });

  await alice.context.close();
  await bob.page.getByRole("region", { name: "Alice Archer" }).locator("header").getByText(/^Last seen /).waitFor();
});

it("keeps what is written without a connection through a reload", async () => {
  await meet();
  await alice.write("one");
  await bob.sees(["one"]);
  for (const person of [alice, bob]) person.outage = true;
  await natter.end("SIGKILL");
  await alice.write("two");
  await alice.sees(["one", "two"]);
  await natter.start();
  await alice.page.reload();
  await alice.sees(["one", "two"]);
  await bob.sees(["one", "two"]);
});

it("keeps the session and the history through a reload, and forgets both on sign-out", async () => {
  await meet();
  await alice.write("Remember this");
  await bob.sees(["Remember this"]);
  await bob.page.reload();
  await bob.sees(["Remember this"]);

  await bob.page.getByRole("button", { name: "Your account" }).click();
  await bob.page.getByRole("menuitem", { name: "Sign out" }).click();
  await bob.page.getByRole("heading", { name: "Sign in" }).waitFor();
  // What had the focus is gone, and the focus is not back at the start of the page.
  await expect.poll(() => bob.page.evaluate(() => document.activeElement?.tagName)).toBe("MAIN");
  await bob.page.reload();
  await bob.page.getByRole("heading", { name: "Sign in" }).waitFor();
  expect(await bob.page.evaluate(() => Object.keys(sessionStorage))).toEqual([]);
  await bob.signIn("bob");
  await bob.open("Alice Archer");
  await bob.sees(["Remember this"]);
});

it("creates groups and channels, and says what is wrong with a form without losing what was typed", async () => {
  await Promise.all([alice.signUp("alice", "Alice Archer"), bob.signUp("bob", "Bob Baker")]);
  const { page } = alice;
  await page.getByRole("button", { name: "New conversation" }).first().click();
  await page.getByRole("tab", { name: "Group" }).click();
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByText("Please fill this in.").waitFor();
  await page.getByLabel("Name").fill("Harbour crew");
  const members = page.getByRole("combobox", { name: "Members (optional)" });
  await members.fill("nobody-at-all");
  await page.getByText("Nobody found.").waitFor();
  await members.fill("bob");
  await page.getByRole("option", { name: "@bob" }).click();
  await page.getByRole("listitem").getByText("Bob Baker").waitFor();
  expect(await page.getByLabel("Name").inputValue()).toBe("Harbour crew");
  await page.getByRole("button", { name: "Create" }).click();
  await alice.composer.waitFor();
  await page.getByText("2 members").waitFor();
  await alice.write("Welcome aboard");
  await bob.open("Harbour crew");
  await bob.sees(["Welcome aboard"]);

  await page.getByRole("button", { name: "New conversation" }).first().click();
  await page.getByRole("tab", { name: "Channel" }).click();
  await page.getByLabel("Name").fill("tides");
  await page.getByLabel("Topic").fill("High and low water");
  await page.getByRole("radio", { name: "Everybody" }).check({ force: true });
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByText("High and low water").waitFor();
});

it("scrolls through a long history without a jump, to its start and back", async () => {
  await meet();
  const signIn = await natter.call<{ accessToken: string }>("POST", "/auth/login", {
    username: "bob",
    password: "correct horse battery",
  });
  const id = alice.page.url().split("/").at(-1) ?? "";
  for (let index = 0; index < 220; index += 1) {
    const content = `message ${index}${"\nmore".repeat(index % 4)}`;
    await natter.call("POST", `/conversations/${id}/messages`, { content }, signIn.accessToken);
  }
  await alice.page.getByText("message 219").first().waitFor();
  // What was heard while it came is all here: after a reload, most of it has to be fetched.
  await alice.page.reload();
  await alice.page.getByText("message 219").first().waitFor();
  const region = alice.page.getByRole("region", { name: "Messages in Bob Baker" });
  await region.hover();
  const start = alice.page.getByText("This is the start of");
  let before = await firstInView(alice);
  for (let turn = 0; turn < 400 && !(await start.isVisible()); turn += 1) {
    await alice.page.mouse.wheel(0, -400);
    await alice.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    const after = await firstInView(alice);
    // Scrolling up shows earlier messages, and never throws somebody far away from where they read.
    expect(after).toBeLessThanOrEqual(before);
    expect(before - after).toBeLessThan(25);
    // With what comes between two turns.
    before = after;
  }
  await start.waitFor();
  await alice.page.getByRole("button", { name: "Go to the latest messages" }).click();
  await alice.page.getByText("message 219").first().waitFor();
});

/** The number of the first message in view. */
function firstInView(person: Person): Promise<number> {
  return person.page.evaluate(() => {
    const top = document.querySelector(".messages .scroller")?.getBoundingClientRect().top ?? 0;
    const rows = [...document.querySelectorAll("article")];
    const row = rows.find((candidate) => candidate.getBoundingClientRect().bottom > top);
    return Number(/message (\d+)/.exec(row?.textContent ?? "")?.[1] ?? -1);
  });
}
