import { expect, it } from "vitest";
import { act, choose, message, pair, toast, told } from "./pair.ts";

/** Longer than what somebody has deleted can be brought back. */
const DELETED_MS_MAX = 30_000;

const two = pair();

it("answers a message with a quote, which leads back to it", async () => {
  const { alice, bob } = two;
  const id = await two.group("Quotes");
  const first = await two.say("alice", id, "The first of many");
  for (let index = 0; index < 80; index += 1) await two.say("alice", id, `filler ${index}`);
  await alice.open("Quotes");
  await bob.page.goto(`${two.natter.url}/c/${id}/m/${first}`);
  await act(bob, "The first of many", "Reply");
  await bob.page.getByRole("button", { name: "Cancel reply" }).click();
  await bob.page.getByRole("group", { name: "Reply to Alice Archer" }).waitFor({ state: "detached" });
  await act(bob, "The first of many", "Reply");
  await bob.page.getByRole("group", { name: "Reply to Alice Archer" }).waitFor();
  await bob.write("I remember it");
  await message(alice, "I remember it").waitFor();
  expect(await message(alice, /^The first of many/).count()).toBe(0);
  await message(alice, "I remember it").getByRole("button", { name: "The first of many" }).click();
  await message(alice, "The first of many").first().waitFor();
  await expect.poll(() => message(alice, "The first of many").first().isVisible()).toBe(true);
  await alice.page.getByRole("button", { name: /^Go to the latest messages/ }).click();
  await message(alice, "I remember it").waitFor();
});

it("reacts, and joins in a reaction", async () => {
  const { alice, bob } = two;
  await two.together("Reactions");
  await bob.write("We have a boat");
  await act(alice, "We have a boat", "React");
  await alice.page.getByRole("searchbox", { name: "Search emoji" }).fill("rocket");
  await alice.page.getByRole("gridcell", { name: /rocket/ }).first().waitFor();
  await alice.page.keyboard.press("Enter");
  await bob.page.getByRole("button", { name: "🚀, 1 reaction", exact: true }).click();
  const both = alice.page.getByRole("button", { name: "🚀, 2 reactions" });
  await both.waitFor();
  expect(await both.getAttribute("aria-pressed")).toBe("true");
  await both.click();
  await bob.page.getByRole("button", { name: "🚀, 1 reaction", exact: true }).waitFor();
});

it("edits the last message from the empty composer, for both", async () => {
  const { alice, bob } = two;
  await two.together("Edits");
  await alice.write("The ferri is late");
  await bob.sees(["The ferri is late"]);
  await alice.composer.press("ArrowUp");
  await alice.page.getByRole("group", { name: "Edit message" }).waitFor();
  expect(await alice.composer.inputValue()).toBe("The ferri is late");
  await alice.composer.fill("The ferry is late");
  await alice.page.getByRole("button", { name: "Save changes" }).click();
  await Promise.all([alice.sees(["The ferry is late"]), bob.sees(["The ferry is late"])]);
  await message(bob, "The ferry is late").getByText("edited", { exact: true }).waitFor();
  expect(await alice.composer.inputValue()).toBe("");
});

it("deletes a message, brings it back, and deletes it for good", async () => {
  const { alice, bob } = two;
  await two.together("Deletions");
  await alice.write("Not what I meant");
  await bob.sees(["Not what I meant"]);
  await choose(alice, "Not what I meant", "Delete");
  await message(alice, "This message was deleted").waitFor();
  await alice.page.getByRole("button", { name: "Undo" }).click();
  await message(alice, "Not what I meant").waitFor();
  await bob.sees(["Not what I meant"]);

  await message(alice, "Not what I meant").focus();
  await alice.page.keyboard.press("Delete");
  // As long as the pointer rests on the offer to undo it, it stays.
  await alice.page.mouse.move(0, 0);
  await message(alice, "This message was deleted").waitFor();
  await message(bob, "This message was deleted").waitFor({ timeout: DELETED_MS_MAX });
  expect(await bob.page.getByText("Not what I meant").count()).toBe(0);
});

it("has deleted what was deleted just before its page was closed", async () => {
  const { bob, natter } = two;
  await two.together("Regrets");
  const guest = await two.arrive();
  await guest.page.goto(natter.url);
  await guest.signIn("alice");
  await guest.open("Regrets");
  await guest.write("Nobody should have read this");
  await bob.sees(["Nobody should have read this"]);
  await message(guest, "Nobody should have read this").focus();
  await guest.page.keyboard.press("Delete");
  await toast(guest, "Message deleted").waitFor();
  await guest.page.goto("about:blank");
  await message(bob, "This message was deleted").waitFor();
});

