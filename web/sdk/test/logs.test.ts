import { describe, expect, it } from "vitest";
import type { Connection } from "../src/connection.ts";
import { memoryStore } from "../src/index.ts";
import { Logs } from "../src/logs.ts";
import type { Server } from "../src/server.ts";
import type { DurableEvent, SyncResume } from "../src/types.ts";
import { person, seeded, World } from "./world.ts";

const ID = "c";
const event = (seq: number) => ({ type: "message.new", conversationId: ID, seq, payload: {} }) as DurableEvent;

/** A log of which the server has `head` events and replays up to 3 at a time. */
function log(world: World, head: () => number) {
  const applied: number[] = [];
  const asked: SyncResume[] = [];
  const connection = {
    open: true,
    request: async (_: string, resume: SyncResume) => {
      asked.push(resume);
      const after = resume.conversations[0]?.seq ?? head();
      const events = Array.from({ length: head() - after }, (_, index) => event(after + index + 1));
      logs.replay({ conversationId: ID, events: events as never });
    },
  };
  const logs = new Logs(world.environment(memoryStore()), {} as Server, connection as unknown as Connection, {
    apply: ({ seq }) => applied.push(seq),
    reset: () => {},
    removed: () => {},
    forget: () => {},
  });
  return { logs, applied, asked, connection };
}

/** Two people in a conversation, and what the second is told of. */
async function pair(world: World) {
  const alice = await person(world, "alice");
  const bob = await person(world, "bob");
  const { id } = await alice.create({ type: "direct", members: ["bob"] });
  await world.settle();
  const heard: string[] = [];
  bob.on("message.new", ({ content }) => heard.push(content));
  const say = (content: string, fault: "none" | "lose-event" = "none") =>
    world.server.send(alice.user.id, { conversationId: id, content }, fault);
  return { alice, bob, id, heard, say };
}

const resumes = (world: World) =>
  world.server.frames.filter(({ type }) => type === "sync.resume").map(({ payload }) => payload as SyncResume);

describe("logs", () => {
  it("apply the next, drop what was seen, and ask for what is missing", async () => {
    const world = new World();
    const { logs, applied, asked } = log(world, () => 9);
    await logs.resume("e");
    for (const seq of [1, 2, 2, 1, 9]) logs.receive(event(seq));
    await world.settle();
    expect(applied).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(asked).toEqual([
      { conversations: [], all: true },
      { conversations: [{ id: ID, epoch: "e", seq: 2 }], all: false },
    ]);
  });

  it("ask again for what the log does not show yet, but not in a loop", async () => {
    const world = new World();
    let head = 2;
    const { logs, applied, asked } = log(world, () => head);
    await logs.resume("e");
    for (const seq of [1, 3]) logs.receive(event(seq));
    await world.pass(20_000);
    expect(applied).toEqual([1, 2, 3]);
    for (const seq of [5]) logs.receive(event(seq));
    await world.pass(20_000);
    expect(asked.length).toBeLessThan(12);
    head = 5;
    await world.pass(60_000);
    expect(applied).toEqual([1, 2, 3, 4, 5]);
  });

  it("apply each once and in order, whatever arrives when", async () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const random = seeded(seed);
      const world = new World(seed);
      const { logs, applied } = log(world, () => 40);
      await logs.resume("e");
      logs.receive(event(1));
      for (let step = 0; step < 120; step += 1) {
        logs.receive(event(1 + Math.floor(random() * 40)));
        if (random() < 0.2) await Promise.resolve();
        if (random() < 0.02) await logs.resume("e");
      }
      logs.lagging({ conversations: [{ id: ID, seq: 40 }] });
      await world.pass(60_000);
      expect(applied).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    }
  });

  it("keep no more than they must while something is missing", async () => {
    const world = new World();
    const { logs, applied } = log(world, () => 5_000);
    await logs.resume("e");
    logs.receive(event(1));
    for (let seq = 3; seq <= 5_000; seq += 1) logs.receive(event(seq));
    await world.settle();
    expect(applied).toHaveLength(5_000);
  });
});

