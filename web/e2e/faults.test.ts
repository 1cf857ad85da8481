import { expect, it } from "vitest";
import { message, pair } from "./pair.ts";

/** What home-made chats get wrong, as far as no other test has it. */
const two = pair();

it("does not send while an input method composes a word", async () => {
  const { alice } = two;
  await two.together("Kanji");
  const client = await alice.context.newCDPSession(alice.page);
  await alice.composer.focus();
  await client.send("Input.imeSetComposition", { text: "にほん", selectionStart: 3, selectionEnd: 3 });
  await alice.composer.evaluate((field) => {
    const enter = { key: "Enter", bubbles: true, cancelable: true };
    field.dispatchEvent(new KeyboardEvent("keydown", { ...enter, isComposing: true }));
    // Safari says so after the word is done, and only by the code.
    field.dispatchEvent(new KeyboardEvent("keydown", { ...enter, keyCode: 229 }));
  });
  await client.send("Input.insertText", { text: "日本" });
  expect(await alice.composer.inputValue()).toBe("日本");
  expect(await alice.texts()).toEqual([]);
  await alice.composer.press("Enter");
  await alice.sees(["日本"]);
});

it("takes nothing that people write for markup, and opens no script", async () => {
  const { alice, bob } = two;
  await two.together("<img src=x onerror=alert(1)>");
  const opened: string[] = [];
  bob.page.on("dialog", (dialog) => {
    opened.push(dialog.message());
    void dialog.dismiss();
  });
  const evil = "<script>alert(2)</script> <b onclick=alert(3)>bold</b> javascript:alert(4) [link](javascript:alert(5))";
  await alice.write(evil);
  await message(bob, "<script>alert(2)</script>").waitFor();
  await alice.page.locator("input[type=file]").setInputFiles({
    name: "<svg onload=alert(6)>.txt",
    mimeType: "text/plain",
    buffer: Buffer.from("notes:\n<script>alert(7)</script>"),
  });
  await alice.page.getByRole("list", { name: "Files to send" }).getByRole("listitem").waitFor();
  await alice.page.getByRole("button", { name: "Send", exact: true }).click();
  await bob.page.getByRole("button", { name: /^Open .*svg/ }).click();
  await bob.page.getByRole("dialog").getByText("<script>alert(7)</script>").waitFor();
  await bob.page.keyboard.press("Escape");
  expect(await bob.page.locator("article :is(script, b, svg[onload], img[onerror])").count()).toBe(0);
  expect(await bob.page.locator('a[href^="javascript:" i]').count()).toBe(0);
  expect(opened).toEqual([]);
});

it("keeps what is written through switches, reloads", async () => {
  const { alice } = two;
  await two.group("Elsewhere");
  await two.together("Unfinished");
  await alice.composer.fill("Dear all, it is with");
  await alice.open("Elsewhere");
  expect(await alice.composer.inputValue()).toBe("");
  await alice.open("Unfinished");
  expect(await alice.composer.inputValue()).toBe("Dear all, it is with");
  await alice.composer.pressSequentially(" great joy");
  // At once: nothing waits for a pause in typing.
  await alice.page.reload();
  await expect.poll(() => alice.composer.inputValue()).toBe("Dear all, it is with great joy");
  await alice.composer.press("Enter");
  await alice.sees(["Dear all, it is with great joy"]);
  await alice.page.reload();
  await alice.sees(["Dear all, it is with great joy"]);
  expect(await alice.composer.inputValue()).toBe("");
});

it("says the day of each message by the clock of its reader", async () => {
  const { bob } = two;
  const id = await two.group("Midnight");
  await two.say("alice", id, "What day is it?");
  const far = await two.arrive({ timezoneId: "Pacific/Kiritimati" });
  await far.page.goto(two.natter.url);
  await far.signIn("bob");
  await Promise.all([far.open("Midnight"), bob.open("Midnight")]);
  for (const person of [far, bob]) {
    await message(person, "What day is it?").waitFor();
    const [shown, clock] = await message(person, "What day is it?").locator("time").evaluateAll((times) => {
      const at = new Date(times.at(-1)?.getAttribute("datetime") ?? "");
      return [times.at(-1)?.textContent, at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })];
    });
    expect(shown).toBe(clock);
  }
});

