import { expect, it } from "vitest";
import { message, pair } from "./pair.ts";

const two = pair();

it("finds messages, narrows them down, and goes to one", async () => {
  const { alice, bob } = two;
  const id = await two.group("Harbour");
  await two.say("alice", id, "The lighthouse is dark");
  const wanted = await two.say("bob", id, "The lighthouse keeper sleeps");
  for (let index = 0; index < 60; index += 1) await two.say("alice", id, `filler ${index}`);
  await alice.page.goto(`${two.natter.url}/search?q=lighthouse`);
  await alice.page.getByRole("status").getByText("2 messages found").waitFor();
  await alice.page.getByRole("button", { name: "Filters" }).click();
  await alice.page.getByRole("button", { name: "From…" }).click();
  await alice.page.getByRole("combobox", { name: "Who wrote it?" }).fill("bob");
  await alice.page.getByRole("option", { name: "@bob" }).click();
  await alice.page.getByRole("status").getByText("1 message found").waitFor();
  await alice.page.getByRole("button", { name: "Remove filter: From: bob" }).waitFor();
  expect(await alice.page.locator("mark").allTextContents()).toEqual(["lighthouse"]);
  await alice.page.reload();
  await alice.page.getByRole("link", { name: /keeper sleeps/ }).click();
  await alice.page.waitForURL(new RegExp(`/c/${id}/m/${wanted}`));
  await message(alice, "The lighthouse keeper sleeps").waitFor();
  await alice.page.goBack();
  await alice.page.getByRole("button", { name: "Remove filter: From: bob" }).click();
  await alice.page.getByRole("status").getByText("2 messages found").waitFor();

  await bob.open("Harbour");
  await bob.page.getByRole("button", { name: "Search in this conversation" }).click();
  await bob.page.getByRole("searchbox", { name: "Search in this conversation" }).fill("dark");
  await bob.page.getByRole("link", { name: /lighthouse is dark/ }).click();
  await message(bob, "The lighthouse is dark").waitFor();
});

it("goes anywhere by its name, by keyboard alone", async () => {
  const { alice } = two;
  await two.group("Number one");
  const id = await two.group("Zebra crossing");
  await alice.page.goto(two.natter.url);
  await alice.row("Zebra crossing").waitFor();
  await alice.page.keyboard.press("Control+K");
  const field = alice.page.getByRole("combobox", { name: "Go to…" });
  await field.fill("zebr");
  await alice.page.getByRole("option", { name: "Zebra crossing", selected: true }).waitFor();
  await field.press("Enter");
  await alice.page.waitForURL(`${two.natter.url}/c/${id}`);
  await alice.composer.waitFor();
  await expect.poll(() => alice.composer.evaluate((element) => element === document.activeElement)).toBe(true);
  await alice.page.keyboard.press("Alt+ArrowDown");
  await alice.page.waitForURL((url) => url.pathname.startsWith("/c/") && !url.pathname.endsWith(id));
});

it("goes to what nobody has scrolled to, however its name is typed", async () => {
  const { alice } = two;
  const id = await two.group("Łódź pier");
  // A page of the list, and one more.
  for (let number = 0; number <= 100; number += 1) await two.group(`Further up ${String(number)}`);
  await alice.page.goto(two.natter.url);
  await alice.row("Further up 100").waitFor();
  await alice.page.keyboard.press("Control+K");
  const field = alice.page.getByRole("combobox", { name: "Go to…" });
  await field.fill("lodz");
  const found = alice.page.getByRole("option", { name: "Łódź pier", selected: true });
  await found.waitFor();
  // Nothing is looked for while there is nothing to look for.
  await field.fill("");
  await found.waitFor({ state: "detached" });
  await alice.page.getByText("Looking through more conversations…").waitFor({ state: "detached" });
  await field.fill("lodz");
  await found.waitFor();
  await field.press("Enter");
  await alice.page.waitForURL(`${two.natter.url}/c/${id}`);
});

it("shows its keys, and closes what they opened", async () => {
  const { alice } = two;
  await alice.page.goto(two.natter.url);
  await alice.page.getByRole("button", { name: "Your account" }).waitFor();
  await alice.page.keyboard.press("Control+/");
  const help = alice.page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await help.getByText("Mark everything as read").waitFor();
  await alice.page.keyboard.press("Escape");
  await help.waitFor({ state: "detached" });
});

