import { describe, expect, it } from "vitest";
import type { Account } from "../src/index.ts";
import { World } from "./world.ts";

async function online(world: World): Promise<Account> {
  const client = world.client();
  await client.start();
  await client.register({ username: "alice", password: "correct horse" });
  await world.settle();
  const account = client.account.get();
  if (!account) throw new Error("not signed in");
  expect(account.connection.get()).toBe("online");
  return account;
}

const tickets = (world: World) => world.server.requests.filter((request) => request === "POST /auth/ticket").length;

describe("connection", () => {
  it("comes back after as long as the server asks for", async () => {
    const world = new World();
    const account = await online(world);
    world.server.restart('{"reconnectAfterMs":4200}');
    await world.settle();
    expect(account.connection.get()).toBe("offline");
    await world.pass(4199);
    expect(account.connection.get()).toBe("offline");
    await world.pass(1);
    expect(account.connection.get()).toBe("online");
  });

  it("waits out the minute when it was too fast, and never for ever", async () => {
    const world = new World();
    const account = await online(world);
    const back = async (code: number, reason: string) => {
      for (const link of [...world.server.links]) world.server.drop(link, code, reason);
      await world.settle();
      const waitMs = world.nextTimerMs;
      await world.pass(waitMs);
      expect(account.connection.get()).toBe("online");
      return waitMs;
    };
    expect(await back(4009, '{"reconnectAfterMs":41000}')).toBe(41_000);
    expect(await back(1001, '{"reconnectAfterMs":1e12}')).toBe(300_000);
    expect(await back(1001, '{"reconnectAfterMs":"soon"}')).toBeLessThan(1_000);
    expect(await back(1001, "{")).toBeLessThan(1_000);
  });

  it("waits longer each time, up to a limit, and by chance", async () => {
    const world = new World();
    const account = await online(world);
    world.online = false;
    world.server.restart();
    await world.settle();
    const waits: number[] = [];
    for (let turn = 0; turn < 40; turn += 1) {
      waits.push(world.nextTimerMs);
      await world.pass(world.nextTimerMs);
    }
    expect(account.connection.get()).toBe("offline");
    waits.forEach((waitMs, tries) => expect(waitMs).toBeLessThanOrEqual(Math.min(30_000, 500 * 2 ** tries)));
    expect(Math.max(...waits)).toBeGreaterThan(20_000);
    expect(new Set(waits).size).toBe(waits.length);
  });

  it("does not hammer a server that closes each socket at once", async () => {
    const world = new World();
    await online(world);
    const before = tickets(world);
    for (let turn = 0; turn < 200; turn += 1) {
      world.server.restart();
      await world.pass(1_000);
    }
    // Twice in five seconds, rather than at once each time.
    expect(tickets(world) - before).toBeLessThan(100);
  });

  it("lets go of a socket that went silent", async () => {
    const world = new World();
    const account = await online(world);
    // The server forgets the socket, as when a cable is cut: nobody is told.
    world.server.links.clear();
    await world.pass(34_000);
    expect(account.connection.get()).toBe("online");
    await world.pass(1_000);
    expect(account.connection.get()).toBe("offline");
    await world.pass(5_000);
    expect(account.connection.get()).toBe("online");
  });

  it("tries at once when the network is back", async () => {
    const world = new World();
    const account = await online(world);
    world.online = false;
    world.server.restart();
    await world.pass(120_000);
    world.online = true;
    account.wake();
    await world.settle();
    expect(account.connection.get()).toBe("online");
  });

  it("gives up when the session has ended", async () => {
    const world = new World();
    const client = world.client();
    await client.start();
    await client.register({ username: "alice", password: "correct horse" });
    await world.settle();
    world.server.endSessions(client.account.get()?.user.id ?? "");
    world.server.restart();
    await world.pass(60_000);
    expect(client.account.get()).toBeNull();
    expect(world.server.links.size).toBe(0);
    expect(world.reported).toEqual([]);
  });
});