describe("resuming", () => {
  it("names every conversation, once for each connection", async () => {
    const world = new World();
    const { bob, id, heard, say } = await pair(world);
    say("before");
    world.online = false;
    world.server.restart();
    await world.settle();
    for (let index = 0; index < 250; index += 1) say(String(index));
    const later = world.server.create(bob.user.id, { type: "group", name: "Later" });
    world.online = true;
    const requests = world.server.requests.length;
    await world.pass(60_000);

    expect(heard).toEqual(["before", ...Array.from({ length: 250 }, (_, index) => String(index))]);
    expect(resumes(world).at(-1)).toEqual({ conversations: [{ id, epoch: "epoch-1", seq: 2 }], all: true });
    expect(bob.conversations.get().items.map((item) => item.id)).toContain(later.id);
    // Not a request for each event or conversation: tickets, and the list for each of the two people.
    expect(world.server.requests.slice(requests).filter((request) => request.includes("events"))).toEqual([]);
    expect(world.reported).toEqual([]);
  });

  it("asks for the one conversation in which something is missing", async () => {
    const world = new World();
    const { id, heard, say } = await pair(world);
    say("lost", "lose-event");
    say("heard");
    await world.settle();
    expect(heard).toEqual(["lost", "heard"]);
    expect(resumes(world).at(-1)).toEqual({ conversations: [{ id, epoch: "epoch-1", seq: 1 }], all: false });
  });

  it("pulls what a slow connection has missed", async () => {
    const world = new World();
    const { id, heard, say } = await pair(world);
    say("lost", "lose-event");
    for (const link of world.server.links) {
      link.deliver({ type: "sync.lagging", payload: { conversations: [{ id, seq: 2 }] } });
    }
    await world.settle();
    expect(heard).toEqual(["lost"]);
  });

  it("falls back to pages of events where the server refuses", async () => {
    const world = new World();
    const { id, heard, say } = await pair(world);
    world.server.unknown.add("sync.resume");
    say("lost", "lose-event");
    say("heard");
    await world.settle();
    expect(heard).toEqual(["lost", "heard"]);
    world.server.restart();
    for (let index = 0; index < 1_200; index += 1) say(String(index));
    await world.pass(60_000);
    expect(heard).toHaveLength(1_202);
    expect(world.server.requests).toContain(`GET /conversations/${id}/events`);
  });

  it("starts anew where too much was missed, and says so", async () => {
    const world = new World();
    const { bob, id, heard, say } = await pair(world);
    await bob.room(id).open();
    const resets: number[] = [];
    bob.on("sync.reset", ({ seq }) => resets.push(seq));
    world.online = false;
    world.server.restart();
    await world.settle();
    for (let index = 0; index < 1_500; index += 1) say(String(index));
    world.online = true;
    await world.pass(60_000);
    expect(heard).toEqual([]);
    expect(resets).toEqual([1_501]);
    expect(bob.room(id).timeline.get().items.at(-1)?.content).toBe("1499");
    expect(bob.conversations.get().items[0]?.lastMessage?.content).toBe("1499");
    say("and on");
    await world.settle();
    expect(heard).toEqual(["and on"]);
  });

  it("lets go of a conversation that the user was removed from", async () => {
    const world = new World();
    const { bob, id } = await pair(world);
    await bob.room(id).open();
    world.online = false;
    world.server.restart();
    await world.settle();
    world.server.leave(bob.user.id, id);
    world.online = true;
    await world.pass(60_000);
    expect(bob.conversations.get().items).toEqual([]);
    expect(bob.room(id).timeline.get()).toMatchObject({ phase: "failed", failure: { status: 404 } });
    expect(world.reported).toEqual([]);
  });
});
