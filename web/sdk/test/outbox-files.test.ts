import { describe, expect, it } from "vitest";
import { memoryStore, type Account, type Store } from "../src/index.ts";
import { World } from "./world.ts";

const MIB = 1024 * 1024;

async function enter(world: World, store: Store): Promise<Account> {
  const client = world.client(store);
  await client.start();
  if (!client.account.get()) await client.register({ username: "alice", password: "correct horse" });
  await world.settle();
  const account = client.account.get();
  if (!account) throw new Error("not signed in");
  return account;
}

async function withRoom(world: World, store: Store) {
  const account = await enter(world, store);
  const { id } = await account.create({ type: "group", name: "Harbour" });
  const room = account.room(id);
  await room.open();
  return { account, room, id };
}

const file = (name: string, content: string) => ({ name, blob: new Blob([content], { type: "text/plain" }) });
const large = (name: string) => ({ name, blob: new Blob([new Uint8Array(6 * MIB)]) });
const names = (world: World, id: string) => world.server.messages(id).map(({ attachments }) => attachments.map(({ name }) => name));

describe("files in the outbox", () => {
  it("are shown at once, and go with their message, in order", async () => {
    const world = new World();
    const store = memoryStore();
    const { room, id } = await withRoom(world, store);
    const { sent } = room.send({ content: "boats", files: [file("b.txt", "bb"), file("a.txt", "aaa")] });
    room.send("behind it");
    const [item] = room.timeline.get().items;
    expect(item).toMatchObject({ content: "boats", status: "queued", kind: "text", attachments: [] });
    expect(item?.files.map(({ name, type, size, progress }) => [name, type, size, progress.get()])).toEqual([
      ["b.txt", "text/plain", 2, 0],
      ["a.txt", "text/plain", 3, 0],
    ]);
    await world.finish(sent);
    await world.settle();
    expect(names(world, id)).toEqual([["b.txt", "a.txt"], []]);
    const [after] = room.timeline.get().items;
    expect(after).toMatchObject({ key: item?.key, status: "sent", files: [] });
    expect(after?.attachments.map(({ name }) => name)).toEqual(["b.txt", "a.txt"]);
    expect(item?.files.map(({ progress }) => progress.get())).toEqual([1, 1]);
    expect([...(await store.entries("outbox")), ...(await store.entries("uploads"))]).toEqual([]);
  });

  it("go behind those that were uploaded before", async () => {
    const world = new World();
    const { account, room, id } = await withRoom(world, memoryStore());
    const first = await world.finish(account.upload(new Blob(["x"]), { name: "first.txt" }));
    room.send({ attachments: [first], files: [file("second.txt", "y")] });
    expect(room.timeline.get().items[0]?.attachments).toEqual([first]);
    await world.pass(1_000);
    expect(names(world, id)).toEqual([["first.txt", "second.txt"]]);
  });

  it("can be a voice message, or an answer", async () => {
    const world = new World();
    const { room, id } = await withRoom(world, memoryStore());
    const { id: replyTo } = await world.finish(room.send("say something").sent);
    room.send({ kind: "voice", replyTo, files: [file("voice.webm", "la")] });
    expect(room.timeline.get().items[1]).toMatchObject({ kind: "voice", replyTo, threadId: null });
    await world.pass(1_000);
    expect(world.server.messages(id)[1]).toMatchObject({ kind: "voice", replyTo, content: "" });
    expect(room.timeline.get().items[1]).toMatchObject({ kind: "voice", replyTo, status: "sent" });
  });

  it("written without a network are sent by the page that is loaded later, each once", async () => {
    const world = new World();
    const store = memoryStore();
    const { account, room, id } = await withRoom(world, store);
    world.online = false;
    world.server.restart();
    await world.settle();
    room.send({ content: "1", files: [file("a.txt", "a")] });
    room.send("2");
    await world.settle();
    account.close();

    world.online = true;
    const later = await enter(world, store);
    await later.room(id).open();
    await world.pass(5_000);
    expect(world.server.messages(id).map(({ content }) => content)).toEqual(["1", "2"]);
    expect(names(world, id)).toEqual([["a.txt"], []]);
    expect(later.unsent).toBe(0);
  });

  it("go on where they were after a reload in the middle", async () => {
    const world = new World();
    const store = memoryStore();
    const { account, room, id } = await withRoom(world, store);
    world.server.files.fault = () => "cut-within";
    room.send({ files: [file("a.txt", "a"), large("b.bin")] });
    // The small one does not care for being cut in the middle.
    while (world.server.files.receivedBytes === 0) await world.settle();
    account.close();
    await world.settle();

    world.server.files.fault = () => "none";
    await enter(world, store);
    while (world.server.messages(id).length === 0) await world.pass(1_000);
    expect(names(world, id)).toEqual([["a.txt", "b.bin"]]);
    expect(world.server.files.receivedBytes).toBe(6 * MIB);
    expect(world.server.files.names).toEqual(["a.txt", "b.bin"]);
    expect(await store.entries("uploads")).toEqual([]);
  });

  it("are sent once under one key when only the answer to their message was lost", async () => {
    const world = new World();
    const store = memoryStore();
    const { account, room, id } = await withRoom(world, store);
    world.server.fault = () => "lose-after-commit";
    room.send({ content: "once", files: [file("a.txt", "a")] });
    while (world.server.messages(id).length === 0) await world.settle();
    account.close();
    world.server.fault = () => "none";
    const later = await enter(world, store);
    await world.pass(5_000);
    expect(names(world, id)).toEqual([["a.txt"]]);
    expect(later.unsent).toBe(0);
    expect(world.reported).toEqual([]);
  });

  it("are uploaded anew when the server has forgotten them meanwhile", async () => {
    const world = new World();
    const store = memoryStore();
    const { room, id } = await withRoom(world, store);
    world.server.fault = () => "refuse";
    room.send({ content: "late", files: [file("a.txt", "a")] });
    while (world.server.files.names.length === 0) await world.settle();
    await world.pass(5_000);
    world.server.files.expire();
    world.server.fault = () => "none";
    await world.pass(60_000);
    expect(names(world, id)).toEqual([["a.txt"]]);
    expect(world.server.messages(id)).toHaveLength(1);
  });

  it("that are refused fail their message, with the reason, and say which it is", async () => {
    const world = new World();
    const store = memoryStore();
    const { account, room, id } = await withRoom(world, store);
    const { key, sent } = room.send({ content: "see", files: [file("a.txt", "a"), file("b.exe", "b")] });
    room.send("behind it");
    await expect(world.finish(sent)).rejects.toMatchObject({ code: "file_type_not_allowed" });
    await world.settle();
    const failed = () => account.room(id).timeline.get().items[0];
    expect(failed()).toMatchObject({ status: "failed", failure: "file_type_not_allowed", failureCode: "file_type_not_allowed" });
    expect(failed()?.files.map(({ refused }) => refused)).toEqual([false, true]);
    expect(world.server.messages(id)).toEqual([]);
    account.close();

    const later = await enter(world, store);
    await later.room(id).open();
    const item = () => later.room(id).timeline.get().items[0];
    expect(item()).toMatchObject({ status: "failed", failureCode: "file_type_not_allowed" });
    expect(item()?.files.map(({ name, refused }) => [name, refused])).toEqual([["a.txt", false], ["b.exe", true]]);
    later.room(id).retry(key);
    expect(item()).toMatchObject({ status: "queued" });
    await world.pass(1_000);
    expect(item()).toMatchObject({ status: "failed" });
    // What is there was not uploaded again.
    expect(world.server.files.names).toEqual(["a.txt"]);
    later.room(id).discard(key);
    await world.pass(1_000);
    expect(world.server.messages(id).map(({ content }) => content)).toEqual(["behind it"]);
    expect(world.server.files.names).toEqual([]);
    expect([...(await store.entries("outbox")), ...(await store.entries("uploads"))]).toEqual([]);
  });

  it("can be given up while they are under way, and leave nothing behind", async () => {
    const world = new World();
    const store = memoryStore();
    const { room, id } = await withRoom(world, store);
    world.server.files.fault = () => "cut-within";
    const { key, sent } = room.send({ files: [large("b.bin")] });
    room.send("behind it");
    while (world.server.files.receivedBytes === 0) await world.settle();
    room.cancel(key);
    expect(room.timeline.get().items.map(({ content }) => content)).toEqual(["behind it"]);
    await expect(sent).rejects.toThrow("given up");
    world.server.files.fault = () => "none";
    await world.pass(60_000);
    expect(world.server.messages(id).map(({ content }) => content)).toEqual(["behind it"]);
    expect(world.server.files.uploads.size).toBe(0);
    expect([...(await store.entries("outbox")), ...(await store.entries("uploads"))]).toEqual([]);
    expect(world.reported).toEqual([]);
  });

  it("are uploaded by a retry as if for the first time, not answered with the refusal of before", async () => {
    const world = new World();
    const { room, id } = await withRoom(world, memoryStore());
    world.server.files.full = true;
    const { key } = room.send({ files: [file("a.txt", "a")] });
    await world.pass(1_000);
    expect(room.timeline.get().items[0]).toMatchObject({ status: "failed", failureCode: "limit_reached" });
    world.server.files.full = false;
    room.retry(key);
    await world.pass(1_000);
    expect(names(world, id)).toEqual([["a.txt"]]);
  });

  it.each(["a.txt", "a.exe"])("can be given up in one tab while another uploads them: %s", async (name) => {
    const world = new World();
    const store = memoryStore();
    const { account, room, id } = await withRoom(world, store);
    world.online = false;
    world.server.restart();
    await world.settle();
    const { key } = room.send({ files: [file(name, "a")] });
    await world.settle();
    account.close();
    const release = world.hold("POST /files");
    world.online = true;
    // The first is the one that has it in hand.
    await enter(world, store);
    const other = await enter(world, store);
    await world.pass(5_000);
    expect(world.server.requests.filter((request) => request === "POST /files")).toHaveLength(1);
    other.room(id).cancel(key);
    await world.settle();
    release();
    await world.pass(5_000);
    expect(world.server.messages(id)).toEqual([]);
    expect(world.server.files.names).toEqual([]);
    expect([...(await store.entries("outbox")), ...(await store.entries("uploads"))]).toEqual([]);
  });

  it("are forgotten by signing out", async () => {
    const world = new World();
    const store = memoryStore();
    const { account, room } = await withRoom(world, store);
    world.server.files.fault = () => "cut-within";
    room.send({ files: [large("b.bin")] });
    while (world.server.files.receivedBytes === 0) await world.settle();
    await world.finish(account.signOut());
    await world.pass(60_000);
    expect(await store.entries("")).toEqual([]);
  });
});

describe("a message that waits", () => {
  it("can be given up, whether it was kept already or not", async () => {
    const world = new World();
    const store = memoryStore();
    const { room, id } = await withRoom(world, store);
    world.server.fault = () => "refuse";
    const first = room.send("first");
    await world.settle();
    const second = room.send("second");
    room.send("third");
    room.cancel(second.key);
    room.cancel(first.key);
    world.server.fault = () => "none";
    await world.pass(60_000);
    expect(world.server.messages(id).map(({ content }) => content)).toEqual(["third"]);
    expect(await store.entries("outbox")).toEqual([]);
  });

  it("is not sent once it was given up, however long the store takes to forget it", async () => {
    const world = new World();
    const store = memoryStore();
    const { room, id } = await withRoom(world, store);
    world.online = false;
    world.server.restart();
    await world.settle();
    const { key } = room.send("no");
    await world.settle();
    const forget = store.delete.bind(store);
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    store.delete = async (entry) => {
      await released;
      await forget(entry);
    };
    room.cancel(key);
    world.online = true;
    await world.pass(60_000);
    release();
    await world.pass(1_000);
    expect(world.server.messages(id)).toEqual([]);
    expect(await store.entries("outbox")).toEqual([]);
  });
});
