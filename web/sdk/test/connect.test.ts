import { describe, expect, it } from "vitest";
import { connect, memoryStore, SignedOutError, type Account, type ConnectOptions } from "../src/index.ts";
import { World } from "./world.ts";

/** A host application that gives out tokens of the user, and counts them. */
async function host(world: World, expiresInMs?: number) {
  const { status, body } = world.server.handle("POST", "/api/v1/auth/register", { username: "alice", password: "x" }, undefined);
  expect(status).toBe(201);
  const user = (body as { user: { id: string } }).user;
  const given: string[] = [];
  const token = () => {
    const next = world.server.token(user.id);
    given.push(next);
    if (expiresInMs !== undefined) world.server.expiresAt = new Date(world.now + expiresInMs).toISOString();
    return next;
  };
  return { token, given };
}

async function enter(world: World, token: ConnectOptions["token"]): Promise<Account> {
  const account = await connect({ url: "http://fake", ...world.environment(memoryStore()), token });
  await world.settle();
  return account;
}

describe("connecting with a token function", () => {
  it("asks for one token, and says who it is", async () => {
    const world = new World();
    const { token, given } = await host(world);
    const account = await enter(world, token);
    expect(account.user.username).toBe("alice");
    expect(account.connection.get()).toBe("online");
    expect(given).toHaveLength(1);
  });

  it("asks for another when it is refused, once for all that wait", async () => {
    const world = new World();
    const { token, given } = await host(world);
    const account = await enter(world, token);
    world.server.expireAccessTokens();
    await Promise.all([account.create({ type: "group", name: "a" }), account.create({ type: "group", name: "b" })]);
    expect(given).toHaveLength(2);
  });

  it("brings the next token on the open socket before the last one ends", async () => {
    const world = new World();
    const { token, given } = await host(world, 600_000);
    const account = await enter(world, token);
    const states: string[] = [];
    account.connection.subscribe((state) => states.push(state));
    await world.pass(539_000);
    expect(given).toHaveLength(1);
    await world.pass(2_000);
    expect(given).toHaveLength(2);
    await world.pass(3_600_000);
    const renewals = world.server.frames.filter(({ type }) => type === "auth.refresh").map(({ payload }) => payload);
    expect(renewals).toEqual(given.slice(1).map((next) => ({ token: next })));
    expect(given.length).toBeGreaterThan(6);
    expect(states).toEqual(["online"]);
  });

  it("does not ask all the time when the clock of the device is wrong", async () => {
    const world = new World();
    const { token, given } = await host(world, -3_600_000);
    await enter(world, token);
    await world.pass(600_000);
    expect(given.length).toBeLessThan(12);
  });

  it("waits when the host application cannot be reached, and goes on when it can", async () => {
    const world = new World();
    const { token } = await host(world);
    world.online = false;
    let account: Account | undefined;
    void connect({ url: "http://fake", ...world.environment(memoryStore()), token }).then((known) => (account = known));
    await world.pass(60_000);
    expect(account).toBeUndefined();
    world.online = true;
    await world.pass(60_000);
    expect(account?.connection.get()).toBe("online");
  });

  it("fails with what the server says when it refuses", async () => {
    const world = new World();
    await expect(enter(world, () => "forged")).rejects.toBeInstanceOf(SignedOutError);
    let forged = 0;
    await expect(enter(world, () => `forged ${forged++}`)).rejects.toMatchObject({ code: "token_expired" });
    await expect(enter(world, () => null)).rejects.toBeInstanceOf(SignedOutError);
  });

  it("closes when nobody is signed in there any more", async () => {
    const world = new World();
    const { token } = await host(world);
    let signedIn = true;
    const account = await enter(world, () => (signedIn ? token() : null));
    signedIn = false;
    world.server.expireAccessTokens();
    world.server.restart();
    await world.pass(60_000);
    expect(account.connection.get()).toBe("closed");
    expect(world.server.links.size).toBe(0);
    expect(world.reported).toEqual([]);
  });
});
