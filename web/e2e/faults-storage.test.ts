import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { everythingKept, kept, PASSWORD, withoutWorkers } from "./harness.ts";
import { message, pair } from "./pair.ts";

/** What home-made chats get wrong about what a browser keeps. */
const two = pair();

it("works where the browser keeps nothing, as in some private windows", async () => {
  const { alice } = two;
  const guest = await two.arrive();
  await withoutWorkers(guest);
  await guest.page.addInitScript(() => {
    const refuse = () => {
      throw new DOMException("Not in here.", "SecurityError");
    };
    for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { get: refuse });
    IDBFactory.prototype.open = refuse;
  });
  await guest.signUp("perry", "Perry Private");
  await guest.startDirect("alice");
  await guest.write("Do you hear me?");
  await alice.open("Perry Private");
  await alice.sees(["Do you hear me?"]);
  await alice.write("Loud and clear");
  await guest.sees(["Do you hear me?", "Loud and clear"]);
  await guest.page.locator("input[type=file]").setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("notes") });
  await guest.page.getByRole("list", { name: "Files to send" }).getByRole("listitem").waitFor();
  await guest.write("My notes");
  await message(alice, "My notes").getByText("notes.txt").first().waitFor();
});

it("works where the device has no room left, and loses nothing that is written there", async () => {
  const { alice, natter } = two;
  const guest = await two.arrive();
  await guest.signUp("fulvia", "Fulvia Full");
  await guest.startDirect("alice");
  await guest.write("There is room");
  await alice.open("Fulvia Full");
  await alice.sees(["There is room"]);
  await fill(guest.page);
  const texts = ["There is room", "There is none", "And still none"];
  for (const text of texts.slice(1)) await guest.write(text);
  await alice.sees(texts);
  await alice.write("I hear you");
  texts.push("I hear you");
  await guest.sees(texts);
  // What is typed goes to the server, which has room.
  await guest.composer.fill("Half a tho");
  const { accessToken } = await natter.call<{ accessToken: string }>("POST", "/auth/login", { username: "fulvia", password: PASSWORD });
  const drafts = async () => (await natter.call<{ data: { content: string }[] }>("GET", "/users/me/drafts", undefined, accessToken)).data;
  await expect.poll(async () => (await drafts()).map(({ content }) => content)).toEqual(["Half a tho"]);
  await guest.page.reload();
  await guest.sees(texts);
  await expect.poll(() => guest.composer.inputValue()).toBe("Half a tho");
  await guest.write("Still here");
  texts.push("Still here");
  await alice.sees(texts);
  // The browser tells of what it could not keep.
  guest.complaints.splice(0, Infinity, ...guest.complaints.filter((complaint) => !/QuotaExceeded|quota|no room/i.test(complaint)));

  async function fill(page: Page): Promise<void> {
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("Storage.overrideQuotaForOrigin", { origin: natter.url, quotaSize: 1 });
    await page.evaluate(() => {
      let piece = "x".repeat(1 << 20);
      for (let index = 0; piece !== ""; index += 1) {
        try {
          localStorage.setItem(`filler ${index}`, piece);
        } catch {
          piece = piece.slice(0, piece.length >> 1);
        }
      }
    });
  }
});

it("keeps what was being written, and sends what was sent, when the session ends meanwhile", async () => {
  const { alice, natter } = two;
  const guest = await two.arrive();
  await guest.signUp("tara", "Tara Token");
  await guest.startDirect("alice");
  await guest.write("Before");
  await alice.open("Tara Token");
  await alice.sees(["Before"]);
  const { accessToken } = await natter.call<{ accessToken: string }>("POST", "/auth/login", { username: "tara", password: PASSWORD });
  await guest.context.setOffline(true);
  guest.outage = true;
  await guest.write("On its way");
  await guest.composer.pressSequentially("Half a thought that nob");
  // Everywhere else: from here on nobody takes the guest's tokens.
  await natter.call("DELETE", "/users/me/sessions", undefined, accessToken);
  await guest.context.setOffline(false);
  await guest.page.getByRole("heading", { name: "Sign in" }).waitFor();
  await guest.signIn("tara");
  await guest.open("Alice Archer");
  await alice.sees(["Before", "On its way"]);
  await guest.sees(["Before", "On its way"]);
  await expect.poll(() => guest.composer.inputValue()).toBe("Half a thought that nob");
  // The browser logs what was refused.
  guest.complaints.length = 0;
});

it("keeps no answer of the API where a service worker would find it", async () => {
  const { alice } = two;
  await two.together("Caches");
  await alice.write("Where is it kept?");
  await kept(alice.page);
  const paths = await alice.page.evaluate(async () => {
    const urls: string[] = [];
    for (const name of await caches.keys()) for (const { url } of await (await caches.open(name)).keys()) urls.push(new URL(url).pathname);
    return urls;
  });
  expect(paths.length).toBeGreaterThan(10);
  expect(paths.filter((path) => /^\/(?:api|socket\.io|health|metrics)/.test(path))).toEqual([]);
  // On the device, but not in the worker's hands.
  await expect.poll(() => everythingKept(alice.page)).toContain("Where is it kept?");
});
