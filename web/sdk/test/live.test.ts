import { describe, expect, it } from "vitest";
import { person, World } from "./world.ts";

async function pair(world: World) {
  const alice = await person(world, "alice");
  const bob = await person(world, "bob");
  const { id } = await alice.create({ type: "direct", members: ["bob"] });
  await bob.room(id).open();
  await world.settle();
  return { alice, bob, id };
}

/** Says something to every socket. */
function tell(world: World, type: string, payload: object): void {
  for (const link of world.server.links) link.deliver({ type, payload });
}

const sent = (world: World, prefix: string) =>
  world.server.frames.filter(({ type }) => type.startsWith(prefix)).map(({ type, payload }) => ({ type, payload }));

const told = (world: World, id: string) =>
  world.server.requests.filter((request) => request === `POST /conversations/${id}/read`).length;

describe("typing", () => {
  it("is told when it begins, again while it goes on, and when it ends", async () => {
    const world = new World();
    const { bob, id } = await pair(world);
    const room = bob.room(id);
    const types = () => sent(world, "typing").map(({ type }) => type);
    room.stopTyping();
    for (let key = 0; key < 20; key += 1) {
      room.startTyping();
      await world.pass(200);
    }
    expect(types()).toEqual(["typing.start", "typing.start"]);
    room.stopTyping();
    room.stopTyping();
    await world.settle();
    expect(types().slice(2)).toEqual(["typing.stop"]);
    room.startTyping();
    room.send("done");
    room.stopTyping();
    await world.settle();
    expect(types().slice(3)).toEqual(["typing.start"]);
  });

  it("shows who writes, until they cease, send, or are not heard of any more", async () => {
    const world = new World();
    const { alice, bob, id } = await pair(world);
    const { typing } = bob.room(id);
    const userId = alice.user.id;
    const indicate = (active: boolean) => tell(world, "typing.indicator", { conversationId: id, userId, active });

    indicate(true);
    await world.settle();
    expect(typing.get()).toEqual([userId]);
    indicate(false);
    await world.settle();
    expect(typing.get()).toEqual([]);

    indicate(true);
    await world.pass(5_900);
    expect(typing.get()).toEqual([userId]);
    await world.pass(200);
    expect(typing.get()).toEqual([]);

    indicate(true);
    alice.room(id).send("done");
    await world.settle();
    expect(typing.get()).toEqual([]);

    indicate(true);
    await world.settle();
    world.server.restart();
    await world.settle();
    expect(typing.get()).toEqual([]);
  });
});

describe("presence", () => {
  it("is watched as long as somebody looks, on each connection, in one request for many", async () => {
    const world = new World();
    const { bob } = await pair(world);
    const seen: unknown[] = [];
    const stops = ["a", "b", "c"].map((id) => bob.people.of(id).subscribe((presence) => seen.push(presence?.status)));
    await world.pass(1_000);
    expect(sent(world, "presence")).toEqual([{ type: "presence.watch", payload: { userIds: ["a", "b", "c"] } }]);
    expect(seen).toEqual([undefined, undefined, undefined, "online", "online", "online"]);

    tell(world, "presence.changed", { userId: "b", status: "away", lastSeen: null });
    await world.settle();
    expect(bob.people.of("b").get()?.status).toBe("away");

    stops[0]?.();
    stops[0]?.();
    await world.pass(1_000);
    world.server.restart();
    await world.pass(10_000);
    const watches = sent(world, "presence.watch").map(({ payload }) => payload);
    expect(watches.slice(1)).toEqual([{ userIds: ["b", "c"] }, { userIds: ["b", "c"] }]);
    expect(bob.people.of("a").get()).toBeUndefined();
  });

  it("of the user is told to each connection", async () => {
    const world = new World();
    const { bob } = await pair(world);
    bob.people.set("busy");
    await world.settle();
    world.server.restart();
    await world.pass(10_000);
    expect(sent(world, "presence.update").map(({ payload }) => payload)).toEqual([{ status: "busy" }, { status: "busy" }]);
  });
});

describe("reading", () => {
  it("is shown at once, told once, and told later if it could not be", async () => {
    const world = new World();
    const { alice, bob, id } = await pair(world);
    for (const content of ["one", "two"]) world.server.send(alice.user.id, { conversationId: id, content });
    await world.settle();
    const counted = () => bob.conversations.find(id)?.unreadCount;
    expect(counted()).toBe(2);

    world.online = false;
    world.server.restart();
    await world.settle();
    bob.room(id).markRead();
    bob.room(id).markRead();
    expect(counted()).toBe(0);
    world.online = true;
    await world.pass(60_000);
    expect(told(world, id)).toBe(1);
    expect(world.server.logs.get(id)?.read.get(bob.user.id)).toBe(3);
    bob.room(id).markRead();
    await world.settle();
    expect(told(world, id)).toBe(1);
  });

  it("along is told now and then, and the last of it for certain", async () => {
    const world = new World();
    const { alice, bob, id } = await pair(world);
    for (let index = 0; index < 100; index += 1) {
      world.server.send(alice.user.id, { conversationId: id, content: String(index) });
      await world.settle();
      bob.room(id).markRead();
      await world.pass(100);
    }
    await world.pass(10_000);
    expect(told(world, id)).toBeLessThan(8);
    expect(world.server.logs.get(id)?.read.get(bob.user.id)).toBe(101);
  });

  it("elsewhere is shown here, and never goes back", async () => {
    const world = new World();
    const { alice, bob, id } = await pair(world);
    world.server.send(alice.user.id, { conversationId: id, content: "one" });
    await world.settle();
    const change = { conversationId: id, lastReadSeq: 2, unreadCount: 0, mentionCount: 0 };
    tell(world, "unread.changed", change);
    tell(world, "unread.changed", { ...change, lastReadSeq: 1, unreadCount: 1 });
    await world.settle();
    expect(bob.conversations.find(id)).toMatchObject({ unreadCount: 0, me: { lastReadSeq: 2 } });
  });

  it("of others is shown up to the furthest position", async () => {
    const world = new World();
    const { alice, bob, id } = await pair(world);
    for (const lastReadSeq of [1, 3, 2]) {
      tell(world, "message.read_receipt", { conversationId: id, userId: alice.user.id, lastReadSeq, readAt: "" });
    }
    await world.settle();
    expect([...bob.room(id).readers.get()]).toEqual([[alice.user.id, 3]]);
  });
});

describe("listeners", () => {
  it("do no harm when they fail, and can be taken back", async () => {
    const world = new World();
    const { alice, bob, id } = await pair(world);
    const heard: string[] = [];
    const stop = bob.on("message.new", () => {
      throw new Error("mine");
    });
    bob.on("message.new", ({ content }) => heard.push(content));
    alice.room(id).send("one");
    await world.settle();
    stop();
    alice.room(id).send("two");
    await world.settle();
    expect(heard).toEqual(["one", "two"]);
    expect(world.reported).toEqual([new Error("mine")]);
  });
});
