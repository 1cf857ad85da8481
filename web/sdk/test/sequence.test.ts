import { describe, expect, it } from "vitest";
import { memoryStore, NetworkError } from "../src/index.ts";
import { Sequence, type Sequenced } from "../src/sequence.ts";
import { seeded, World } from "./world.ts";

function log(world: World, head: () => number, position = 0) {
  const applied: number[] = [];
  const fetched: number[] = [];
  const handlers = {
    apply: ({ seq }: Sequenced) => applied.push(seq),
    fetch: async (after: number) => {
      fetched.push(after);
      const data = Array.from({ length: Math.min(3, head() - after) }, (_, index) => ({ seq: after + index + 1 }));
      return { data, meta: { hasMore: after + 3 < head(), nextCursor: null } };
    },
  };
  const sequence = new Sequence(world.environment(memoryStore()), position, handlers);
  return { sequence, applied, fetched, handlers };
}

describe("sequence", () => {
  it("applies the next, drops what was seen, and asks for what is missing", async () => {
    const { sequence, applied, fetched } = log(new World(), () => 9);
    expect(sequence.receive({ seq: 1 })).toBe(true);
    expect(sequence.receive({ seq: 1 })).toBe(true);
    expect(sequence.receive({ seq: 9 })).toBe(false);
    expect(applied).toEqual([1]);
    await sequence.heal();
    expect(applied).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(fetched).toEqual([1, 4, 7]);
  });

  it("fetches once for many gaps at a time", async () => {
    const { sequence, applied, fetched } = log(new World(), () => 3);
    sequence.receive({ seq: 3 });
    sequence.receive({ seq: 2 });
    await Promise.all([sequence.fill(), sequence.fill()]);
    expect(applied).toEqual([1, 2, 3]);
    expect(fetched).toHaveLength(1);
  });

  it("does not take an answer from before the call for one to it", async () => {
    const world = new World();
    let head = 1;
    const { sequence, applied, handlers } = log(world, () => head);
    const fetch = handlers.fetch;
    let release = () => {};
    handlers.fetch = async (after) => {
      const page = await fetch(after);
      await new Promise<void>((resolve) => (release = resolve));
      return page;
    };
    const first = sequence.heal();
    await world.settle();
    head = 2;
    const second = sequence.heal();
    release();
    await world.settle();
    release();
    await Promise.all([first, second]);
    expect(applied).toEqual([1, 2]);
  });

  it("keeps trying while the network is away, at once when it is back", async () => {
    const world = new World();
    const { sequence, applied, handlers } = log(world, () => 2);
    const fetch = handlers.fetch;
    let down = true;
    handlers.fetch = (after) => (down ? Promise.reject(new NetworkError("down")) : fetch(after));
    const healing = sequence.heal();
    await world.pass(60_000);
    expect(applied).toEqual([]);
    down = false;
    const again = sequence.heal();
    await Promise.all([healing, again]);
    expect(applied).toEqual([1, 2]);
  });

  it("applies each once and in order, whatever arrives when", async () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const random = seeded(seed);
      const { sequence, applied } = log(new World(seed), () => 40, 5);
      for (let step = 0; step < 120; step += 1) {
        if (!sequence.receive({ seq: 1 + Math.floor(random() * 40) })) void sequence.fill();
        if (random() < 0.2) await Promise.resolve();
      }
      await sequence.heal();
      expect(applied).toEqual(Array.from({ length: 35 }, (_, index) => index + 6));
    }
  });
});
