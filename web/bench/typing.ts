import { setTimeout as wait } from "node:timers/promises";
import type WebSocket from "ws";
import { spread, heading, ms, p95 } from "./figures.ts";
import type { World } from "./world.ts";

const KEYS = 150;
const KEY_MS = 70;
const MESSAGES_PER_SECOND = 50;
const WORDS = "what is typed while everybody else talks must appear at once ";

/** From a key in the composer until the frame after it was painted, while others write. */
export async function typing(world: World): Promise<void> {
  heading(`Typing while ${MESSAGES_PER_SECOND} messages a second arrive`);
  const { page, composer } = world.alice;
  const { person, token } = await world.newcomer("erin");
  await person.context.close();
  const body = { type: "group", name: "Talk", members: ["alice"] };
  const { id } = await world.natter.call<{ id: string }>("POST", "/conversations", body, token);
  const socket = await world.socket(token);
  await page.goto(`${world.natter.url}/c/${id}`);
  await composer.waitFor();
  const cdp = await page.context().newCDPSession(page);

  const quiet = await type(world);
  const busy = await among(socket, id, () => type(world));
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  const slowQuiet = await type(world);
  const slow = await among(socket, id, () => type(world));
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  await cdp.detach();
  socket.close();

  spread("From a key to the next frame", quiet, "ms", { max: 100 }, "nobody else writes");
  spread("… while others write", busy, "ms", { max: 100 });
  spread("… four times slower", slow, "ms", { max: 200 }, `where nobody else writes ${ms(p95(slowQuiet))}`);
}

async function type({ alice: { page, composer } }: World): Promise<number[]> {
  await composer.fill("");
  await composer.focus();
  await page.evaluate(() => void (probe.keys.length = 0));
  const text = WORDS.repeat(Math.ceil(KEYS / WORDS.length)).slice(0, KEYS);
  // One after the other, as fast as a hand: a key does not wait for what the one before has caused.
  const pressed: Promise<void>[] = [];
  for (const letter of text) {
    pressed.push(page.keyboard.press(letter === " " ? "Space" : letter));
    await wait(KEY_MS);
  }
  await Promise.all(pressed);
  const took = await page.evaluate(async () => {
    await probe.painted();
    return probe.keys.map(({ took }) => took);
  });
  if (took.length !== KEYS || (await composer.inputValue()) !== text) throw new Error(`of ${KEYS} keys, not all have come`);
  return took;
}

/** Does something while messages arrive. */
async function among<T>(socket: WebSocket, conversationId: string, work: () => Promise<T>): Promise<T> {
  let sent = 0;
  const began = Date.now();
  const sender = setInterval(() => {
    for (const due = ((Date.now() - began) * MESSAGES_PER_SECOND) / 1_000; sent < due; sent += 1) {
      const payload = { conversationId, clientMessageId: `${began}-${sent}`, content: `${sent}: ${WORDS.repeat(1 + (sent % 4))}` };
      socket.send(JSON.stringify({ id: `m${sent}`, type: "message.send", payload }));
    }
  }, 1_000 / MESSAGES_PER_SECOND);
  try {
    return await work();
  } finally {
    clearInterval(sender);
  }
}
