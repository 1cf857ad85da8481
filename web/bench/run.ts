import { drifting } from "./drifting.ts";
import { conclusion } from "./figures.ts";
import { firstPage } from "./first.ts";
import { scrolling } from "./scrolling.ts";
import { sending } from "./sending.ts";
import { switching } from "./switching.ts";
import { typing } from "./typing.ts";
import { World } from "./world.ts";

const PARTS = { first: (world: World) => firstPage(world.natter), sending, switching, scrolling, drifting, typing };
type Part = keyof typeof PARTS;

/** Measures some of the parts, or all, and prints each figure beside its bar. */
export async function bench(args: readonly string[]): Promise<void> {
  const corpus = args.find((arg) => arg.endsWith(".jsonl"));
  const wanted = args.filter((arg) => arg !== corpus);
  const unknown = wanted.filter((name) => !(name in PARTS));
  if (unknown.length > 0) throw new Error(`no ${unknown.join(", ")}: there are ${Object.keys(PARTS).join(", ")}, and a file .jsonl`);
  const parts = (Object.keys(PARTS) as Part[]).filter((name) => wanted.length === 0 || wanted.includes(name));
  const world = await World.make(corpus);
  try {
    for (const part of parts) await PARTS[part](world);
  } finally {
    await world.end();
  }
  conclusion();
  for (const complaint of world.alice.complaints) console.warn(complaint);
}
