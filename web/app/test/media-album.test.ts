import type { Schemas } from "@natter/sdk";
import { expect, test } from "vitest";
import { Album, type Fetch } from "../src/media/album.ts";

type SharedFile = Schemas["SharedFile"];

function shared(messageSeq: number, position = 0): SharedFile {
  return { messageId: `m${messageSeq}`, messageSeq, position } as SharedFile;
}

/** A server with such files, newest first, and a log of what it was asked for. */
function server(files: { image: SharedFile[]; video: SharedFile[] }): { fetch: Fetch; asked: string[] } {
  const asked: string[] = [];
  const fetch: Fetch = ({ kind, limit, cursor }) => {
    const from = Number(cursor ?? 0);
    asked.push(`${kind} ${from}`);
    const data = files[kind].slice(from, from + limit);
    const hasMore = from + limit < files[kind].length;
    return Promise.resolve({ data, meta: { hasMore, nextCursor: hasMore ? String(from + limit) : null } });
  };
  return { fetch, asked };
}

const places = (album: Album) => album.files.map(({ messageSeq, position }) => `${messageSeq}.${position}`);

test("pictures and films are one list, oldest first, in the order within their messages", async () => {
  const { fetch } = server({ image: [shared(9), shared(4, 2), shared(4, 0), shared(1)], video: [shared(7), shared(4, 1)] });
  const album = new Album(fetch);
  while (!album.complete) await album.older();
  expect(places(album)).toEqual(["1.0", "4.0", "4.1", "4.2", "7.0", "9.0"]);
});

test("the list has no holes while one kind is known further back than the other", async () => {
  const image = Array.from({ length: 250 }, (_, index) => shared(1_000 - index));
  const { fetch } = server({ image, video: [shared(990), shared(860), shared(10)] });
  const album = new Album(fetch);
  const all = [...image.map(({ messageSeq }) => messageSeq), 990, 860, 10];
  do {
    await album.older();
    const known = album.files.map(({ messageSeq }) => messageSeq);
    const expected = all.filter((seq) => seq >= (known[0] ?? Infinity)).sort((a, b) => a - b);
    expect(known).toEqual(expected);
  } while (!album.complete);
  expect(album.files).toHaveLength(253);
});

test("nothing is asked for twice, and nothing after the end", async () => {
  const { fetch, asked } = server({ image: Array.from({ length: 150 }, (_, index) => shared(500 - index)), video: [] });
  const album = new Album(fetch);
  for (let turn = 0; turn < 6; turn += 1) await album.older();
  expect(asked.sort()).toEqual(["image 0", "image 100", "video 0"]);
  expect(album.complete).toBe(true);
});

test("an album has an end, however many there are", async () => {
  const { fetch, asked } = server({ image: Array.from({ length: 9_000 }, (_, index) => shared(9_000 - index)), video: [] });
  const album = new Album(fetch);
  while (!album.complete && !album.full) await album.older();
  expect(album.files).toHaveLength(5_000);
  await album.older();
  expect(asked).toHaveLength(51);
});
