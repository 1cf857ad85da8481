import type { Page, Route } from "playwright-core";
import { figure, heading } from "./figures.ts";
import { jump } from "./scrolling.ts";
import { texts } from "./texts.ts";
import type { World } from "./world.ts";

const MESSAGES = 300;
const PICTURE_AT = 200;
/** The message that is read while something happens above it. */
const READ_AT = 204;
const PICTURE_PX = [900, 600] as const;

/** How far what somebody reads moves when something above it changes. */
export async function drifting(world: World): Promise<void> {
  heading("What is being read moves by");
  const { page } = world.alice;
  const { person: dora, token } = await world.newcomer("dora");
  await dora.context.close();
  const call = <T>(method: string, path: string, body?: unknown) => world.natter.call<T>(method, path, body, token);
  const { id } = await call<{ id: string }>("POST", "/conversations", { type: "group", name: "Drift", members: ["alice"] });
  const file = await upload(world, token);
  const written = texts();
  const ids: string[] = [];
  for (let index = 0; index < MESSAGES; index += 1) {
    const attachments = index === PICTURE_AT ? { attachments: [file] } : {};
    ids.push((await call<{ id: string }>("POST", `/conversations/${id}/messages`, { content: written[index], ...attachments })).id);
  }

  const read = async () => {
    await page.goto(`${world.natter.url}/c/${id}`);
    await page.locator("article").first().waitFor();
    await jump(page, id, ids[READ_AT]!);
    await still(page);
  };

  const picture = await hold(page, "**/files/**");
  await read();
  const arrives = await drift(page, () => picture.release());
  figure("a picture above that comes late", arrives, "px", { max: 1 }, `${picture.held} requests were held back`);

  await read();
  const edited = { content: "a long text ".repeat(60) };
  figure("an edit above", await drift(page, () => call("PATCH", `/messages/${ids[READ_AT - 3]}`, edited)), "px", { max: 1 });
  figure("a reaction above", await drift(page, () => call("POST", `/messages/${ids[READ_AT - 4]}/reactions`, { emoji: "👍" })), "px", { max: 1 });

  const pages = await hold(page, "**/messages?*before=*");
  await page.evaluate(() => document.querySelector(".messages .scroller")?.scrollTo(0, 500));
  await still(page);
  figure("a page of older messages", await drift(page, () => pages.release()), "px", { max: 1 }, `${pages.held} requests were held back`);
}

interface Held {
  held: number;
  release(): Promise<void>;
}

/** Keeps answers back until they are released. */
async function hold(page: Page, pattern: string): Promise<Held> {
  const routes: Route[] = [];
  const keep = (route: Route) => {
    routes.push(route);
    held.held += 1;
  };
  const held: Held = {
    held: 0,
    async release() {
      if (routes.length === 0) throw new Error(`nobody asked for ${pattern}`);
      await Promise.all(routes.splice(0).map((route) => route.continue()));
      await page.unroute(pattern, keep);
    },
  };
  await page.route(pattern, keep);
  return held;
}

/** Until the list has not moved for some frames. */
function still(page: Page): Promise<void> {
  return page.evaluate(async () => {
    const state = () => {
      const list = document.querySelector(".messages .scroller");
      return `${list?.scrollTop} ${list?.scrollHeight} ${list?.querySelector("[data-row]")?.getBoundingClientRect().top}`;
    };
    for (let frames = 0, last = ""; frames < 20; ) {
      await probe.painted();
      frames = state() === last ? frames + 1 : 0;
      last = state();
    }
  });
}

/** Does something and watches, frame by frame, how far the topmost row in view moves at worst. */
async function drift(page: Page, act: () => Promise<unknown>): Promise<number> {
  const height = await page.evaluate(() => {
    const list = document.querySelector(".messages .scroller")!;
    const edge = list.getBoundingClientRect().top;
    const row = [...list.querySelectorAll<HTMLElement>("[data-row]")].find((one) => one.getBoundingClientRect().top >= edge)!;
    const top = () => list.querySelector(`[data-row="${row.dataset["row"]}"]`)?.getBoundingClientRect().top ?? Infinity;
    const before = top();
    globalThis.moved = 0;
    globalThis.watches = true;
    const watch = async () => {
      while (watches) {
        await probe.painted();
        moved = Math.max(moved, Math.abs(top() - before));
      }
    };
    void watch();
    return list.innerHTML.length;
  });
  await act();
  // Until what was done has come here.
  await page.waitForFunction((before) => document.querySelector(".messages .scroller")?.innerHTML.length !== before, height);
  await still(page);
  return page.evaluate(() => {
    watches = false;
    return moved;
  });
}

declare global {
  var watches: boolean;
  var moved: number;
}

async function upload(world: World, token: string): Promise<string> {
  const base64 = await world.alice.page.evaluate(([width, height]) => {
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    canvas.getContext("2d")!.fillRect(0, 0, width / 2, height);
    return canvas.toDataURL("image/png").split(",")[1]!;
  }, PICTURE_PX);
  const form = new FormData();
  form.append("file", new Blob([Buffer.from(base64, "base64")], { type: "image/png" }), "harbour.png");
  const answer = await fetch(`${world.natter.url}/api/v1/files`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}` },
    body: form,
  });
  if (!answer.ok) throw new Error(`the picture was not taken: ${await answer.text()}`);
  return ((await answer.json()) as { id: string }).id;
}
