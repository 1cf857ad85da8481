import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import WebSocket from "ws";
import { BINARY, launch, Natter, PASSWORD, Person } from "../e2e/harness.ts";
import { install } from "./probe.ts";
import { texts } from "./texts.ts";

/** Messages of the one conversation that is scrolled through. */
export const LONG_MESSAGES = 100_000;
/** All conversations of the person who looks, and how many of them have enough messages to fill a screen. */
const CHATS = 3_000;
const FULL_CHATS = 120;
const FULL_MESSAGES = 60;
const SENDERS = 12;
export const LONG = "The long one";

const run = promisify(execFile);

/** Where everything is measured: a server, somebody who looks, and much to look at. */
export class World {
  private constructor(
    readonly natter: Natter,
    readonly browser: Browser,
    readonly alice: Person,
    readonly longId: string,
  ) {}

  /** @param corpus A file of messages as `natter seed --corpus` takes it, for texts that people have written. */
  static async make(corpus: string | undefined): Promise<World> {
    const natter = await started();
    const { accessToken } = await natter.call<{ accessToken: string }>("POST", "/auth/register", {
      username: "alice",
      displayName: "Alice Archer",
      password: PASSWORD,
    });
    await natter.end("SIGTERM");
    await seed(natter.directory, corpus);
    await natter.start();
    const longId = await readAll(natter, accessToken);
    const browser = await launch();
    const alice = await arrive(browser, natter);
    await alice.page.goto(natter.url);
    await alice.signIn("alice");
    return new World(natter, browser, alice, longId);
  }

  /** Another browser of another person, who is new here. */
  async newcomer(username: string): Promise<{ person: Person; token: string }> {
    const person = await arrive(this.browser, this.natter);
    await person.signUp(username, username);
    return { person, token: await this.token(username) };
  }

  async token(username: string): Promise<string> {
    const body = { username, password: PASSWORD };
    return (await this.natter.call<{ accessToken: string }>("POST", "/auth/login", body)).accessToken;
  }

  /** A line to the server, without a browser. */
  async socket(token: string): Promise<WebSocket> {
    const socket = new WebSocket(`${this.natter.url.replace("http", "ws")}/api/v1/ws?token=${token}`, { perMessageDeflate: false });
    await new Promise((ready, fail) => socket.once("message", ready).once("error", fail));
    return socket;
  }

  async end(): Promise<void> {
    await this.browser.close();
    await this.natter.stop();
  }
}

/** A server that goes, with all that it has written, however this process ends, short of SIGKILL. */
async function started(): Promise<Natter> {
  let natter: Natter | undefined;
  let code: number | undefined;
  for (const [signal, number] of Object.entries({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 })) {
    process.once(signal, () => {
      code = 128 + number;
      // One that has just begun cannot be ended yet.
      if (natter) process.exit(code);
    });
  }
  const server = (natter = await Natter.start());
  process.once("exit", () => {
    void server.end("SIGKILL");
    rmSync(server.directory, { recursive: true, force: true });
  });
  if (code !== undefined) process.exit(code);
  return server;
}

async function arrive(browser: Browser, natter: Natter): Promise<Person> {
  const person = await Person.arrive(browser, natter.url);
  await person.context.addInitScript(install);
  return person;
}

async function seed(directory: string, corpus: string | undefined): Promise<void> {
  const written = corpus === undefined ? texts() : await copied(corpus);
  let at = 1_700_000_000;
  let spoken = 0;
  const line = (conversation: string, step: number) => {
    spoken += 1;
    at += step;
    const text = written[spoken % written.length];
    return JSON.stringify({ conversation, sender: `sender${Math.floor(spoken / 3) % SENDERS}`, sentAt: at, text });
  };
  const lines: string[] = [];
  for (let chat = 0; chat < CHATS; chat += 1) {
    const messages = chat < CHATS - FULL_CHATS ? 2 : FULL_MESSAGES;
    for (let message = 0; message < messages; message += 1) lines.push(line(`Chat ${chat}`, 30));
  }
  for (let message = 0; message < LONG_MESSAGES; message += 1) lines.push(line(LONG, 60));
  const file = join(directory, "corpus.jsonl");
  await writeFile(file, lines.join("\n"));
  const env = { ...process.env, NATTER_BIN: undefined };
  const seeding = run(BINARY, ["seed", "--data-dir", directory, "--corpus", file, "--member", "alice"], { env, maxBuffer: 2 ** 26 });
  const stop = () => seeding.child.kill("SIGKILL");
  // Before the directory goes.
  process.prependOnceListener("exit", stop);
  await seeding.finally(() => process.off("exit", stop));
}

async function copied(corpus: string): Promise<string[]> {
  const lines = (await readFile(corpus, "utf8")).split("\n").filter((line) => line !== "");
  return lines.map((line) => (JSON.parse(line) as { text: string }).text);
}

/** Everything was read, so that each conversation opens at its end. Answers which one is the long one. */
async function readAll(natter: Natter, token: string): Promise<string> {
  interface Listed {
    id: string;
    title: string;
    lastSeq: number;
    unreadCount: number;
  }
  let longId = "";
  for (let cursor: string | null | undefined = ""; cursor !== null && cursor !== undefined; ) {
    const query = `?limit=100${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`;
    const page: { data: Listed[]; meta: { nextCursor?: string | null } } = await natter.call(
      "GET",
      `/conversations${query}`,
      undefined,
      token,
    );
    const unread = page.data.filter(({ unreadCount }) => unreadCount > 0);
    await Promise.all(
      unread.map(({ id, lastSeq }) => natter.call("POST", `/conversations/${id}/read`, { seq: lastSeq }, token)),
    );
    longId ||= page.data.find(({ title }) => title === LONG)?.id ?? "";
    cursor = page.meta.nextCursor;
  }
  if (longId === "") throw new Error(`there is no conversation ${LONG}`);
  return longId;
}