it("counts what is unread in its title, and marks all of it read", async () => {
  const { alice, bob } = two;
  const id = await two.group("Counting");
  await bob.page.goto(`${two.natter.url}/settings/appearance`);
  await bob.row("Counting").waitFor();
  await bob.page.keyboard.press("Shift+Escape");
  await expect.poll(() => bob.page.title()).not.toMatch(/^\(/);
  await two.say("alice", id, "one");
  await two.say("alice", id, "two for @bob");
  await bob.row("Counting").getByText("2 unread messages").waitFor({ state: "attached" });
  await expect.poll(() => bob.page.title()).toMatch(/^\(2\) /);
  await bob.page.getByRole("button", { name: "Notifications, 1 new" }).waitFor();
  await bob.page.keyboard.press("Shift+Escape");
  await bob.row("Counting").getByText("2 unread messages").waitFor({ state: "detached" });
  await expect.poll(() => bob.page.title()).not.toMatch(/^\(/);
  await bob.page.getByRole("button", { name: "Notifications", exact: true }).waitFor();
  await alice.page.goto(two.natter.url);
});

it("filters the list, and archives out of it", async () => {
  const { alice } = two;
  const id = await two.group("Old things");
  await alice.page.goto(two.natter.url);
  const row = alice.row("Old things");
  await row.click({ button: "right" });
  await alice.page.getByRole("menuitem", { name: "Archive" }).click();
  await row.waitFor({ state: "detached" });
  await alice.page.getByRole("button", { name: "Archived", exact: true }).click();
  await row.waitFor();
  await row.click({ button: "right" });
  await alice.page.getByRole("menuitem", { name: "Take out of the archive" }).click();
  await alice.page.getByRole("button", { name: "All", exact: true }).click();
  await row.waitFor();
  await alice.page.getByRole("button", { name: "Unread", exact: true }).click();
  await row.waitFor({ state: "detached" });
  await two.say("bob", id, "Not that old");
  await row.waitFor();
  await alice.page.getByRole("button", { name: "All", exact: true }).click();
});

it("takes another look and another language at once, and keeps them", async () => {
  const { alice } = two;
  const { page } = alice;
  await page.goto(`${two.natter.url}/settings/appearance`);
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.getByRole("radio", { name: "Light" }).check({ force: true });
  const light = await ground();
  await page.getByRole("radio", { name: "Dark" }).check({ force: true });
  await expect.poll(ground).not.toBe(light);
  await page.evaluate(() => Object.assign(window, { notReloaded: true }));
  await page.getByRole("link", { name: "Language" }).click();
  await page.getByRole("radio", { name: "العربية" }).check({ force: true });
  await expect.poll(() => page.evaluate(() => `${document.documentElement.lang} ${document.documentElement.dir}`)).toBe("ar rtl");
  expect(await page.evaluate(() => "notReloaded" in window)).toBe(true);
  expect(await page.getByText("Language", { exact: true }).count()).toBe(0);
  const dark = await ground();
  await page.reload();
  await page.getByRole("radio", { name: "English" }).waitFor({ state: "attached" });
  expect(await page.evaluate(() => document.documentElement.dir)).toBe("rtl");
  expect(await ground()).toBe(dark);
  await page.getByRole("radio", { name: "English" }).check({ force: true });
  await page.getByRole("navigation", { name: "Settings" }).waitFor();
  expect(await page.evaluate(() => document.documentElement.dir)).toBe("ltr");
});

it("signs out everywhere else at once", async () => {
  const { alice } = two;
  const phone = await two.arrive();
  await phone.page.goto(two.natter.url);
  await phone.signIn("alice");
  await alice.page.goto(`${two.natter.url}/settings/devices`);
  await alice.page.getByRole("button", { name: "Sign out everywhere else" }).click();
  await alice.page.getByRole("dialog").getByRole("button", { name: "Sign out everywhere else" }).click();
  await phone.page.getByRole("heading", { name: "Sign in" }).waitFor();
  await alice.page.getByRole("button", { name: "Sign out everywhere else" }).waitFor({ state: "detached" });
  // The browser logs what is refused to who was signed out.
  phone.complaints.length = 0;
  await alice.page.reload();
  await alice.page.getByText("This device").waitFor();
});

it("says that there is nothing at an address, and leads back", async () => {
  const { alice } = two;
  await alice.page.goto(`${two.natter.url}/no/such/page`);
  await alice.page.getByText("There is nothing at this address.").waitFor();
  await alice.page.getByRole("button", { name: "Go to your conversations" }).click();
  await alice.page.waitForURL(`${two.natter.url}/`);
  await alice.page.getByText("Choose a conversation, or start a new one.").waitFor();
});
