import { describe, expect, it } from "vitest";
import { memoryStore, type Account, type Client, type Store } from "../src/index.ts";
import type { Fault } from "./fake-server.ts";
import { World } from "./world.ts";

async function enter(world: World, store: Store, username = "alice"): Promise<{ client: Client; account: Account }> {
  const client = world.client(store);
  await client.start();
  if (!client.account.get()) await client.register({ username, password: "correct horse" });
  await world.settle();
  const account = client.account.get();
  if (!account) throw new Error("not signed in");
  return { client, account };
}

async function withRoom(world: World, store: Store) {
  const { client, account } = await enter(world, store);
  const { id } = await account.create({ type: "group", name: "Harbour" });
  const room = account.room(id);
  await room.open();
  return { client, account, room, id };
}

const shown = (room: ReturnType<Account["room"]>) =>
  room.timeline.get().items.map(({ content, status }) => `${content} ${status}`);

describe("outbox", () => {
  it("shows a message at once, under a key that stays the same", async () => {
    const world = new World();
    const { room } = await withRoom(world, memoryStore());
    room.send("ahoy");
    expect(shown(room)).toEqual(["ahoy queued"]);
    const key = room.timeline.get().items[0]?.key;
    await world.settle();
    expect(shown(room)).toEqual(["ahoy sent"]);
    expect(room.timeline.get().items[0]?.key).toBe(key);
  });

  it("never shows a message twice or not at all on its way", async () => {
    const world = new World();
    const { room } = await withRoom(world, memoryStore());
    room.send("ahoy");
    const seen = new Set<number>();
    const stop = room.timeline.subscribe(({ items }) => seen.add(items.length));
    await world.settle();
    stop();
    expect([...seen]).toEqual([1]);
  });

  it("sends after a reload what was written without a connection, once and in order", async () => {
    const world = new World();
    const store = memoryStore();
    const { client, room, id } = await withRoom(world, store);
    world.online = false;
    world.server.restart();
    await world.settle();
    const texts = Array.from({ length: 20 }, (_, index) => `message ${index}`);
    for (const text of texts) room.send(text);
    await world.settle();
    client.close();

    world.online = true;
    const { account } = await enter(world, store);
    await world.pass(1_000);
    expect(world.server.messages(id).map((message) => message.content)).toEqual(texts);
    expect(account.unsent).toBe(0);
    expect(await store.entries("outbox")).toEqual([]);
  });

  it("shows after a reload what still waits", async () => {
    const world = new World();
    const store = memoryStore();
    const { client, room, id } = await withRoom(world, store);
    world.server.fault = () => "refuse";
    room.send("wait for it");
    await world.pass(2_000);
    client.close();
    const { account } = await enter(world, store);
    const again = account.room(id);
    await again.open();
    expect(shown(again)).toEqual(["wait for it queued"]);
  });

  it("repeats under the same key when the answer was lost", async () => {
    const world = new World();
    const { room, id } = await withRoom(world, memoryStore());
    const faults: Fault[] = ["lose-after-commit", "lose-before-commit", "refuse"];
    world.server.fault = () => faults.shift() ?? "none";
    room.send("one");
    room.send("two");
    await world.pass(60_000);
    expect(world.server.messages(id).map((message) => message.content)).toEqual(["one", "two"]);
    expect(shown(room)).toEqual(["one sent", "two sent"]);
  });

  it("holds a message back while the one before it has no answer", async () => {
    const world = new World();
    const { room, id } = await withRoom(world, memoryStore());
    let refusals = 3;
    world.server.fault = () => (refusals-- > 0 ? "refuse" : "none");
    for (const text of ["a", "b", "c"]) room.send(text);
    await world.pass(60_000);
    expect(world.server.messages(id).map((message) => message.content)).toEqual(["a", "b", "c"]);
  });

  it("holds what is behind a message that is refused for good, until somebody decides", async () => {
    const world = new World();
    const store = memoryStore();
    const { client, room, id } = await withRoom(world, store);
    const long = "x".repeat(16_001);
    const { sent: refused, key } = room.send(long);
    room.send("short");
    await expect(refused).rejects.toMatchObject({ code: "validation_failed" });
    await world.settle();
    expect(shown(room)).toEqual([`${long} failed`, "short queued"]);
    expect(room.timeline.get().items[0]?.failure).toBe("validation_failed");
    client.close();

    const { account } = await enter(world, store);
    const again = account.room(id);
    await again.open();
    again.retry(key);
    expect(shown(again)).toEqual([`${long} queued`, "short queued"]);
    await world.settle();
    expect(shown(again)).toEqual([`${long} failed`, "short queued"]);
    again.discard(key);
    await world.settle();
    expect(shown(again)).toEqual(["short sent"]);
    expect(await store.entries("outbox")).toEqual([]);
  });

  it("answers with the message when it is sent, and fails when it is given up", async () => {
    const world = new World();
    const { room } = await withRoom(world, memoryStore());
    let refusals = 2;
    world.server.fault = () => (refusals-- > 0 ? "refuse" : "none");
    const { sent } = room.send({ content: "later" });
    await world.pass(60_000);
    await expect(sent).resolves.toMatchObject({ content: "later", seq: 2 });

    const { sent: long, key } = room.send("x".repeat(16_001));
    await world.settle();
    await expect(long).rejects.toMatchObject({ code: "validation_failed" });
    room.discard(key);
    expect(shown(room)).toEqual(["later sent"]);
  });

  it("waits as long as the server asks for", async () => {
    const world = new World();
    const { room, id } = await withRoom(world, memoryStore());
    world.server.fault = () => "rate-limit";
    room.send("later");
    await world.settle();
    world.server.fault = () => "none";
    await world.pass(6_999);
    expect(world.server.messages(id)).toEqual([]);
    await world.pass(1_000);
    expect(shown(room)).toEqual(["later sent"]);
  });

  it("is shared by the tabs of a browser, which take turns", async () => {
    const world = new World();
    const store = memoryStore();
    const { room, id } = await withRoom(world, store);
    const { account } = await enter(world, store);
    const other = account.room(id);
    await other.open();
    world.online = false;
    world.server.restart();
    await world.settle();
    const texts: string[] = [];
    for (let index = 0; index < 10; index += 1) {
      texts.push(`message ${index}`);
      (index % 2 === 0 ? room : other).send(`message ${index}`);
      await world.pass(5);
    }
    world.online = true;
    await world.pass(60_000);
    expect(world.server.messages(id).map((message) => message.content)).toEqual(texts);
    for (const tab of [room, other]) expect(shown(tab)).toEqual(texts.map((text) => `${text} sent`));
  });

  it("keeps a message in view that the device has no room for", async () => {
    const world = new World();
    const store = memoryStore();
    const { room } = await withRoom(world, store);
    const set = store.set.bind(store);
    store.set = () => Promise.reject(new Error("quota"));
    room.send("too much");
    await world.settle();
    store.set = set;
    room.send("behind it");
    await world.settle();
    expect(shown(room)).toEqual(["too much failed", "behind it queued"]);
    room.retry(room.timeline.get().items[0]?.key ?? "");
    await world.settle();
    expect(shown(room)).toEqual(["too much sent", "behind it sent"]);
    expect(world.reported).toHaveLength(1);
  });

  it("is emptied by signing out, and kept when the server ends the session", async () => {
    const world = new World();
    const store = memoryStore();
    const { account, room, id } = await withRoom(world, store);
    world.server.fault = () => "refuse";
    room.send("later");
    await world.settle();
    world.server.endSessions(account.user.id);
    world.server.restart();
    await world.pass(60_000);
    expect(await store.entries("outbox")).toHaveLength(1);

    world.server.fault = () => "none";
    const client = world.client(store);
    await client.login({ username: "alice", password: "correct horse" });
    await world.pass(1_000);
    expect(world.server.messages(id).map((message) => message.content)).toEqual(["later"]);

    world.server.fault = () => "refuse";
    const again = client.account.get();
    again?.room(id).send("never");
    await world.settle();
    expect(again?.unsent).toBe(1);
    await again?.signOut();
    expect(await store.entries("")).toEqual([]);
    await world.pass(60_000);
    expect(world.server.messages(id)).toHaveLength(1);
  });
});
