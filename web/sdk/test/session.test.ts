import { describe, expect, it } from "vitest";
import { ChatError, memoryStore, NetworkError } from "../src/index.ts";
import { Server } from "../src/server.ts";
import { Session } from "../src/session.ts";
import { World } from "./world.ts";

const alice = { username: "alice", password: "correct horse" };

async function tab(world: World, store = memoryStore()) {
  const session = new Session(world.environment(store), "http://fake");
  await session.load();
  return session;
}

/** Asks the server for something in the name of whoever is signed in. */
const ask = (world: World, session: Session) =>
  new Server(world.environment(memoryStore()), "http://fake", session).call("GET /conversations");

describe("session", () => {
  it("is found again after a reload", async () => {
    const world = new World();
    const store = memoryStore();
    await (await tab(world, store)).register(alice);
    const again = await tab(world, store);
    expect(again.user.get()?.username).toBe("alice");
    await expect(ask(world, again)).resolves.toMatchObject({ data: [] });
  });

  it("says in the server's words why a sign-in is refused", async () => {
    const session = await tab(new World());
    const error: unknown = await session.login(alice).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ChatError);
    expect(error).toMatchObject({ code: "invalid_credentials", status: 401, retriable: false });
    expect(session.user.get()).toBeNull();
  });

  it("follows the name that the user has", async () => {
    const world = new World();
    const store = memoryStore();
    const client = world.client(store);
    const other = world.client(store);
    await client.start();
    await client.register(alice);
    await other.start();
    await world.settle();
    const account = client.account.get();
    await account?.call("PATCH /users/me", { body: { displayName: "Alice Liddell" } });

    expect(client.account.get()).toBe(account);
    expect(account?.user.displayName).toBe("Alice Liddell");
    expect((await tab(world, store)).user.get()?.displayName).toBe("Alice Liddell");
    // A refresh keeps it, and whoever connects next is told by the server.
    world.server.expireAccessTokens();
    await account?.call("GET /conversations");
    world.server.user(account?.user.id ?? "").displayName = "Mrs Hargreaves";
    for (const link of [...world.server.links]) world.server.drop(link, 1012, "");
    await world.pass(60_000);
    expect(account?.profile.get().displayName).toBe("Mrs Hargreaves");
    expect(other.account.get()?.user.displayName).toBe("Mrs Hargreaves");
    expect(world.reported).toEqual([]);
  });

  it("uses each refresh token once, however many tabs and requests need one", async () => {
    const world = new World();
    const store = memoryStore();
    const first = await tab(world, store);
    await first.register(alice);
    const second = await tab(world, store);

    for (let round = 0; round < 5; round += 1) {
      world.server.expireAccessTokens();
      await Promise.all([ask(world, first), ask(world, second), ask(world, first), ask(world, second)]);
    }
    expect(world.server.requests.filter((request) => request === "POST /auth/refresh")).toHaveLength(5);
    expect(first.user.get()?.username).toBe("alice");
  });

  it("refreshes before the token ends, not after", async () => {
    const world = new World();
    const session = await tab(world);
    await session.register(alice);
    await world.pass(14.6 * 60_000);
    await ask(world, session);
    expect(world.server.requests).toEqual(["POST /auth/register", "POST /auth/refresh", "GET /conversations"]);
  });

  it("stores the new pair before it is used", async () => {
    const world = new World();
    const store = memoryStore();
    const session = await tab(world, store);
    await session.register(alice);
    world.server.expireAccessTokens();
    const keys: unknown[] = [];
    const set = store.set.bind(store);
    store.set = async (key, value) => {
      keys.push(world.server.requests.at(-1));
      await set(key, value);
    };
    await ask(world, session);
    expect(keys).toEqual(["POST /auth/refresh"]);
  });

  it("stays signed in when the network fails during a refresh", async () => {
    const world = new World();
    const session = await tab(world);
    await session.register(alice);
    world.server.expireAccessTokens();
    world.online = false;
    await expect(ask(world, session)).rejects.toBeInstanceOf(NetworkError);
    expect(session.user.get()?.username).toBe("alice");
    world.online = true;
    await expect(ask(world, session)).resolves.toBeDefined();
  });

  it("ends when the server has ended it", async () => {
    const world = new World();
    const store = memoryStore();
    const session = await tab(world, store);
    await session.register(alice);
    world.server.endSessions(session.user.get()?.id ?? "");
    await expect(ask(world, session)).rejects.toThrow("The session has ended.");
    expect(session.user.get()).toBeNull();
    expect((await tab(world, store)).user.get()).toBeNull();
  });

  it("is forgotten here even if the server cannot be told", async () => {
    const world = new World();
    const store = memoryStore();
    const session = await tab(world, store);
    await session.register(alice);
    world.online = false;
    await expect(session.signOut()).rejects.toBeInstanceOf(NetworkError);
    expect(session.user.get()).toBeNull();
    expect(await store.entries("")).toEqual([]);
  });

  it("does not act in the name of whoever signed in in another tab", async () => {
    const world = new World();
    const store = memoryStore();
    const first = await tab(world, store);
    await first.register(alice);
    const second = await tab(world, store);
    await second.signOut();
    await second.register({ username: "bob", password: "battery staple" });
    await expect(ask(world, first)).rejects.toThrow("The session has ended.");
    expect(first.user.get()?.username).toBe("bob");
  });
});
