import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "puppeteer-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { Fox, launchFirefox } from "./firefox.ts";
import { Natter } from "./harness.ts";

/** A picture of one point. */
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

let browser: Browser;
let natter: Natter;
let alice: Fox;
let bob: Fox;
let files: string;
let broken = false;

/** The journeys follow one another, as those of one evening do. */
beforeAll(async () => {
  [browser, natter, files] = await Promise.all([launchFirefox(), Natter.start(), mkdtemp(join(tmpdir(), "natter-firefox-"))]);
  [alice, bob] = await Promise.all([Fox.arrive(browser, natter.url), Fox.arrive(browser, natter.url)]);
});
beforeEach(({ skip }) => skip(broken, "an earlier one did not come to its end"));
afterEach(({ task }) => {
  broken ||= task.result?.state === "fail";
  expect([...alice.complaints.splice(0), ...bob.complaints.splice(0)]).toEqual([]);
});
afterAll(async () => {
  await browser.close();
  await natter.stop();
  await rm(files, { recursive: true });
});

const written: string[] = [];
/** All that the browser keeps for somebody, as text. */
const kept = ({ page }: Fox) =>
  page.evaluate(async () => {
    const found = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
    for (const { name = "" } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((done) => {
        const opening = indexedDB.open(name);
        opening.onsuccess = () => done(opening.result);
      });
      for (const store of database.objectStoreNames) {
        const all = database.transaction(store).objectStore(store).getAll();
        await new Promise((done) => (all.onsuccess = done));
        found.push(JSON.stringify(all.result));
      }
      database.close();
    }
    return found.join();
  });
const both = () => Promise.all([alice.sees(written), bob.sees(written)]);

it("signs up, and two people chat", async () => {
  await Promise.all([alice.signUp("alice", "Alice Archer"), bob.signUp("bob", "Bob Baker")]);
  await alice.startDirect("bob");
  await bob.open("Alice Archer");
  for (const [person, text] of [[alice, "Is the ferry on time?"], [bob, "It leaves at six.\nFrom pier 4."]] as const) {
    await person.write(text);
    written.push(text);
    await both();
  }
  // Here scroll bars take room: the page has none, only what is within it.
  expect(await alice.page.evaluate(() => [document.documentElement.clientWidth, document.documentElement.scrollHeight])).toEqual([1024, 720]);
});

it("answers, reacts, edits and deletes", async () => {
  await bob.act("Is the ferry", "Reply");
  await bob.find("form .strip");
  await bob.write("I hope so");
  written.push("I hope so");
  await both();
  await alice.find("article .quote");

  await alice.act("I hope so", "React");
  await alice.fill("Search emoji", "rocket");
  await alice.press(/^rocket/, "[role=gridcell]");
  await bob.press("🚀, 1 reaction");
  await alice.find("button", "🚀, 2 reactions");

  await alice.page.focus("form textarea");
  await alice.page.keyboard.press("ArrowUp");
  await alice.find("[role=group]", "Edit message");
  await alice.compose("Is the ferry late?");
  await alice.press("Save changes");
  written[0] = "Is the ferry late?";
  await both();

  await alice.write("Not this");
  written.push("Not this");
  await both();
  await (await alice.message("Not this")).focus();
  await alice.page.keyboard.press("Delete");
  written.pop();
  await both();
  await bob.message("This message was deleted");
});

it("sends a text and a picture, which are seen on the other side", async () => {
  const [notes, picture] = [join(files, "tides.txt"), join(files, "point.png")];
  await Promise.all([writeFile(notes, "Low water at six."), writeFile(picture, PNG, "base64")]);
  const input = await alice.page.waitForSelector("form input[type=file]");
  await input?.uploadFile(notes, picture);
  await alice.find("[aria-label=\"Files to send\"] li:nth-child(2)");
  await alice.write("Look at these");
  written.push("Look at these");
  await both();
  const wide = () => bob.page.$$eval("article img", (images) => images.some(({ naturalWidth }) => naturalWidth > 0));
  await expect.poll(wide).toBe(true);
  await bob.press("Open picture point.png");
  await bob.find("dialog", "Pictures and videos");
  await bob.page.keyboard.press("Escape");
  await bob.press("Open tides.txt");
  await bob.find("dialog", /Low water at six/);
  await bob.page.keyboard.press("Escape");
  await bob.page.waitForSelector("dialog[open]", { hidden: true });
});

it("keeps the session, the history and the draft through a reload", async () => {
  await bob.compose("Half a tho");
  await Promise.all([alice.page.reload(), bob.page.reload()]);
  await both();
  expect(await bob.page.$eval("form textarea", ({ value }) => value)).toBe("Half a tho");
  await bob.compose("");
});

it("opens and takes messages without a network, which arrive when it is back", async () => {
  await alice.page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    if (!navigator.serviceWorker.controller) await new Promise((taken) => navigator.serviceWorker.addEventListener("controllerchange", taken));
  });
  // What is shown is kept a moment later: by the list, and by the conversation.
  await expect.poll(async () => (await kept(alice)).split("Look at these").length).toBeGreaterThan(2);
  alice.outage = true;
  await alice.page.setOfflineMode(true);
  await alice.page.reload();
  await alice.sees(written);
  await alice.connection("offline");
  const away = Array.from({ length: 5 }, (_, number) => `written on a train ${number}`);
  for (const text of away) await alice.write(text);
  written.push(...away);
  await alice.sees(written);
  await alice.page.setOfflineMode(false);
  await both();
  await alice.connection("online");
  alice.outage = false;
});

it("signs out, and leaves nothing behind", async () => {
  await bob.press(/Your account$/);
  await bob.press("Sign out", "[role=menuitem]");
  await bob.find("h1, h2", "Sign in");
  const left = await kept(bob);
  expect(left).not.toMatch(/ferry|\bbob\b/i);
  await bob.page.reload();
  await bob.signIn("bob");
  await bob.open("Alice Archer");
  await bob.sees(written);
});
