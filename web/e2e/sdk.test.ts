import { afterEach, beforeEach, expect, it, vi } from "vitest";
import WebSocket from "ws";
import { connect, type Account, type Message, type Socket } from "../sdk/src/index.ts";
import { seeded } from "../sdk/test/world.ts";
import { Natter } from "./harness.ts";
import { CALM, Proxy, STORM } from "./proxy.ts";

/** Draws the weather; to see a failure again, give the seed that it printed. */
const SEED = Number(process.env["SDK_SEED"] ?? 20_261_121);
/** Of each sender. More than 1,000 in all would not be replayed event by event. */
const MESSAGES = 300;
const PACE_MS = 35;
const CUTS = 60;
const SETTLE_MS_MAX = 40_000;

let natter: Natter;
let proxy: Proxy;
const accounts: Account[] = [];
const reported: unknown[] = [];

beforeEach(async () => {
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
  const account = await connect({
    url: proxy.url,
    token: () => token,
    connect: (url) => new WebSocket(url, { perMessageDeflate: false }) as unknown as Socket,
    report: (error) => reported.push(error),
    random: seeded(SEED + username.length),
    // Its waits are a quarter as long, so that more of them fit into a test.
    after: (delayMs, work) => {
      const timer = setTimeout(work, delayMs / 4);
      return () => clearTimeout(timer);
    },
  });
  accounts.push(account);
  const heard: Message[] = [];
  account.on("message.new", (message) => heard.push(message));
  await vi.waitFor(() => expect(account.connection.get()).toBe("online"), { timeout: SETTLE_MS_MAX });
  return { account, token, heard };
}

const pause = (delayMs: number) => new Promise((wake) => setTimeout(wake, delayMs));

/** Everything in a log, as the server has it. */
async function log(id: string, token: string): Promise<{ type: string; seq: number; payload: Message }[]> {
  const page = await natter.call<{ data: { type: string; seq: number; payload: Message }[]; meta: { hasMore: boolean } }>(
    "GET",
    `/conversations/${id}/events?after=0&limit=1000`,
    undefined,
    token,
  );
  expect(page.meta.hasMore).toBe(false);
  return page.data;
}

it("brings everything to everybody, once and in order, over a network and a server that fail", { timeout: 90_000 }, async () => {
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
  const written = events.filter(({ type }) => type === "message.new").map(({ payload }) => payload);
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
    expect(shown.length).toBeGreaterThan(MESSAGES);
  }
});
