import type { Page } from "playwright-core";
import { spread, heading } from "./figures.ts";
import type { World } from "./world.ts";

const MESSAGES = 100;

/** From Enter until the own message is there, until the server has it, and until somebody else sees it. */
export async function sending(world: World): Promise<void> {
  heading(`Sending ${MESSAGES} messages`);
  const { alice } = world;
  const { person: bob } = await world.newcomer("bob");
  await alice.page.goto(world.natter.url);
  await alice.startDirect("bob");
  await alice.write("hello");
  await bob.open("Alice Archer");
  await bob.page.getByText("hello").last().waitFor();

  const own: number[] = [];
  const sent: number[] = [];
  const peer: number[] = [];
  for (let index = 0; index < MESSAGES; index += 1) {
    const text = `message ${index} of many`;
    await alice.composer.fill(text);
    const seen = [watch(bob.page, text, false), watch(alice.page, text, true)] as const;
    await alice.page.evaluate((wanted) => {
      probe.arm("keydown", () => [...document.querySelectorAll("article .content")].at(-1)?.textContent === wanted);
    }, text);
    await alice.composer.press("Enter");
    const [took, pressed] = await alice.page.evaluate(async () => {
      const took = await probe.took;
      return [took, performance.timeOrigin + probe.keys.at(-1)!.at] as const;
    });
    own.push(took);
    peer.push((await seen[0]) - pressed);
    sent.push((await seen[1]) - pressed);
  }
  spread("Own message in view after Enter", own, "ms", { max: 50 });
  spread("The server has it", sent, "ms", { max: 150 });
  spread("Somebody else sees it", peer, "ms", { max: 250 });
  await bob.context.close();
}

/** When the newest message is this one and, if it is asked for, sent. */
function watch(page: Page, text: string, sent: boolean): Promise<number> {
  return page.evaluate(
    ([wanted, acknowledged]) =>
      probe.seen(() => {
        const last = [...document.querySelectorAll("article")].at(-1);
        if (last?.querySelector(".content")?.textContent !== wanted) return false;
        return !acknowledged || last.querySelector(".state:is(.sent, .read)") !== null;
      }),
    [text, sent] as const,
  );
}
