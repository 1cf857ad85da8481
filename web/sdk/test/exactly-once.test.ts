import { expect, it } from "vitest";
import { memoryStore, type Account, type Client, type Store } from "../src/index.ts";
import type { Fault } from "./fake-server.ts";
import { World } from "./world.ts";

const SEEDS = 150;
const STEPS = 60;
const FAULTS: Fault[] = ["refuse", "lose-before-commit", "lose-after-commit", "lose-event", "double-event"];

interface Tab {
  store: Store;
  client: Client;
  account: Account;
  written: string[];
  /** What the present page has been told of, and how much there was before it. */
  heard: string[];
  heardFrom: number | undefined;
}

async function open(world: World, store: Store, username: string): Promise<Tab> {
  const client = world.client(store);
  await client.start();
  if (!client.account.get()) await client.register({ username, password: "correct horse" });
  const account = client.account.get();
  if (!account) throw new Error("not signed in");
  const heard: string[] = [];
  account.on("message.new", ({ content }) => heard.push(content));
  return { store, client, account, written: [], heard, heardFrom: 0 };
}

/**
 * Three people write to each other while the server refuses, dies before and after commits, forgets and doubles events,
 * and the people reload their pages. In the end each has seen every message once, in the same order.
 */
async function run(seed: number): Promise<void> {
  const world = new World(seed);
  const tabs: Tab[] = [];
  for (const name of ["alice", "bob", "carol"]) tabs.push(await open(world, memoryStore(), name));
  await world.settle();
  const { id } = await tabs[0]!.account.create({ type: "group", name: "Harbour", members: ["bob", "carol"] });
  for (const tab of tabs) await tab.account.room(id).open();

  world.server.fault = () => (world.random() < 0.4 ? FAULTS[Math.floor(world.random() * FAULTS.length)]! : "none");
  for (let step = 0; step < STEPS; step += 1) {
    const tab = tabs[Math.floor(world.random() * tabs.length)]!;
    const dice = world.random();
    if (dice < 0.6) {
      const text = `${tab.account.user.username} ${tab.written.length}`;
      tab.written.push(text);
      tab.account.room(id).send(text);
    } else if (dice < 0.7) {
      world.server.restart(dice < 0.65 ? '{"reconnectAfterMs":700}' : "");
    } else if (dice < 0.75) {
      world.online = !world.online;
    } else if (dice < 0.8) {
      world.server.expireAccessTokens();
    } else if (dice < 0.85) {
      // What is typed is kept before the page goes away: a store takes its time.
      await world.settle();
      tab.client.close();
      const { client, account, heard } = await open(world, tab.store, tab.account.user.username);
      Object.assign(tab, { client, account, heard, heardFrom: undefined });
      void account.room(id).open();
    } else {
      await world.pass(world.random() * 2_000);
    }
  }
  world.online = true;
  world.server.fault = () => "none";
  world.server.restart();
  await world.pass(120_000);

  const committed = world.server.messages(id).map((message) => message.content);
  for (const tab of tabs) {
    const name = tab.account.user.username;
    expect(committed.filter((text) => text.startsWith(`${name} `))).toEqual(tab.written);
    expect(tab.account.connection.get()).toBe("online");
    expect(tab.account.unsent).toBe(0);
    // A page that was loaded in the middle hears of everything from somewhere on.
    expect(committed.slice(tab.heardFrom ?? committed.length - tab.heard.length)).toEqual(tab.heard);
    const { items, phase } = tab.account.room(id).timeline.get();
    expect(phase).toBe("ready");
    expect(items.map((item) => item.content)).toEqual(committed);
    expect(items.every((item) => item.status === "sent")).toBe(true);
    expect(tab.account.conversations.get().items[0]?.lastMessage?.content).toBe(committed.at(-1));
  }
  expect(committed).toHaveLength(tabs.reduce((sum, tab) => sum + tab.written.length, 0));
  expect(world.reported).toEqual([]);
}

it("shows everybody every message exactly once and in order, whatever fails", { timeout: 120_000 }, async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    await run(seed).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
    });
  }
});
