import { createHmac, randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import WebSocket from "ws";
import { connect, type Account, type ConnectOptions, type Event, type Message, type Page } from "../sdk/src/index.ts";
import { seeded } from "../sdk/test/world.ts";
import { Natter } from "./harness.ts";
import { CALM, Proxy, STORM } from "./proxy.ts";

/** Draws the weather; to see a failure again, give the seed that it printed. */
const SEED = Number(process.env["SDK_SEED"] ?? 20_261_121);
/** Of each sender. Ten minutes of it: SDK_MESSAGES=2400 SDK_PACE_MS=250. */
const MESSAGES = Number(process.env["SDK_MESSAGES"] ?? 300);
const PACE_MS = Number(process.env["SDK_PACE_MS"] ?? 35);
/** The storm goes on until it has cut so many connections. */
const CUTS = 50;
const SETTLE_MS_MAX = 40_000;
/** What the host application and the server share. */
const SECRET = randomBytes(32).toString("hex");
/** For how long the server still takes a token that has ended. */
const LEEWAY_MS = 60_000;

let natter: Natter;
let proxy: Proxy;
const accounts: Account[] = [];
const reported: unknown[] = [];

beforeEach(async () => {
  process.env["NATTER_AUTH_JWT_SECRET"] = SECRET;
  natter = await Natter.start();
  proxy = await Proxy.start(natter.url, seeded(SEED));
});

afterEach(async () => {
  for (const account of accounts.splice(0)) account.close();
  await proxy.stop();
  await natter.stop();
  expect(reported).toEqual([]);
});

interface Person {
  account: Account;
  token: string;
  heard: Message[];
}

/** Somebody on the other side of the bad network. */
async function person(username: string): Promise<Person> {
  const body = { username, password: "correct horse battery" };
  const { accessToken: token } = await natter.call<{ accessToken: string }>("POST", "/auth/register", body);
  const account = await enter({
    token: () => token,
    random: seeded(SEED + username.length),
    // Its waits are a quarter as long, so that more of them fit into a test.
    after: (delayMs, work) => {
      const timer = setTimeout(work, delayMs / 4);
      return () => clearTimeout(timer);
    },
  });
  const heard: Message[] = [];
  account.on("message.new", (message) => heard.push(message));
  return { account, token, heard };
}

async function enter(options: ConnectOptions): Promise<Account> {
  const account = await connect({
    url: proxy.url,
    connect: (url) => new WebSocket(url, { perMessageDeflate: false }) as unknown as globalThis.WebSocket,
    report: (error) => reported.push(error),
    ...options,
  });
  accounts.push(account);
  await vi.waitFor(() => expect(account.connection.get()).toBe("online"), { timeout: SETTLE_MS_MAX });
  return account;
}

/** A token of the host application, good for so long. */
function hostToken(username: string, livesMs: number): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const claims = { sub: username, preferred_username: username, exp: Math.floor((Date.now() + livesMs) / 1000) };
  const head = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
  return `${head}.${createHmac("sha256", SECRET).update(head).digest("base64url")}`;
}

const pause = (delayMs: number) => new Promise((wake) => setTimeout(wake, delayMs));

/** Everything in a log, as the server has it. */
async function log(id: string, token: string): Promise<Event[]> {
  const events: Event[] = [];
  for (;;) {
    const path = `/conversations/${id}/events?after=${events.length}&limit=1000`;
    const { data, meta } = await natter.call<Page<Event>>("GET", path, undefined, token);
    events.push(...data);
    if (!meta.hasMore) return events;
  }
}

it("brings everything to everybody, once and in order, over a network and a server that fail", { timeout: 90_000 + MESSAGES * PACE_MS }, async () => {
  console.log(`SDK_SEED=${SEED}`);
  const [alice, bob, carol] = await Promise.all(["alice", "bob", "carol"].map(person));
  if (!alice || !bob || !carol) throw new Error("nobody");
  const { id } = await alice.account.create({ type: "group", name: "Harbour", members: ["bob", "carol"] });
  const senders = [alice, bob];
  await Promise.all([...senders, carol].map(({ account }) => account.room(id).open()));

  proxy.weather = STORM;
  proxy.cut();
  const texts = senders.map(({ account }) => Array.from({ length: MESSAGES }, (_, index) => `${account.user.username} ${index}`));
  const sent = senders.map((): Promise<Message>[] => []);
  let killed: Promise<void> | undefined;
  for (let index = 0; index < MESSAGES; index += 1) {
    senders.forEach(({ account }, who) => sent[who]?.push(account.room(id).send(texts[who]?.[index] ?? "").sent));
    if (index === MESSAGES / 2) killed = natter.end("SIGKILL").then(() => natter.start());
    await pause(PACE_MS);
  }
  await killed;
  await vi.waitFor(() => expect(proxy.cuts).toBeGreaterThan(CUTS), { timeout: SETTLE_MS_MAX, interval: 20 });
  proxy.weather = CALM;
  proxy.cut();

  const acknowledged = await Promise.all(sent.map((each) => Promise.all(each)));
  const events = await log(id, carol.token);
  const written = events.flatMap((event) => (event.type === "message.new" ? [event.payload] : []));
  const everybody = [...senders, carol];
  await vi.waitFor(
    () => {
      for (const { heard } of everybody) expect(heard.length).toBeGreaterThanOrEqual(written.length);
    },
    { timeout: SETTLE_MS_MAX, interval: 50 },
  );

  console.log(`${proxy.cuts} connections were cut, ${written.length} messages written`);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  expect(written).toHaveLength(senders.length * MESSAGES);
  senders.forEach(({ account }, who) => {
    const own = written.filter(({ sender }) => sender.id === account.user.id);
    expect(own.map(({ content }) => content)).toEqual(texts[who]);
    expect(acknowledged[who]?.map((message) => message.id)).toEqual(own.map((message) => message.id));
    expect(account.unsent).toBe(0);
  });
  for (const { account, heard } of everybody) {
    expect(heard.map(({ id, seq, content }) => ({ id, seq, content }))).toEqual(
      written.map(({ id, seq, content }) => ({ id, seq, content })),
    );
    const shown = account.room(id).timeline.get().items.map(({ content, status }) => `${content} ${status}`);
    expect(shown).toEqual(written.map(({ content }) => `${content} sent`).slice(-shown.length));
    expect(shown.length).toBeGreaterThanOrEqual(Math.min(300, written.length));
  }
});