it("pins a message for everybody, and unpins it", async () => {
  const { alice, bob } = two;
  await two.together("Pins");
  await bob.write("The code of the gate is 4711");
  await choose(alice, "4711", "Pin");
  await bob.page.getByRole("button", { name: /^Pinned message .*4711/ }).waitFor();
  await told(bob, "Alice Archer pinned a message").waitFor();
  await bob.page.getByRole("button", { name: "Pinned messages" }).first().click();
  await bob.page.getByRole("region", { name: "Details" }).getByText("The code of the gate is 4711").waitFor();
  await bob.page.getByRole("button", { name: "Close pane" }).click();
  await choose(alice, "4711", "Unpin");
  await bob.page.getByRole("button", { name: /^Pinned message .*4711/ }).waitFor({ state: "detached" });
});

it("forwards a message, and says where it comes from", async () => {
  const { alice, bob } = two;
  await two.group("Elsewhere");
  await two.together("Forwarding");
  await bob.write("Take the number six");
  await choose(alice, "number six", "Forward");
  const dialog = alice.page.getByRole("dialog", { name: "Forward message" });
  await dialog.getByRole("checkbox", { name: "Elsewhere" }).check();
  await dialog.getByRole("button", { name: "Forward", exact: true }).click();
  await toast(alice, "Forwarded to 1 conversation").waitFor();
  await bob.open("Elsewhere");
  await bob.sees(["Take the number six"]);
  await message(bob, "Take the number six").getByText("Forwarded from Bob Baker").waitFor();
});

it("answers in a thread beside the conversation", async () => {
  const { alice, bob } = two;
  await two.together("Threads");
  await bob.write("Who brings what?");
  await act(alice, "Who brings what?", "Reply in thread");
  const field = alice.page.getByRole("textbox", { name: "Reply in thread" });
  await field.fill("I bring bread");
  await field.press("Enter");
  await bob.page.getByRole("button", { name: "1 reply" }).click();
  const thread = bob.page.getByRole("region", { name: "Messages in the thread" });
  await thread.getByText("I bring bread").waitFor();
  const answer = bob.page.getByRole("textbox", { name: "Reply in thread" });
  await answer.fill("Then I bring cheese");
  await answer.press("Enter");
  await alice.page.getByRole("region", { name: "Messages in the thread" }).getByText("Then I bring cheese").waitFor();
  await alice.page.getByRole("button", { name: "2 replies" }).waitFor();
  await bob.page.getByRole("button", { name: "Close thread" }).click();
  await thread.waitFor({ state: "detached" });
});

it("offers reactions beside what was said", async () => {
  const { natter } = two;
  await two.group("Beside");
  const guest = await two.arrive();
  await guest.page.goto(natter.url);
  await guest.signIn("alice");
  await guest.open("Beside");
  await guest.write("On the far side");
  await message(guest, "On the far side").getByText("Sent", { exact: true }).waitFor({ state: "attached" });
  await message(guest, "On the far side").focus();
  await guest.page.keyboard.press("+");
  await guest.page.getByRole("gridcell").first().waitFor();
  await guest.still();
  const [bubble, picker] = await Promise.all([
    message(guest, "On the far side").locator(".bubble").boundingBox(),
    guest.page.getByRole("dialog", { name: "React" }).boundingBox(),
  ]);
  if (!bubble || !picker) throw new Error("neither is seen");
  expect(picker.x + picker.width).toBeGreaterThan(bubble.x);
});

it("lets the keyboard past the messages in a few steps, however many people wrote them", async () => {
  const { alice } = two;
  const id = await two.group("Steps");
  for (const name of ["bob", "alice", "bob", "alice", "bob"] as const) await two.say(name, id, `By ${name}`);
  await alice.open("Steps");
  await message(alice, "By bob").last().waitFor();
  await alice.composer.focus();
  // Who wrote the message at which the keyboard stops, the message, and what is before the list.
  for (let step = 0; step < 3; step += 1) await alice.page.keyboard.press("Shift+Tab");
  expect(await alice.page.evaluate(() => document.activeElement?.closest("header") !== null)).toBe(true);
});

