import { describe, expect, test } from "vitest";
import { box, HEIGHT_MAX, WIDTH_MAX } from "../src/media/box.ts";
import { halves, iconOf, isText, kindOf, versions, type FileInfo } from "../src/media/kind.ts";
import { bytes, duration, percent, speed } from "../src/media/measure.ts";
import { read } from "../src/media/text.ts";
import { blur } from "../src/media/thumbhash.ts";
import { FIT, fitted, panned, SCALE_MAX, zoomed } from "../src/media/zoom.ts";

describe("a blurred picture", () => {
  test("has the colours and the shape that its placeholder was made from", () => {
    // Made by the server from 64 × 48 pixels whose left half is red and whose right half is blue.
    const blurred = blur("VcYCxaCXmIV4iHd4hwiId3+I94iH");
    expect(blurred).toBeDefined();
    if (!blurred) return;
    const { width, height, pixels } = blurred;
    expect(Math.max(width, height)).toBe(32);
    const at = (x: number, y: number) => [...pixels.slice((y * width + x) * 4, (y * width + x) * 4 + 4)];
    const [left, right] = [at(2, height >> 1), at(width - 3, height >> 1)];
    expect(left[0]).toBeGreaterThan(left[2] ?? 0);
    expect(right[2]).toBeGreaterThan(right[0] ?? 0);
    expect(left[3]).toBe(255);
  });

  test("is opaque only where its picture was", () => {
    // Of 48 × 64 pixels, the upper half green, the lower half nothing.
    const blurred = blur("1JqABABYh/d3iId1ePh3eIB4ePiIiIiFCA==");
    expect(blurred).toBeDefined();
    if (!blurred) return;
    const { width, height, pixels } = blurred;
    expect(height).toBeGreaterThan(width);
    const opacity = (y: number) => pixels[(y * width + (width >> 1)) * 4 + 3] ?? 0;
    expect(opacity(3)).toBeGreaterThan(200);
    expect(opacity(height - 4)).toBeLessThan(60);
  });

  test.each(["", "AAAA", "not base64!", "A".repeat(8)])("is nothing for %j, which is no placeholder", (text) => {
    expect(blur(text)).toBeUndefined();
  });
});

describe("the place of a picture", () => {
  test("has its shape, and neither more room nor less than a message has", () => {
    for (const [width, height] of [[2400, 1600], [1600, 2400], [360, 320], [640, 10], [10, 640], [1, 1], [9000, 9000]] as const) {
      const place = box(width, height);
      expect(place.width).toBeLessThanOrEqual(WIDTH_MAX);
      expect(place.width / place.ratio).toBeLessThanOrEqual(HEIGHT_MAX + 1);
      expect(place.width).toBeGreaterThanOrEqual(96);
      if (width / height <= 3 && height / width <= 3) expect(place.ratio).toBeCloseTo(width / height);
    }
  });

  test("is reserved also where nobody knows the size", () => {
    expect(box(undefined, null)).toEqual({ width: WIDTH_MAX, ratio: 4 / 3 });
  });

  test("is no larger than the picture, unless a finger could not hit it", () => {
    expect(box(200, 150).width).toBe(200);
    expect(box(24, 24).width).toBe(96);
  });
});

describe("a file", () => {
  const file = (mediaType: string, name = "a", more: Partial<FileInfo> = {}) => ({ mediaType, name, ...more }) as FileInfo;

  test("is shown as what it is, where browsers can", () => {
    expect(kindOf(file("image/webp"))).toBe("image");
    expect(kindOf(file("image/heic"))).toBe("document");
    expect(kindOf(file("image/heic", "a", { thumbnails: [{ size: "small", width: 1, height: 1 }] }))).toBe("image");
    expect(kindOf(file("video/mp4"))).toBe("video");
    expect(kindOf(file("audio/ogg"))).toBe("sound");
    expect(kindOf(file("application/pdf"))).toBe("document");
  });

  test("is fetched small where there is something small", () => {
    expect(versions(file("image/png", "a", { width: 30 }))).toEqual([{ variant: "original", width: 30 }]);
    expect(versions(file("image/png", "a", { thumbnails: [{ size: "small", width: 320, height: 2 }] }))).toEqual([{ variant: "small", width: 320 }]);
  });

  test("has an icon by its last extension, in any case", () => {
    expect(["A.PDF", "b.tar.gz", "main.rs", "x.csv", "noextension", ".hidden", "odd.xyz"].map(iconOf)).toEqual(["text", "archive", "code", "table", "other", "other", "other"]);
  });

  test("is looked into when it is text or code, and not when its type says otherwise", () => {
    expect(isText(file("text/plain", "a.txt"))).toBe(true);
    expect(isText(file("application/json", "a.json"))).toBe(true);
    expect(isText(file("application/octet-stream", "a.rs"))).toBe(true);
    expect(isText(file("application/octet-stream", "a.exe"))).toBe(false);
    expect(isText(file("image/png", "a.rs"))).toBe(false);
  });

  test("keeps the end of its name, and no letter is cut in two", () => {
    const family = "👩‍👩‍👧‍👦";
    const { start, end } = halves(`${"n".repeat(40)}${family}-v3.pdf`);
    expect(start + end).toBe(`${"n".repeat(40)}${family}-v3.pdf`);
    expect(end).toBe(`nn${family}-v3.pdf`);
    expect(halves("short.pdf")).toEqual({ start: "short.pdf", end: "" });
  });
});

