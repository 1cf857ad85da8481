import type { Page, Route } from "playwright-core";
import { figure, heading } from "./figures.ts";
import { jump } from "./scrolling.ts";
import { texts } from "./texts.ts";
import type { World } from "./world.ts";

/** How often each of them happens, each time elsewhere. */
const ROUNDS = 8;
const APART = 40;
/** The message that is read, and how far above it, out of view and near enough to be loaded, there is a picture. */
const READ_AT = 40;
const PICTURE_ABOVE = 9;
const PICTURE_PX = [900, 600] as const;
/** What is moved on purpose, to know that it would be seen. */
const MOVED_PX = 7;

/** How far what somebody reads moves when something above it changes: at worst, of all rounds. */
export async function drifting(world: World): Promise<void> {
  heading("What is being read moves by, at worst");
  const { page } = world.alice;
  const { person: dora, token } = await world.newcomer("dora");
  await dora.context.close();
  const call = <T>(method: string, path: string, body?: unknown) => world.natter.call<T>(method, path, body, token);
  const { id } = await call<{ id: string }>("POST", "/conversations", { type: "group", name: "Drift", members: ["alice"] });
  const written = texts();
  const places = Array.from({ length: ROUNDS }, (_, round) => READ_AT + round * APART);
  const ids: string[] = [];
  for (let index = 0; index < READ_AT + ROUNDS * APART; index += 1) {
    const attachments = places.includes(index + PICTURE_ABOVE) ? { attachments: [await upload(world, token)] } : {};
    ids.push((await call<{ id: string }>("POST", `/conversations/${id}/messages`, { content: written[index], ...attachments })).id);
  }

  const pictures: number[] = [];
  const edits: number[] = [];
  const reactions: number[] = [];
  const older: number[] = [];
  for (const place of places) {
    await page.goto(`${world.natter.url}/c/${id}`);
    await page.locator("article").first().waitFor();
    await world.alice.connection("online");
    const picture = await hold(page, "**/files/**");
    await jump(page, id, ids[place]!);
    await still(page);
    await certain(page);

    pictures.push(await drift(page, () => picture.release()));
    const edited = { content: `${"a long text ".repeat(60)}${place}` };
    const changed = `/messages/${await above(page)}`;
    edits.push(await drift(page, () => call("PATCH", changed, edited)));
    reactions.push(await drift(page, () => call("POST", `${changed}/reactions`, { emoji: "👍" })));
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    await page.goto(`${world.natter.url}/c/${world.longId}`);
    await page.locator("article").first().waitFor();
    await still(page);
    const pages = await hold(page, "**/messages?*before=*");
    await page.evaluate((top) => document.querySelector(".messages .scroller")?.scrollTo(0, top), 300 + 40 * round);
    await still(page);
    older.push(await drift(page, () => pages.release()));
  }

  const worst = (what: string, values: number[]) => figure(what, Math.max(...values), "px", { max: 1 }, "", values.length);
  worst("A picture above that comes late", pictures);
  worst("An edit above", edits);
  worst("A reaction above", reactions);
  worst("A page of older messages", older);
}

/** Fails unless a list that moves is seen to move. */
async function certain(page: Page): Promise<void> {
  const moved = await drift(page, () =>
    page.evaluate((by) => {
      const list = document.querySelector(".messages .scroller")!;
      list.scrollBy(0, by);
      list.append(document.createComment("moved"));
    }, MOVED_PX),
  );
  if (Math.abs(moved - MOVED_PX) > 1) throw new Error(`the list was moved by ${MOVED_PX} px, and seen to move by ${moved}`);
}

/** The lowest message of which nothing is in view. */
function above(page: Page): Promise<string> {
  return page.evaluate(() => {
    const list = document.querySelector(".messages .scroller")!;
    const edge = list.getBoundingClientRect().top;
    const rows = [...list.querySelectorAll<HTMLElement>("[data-row]")];
    return rows.findLast((row) => row.closest("li")!.getBoundingClientRect().bottom <= edge)!.dataset["row"]!;
  });
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
    const mine = (globalThis.watched = { moved: 0 });
    const watch = async () => {
      for (;;) {
        await probe.painted();
        // Another row is watched by now, or none.
        if (watched !== mine) return;
        mine.moved = Math.max(mine.moved, Math.abs(top() - before));
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
    const { moved } = watched!;
    watched = undefined;
    return moved;
  });
}

declare global {
  var watched: { moved: number } | undefined;
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
