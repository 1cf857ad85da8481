import type { Socket } from "@natter/sdk";
import { expect, test } from "vitest";
import { Paced } from "../src/paced.ts";

/** A socket whose other end is here, and frames that are drawn when it is said. */
function world() {
  const heard: unknown[] = [];
  const frames: (() => void)[] = [];
  const inner: Socket = { readyState: 1, send: (text) => void heard.push(`sent ${text}`), close: () => void heard.push("closing"), onmessage: null, onclose: null, onerror: null };
  const paced = new Paced(inner, (work) => void frames.push(work));
  paced.onmessage = ({ data }) => void heard.push(data);
  paced.onclose = ({ code }) => void heard.push(`closed ${code}`);
  return {
    heard,
    paced,
    come: (data: unknown) => inner.onmessage?.({ data }),
    end: (code: number) => inner.onclose?.({ code, reason: "" }),
    frame: () => frames.splice(0).forEach((work) => work()),
    frames,
  };
}

test("what comes between two frames is taken with the next one, in order", () => {
  const { heard, come, frame, frames } = world();
  come("a");
  come("b");
  expect(heard).toEqual([]);
  expect(frames).toHaveLength(1);
  frame();
  expect(heard).toEqual(["a", "b"]);
  come("c");
  frame();
  expect(heard).toEqual(["a", "b", "c"]);
});

test("what came before the end is taken before it", () => {
  const { heard, come, end, frame } = world();
  come("a");
  end(1001);
  frame();
  expect(heard).toEqual(["a", "closed 1001"]);
});

test("nobody hears anything any more who has let go", () => {
  const { heard, paced, come, frame } = world();
  come("a");
  paced.onmessage = null;
  frame();
  expect(heard).toEqual([]);
});

test("a page that draws no frames does not gather without end", () => {
  const { heard, come } = world();
  for (let count = 0; count < 1_500; count += 1) come(count);
  expect(heard).toHaveLength(1_000);
  expect(heard.slice(0, 2)).toEqual([0, 1]);
});