describe("a measure", () => {
  test("is written in the units that people read", () => {
    expect([0, 1, 999, 999_999, 1_000, 48_213, 10_485_760, 3_200_000_000].map((count) => bytes(count, "en"))).toEqual(
      ["0 bytes", "1 byte", "999 bytes", "1 MB", "1 kB", "48 kB", "10 MB", "3.2 GB"],
    );
  });

  test("of time has minutes, and hours only where there are some", () => {
    expect([0, 999, 9_000, 65_000, 3_605_000, -5].map((ms) => duration(ms, "en"))).toEqual(["0:00", "0:00", "0:09", "1:05", "1:00:05", "0:00"]);
  });

  test("of speed and share", () => {
    expect([speed(1, "en"), speed(1.5, "en"), percent(0.256, "de")]).toEqual(["1×", "1.5×", "26\u00a0%"]);
  });
});

describe("a file as text", () => {
  const encoded = (text: string) => new TextEncoder().encode(text);

  test("is read as UTF-8, or as UTF-16 where its mark says so", () => {
    expect(read(encoded("مرحبا"), false)).toEqual({ kind: "text", text: "مرحبا", cut: false });
    expect(read(new Uint8Array([0xff, 0xfe, 0x41, 0x00]), false)).toMatchObject({ kind: "text", text: "A" });
  });

  test("may be cut in the middle of a letter", () => {
    expect(read(encoded("añ").subarray(0, 2), true)).toEqual({ kind: "text", text: "a", cut: true });
    expect(read(encoded("añ").subarray(0, 2), false)).toEqual({ kind: "binary" });
  });

  test("is none when it is none", () => {
    expect(read(new Uint8Array([0x89, 0x50, 0x4e, 0x47]), false)).toEqual({ kind: "binary" });
    expect(read(encoded("a\0b"), false)).toEqual({ kind: "binary" });
  });
});

describe("zooming", () => {
  const stage = { width: 1000, height: 600 };
  const picture = fitted({ width: 4000, height: 2000 }, stage);

  test("begins with all of the picture, and does not blow up a small one", () => {
    expect(picture).toEqual({ width: 1000, height: 500 });
    expect(fitted({ width: 20, height: 10 }, stage)).toEqual({ width: 20, height: 10 });
    expect(fitted({ width: 0, height: 10 }, stage)).toEqual({ width: 0, height: 0 });
  });

  test("keeps what lies under the pointer where it is", () => {
    const at = { x: 200, y: -100 };
    const before = zoomed(FIT, 2, { x: 0, y: 0 }, picture, stage);
    const after = zoomed(before, 1.5, at, picture, stage);
    const under = (view: typeof FIT) => ({ x: (at.x - view.x) / view.scale, y: (at.y - view.y) / view.scale });
    expect(under(after).x).toBeCloseTo(under(before).x);
    expect(under(after).y).toBeCloseTo(under(before).y);
  });

  test("has limits, and comes back to the middle", () => {
    const close = zoomed(FIT, 1_000, { x: 400, y: 200 }, picture, stage);
    expect(close.scale).toBe(SCALE_MAX);
    expect(zoomed(close, 0.001, { x: -300, y: 20 }, picture, stage)).toEqual(FIT);
  });

  test("never shows what lies beside the picture", () => {
    const view = panned({ scale: 2, x: 0, y: 0 }, { x: 9_999, y: -9_999 }, picture, stage);
    expect(view).toEqual({ scale: 2, x: 500, y: -200 });
    expect(panned(FIT, { x: 50, y: 50 }, picture, stage)).toEqual(FIT);
  });
});