it("gives the focus a place when what had it goes", async () => {
  const { alice } = two;
  await two.together("Focus");
  await alice.write("Soon gone");
  await message(alice, "Soon gone").getByText("Sent", { exact: true }).waitFor({ state: "attached" });
  await message(alice, "Soon gone").focus();
  await alice.page.keyboard.press("Delete");
  await message(alice, "This message was deleted").waitFor();
  expect(await alice.page.evaluate(() => document.activeElement?.tagName)).toBe("ARTICLE");
  await alice.page.getByRole("button", { name: "Details", exact: true }).last().focus();
  await alice.page.keyboard.press("Enter");
  await alice.page.getByRole("button", { name: "Close pane" }).click();
  await expect.poll(() => alice.page.evaluate(() => document.activeElement?.tagName)).not.toBe("BODY");
});

it("searches the conversation by Ctrl+F, and leaves the second one to the browser", async () => {
  const { alice } = two;
  await two.together("Finding");
  await alice.composer.press("Control+f");
  const field = alice.page.getByRole("region", { name: "Details" }).getByRole("searchbox");
  await expect.poll(() => field.evaluate((element) => element === document.activeElement)).toBe(true);
  const taken = await alice.page.evaluateHandle(() => {
    const heard: boolean[] = [];
    addEventListener("keydown", ({ key, defaultPrevented }) => key === "f" && heard.push(defaultPrevented));
    return heard;
  });
  await alice.page.keyboard.press("Control+f");
  await alice.composer.press("Control+f");
  expect(await taken.jsonValue()).toEqual([false, true]);
});

it("highlights whole signs, whatever is before them", async () => {
  const { alice } = two;
  const id = await two.group("Signs");
  await two.say("alice", id, "👩‍👩‍👧‍👦🏳️‍🌈 é中 the ferry 👍🏽 sails");
  await alice.page.goto(`${two.natter.url}/search?q=ferry`);
  await alice.page.getByRole("status").getByText("1 message found").waitFor();
  expect(await alice.page.locator("mark").allTextContents()).toEqual(["ferry"]);
});

it("has no trace of a draft on any screen: no holes, no filler, a title and an icon", async () => {
  const { alice } = two;
  const id = await two.together("Finished");
  await alice.write("All of it is here");
  await alice.sees(["All of it is here"]);
  const settings = ["profile", "appearance", "language", "notifications", "privacy", "devices", "shortcuts"];
  const sides = ["details", "members", "files", "pins", "search"];
  const paths = ["/", `/c/${id}`, ...sides.map((side) => `/c/${id}?side=${side}`), ...settings.map((part) => `/settings/${part}`), "/search?q=here", "/no/such"];
  for (const path of paths) {
    await alice.page.goto(two.natter.url + path);
    await alice.page.getByRole("button", { name: "Your account" }).or(alice.page.locator(".empty")).first().waitFor();
    await alice.still();
    const { text, title, icon } = await alice.page.evaluate(() => ({
      text: document.body.innerText,
      title: document.title,
      icon: document.querySelector<HTMLLinkElement>('link[rel="icon"]')?.href ?? "",
    }));
    expect(text, path).not.toMatch(/undefined|NaN|\[object |lorem ipsum|Invalid Date|TODO/i);
    expect(title, path).toMatch(/Natter/);
    expect(icon, path).not.toBe("");
  }
});

it("goes to what is unread when it opens, once: its end is followed from then on", async () => {
  const { bob } = two;
  const id = await two.group("Arrivals");
  await two.say("alice", id, "the first of many");
  await bob.open("Arrivals");
  await message(bob, "the first of many").waitFor();
  for (let index = 0; index < 30; index += 1) await two.say("alice", id, `arrival ${index}.`);
  await message(bob, "arrival 29.").waitFor();
  await bob.page.getByRole("button", { name: "Go to the latest messages" }).waitFor({ state: "hidden" });
});
