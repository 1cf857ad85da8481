import { describe, expect, it } from "vitest";
import type { Account, Thread } from "../src/index.ts";
import { person, World } from "./world.ts";

async function pair(world: World) {
  const alice = await person(world, "alice");
  const bob = await person(world, "bob");
  const { id } = await alice.create({ type: "direct", members: ["bob"] });
  await world.settle();
  /** Bob writes, without a client. */
  const write = (content: string, threadId?: string) =>
    world.server.send(bob.user.id, { conversationId: id, content, ...(threadId !== undefined && { threadId }) }).message;
  return { alice, bob, id, write };
}

const texts = (of: Thread | ReturnType<Account["room"]>) => of.timeline.get().items.map(({ content }) => content);
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => String(from + index));

describe("a jump", () => {
  it("shows what is around a message, and goes on in both directions without holes", async () => {
    const world = new World();
    const { alice, id, write } = await pair(world);
    const all = numbers(0, 500).map((content) => write(content));
    const room = alice.room(id);
    await room.open();
    room.followed = false;
    await room.around(all[100]?.id ?? "");
    expect(texts(room)).toEqual(numbers(75, 125));
    expect(room.timeline.get()).toMatchObject({ hasOlder: true, hasNewer: true, phase: "ready" });
    await room.older();
    await room.newer();
    expect(texts(room)).toEqual(numbers(25, 175));

    write("500");
    await world.settle();
    expect(texts(room)).toEqual(numbers(25, 175));
    while (room.timeline.get().hasNewer) await room.newer();
    expect(texts(room)).toEqual(numbers(25, 501));
    await room.around(all[10]?.id ?? "");
    await room.latest();
    expect(texts(room)).toEqual(numbers(451, 501));
    write("501");
    await world.settle();
    expect(texts(room).at(-1)).toBe("501");
  });

  it("opens a room that was not open, and leaves one alone that shows the message already", async () => {
    const world = new World();
    const { alice, id, write } = await pair(world);
    const all = numbers(0, 200).map((content) => write(content));
    const room = alice.room(id);
    await room.around(all[3]?.id ?? "");
    expect(texts(room)).toEqual(numbers(0, 28));
    const before = room.timeline.get().items;
    await room.around(all[4]?.id ?? "");
    expect(room.timeline.get().items).toBe(before);
  });

  it("fails where there is no such message, and the timeline stays as it was", async () => {
    const world = new World();
    const { alice, id, write } = await pair(world);
    write("here");
    const room = alice.room(id);
    await expect(room.around("nowhere")).rejects.toMatchObject({ code: "not_found" });
    expect(room.timeline.get()).toMatchObject({ phase: "ready", growing: null });
    expect(texts(room)).toEqual(["here"]);
    await expect(alice.room("nowhere").around("nowhere")).rejects.toMatchObject({ status: 404 });
  });

  it("does not count as read what lies behind it", async () => {
    const world = new World();
    const { alice, id, write } = await pair(world);
    const all = numbers(0, 200).map((content) => write(content));
    await world.settle();
    const room = alice.room(id);
    await room.around(all[10]?.id ?? "");
    expect(room.lastReadSeq).toBe(0);
    room.markRead();
    await world.pass(3_000);
    expect(world.server.logs.get(id)?.read.get(alice.user.id)).toBe(all[34]?.seq);
    await room.latest();
    room.markRead();
    await world.pass(3_000);
    expect(room.lastReadSeq).toBe(all[199]?.seq);
  });

  it("shows changes that were made while it was on its way", async () => {
    const world = new World();
    const { alice, bob, id, write } = await pair(world);
    const all = numbers(0, 200).map((content) => write(content));
    const room = alice.room(id);
    await room.open();
    const release = world.hold(`GET /conversations/${id}/messages`);
    const jump = room.around(all[10]?.id ?? "");
    await world.settle();
    world.server.edit(bob.user.id, all[11]!, "mended");
    await world.settle();
    release();
    await jump;
    expect(texts(room)[11]).toBe("mended");
  });
});

