import { describe, expect, it } from "vitest";
import type { UploadFault } from "./fake-files.ts";
import { memoryStore } from "../src/index.ts";
import { person, World } from "./world.ts";

const MIB = 1024 * 1024;

/** Bytes of which each place can be told from the others. */
function bytes(length: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(length);
  for (let index = 0; index < length; index += 1) all[index] = (index * 31 + (index >> 8)) & 255;
  return all;
}

/** Millions of bytes are compared as bytes, not one by one. */
const same = (a: Uint8Array | undefined, b: Uint8Array) => a !== undefined && Buffer.compare(a, b) === 0;

function faults(world: World, ...list: UploadFault[]): void {
  world.server.files.fault = () => list.shift() ?? "none";
}

const asked = (world: World, method: string) =>
  world.server.requests.filter((request) => request.startsWith(`${method} /files`)).length;

describe("an upload", () => {
  it("of a small file takes one request", async () => {
    const world = new World();
    const alice = await person(world, "alice");
    const content = bytes(1_000);
    const fractions: number[] = [];
    const onprogress = (fraction: number) => fractions.push(fraction);
    const file = await world.finish(alice.upload(new Blob([content]), { name: 'Häfen "1".txt', onprogress }));
    expect(file).toMatchObject({ name: 'Häfen \\"1\\".txt', size: 1_000 });
    expect(same(world.server.files.content(file.id), content)).toBe(true);
    expect(fractions.at(-1)).toBe(1);
    expect(asked(world, "POST")).toBe(1);
  });

  it("whose answer was lost is one file, not two", async () => {
    const world = new World();
    const alice = await person(world, "alice");
    faults(world, "cut-behind", "refuse", "cut-before");
    await world.finish(alice.upload(new Blob([bytes(10)]), { name: "a.txt" }));
    expect(world.server.files.names).toEqual(["a.txt"]);
    expect(asked(world, "POST")).toBe(2);
  });

  it("of a large file goes on where it was when the line was cut", async () => {
    const world = new World();
    const alice = await person(world, "alice");
    const content = bytes(12 * MIB);
    faults(world, "none", "cut-within", "cut-before", "cut-behind", "cut-behind");
    const fractions: number[] = [];
    const onprogress = (fraction: number) => fractions.push(fraction);
    const file = await world.finish(alice.upload(new Blob([content]), { name: "Häfen.bin", onprogress }));
    expect(file).toMatchObject({ name: "Häfen.bin", size: 12 * MIB });
    expect(same(world.server.files.content(file.id), content)).toBe(true);
    // No byte was sent twice but those that never came.
    expect(world.server.files.receivedBytes).toBe(12 * MIB);
    expect(world.server.files.names).toEqual(["Häfen.bin"]);
    expect(fractions.at(-1)).toBe(1);
    expect(world.reported).toEqual([]);
  });

  it("is whole also when the server keeps less of it than was sent, and the last answer was lost", async () => {
    const world = new World();
    const alice = await person(world, "alice");
    faults(world, "none", "cut-behind");
    const file = await world.finish(alice.upload(new Blob([bytes(6 * MIB)]), { name: "harbour.jpg" }));
    expect(file.size).toBe(6 * MIB - 1);
    expect(asked(world, "PATCH")).toBe(2);
  });

  it("tells how much was sent where the platform does", async () => {
    const world = new World();
    const alice = await person(world, "alice");
    alice.close();
    const client = world.client(undefined, {
      transfer: async (url, init, onprogress) => {
        const { size } = init.body as Blob;
        onprogress(size / 2);
        onprogress(size);
        return world.environment(memoryStore()).fetch(url, init);
      },
    });
    await client.login({ username: "alice", password: "correct horse" });
    await world.settle();
    const fractions: number[] = [];
    const onprogress = (fraction: number) => fractions.push(fraction);
    const upload = client.account.get()?.upload(new Blob([bytes(10 * MIB)]), { name: "a.bin", onprogress });
    await world.finish(Promise.resolve(upload));
    expect(fractions).toEqual([0, 0.25, 0.5, 0.5, 0.75, 1, 1]);
  });

  it("gets a new token when the last one has ended, before a part and before asking where it was", async () => {
    const world = new World();
    const alice = await person(world, "alice");
    world.server.files.fault = () => {
      world.server.expireAccessTokens();
      return "cut-within";
    };
    const upload = alice.upload(new Blob([bytes(6 * MIB)]), { name: "a.bin" });
    await world.pass(10_000);
    faults(world);
    await expect(world.finish(upload)).resolves.toMatchObject({ size: 6 * MIB });
  });

  it("begins anew when it waited for so long that the server has forgotten it", async () => {
    const world = new World();
    const alice = await person(world, "alice");
    faults(world, "cut-within");
    const upload = alice.upload(new Blob([bytes(6 * MIB)]), { name: "a.bin" });
    while (world.server.files.receivedBytes === 0) await world.settle();
    world.server.files.expire();
    await expect(world.finish(upload)).resolves.toMatchObject({ size: 6 * MIB });
  });

  it("says what the server says when it refuses", async () => {
    const world = new World();
    const alice = await person(world, "alice");
    for (const size of [10, 6 * MIB]) {
      const upload = alice.upload(new Blob([bytes(size)]), { name: "a.exe" });
      await expect(world.finish(upload)).rejects.toMatchObject({ code: "file_type_not_allowed", status: 415 });
    }
  });

  it("that is given up leaves nothing on the server", async () => {
    const world = new World();
    const alice = await person(world, "alice");
    faults(world, ...Array.from({ length: 1_000 }, (): UploadFault => "cut-within"));
    const abort = new AbortController();
    const upload = alice.upload(new Blob([bytes(6 * MIB)]), { name: "a.bin", signal: abort.signal });
    while (world.server.files.receivedBytes === 0) await world.settle();
    expect(world.server.files.uploads.size).toBe(1);
    abort.abort(new Error("not that one"));
    await expect(world.finish(upload)).rejects.toThrow("not that one");
    expect(world.server.files.uploads.size).toBe(0);
    await expect(alice.upload(new Blob(["x"]), { name: "a", signal: abort.signal })).rejects.toThrow("not that one");
  });

  it("ends with the account", async () => {
    const world = new World();
    const alice = await person(world, "alice");
    world.online = false;
    const upload = alice.upload(new Blob([bytes(10)]), { name: "a.txt" });
    await world.pass(5_000);
    alice.close();
    await expect(world.finish(upload)).rejects.toThrow();
    expect(world.server.files.names).toEqual([]);
  });
});
