import { ChatError, NetworkError, Value, type ConnectionState, type Schemas } from "@natter/sdk";
import { beforeEach, expect, test } from "vitest";
import { GoneError, Links } from "../src/media/links.ts";

const MINUTE_MS = 60_000;

let now: number;
let asked: Schemas["WantedLink"][][];
let answer: (files: Schemas["WantedLink"][]) => Promise<Schemas["FileLink"][]>;
let timers: { at: number; run: () => void }[];
let connection: Value<ConnectionState>;
let links: Links;

const made = (files: Schemas["WantedLink"][]) =>
  files.map(({ id, variant }) => ({
    fileId: id,
    variant: variant ?? "original",
    url: `/${id}/${variant}?at=${now}`,
    expiresAt: new Date(now + 10 * MINUTE_MS).toISOString(),
  }));

/** Lets time pass, and everything happen that was to happen meanwhile. */
async function pass(ms: number) {
  const end = now + ms;
  for (;;) {
    const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
    if (!next) break;
    timers.splice(timers.indexOf(next), 1);
    now = Math.max(now, next.at);
    next.run();
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  }
  now = end;
}

function problem(status: number, retriable: boolean): ChatError {
  return new ChatError({ code: "unavailable", detail: "", status, requestId: "", retriable, title: "", type: "" });
}

beforeEach(() => {
  now = Date.parse("2026-01-01T00:00:00Z");
  asked = [];
  timers = [];
  answer = (files) => Promise.resolve(made(files));
  connection = new Value<ConnectionState>("online");
  links = new Links({
    ask: (files) => {
      asked.push(files);
      return answer(files);
    },
    connection,
    now: () => now,
    later: (ms, run) => timers.push({ at: now + ms, run }),
  });
});

test("what is wanted within a frame is asked for at once, and each only once", async () => {
  const wanted = [links.get("a", "small"), links.get("a", "large"), links.get("b", "small"), links.get("a", "small")];
  await pass(16);
  expect(asked).toEqual([
    [
      { id: "a", variant: "small" },
      { id: "a", variant: "large" },
      { id: "b", variant: "small" },
    ],
  ]);
  expect(await Promise.all(wanted)).toHaveLength(4);
});

test("what is asked for already is not asked for again by the next request", async () => {
  let release: (() => void) | undefined;
  answer = async (files) => {
    await new Promise<void>((resolve) => (release = resolve));
    return made(files);
  };
  void links.get("a", "small");
  await pass(16);
  const releaseFirst = release;
  void links.get("b", "small");
  await pass(16);
  expect(asked.map((files) => files.map(({ id }) => id))).toEqual([["a"], ["b"]]);
  releaseFirst?.();
});

test("no request asks for more than the server answers", async () => {
  const wanted = Array.from({ length: 250 }, (_, index) => links.get(String(index), "small"));
  await pass(100);
  expect(asked.map((files) => files.length)).toEqual([100, 100, 50]);
  expect(new Set(await Promise.all(wanted)).size).toBe(250);
});

test("a link is handed out again until a minute before its end", async () => {
  const first = links.get("a", "original");
  await pass(16);
  await pass(9 * MINUTE_MS - 17);
  expect(await links.get("a", "original")).toBe(await first);
  expect(links.peek("a", "original")).toBe(await first);
  await pass(17);
  expect(links.peek("a", "original")).toBeUndefined();
  const second = links.get("a", "original");
  await pass(16);
  expect(await second).not.toBe(await first);
  expect(asked).toHaveLength(2);
});

test("a clock that is wrong by hours does not have every picture asked for anew", async () => {
  answer = (files) => Promise.resolve(made(files).map((link) => ({ ...link, expiresAt: "2020-01-01T00:00:00Z" })));
  const first = links.get("a", "original");
  await pass(16);
  expect(links.peek("a", "original")).toBe(await first);
});

test("a link that did not work is not handed out again", async () => {
  const first = links.get("a", "small");
  await pass(16);
  await first;
  links.forget("a");
  expect(links.peek("a", "small")).toBeUndefined();
});

test("what the answer leaves out is gone, and the others are not", async () => {
  answer = (files) => Promise.resolve(made(files).filter(({ fileId }) => fileId !== "a"));
  const [a, b] = [links.get("a", "small"), links.get("b", "small")];
  const gone = expect(a).rejects.toBeInstanceOf(GoneError);
  await pass(16);
  await gone;
  expect(await b).toContain("/b/");
});

test("a failure that may pass is tried again, after the pause that the server asks for", async () => {
  let failures = 2;
  const usual = answer;
  answer = (files) => (failures-- > 0 ? Promise.reject(problem(503, true)) : usual(files));
  const wanted = links.get("a", "small");
  await pass(16);
  expect(asked).toHaveLength(1);
  await pass(1_000);
  expect(asked).toHaveLength(2);
  await pass(2_000);
  expect(await wanted).toContain("/a/");
});

test("a failure that does not pass ends; the next wish begins anew", async () => {
  answer = () => Promise.reject(problem(503, true));
  const failed = expect(links.get("a", "small")).rejects.toBeInstanceOf(ChatError);
  await pass(10 * MINUTE_MS);
  await failed;
  expect(asked).toHaveLength(5);
  answer = (files) => Promise.resolve(made(files));
  const again = links.get("a", "small");
  await pass(16);
  expect(await again).toContain("/a/");
});

test("a refusal is not repeated", async () => {
  answer = () => Promise.reject(problem(403, false));
  const failed = expect(links.get("a", "small")).rejects.toBeInstanceOf(ChatError);
  await pass(10 * MINUTE_MS);
  await failed;
  expect(asked).toHaveLength(1);
});

test("without a connection a wish waits, and is fulfilled when it is back", async () => {
  answer = () => Promise.reject(new NetworkError("no way"));
  connection.set("offline");
  const wanted = links.get("a", "small");
  await pass(60 * MINUTE_MS);
  expect(asked).toHaveLength(1);
  answer = (files) => Promise.resolve(made(files));
  connection.set("online");
  await pass(16);
  expect(await wanted).toContain("/a/");
});

test("more than two thousand links are not remembered, the oldest go", async () => {
  for (let index = 0; index < 2_001; index += 1) void links.get(String(index), "small").catch(() => undefined);
  // Of those that wait there is a limit, too.
  await pass(1_000);
  for (let index = 0; index < 1_001; index += 1) void links.get(String(index), "small").catch(() => undefined);
  await pass(1_000);
  const known = Array.from({ length: 2_001 }, (_, index) => links.peek(String(index), "small")).filter((url) => url !== undefined);
  expect(known).toHaveLength(2_000);
});
