import { describe, expect, it } from "vitest";
import { memoryStore, type Account } from "../src/index.ts";
import { WINDOW_MESSAGES_MAX } from "../src/timeline.ts";
import { person, World } from "./world.ts";

async function pair(world: World) {
  const alice = await person(world, "alice");
  const bob = await person(world, "bob");
  const { id } = await alice.create({ type: "direct", members: ["bob"] });
  await world.settle();
  return { alice, bob, id };
}

const texts = (account: Account, id: string) => account.room(id).timeline.get().items.map((item) => item.content);
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => String(from + index));

describe("room", () => {
  it("tells a member of a new conversation, and of its messages", async () => {
    const world = new World();
    const { alice, bob, id } = await pair(world);
    expect(bob.conversations.get().items.map((conversation) => conversation.title)).toEqual(["alice"]);
    await bob.room(id).open();
    alice.room(id).send("hello");
    await world.settle();
    expect(texts(bob, id)).toEqual(["hello"]);
    expect(bob.conversations.get().items[0]?.lastMessage?.content).toBe("hello");
    expect(world.reported).toEqual([]);
  });

  it("says when there is no such conversation", async () => {
    const world = new World();
    const alice = await person(world, "alice");
    await alice.room("nowhere").open();
    const { phase, failure } = alice.room("nowhere").timeline.get();
    expect(phase).toBe("failed");
    expect(failure).toMatchObject({ status: 404 });
  });

  it("moves its window over a long history in both directions, without holes", async () => {
    const world = new World();
    const { alice, bob, id } = await pair(world);
    const all = numbers(0, 1_000);
    for (const content of all) world.server.send(alice.user.id, { conversationId: id, content });
    await world.settle();
    const room = bob.room(id);
    await room.open();
    expect(texts(bob, id)).toEqual(all.slice(-50));

    room.followed = false;
    while (room.timeline.get().hasOlder) await room.older();
    expect(texts(bob, id)).toEqual(all.slice(0, WINDOW_MESSAGES_MAX));
    expect(room.timeline.get().hasNewer).toBe(true);

    alice.room(id).send("1000");
    await world.settle();
    expect(texts(bob, id)).toEqual(all.slice(0, WINDOW_MESSAGES_MAX));

    while (room.timeline.get().hasNewer) await room.newer();
    expect(texts(bob, id)).toEqual([...all, "1000"].slice(-WINDOW_MESSAGES_MAX));
    expect(room.timeline.get().hasOlder).toBe(true);

    room.followed = true;
    alice.room(id).send("1001");
    await world.settle();
    expect(texts(bob, id)).toEqual([...all, "1000", "1001"].slice(-WINDOW_MESSAGES_MAX));
  });

  it("goes back to the latest messages to show what is written", async () => {
    const world = new World();
    const { alice, bob, id } = await pair(world);
    for (const content of numbers(0, 900)) world.server.send(alice.user.id, { conversationId: id, content });
    await world.settle();
    const room = bob.room(id);
    await room.open();
    while (room.timeline.get().hasOlder) await room.older();
    room.send("mine");
    await world.settle();
    expect(texts(bob, id).at(-1)).toBe("mine");
    expect(room.timeline.get().hasNewer).toBe(false);
  });

  it("pulls when the server says that it lags", async () => {
    const world = new World();
    const { alice, bob, id } = await pair(world);
    await bob.room(id).open();
    world.server.send(alice.user.id, { conversationId: id, content: "missed" }, "lose-event");
    await world.settle();
    expect(texts(bob, id)).toEqual([]);
    for (const link of world.server.links) {
      link.deliver({ type: "sync.lagging", payload: { conversations: [{ id, seq: 2 }] } });
    }
    await world.settle();
    expect(texts(bob, id)).toEqual(["missed"]);
    expect(bob.conversations.get().items[0]?.lastMessage?.content).toBe("missed");
  });

  it("shows what becomes of a message: edits, reactions, deletion", async () => {
    const world = new World();
    const { alice, bob, id } = await pair(world);
    const { message } = world.server.send(alice.user.id, { conversationId: id, content: "one" });
    await bob.room(id).open();
    const shown = () => bob.room(id).timeline.get().items[0]?.message;
    const key = bob.room(id).timeline.get().items[0]?.key;

    world.server.react(bob.user.id, message, "👍", true);
    world.server.react(alice.user.id, message, "👍", true);
    await world.settle();
    expect(shown()?.reactions).toEqual([{ emoji: "👍", count: 2, me: true }]);

    world.server.edit(alice.user.id, message, "two");
    await world.settle();
    expect(shown()).toMatchObject({ content: "two", seq: message.seq });
    expect(shown()?.reactions).toEqual([{ emoji: "👍", count: 2, me: true }]);
    expect(bob.conversations.get().items[0]?.lastMessage?.content).toBe("two");

    world.server.react(bob.user.id, message, "👍", false);
    await world.settle();
    expect(shown()?.reactions).toEqual([{ emoji: "👍", count: 1, me: false }]);
    world.server.react(alice.user.id, message, "👍", false);
    world.server.edit(alice.user.id, message, null);
    await world.settle();
    expect(shown()).toMatchObject({ content: "", reactions: [] });
    expect(shown()?.deletedAt).not.toBeNull();
    expect(bob.room(id).timeline.get().items.map((item) => item.key)).toEqual([key]);
    expect(world.reported).toEqual([]);
  });

  it("does not lose a change that comes while an older page is on its way", async () => {
    const world = new World();
    const { alice, bob, id } = await pair(world);
    const sent = numbers(0, 80).map(
      (content) => world.server.send(alice.user.id, { conversationId: id, content }).message,
    );
    await world.settle();
    const room = bob.room(id);
    await room.open();
    // The page is answered as it was before the change, which arrives before it.
    const first = sent[0];
    if (!first) throw new Error("nothing was sent");
    const release = world.hold(`GET /conversations/${id}/messages`);
    const growing = room.older();
    await world.settle();
    world.server.edit(alice.user.id, first, "changed");
    await world.settle();
    release();
    await growing;
    expect(texts(bob, id)[0]).toBe("changed");
  });

  it("takes events that change no message as positions", async () => {
    const world = new World();
    const { alice, bob, id } = await pair(world);
    await bob.room(id).open();
    world.server.rename(alice.user.id, id, "Harbour");
    world.server.send(alice.user.id, { conversationId: id, content: "after" });
    await world.settle();
    expect(texts(bob, id)).toEqual(["after"]);
    expect(bob.conversations.get().items[0]?.name).toBe("Harbour");
    expect(world.reported).toEqual([]);
  });

  it("does not list what the user has left", async () => {
    const world = new World();
    const { bob, id } = await pair(world);
    world.server.leave(bob.user.id, id);
    await world.settle();
    expect(bob.conversations.get().items).toEqual([]);
  });

  it("forgets what it knows when the log is another one", async () => {
    const world = new World();
    const { alice, bob, id } = await pair(world);
    for (const content of ["a", "b", "c"]) world.server.send(alice.user.id, { conversationId: id, content });
    await bob.room(id).open();
    expect(texts(bob, id)).toEqual(["a", "b", "c"]);
    // A backup from before the last message is restored, and other things happen then.
    const log = world.server.logs.get(id);
    log?.events.splice(3);
    world.server.epoch = "epoch-2";
    world.server.send(alice.user.id, { conversationId: id, content: "d" }, "lose-event");
    world.server.restart();
    await world.pass(60_000);
    expect(texts(bob, id)).toEqual(["a", "b", "d"]);
    expect(bob.conversations.get().items[0]?.lastMessage?.content).toBe("d");
  });

  it("is fetched once when it is opened before there is a connection, and again if that was too early", async () => {
    for (const late of [false, true]) {
      const world = new World();
      const { alice, bob, id } = await pair(world);
      world.server.send(alice.user.id, { conversationId: id, content: "one" });
      const [list, ticket, messages] = ["GET /conversations", "POST /auth/ticket", `GET /conversations/${id}/messages`].map(
        (request) => world.hold(request),
      );
      const client = world.client(memoryStore());
      await client.login({ username: "bob", password: "correct horse" });
      const account = client.account.get();
      const before = world.server.requests.length;
      const opening = account?.room(id).open();
      await world.settle();
      // The messages are on their way when another one is committed, of which only the head tells.
      if (late) world.server.send(alice.user.id, { conversationId: id, content: "two" }, "lose-event");
      ticket?.();
      await world.settle();
      messages?.();
      await opening;
      list?.();
      await world.settle();
      expect(account && texts(account, id)).toEqual(late ? ["one", "two"] : ["one"]);
      const fetched = world.server.requests.slice(before).filter((request) => request === `GET /conversations/${id}/messages`);
      expect(fetched).toHaveLength(late ? 2 : 1);
      expect(bob.connection.get()).toBe("online");
    }
  });

  it("opens by itself once the network is back", async () => {
    const world = new World();
    const { alice, bob, id } = await pair(world);
    world.server.send(alice.user.id, { conversationId: id, content: "hello" });
    await world.settle();
    world.online = false;
    world.server.restart();
    const opening = bob.room(id).open();
    await world.pass(100_000);
    expect(bob.room(id).timeline.get().phase).toBe("loading");
    world.online = true;
    bob.wake();
    await world.pass(30_000);
    await opening;
    expect(texts(bob, id)).toEqual(["hello"]);
  });

  it("lists conversations page by page, the most recently active first", async () => {
    const world = new World();
    const alice = await person(world, "alice");
    const ids: string[] = [];
    for (const name of numbers(0, 230)) ids.push(world.server.create(alice.user.id, { type: "group", name }).id);
    await world.settle();
    const later = await (async () => {
      const client = world.client(memoryStore());
      await client.login({ username: "alice", password: "correct horse" });
      await world.settle();
      return client.account.get();
    })();
    const names = () => later?.conversations.get().items.map((conversation) => conversation.name);
    expect(names()).toEqual(numbers(130, 230).reverse());
    while (later?.conversations.get().hasMore) await later.conversations.more();
    expect(names()).toEqual(numbers(0, 230).reverse());
    world.server.send(alice.user.id, { conversationId: ids[7] ?? "", content: "up" });
    await world.settle();
    expect(names()?.[0]).toBe("7");
  });
});
