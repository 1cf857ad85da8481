import { describe, expect, it } from "vitest";
import { memoryStore, type Account } from "../src/index.ts";
import { person, World } from "./world.ts";

const me = (account: Account, id: string) => account.conversations.get().items.find((one) => one.id === id)?.me;
const names = (account: Account) => account.conversations.get().items.map(({ name }) => name);

async function again(world: World): Promise<Account> {
  const client = world.client(memoryStore());
  await client.login({ username: "alice", password: "correct horse" });
  await world.settle();
  const account = client.account.get();
  if (!account) throw new Error("not signed in");
  return account;
}

describe("the list of conversations", () => {
  it("shows what one changes for oneself before the server has confirmed it", async () => {
    const world = new World();
    const alice = await person(world, "alice");
    const { id } = await alice.create({ type: "group", name: "Harbour" });
    const release = world.hold(`PATCH /conversations/${id}/me`);
    const changed = alice.conversations.updateMe(id, { muted: true });
    expect(me(alice, id)).toMatchObject({ muted: true, pinned: false });
    expect(alice.conversations.find(id)?.me.muted).toBe(true);
    // A list that is older must not take it back.
    await alice.conversations.refresh();
    expect(me(alice, id)).toMatchObject({ muted: true });
    release();
    await changed;
    expect(me(alice, id)).toMatchObject({ muted: true, pinned: false });
  });

  it("does not go back to a list that was asked for before the change and comes after it", async () => {
    const world = new World();
    const alice = await person(world, "alice");
    const { id } = await alice.create({ type: "group", name: "Harbour" });
    const release = world.hold("GET /conversations");
    const refreshed = alice.conversations.refresh();
    await world.settle();
    await alice.conversations.updateMe(id, { pinned: true });
    release();
    await refreshed;
    expect(me(alice, id)?.pinned).toBe(true);
  });

  it("takes it back when the server refuses, and only that", async () => {
    const world = new World();
    const alice = await person(world, "alice");
    const { id } = await alice.create({ type: "group", name: "Harbour" });
    await alice.conversations.updateMe(id, { pinned: true });
    world.server.refuseMe = true;
    const refused = alice.conversations.updateMe(id, { muted: true });
    expect(me(alice, id)).toMatchObject({ muted: true, pinned: true });
    await expect(refused).rejects.toMatchObject({ code: "forbidden" });
    expect(me(alice, id)).toMatchObject({ muted: false, pinned: true });
  });

  it("finds by a name what nobody has scrolled to, archived or not", async () => {
    const world = new World();
    const alice = await person(world, "alice");
    for (const name of ["Pier", "Old pier"]) await alice.create({ type: "group", name });
    const [old] = alice.conversations.get().items;
    await alice.conversations.updateMe(old?.id ?? "", { archived: true });
    for (let number = 0; number < 100; number += 1) await alice.create({ type: "group", name: `Group ${String(number)}` });
    const account = await again(world);
    expect(account.conversations.get().items).toHaveLength(100);
    for (const [archived, name] of [[false, "Pier"], [true, "Old pier"]] as const) {
      const { data } = await account.conversations.list({ query: "PIER", archived });
      expect(data.map((one) => one.name)).toEqual([name]);
    }
    expect(names(account).slice(100)).toEqual(["Old pier", "Pier"]);
    // Those in between are still to be had.
    await account.conversations.more();
    expect(account.conversations.get()).toMatchObject({ hasMore: false });
  });

  it("ends where the last of many changes has put it", async () => {
    const world = new World();
    const alice = await person(world, "alice");
    const { id } = await alice.create({ type: "group", name: "Harbour" });
    const changes = [true, false, true].map((muted) => alice.conversations.updateMe(id, { muted }));
    expect(me(alice, id)?.muted).toBe(true);
    await Promise.all([...changes, alice.conversations.updateMe(id, { pinned: true })]);
    expect(me(alice, id)).toMatchObject({ muted: true, pinned: true });
    await alice.conversations.refresh();
    expect(me(alice, id)).toMatchObject({ muted: true, pinned: true });
  });

  it("has what is pinned, however long ago anybody wrote there, and what is archived when it is asked for", async () => {
    const world = new World();
    const alice = await person(world, "alice");
    for (let index = 0; index < 150; index += 1) {
      const { id } = world.server.create(alice.user.id, { type: "group", name: String(index) });
      const { me: state } = world.server.logs.get(id)?.conversation ?? {};
      if (index === 0) Object.assign(state ?? {}, { pinned: true });
      if (index === 149) Object.assign(state ?? {}, { archived: true });
    }
    const later = await again(world);
    expect(names(later)).toHaveLength(101);
    expect(names(later)).toContain("0");
    expect(names(later)).not.toContain("149");
    await later.conversations.list({ archived: true });
    expect(names(later)).toContain("149");
  });

  it("asks again what is unread when a message was deleted while it asked", async () => {
    const world = new World();
    const alice = await person(world, "alice");
    const bob = await person(world, "bob");
    const { id } = await alice.create({ type: "group", name: "Harbour", members: ["bob"] });
    await world.settle();
    const deleted = async (content: string) => {
      const { message } = world.server.send(bob.user.id, { conversationId: id, content });
      world.server.edit(bob.user.id, message, null);
      await world.settle();
    };
    const release = world.hold(`GET /conversations/${id}`);
    await deleted("soon gone");
    await deleted("this as well");
    expect(alice.conversations.find(id)?.unreadCount).toBe(2);
    release();
    await world.settle();
    expect(alice.conversations.find(id)?.unreadCount).toBe(0);
  });

  it("counts voice messages as unread, but neither those of the system nor of people whom one has blocked", async () => {
    const world = new World();
    const alice = await person(world, "alice");
    const bob = await person(world, "bob");
    const { id } = await alice.create({ type: "group", name: "Harbour", members: ["bob"] });
    const unread = () => alice.conversations.find(id)?.unreadCount;
    const write = async (kind: "text" | "voice") => {
      world.server.send(bob.user.id, { conversationId: id, content: "x", kind });
      await world.settle();
    };
    await write("text");
    await write("voice");
    expect(unread()).toBe(2);
    await write("system" as "text");
    expect(unread()).toBe(2);
    // The server counts anew; this one always counts nothing.
    await alice.call("POST /blocks", { body: { username: "bob" } });
    await world.settle();
    const before = unread();
    await write("text");
    expect(unread()).toBe(before);
  });

  it("hears at once what another device changes", async () => {
    const world = new World();
    const alice = await person(world, "alice");
    const bob = await person(world, "bob");
    const { id } = await alice.create({ type: "group", name: "Harbour", members: ["bob"] });
    const phone = await again(world);
    world.server.send(bob.user.id, { conversationId: id, content: "one" });
    await world.settle();
    const before = phone.conversations.find(id)?.unreadCount;
    const asked = world.server.requests.length;

    await alice.call("POST /blocks", { body: { username: "bob" } });
    await alice.conversations.updateMe(id, { archived: true });
    await world.settle();
    expect(me(phone, id)).toMatchObject({ archived: true });
    world.server.send(bob.user.id, { conversationId: id, content: "two" });
    await world.settle();
    expect(phone.conversations.find(id)?.unreadCount).toBe(before);
    expect(world.server.requests.slice(asked)).toEqual(["POST /blocks", `PATCH /conversations/${id}/me`]);
  });

  it("keeps what another device changed while its own change was under way", async () => {
    const world = new World();
    const alice = await person(world, "alice");
    const { id } = await alice.create({ type: "group", name: "Harbour" });
    const release = world.hold(`PATCH /conversations/${id}/me`);
    const pinned = alice.conversations.updateMe(id, { pinned: true });
    await world.settle();
    const changed = { role: "owner", lastReadSeq: 0, pinned: true, muted: true, archived: false };
    for (const link of world.server.links) link.deliver({ type: "me.changed", payload: { conversationId: id, me: changed } });
    await world.settle();
    release();
    await pinned;
    expect(me(alice, id)).toMatchObject({ pinned: true, muted: true });
  });

  it("does not go back to its own change once another device has taken it back", async () => {
    const world = new World();
    const alice = await person(world, "alice");
    const { id } = await alice.create({ type: "group", name: "Harbour" });
    const release = world.hold(`PATCH /conversations/${id}/me`);
    const pinning = alice.conversations.updateMe(id, { pinned: true });
    await world.settle();
    const now = { role: "owner", lastReadSeq: 0, pinned: false, muted: false, archived: false };
    for (const pinned of [true, false]) {
      for (const link of world.server.links) {
        link.deliver({ type: "me.changed", payload: { conversationId: id, me: { ...now, pinned } } });
      }
    }
    await world.settle();
    release();
    await pinning;
    expect(me(alice, id)).toMatchObject({ pinned: false });
  });

  it("does not take a list that was under way for newer than what another device changed", async () => {
    const world = new World();
    const alice = await person(world, "alice");
    const { id } = await alice.create({ type: "group", name: "Harbour" });
    const phone = await again(world);
    const release = world.hold("GET /conversations");
    const listing = phone.conversations.list({ query: "harbour" });
    await world.settle();
    await alice.conversations.updateMe(id, { muted: true });
    await world.settle();
    expect(me(phone, id)).toMatchObject({ muted: true });
    release();
    await listing;
    await world.settle();
    expect(me(phone, id)).toMatchObject({ muted: true });
  });

  it("tells listeners what happens to files of one's own", async () => {
    const world = new World();
    const alice = await person(world, "alice");
    const heard: string[] = [];
    alice.on("file.updated", ({ status }) => heard.push(status));
    const file = { id: "f", name: "a", mediaType: "", size: 1, sha256: "", status: "ready" };
    for (const link of world.server.links) link.deliver({ type: "file.updated", payload: file });
    await world.settle();
    expect(heard).toEqual(["ready"]);
  });
});