describe("a thread", () => {
  it("shows a message and its answers, as they come, each once", async () => {
    const world = new World();
    const { alice, id, write } = await pair(world);
    const root = write("Which pier?");
    write("elsewhere");
    write("4", root.id);
    await world.settle();
    const room = alice.room(id);
    await room.open();
    const thread = room.thread(root.id);
    expect(room.thread(root.id)).toBe(thread);
    await thread.open();
    expect(thread.root.get()).toMatchObject({ content: "Which pier?", replyCount: 1 });
    expect(texts(thread)).toEqual(["4"]);

    const { sent } = thread.send("Thank you");
    expect(thread.timeline.get().items[1]).toMatchObject({ content: "Thank you", status: "queued", threadId: root.id });
    await world.finish(sent);
    write("behind the sheds", root.id);
    write("not in it");
    await world.settle();
    expect(texts(thread)).toEqual(["4", "Thank you", "behind the sheds"]);
    expect(thread.timeline.get().items.every(({ status }) => status === "sent")).toBe(true);
    expect(thread.root.get()?.replyCount).toBe(3);
    expect(room.timeline.get().items[0]?.message?.replyCount).toBe(3);
    expect(texts(room)).toEqual(["Which pier?", "elsewhere", "4", "Thank you", "behind the sheds", "not in it"]);
  });

  it("shows at once what the conversation has of it, until all of it is here", async () => {
    const world = new World();
    const { alice, id, write } = await pair(world);
    const root = write("root");
    for (const content of numbers(0, 60)) write(content, root.id);
    const room = alice.room(id);
    await room.open();
    await room.older();
    world.online = false;
    world.server.restart();
    await world.settle();
    const thread = room.thread(root.id);
    const opening = thread.open();
    expect(thread.root.get()?.content).toBe("root");
    expect(thread.timeline.get()).toMatchObject({ phase: "ready", stale: true });
    expect(texts(thread)).toEqual(numbers(0, 60));
    world.online = true;
    await world.finish(opening);
    expect(thread.timeline.get()).toMatchObject({ phase: "ready", stale: false, hasOlder: true });
    expect(texts(thread)).toEqual(numbers(10, 60));
    expect(thread.root.get()?.replyCount).toBe(60);
  });

  it("follows what is done to its messages and to its root", async () => {
    const world = new World();
    const { alice, bob, id, write } = await pair(world);
    const root = write("Which pier?");
    const answer = write("4", root.id);
    const thread = alice.room(id).thread(root.id);
    await thread.open();
    world.server.edit(bob.user.id, answer, "5");
    world.server.edit(bob.user.id, root, "Which pier, please?");
    world.server.react(bob.user.id, answer, "👍", true);
    await world.settle();
    expect(texts(thread)).toEqual(["5"]);
    expect(thread.root.get()?.content).toBe("Which pier, please?");
    expect(thread.timeline.get().items[0]?.message?.reactions).toMatchObject([{ emoji: "👍", count: 1 }]);
  });

  it("is read page by page when it is long, and its root is there from the start", async () => {
    const world = new World();
    const { alice, id, write } = await pair(world);
    const root = write("root");
    for (const content of numbers(0, 120)) write(content, root.id);
    const thread = alice.room(id).thread(root.id);
    await thread.open();
    expect(thread.root.get()?.content).toBe("root");
    expect(texts(thread)).toEqual(numbers(70, 120));
    while (thread.timeline.get().hasOlder) await thread.older();
    expect(texts(thread)).toEqual(numbers(0, 120));
  });

  it("begins anew where too much was missed", async () => {
    const world = new World();
    const { alice, id, write } = await pair(world);
    const root = write("root");
    const thread = alice.room(id).thread(root.id);
    await alice.room(id).open();
    await thread.open();
    world.online = false;
    world.server.restart();
    await world.settle();
    for (const content of numbers(0, 1_200)) write(content, root.id);
    world.online = true;
    await world.pass(60_000);
    expect(thread.timeline.get().phase).toBe("ready");
    expect(texts(thread)).toEqual(numbers(1_150, 1_200));
    expect(thread.root.get()?.replyCount).toBe(1_200);
    write("last", root.id);
    await world.settle();
    expect(texts(thread).at(-1)).toBe("last");
  });

  it("says when there is no such message", async () => {
    const world = new World();
    const { alice, id } = await pair(world);
    const thread = alice.room(id).thread("nowhere");
    await thread.open();
    expect(thread.timeline.get()).toMatchObject({ phase: "failed", failure: { status: 404 } });
  });

  it("counts each answer once, also those that come while older messages are fetched", async () => {
    const world = new World();
    const { alice, id, write } = await pair(world);
    const root = write("root");
    for (const content of numbers(0, 60)) write(content);
    await world.settle();
    const room = alice.room(id);
    await room.open();
    const count = () => room.timeline.get().items[0]?.message?.replyCount;
    const release = world.hold(`GET /conversations/${id}/messages`);
    const older = room.older();
    await world.settle();
    write("answer", root.id);
    await world.settle();
    release();
    await older;
    expect(room.timeline.get().items[0]?.content).toBe("root");
    expect(count()).toBe(1);
    write("another", root.id);
    await world.settle();
    expect(count()).toBe(2);
  });
});
