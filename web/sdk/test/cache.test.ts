import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { cacheIn } from "../src/cache.ts";
import { memoryStore, type Account, type Client, type Store } from "../src/index.ts";
import { person, World } from "./world.ts";

/** What one browser keeps. */
interface Device {
  store: Store;
  cache: Store;
}

const device = (): Device => ({ store: memoryStore(), cache: memoryStore() });

async function enter(world: World, { store, cache }: Device, username = "alice"): Promise<{ client: Client; account: Account }> {
  const client = world.client(store, { cache: cacheIn(cache) });
  await client.start();
  if (!client.account.get()) await client.register({ username, password: "correct horse" });
  await world.settle();
  const account = client.account.get();
  if (!account) throw new Error("not signed in");
  return { client, account };
}

const texts = (account: Account, id: string) => account.room(id).timeline.get().items.map(({ content }) => content);
const titles = (account: Account) => account.conversations.get().items.map(({ title }) => title);

/** A page that showed a conversation with a message by bob, and was closed. */
async function visited(world: World, at: Device, content = "ahoy") {
  const { client, account } = await enter(world, at);
  const bob = await person(world, "bob");
  const { id } = await account.create({ type: "direct", members: ["bob"] });
  world.server.send(bob.user.id, { conversationId: id, content });
  await account.room(id).open();
  await world.pass(5_000);
  return { client, account, bob, id };
}

