import type { CDPSession } from "playwright-core";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Person } from "./harness.ts";
import { message, pair } from "./pair.ts";

/** What fingers do on a phone. Each of it has a button as well, which the journeys press. */
const two = pair();

let phone: Person;
let fingers: CDPSession;

beforeEach(async () => {
  phone = await two.arrive({ viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true });
  await phone.page.goto(two.natter.url);
  await phone.signIn("bob");
  fingers = await phone.context.newCDPSession(phone.page);
});
afterEach(() => fingers.detach());

async function touch(type: "touchStart" | "touchMove" | "touchEnd", ...touchPoints: { x: number; y: number }[]): Promise<void> {
  await fingers.send("Input.dispatchTouchEvent", { type, touchPoints });
}

/** A finger comes down, moves as fingers do, and leaves. */
async function draw(from: { x: number; y: number }, dx: number, dy = 0): Promise<void> {
  await touch("touchStart", from);
  for (let step = 1; step <= 10; step += 1) await touch("touchMove", { x: from.x + (dx * step) / 10, y: from.y + (dy * step) / 10 });
  await touch("touchEnd");
}

async function middle(words: string): Promise<{ x: number; y: number }> {
  const box = await message(phone, words).locator(".bubble").boundingBox();
  if (!box) throw new Error(`nobody sees ${words}`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

it("answers a message that is drawn aside, and not one that is drawn a little", async () => {
  const id = await two.group("Swipes");
  await two.say("alice", id, "Draw me aside");
  await phone.open("Swipes");
  await message(phone, "Draw me aside").waitFor();
  const from = await middle("Draw me aside");
  await draw(from, -30);
  await draw(from, 90);
  expect(await phone.page.getByRole("group", { name: "Reply to Alice Archer" }).count()).toBe(0);
  await draw(await middle("Draw me aside"), -100);
  await phone.page.getByRole("group", { name: "Reply to Alice Archer" }).waitFor();
  await phone.composer.fill("As you wish");
  await phone.page.getByRole("button", { name: "Send", exact: true }).click();
  await message(phone, "As you wish").getByRole("button", { name: "Draw me aside" }).waitFor();
});

it("opens the menu of a message on which a finger rests, and nothing when it is lifted", async () => {
  const id = await two.group("Presses");
  await two.say("alice", id, "Press me");
  await phone.open("Presses");
  await message(phone, "Press me").waitFor();
  await touch("touchStart", await middle("Press me"));
  const menu = phone.page.getByRole("menu");
  await menu.waitFor();
  await touch("touchEnd");
  await menu.getByRole("menuitem", { name: "Reply", exact: true }).tap();
  await phone.page.getByRole("group", { name: "Reply to Alice Archer" }).waitFor();
});

it("goes back to the list when the page is pushed away", async () => {
  const id = await two.group("Back");
  await two.say("alice", id, "Push beside me");
  await phone.open("Back");
  await message(phone, "Push beside me").waitFor();
  const header = await phone.page.getByRole("region", { name: "Back" }).locator("header").boundingBox();
  if (!header) throw new Error("there is no header");
  await draw({ x: 60, y: header.y + header.height / 2 }, 40);
  await phone.page.waitForURL(new RegExp(id));
  await draw({ x: 60, y: header.y + header.height / 2 }, 200);
  await phone.page.waitForURL(`${two.natter.url}/`);
  await phone.row("Back").waitFor();
});

it("loads what is earlier when a finger scrolls there", async () => {
  const id = await two.group("Long ago");
  for (let index = 0; index < 120; index += 1) await two.say("bob", id, `message ${index}`);
  await phone.open("Long ago");
  await message(phone, "message 119").waitFor();
  const start = phone.page.getByText("This is the start of");
  for (let turn = 0; turn < 40 && !(await start.isVisible()); turn += 1) await draw({ x: 200, y: 150 }, 0, 500);
  await start.waitFor();
  await message(phone, /^.*message 0\b/).waitFor();
});