it("brings the next token of the host application on the open socket", async () => {
  let given = 0;
  const account = await enter({
    token: () => {
      given += 1;
      return hostToken("dora", 3_000 + given);
    },
    // Its clock is ahead by what the server has patience for, so that a token of three seconds is about to end.
    now: () => Date.now() + LEEWAY_MS,
  });
  const states: string[] = [];
  account.connection.subscribe((state) => states.push(state));
  await vi.waitFor(() => expect(given).toBeGreaterThan(3), { timeout: SETTLE_MS_MAX });
  await account.create({ type: "group", name: "Still here" });
  expect(states).toEqual(["online"]);
  expect(account.user.username).toBe("dora");
});

it("shows who is there, who writes and who has read", async () => {
  const [alice, bob] = await Promise.all(["alice", "bob"].map(person));
  if (!alice || !bob) throw new Error("nobody");
  const room = await alice.account.direct("bob");
  const other = await bob.account.direct("alice");
  const settled = (expectation: () => void) => vi.waitFor(expectation, { timeout: SETTLE_MS_MAX });

  const seen: (string | undefined)[] = [];
  bob.account.people.of(alice.account.user.id).subscribe((presence) => seen.push(presence?.status));
  await settled(() => expect(seen).toEqual([undefined, "online"]));
  alice.account.people.set("busy");
  await settled(() => expect(seen.at(-1)).toBe("busy"));

  room.startTyping();
  await settled(() => expect(other.typing.get()).toEqual([alice.account.user.id]));
  const { seq } = await room.send("Is the ferry on time?").sent;
  await settled(() => expect(other.typing.get()).toEqual([]));
  await settled(() => expect(bob.account.conversations.find(room.id)?.unreadCount).toBe(1));

  other.markRead();
  await settled(() => expect(room.readers.get().get(bob.account.user.id)).toBe(seq));
  expect(bob.account.conversations.find(room.id)).toMatchObject({ unreadCount: 0, me: { lastReadSeq: seq } });

  alice.account.close();
  await settled(() => expect(seen.at(-1)).toBe("offline"));
});

it("starts anew at the head where too much was missed, and goes on from there", async () => {
  const [alice, bob] = await Promise.all(["alice", "bob"].map(person));
  if (!alice || !bob) throw new Error("nobody");
  const { id } = await alice.account.direct("bob");
  const room = bob.account.room(id);
  await room.open();
  const resets: number[] = [];
  bob.account.on("sync.reset", ({ seq }) => resets.push(seq));

  proxy.weather = { ...CALM, refuses: 1 };
  proxy.cut();
  await vi.waitFor(() => expect(bob.account.connection.get()).toBe("offline"));
  const say = (content: string) => natter.call("POST", `/conversations/${id}/messages`, { content }, alice.token);
  for (let batch = 0; batch < 11; batch += 1) {
    await Promise.all(Array.from({ length: 100 }, (_, index) => say(`${batch * 100 + index}`)));
  }
  await say("the last of many");
  proxy.weather = CALM;
  bob.account.wake();
  await vi.waitFor(() => expect(bob.account.connection.get()).toBe("online"), { timeout: SETTLE_MS_MAX });
  await vi.waitFor(() => expect(room.timeline.get().items.at(-1)?.content).toBe("the last of many"), { timeout: SETTLE_MS_MAX });
  expect(resets).toEqual([1_102]);
  expect(bob.heard).toEqual([]);

  await say("and on");
  await vi.waitFor(() => expect(bob.heard.map(({ content }) => content)).toEqual(["and on"]), { timeout: SETTLE_MS_MAX });
  while (room.timeline.get().hasOlder && room.timeline.get().items.length < 300) await room.older();
  const seqs = room.timeline.get().items.map(({ message }) => message?.seq ?? 0);
  expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, index) => 1_103 - seqs.length + 1 + index));
});