it("shows no name of a control that is gone", async () => {
  const { natter } = two;
  await two.group("Names");
  const guest = await two.arrive();
  // The time for which a pointer rests on something.
  await guest.page.clock.install();
  await guest.page.goto(natter.url);
  await guest.signIn("alice");
  await guest.open("Names");
  await guest.page.clock.pauseAt(Date.now() + 60_000);
  await guest.page.getByRole("button", { name: "Members" }).hover();
  await guest.page.evaluate(() => history.back());
  await guest.composer.waitFor({ state: "detached" });
  await guest.page.clock.runFor(2_000);
  expect(await guest.page.locator(".tooltip:popover-open").count()).toBe(0);
});

it("completes names and emoji, and tells whoever is mentioned", async () => {
  const { alice, bob } = two;
  const id = await two.group("Mentions");
  await alice.open("Mentions");
  await bob.page.goto(two.natter.url);
  await alice.composer.pressSequentially("Ask @bo");
  await alice.page.getByRole("listbox", { name: "People to mention" }).getByRole("option", { name: /Bob Baker/ }).waitFor();
  await alice.composer.press("Enter");
  expect(await alice.composer.inputValue()).toBe("Ask @bob ");
  await alice.composer.pressSequentially("about it :rocket");
  await alice.page.getByRole("listbox", { name: "Matching emoji" }).waitFor();
  await alice.composer.press("Tab");
  expect(await alice.composer.inputValue()).toMatch(/^Ask @bob about it 🚀/u);
  await alice.page.getByRole("button", { name: "Insert emoji" }).click();
  await alice.page.getByRole("searchbox", { name: "Search emoji" }).fill("tada");
  await alice.page.getByRole("gridcell", { name: /party popper/ }).first().click();
  await expect.poll(() => alice.composer.inputValue()).toContain("🎉");
  await alice.composer.press("Enter");

  await bob.row("Mentions").getByText("1 mention").waitFor({ state: "attached" });
  await bob.page.getByRole("button", { name: "Notifications, 1 new" }).click();
  await bob.page.getByRole("link", { name: /Alice Archer mentioned you in Mentions/ }).click();
  await bob.page.waitForURL(new RegExp(`/c/${id}`));
  await message(bob, "Ask @bob about it").waitFor();
  await bob.row("Mentions").getByText("1 mention").waitFor({ state: "detached" });
  await bob.page.getByRole("button", { name: "Notifications", exact: true }).waitFor();
});

it("keeps a draft for the other tabs, and forgets it when it is sent", async () => {
  const { alice } = two;
  const id = await two.group("Drafts");
  await two.group("Not this one");
  const other = await alice.context.newPage();
  await other.goto(two.natter.url);
  await alice.open("Drafts");
  await alice.composer.fill("Half a tho");
  await alice.open("Not this one");
  await alice.row("Drafts").getByText("Draft: Half a tho").waitFor();
  await other.getByRole("link", { name: /Drafts/ }).getByText("Draft: Half a tho").waitFor();
  await other.goto(`${two.natter.url}/c/${id}`);
  const field = other.getByRole("textbox", { name: "Message Drafts" });
  await expect.poll(() => field.inputValue()).toBe("Half a tho");
  await field.fill("Half a thought, and the rest");
  await field.press("Enter");
  await alice.row("Drafts").getByText("Draft:").waitFor({ state: "detached" });
  await alice.open("Drafts");
  await alice.sees(["Half a thought, and the rest"]);
  expect(await alice.composer.inputValue()).toBe("");
  await other.close();
});

it("schedules a message, and gives it up", async () => {
  const { alice } = two;
  await two.together("Later");
  await alice.composer.fill("Good morning");
  await alice.page.getByRole("button", { name: "Schedule message" }).click();
  await alice.page.getByRole("button", { name: /^Tomorrow morning/ }).click();
  // As this English has times everywhere else.
  await toast(alice, /^Will be sent: \w+,? \d+ \w+,? (at )?09:00$/).waitFor();
  expect(await alice.composer.inputValue()).toBe("");
  await alice.page.getByRole("button", { name: "1 scheduled message" }).click();
  const dialog = alice.page.getByRole("dialog", { name: "Schedule message" });
  await dialog.getByText("Good morning").waitFor();
  await dialog.getByRole("button", { name: "Cancel this message" }).click();
  await toast(alice, "The scheduled message was cancelled.").waitFor();
  await dialog.getByText("Nothing is scheduled here.").waitFor();
  await alice.page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await alice.page.getByRole("button", { name: "1 scheduled message" }).waitFor({ state: "detached" });
});
