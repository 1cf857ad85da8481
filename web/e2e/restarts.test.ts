import { expect, it } from "vitest";
import type { Person } from "./harness.ts";
import { pair } from "./pair.ts";

/** After how many of Alice's messages the server is killed, each time. */
const KILLED_AFTER = [1, 7, 3, 9, 5];
/** How many messages each of both writes from one kill to the next. */
const MESSAGES = 10;
const SETTLED_MS_MAX = 60_000;

const two = pair();

it("loses, doubles and reorders nothing while two people write and the server is killed again and again", async () => {
  const { alice, bob, natter } = two;
  const id = await two.together("Storm");
  // High enough for all messages to be in view.
  for (const { page } of [alice, bob]) await page.setViewportSize({ width: 1024, height: 7_000 });
  for (const person of [alice, bob]) {
    person.outage = true;
    await person.page.evaluate(() => Object.assign(window, { notReloaded: true }));
  }
  const written = { alice: [] as string[], bob: [] as string[] };

  for (const killedAfter of KILLED_AFTER) {
    let kill: () => void = () => undefined;
    const moment = new Promise<void>((arrived) => (kill = arrived));
    const write = async (person: Person, name: keyof typeof written) => {
      for (let number = 1; number <= MESSAGES; number += 1) {
        const text = `${name} ${written[name].length + 1}`;
        written[name].push(text);
        await person.write(text);
        if (name === "alice" && number === killedAfter) kill();
      }
    };
    const restart = async () => {
      await moment;
      await natter.end("SIGKILL");
      await natter.start();
    };
    await Promise.all([write(alice, "alice"), write(bob, "bob"), restart()]);
    await Promise.all([alice.connection("online"), bob.connection("online")]);
  }

  const all = [...written.alice, ...written.bob].toSorted();
  await expect.poll(async () => (await alice.texts()).toSorted(), { timeout: SETTLED_MS_MAX }).toEqual(all);
  await alice.page.getByText("Waiting to be sent").first().waitFor({ state: "detached" });
  const page = await natter.call<{ data: { content: string }[] }>("GET", `/conversations/${id}/messages?limit=100`, undefined, two.token("alice"));
  const order = page.data.map(({ content }) => content);
  expect(order.toSorted()).toEqual(all);
  for (const [name, texts] of Object.entries(written)) expect(order.filter((text) => text.startsWith(name))).toEqual(texts);
  await Promise.all([alice.sees(order), bob.sees(order)]);
  for (const { page } of [alice, bob]) {
    expect(await page.evaluate(() => "notReloaded" in window)).toBe(true);
    await page.reload();
  }
  await Promise.all([alice.sees(order), bob.sees(order)]);
  for (const person of [alice, bob]) person.outage = false;
});