describe("the cache", () => {
  it("shows at once and without a network what was there, and says so", async () => {
    const world = new World();
    const at = device();
    const { client, id } = await visited(world, at);
    client.close();
    world.online = false;
    const { account } = await enter(world, at);
    expect(titles(account)).toEqual(["bob"]);
    expect(account.conversations.get()).toMatchObject({ phase: "ready", stale: true });
    expect(account.conversations.find(id)?.title).toBe("bob");
    void account.room(id).open();
    await world.settle();
    expect(texts(account, id)).toEqual(["ahoy"]);
    expect(account.room(id).timeline.get()).toMatchObject({ phase: "ready", stale: true });
    account.room(id).send("written without a network");
    expect(texts(account, id)).toEqual(["ahoy", "written without a network"]);
    account.room(id).markRead();
    expect(world.reported).toEqual([]);
  });

  it("does not hold on to rooms that the account let go of", async () => {
    const world = new World();
    const { account } = await enter(world, device());
    const first = new WeakRef(account.room("0"));
    for (let id = 1; id <= 16; id += 1) account.room(String(id));
    await world.settle();
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    // What a weak reference was just made to lives until this turn is over.
    await new Promise((over) => setImmediate(over));
    collectGarbage();
    expect(first.deref()).toBeUndefined();
  });

  /** What is kept of a conversation once a third message came at the heels of another, and no time has passed since. */
  async function justNow(world: World, at: Device) {
    const { client, bob, id } = await visited(world, at);
    const kept = async () => ((await at.cache.get(`room/${id}`)) as { content: string }[]).map(({ content }) => content);
    for (const content of ["first", "second"]) {
      world.server.send(bob.user.id, { conversationId: id, content });
      await world.pass(1);
    }
    return { client, kept };
  }

  it("keeps a message at once, and gathers those that follow it", async () => {
    const world = new World();
    const { kept } = await justNow(world, device());
    expect(await kept()).toEqual(["ahoy", "first"]);
    await world.pass(5_000);
    expect(await kept()).toEqual(["ahoy", "first", "second"]);
  });

  it("keeps what is gathered when the page is hidden", async () => {
    const world = new World();
    const { kept } = await justNow(world, device());
    world.hide();
    await world.settle();
    expect(await kept()).toEqual(["ahoy", "first", "second"]);
    expect(world.reported).toEqual([]);
  });

  it("keeps what is gathered when it is closed", async () => {
    const world = new World();
    const { client, kept } = await justNow(world, device());
    client.close();
    await world.settle();
    expect(await kept()).toEqual(["ahoy", "first", "second"]);
    expect(world.reported).toEqual([]);
  });

  it("that is hidden keeps nothing of somebody who has signed out in another tab", async () => {
    const world = new World();
    const at = device();
    const { account, bob, id } = await visited(world, at);
    const { account: tab } = await enter(world, at);
    await tab.room(id).open();
    await world.pass(5_000);
    for (const content of ["first", "second"]) world.server.send(bob.user.id, { conversationId: id, content });
    await world.settle();
    world.online = false;
    await expect(account.signOut()).rejects.toThrow();
    world.hide();
    tab.close();
    await world.settle();
    expect(await at.cache.entries("")).toEqual([]);
  });

  it("gives way to what the server says", async () => {
    const world = new World();
    const at = device();
    const { client, bob, id } = await visited(world, at);
    client.close();
    for (const content of ["while", "away"]) world.server.send(bob.user.id, { conversationId: id, content });
    const { account } = await enter(world, at);
    const heard: string[] = [];
    account.on("message.new", ({ content }) => heard.push(content));
    await account.room(id).open();
    await world.pass(1_000);
    expect(texts(account, id)).toEqual(["ahoy", "while", "away"]);
    expect(account.room(id).timeline.get().stale).toBe(false);
    expect(account.conversations.get().stale).toBe(false);
    // What happened before this page is no news.
    expect(heard).toEqual([]);
    world.server.send(bob.user.id, { conversationId: id, content: "now" });
    await world.settle();
    expect(heard).toEqual(["now"]);
    expect(texts(account, id).at(-1)).toBe("now");
  });

  it("keeps no conversation that the user may not see any more", async () => {
    const world = new World();
    const at = device();
    const { client, account, id } = await visited(world, at);
    world.server.leave(account.user.id, id);
    await world.pass(5_000);
    client.close();
    world.online = false;
    const later = (await enter(world, at)).account;
    void later.room(id).open();
    await world.settle();
    expect(titles(later)).toEqual([]);
    expect(texts(later, id)).toEqual([]);
  });

  it("forgets one that was lost meanwhile as soon as the server says so", async () => {
    const world = new World();
    const at = device();
    const { client, account, id } = await visited(world, at);
    client.close();
    world.server.leave(account.user.id, id);
    const { account: later } = await enter(world, at);
    await later.room(id).open();
    await world.pass(5_000);
    expect(titles(later)).toEqual([]);
    expect(later.room(id).timeline.get()).toMatchObject({ phase: "failed", items: [] });
    expect((await at.cache.entries("room/")).map(([key]) => key)).toEqual([]);
  });

  it("is erased by signing out, and nothing comes after it", async () => {
    const world = new World();
    const at = device();
    const { account, bob, id } = await visited(world, at);
    const { account: tab } = await enter(world, at);
    await tab.room(id).open();
    world.server.send(bob.user.id, { conversationId: id, content: "not to be kept" });
    await world.settle();
    await world.finish(account.signOut());
    await world.pass(60_000);
    expect(await at.cache.entries("")).toEqual([]);
    expect(await at.store.entries("")).toEqual([]);
    expect(tab.connection.get()).toBe("closed");
  });

  it("is not filled again by a tab that does not know yet that somebody has signed out", async () => {
    const world = new World();
    const at = device();
    const { account, bob, id } = await visited(world, at);
    const { account: tab } = await enter(world, at);
    await tab.room(id).open();
    await world.pass(5_000);
    world.server.send(bob.user.id, { conversationId: id, content: "not to be kept" });
    await world.settle();
    world.online = false;
    await expect(account.signOut()).rejects.toThrow();
    await world.pass(60_000);
    expect(tab.connection.get()).not.toBe("closed");
    expect(await at.cache.entries("")).toEqual([]);
  });

  it("forgets a conversation that this page has not even opened", async () => {
    const world = new World();
    const at = device();
    const { client, account, id } = await visited(world, at);
    client.close();
    await enter(world, at);
    await world.pass(5_000);
    expect(await at.cache.entries("room/")).toHaveLength(1);
    world.server.leave(account.user.id, id);
    await world.pass(5_000);
    expect(await at.cache.entries("room/")).toEqual([]);
  });

  it("shows nobody what was another's", async () => {
    const world = new World();
    const at = device();
    const { client } = await visited(world, at);
    client.close();
    // The server has ended the session, so nobody signed out here.
    await at.store.delete("session");
    const { account } = await enter(world, at, "carol");
    await world.pass(5_000);
    expect(titles(account)).toEqual([]);
    expect(JSON.stringify(await at.cache.entries(""))).not.toContain("ahoy");
  });

  it("is bounded: the newest messages of the conversations used last", async () => {
    const world = new World();
    const at = device();
    const { account } = await enter(world, at);
    const ids: string[] = [];
    for (let index = 0; index < 55; index += 1) {
      const { id } = world.server.create(account.user.id, { type: "group", name: String(index) });
      ids.push(id);
      world.server.send(account.user.id, { conversationId: id, content: "x" });
      await account.room(id).open();
      await world.pass(3_000);
    }
    const last = ids.at(-1) ?? "";
    for (let index = 0; index < 120; index += 1) world.server.send(account.user.id, { conversationId: last, content: "y" });
    await world.pass(3_000);
    const kept = new Map(await at.cache.entries("room/"));
    expect([...kept.keys()].sort()).toEqual(ids.slice(-50).map((id) => `room/${id}`).sort());
    expect(kept.get(`room/${last}`)).toHaveLength(100);
  });

  it("that does not work is reported once, and all goes on without", async () => {
    const world = new World();
    const at = device();
    at.cache.set = () => Promise.reject(new Error("quota"));
    const { account, id } = await visited(world, at);
    await world.pass(60_000);
    expect(texts(account, id)).toEqual(["ahoy"]);
    expect(world.reported).toHaveLength(1);
  });
});
