import { contrast } from "@natter/ui/contrast";

/** Colours as people choose them, "#rrggbb", and what has to be known of them to keep a screen readable. */
export type Hex = `#${string}`;

type Triple = readonly [number, number, number];

/** The least contrast of text, and of the edges of controls (WCAG 2.2, 1.4.3 and 1.4.11). */
export const TEXT_CONTRAST_MIN = 4.5;
export const EDGE_CONTRAST_MIN = 3;

/** How finely a colour is searched that can be read: 1 in so many. */
const STEPS = 40;

export function isHex(value: unknown): value is Hex {
  return typeof value === "string" && /^#[0-9a-f]{6}$/i.test(value);
}

/** Something between two colours as eyes see it (in OKLab): all of the first at 0, all of the second at 1. */
export function mix(one: Hex, other: Hex, share: number): Hex {
  const [a, b] = [toLab(one), toLab(other)];
  return fromLab([0, 1, 2].map((index) => at(a, index) + (at(b, index) - at(a, index)) * share) as unknown as Triple);
}

/** A colour, moved as little as possible towards another until it stands out from all these grounds. */
export function readable(colour: Hex, towards: Hex, grounds: readonly Hex[], least: number): Hex {
  for (let step = 0; step <= STEPS; step += 1) {
    const moved = mix(colour, towards, step / STEPS);
    if (grounds.every((ground) => contrast(moved, ground) >= least)) return moved;
  }
  return towards;
}

/** Black or white, whichever can be read on a colour: one of them always can. */
export function inkOn(ground: Hex): Hex {
  return contrast("#000000", ground) > contrast("#ffffff", ground) ? "#000000" : "#ffffff";
}

export function isDark(colour: Hex): boolean {
  return inkOn(colour) === "#ffffff";
}

/** Light rather than voltage: sRGB without its curve (IEC 61966-2-1). */
function linear(colour: Hex): Triple {
  return [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as unknown as Triple;
}

// The matrices of OKLab, by Björn Ottosson: https://bottosson.github.io/posts/oklab/
function toLab(colour: Hex): Triple {
  const [r, g, b] = linear(colour);
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function fromLab([lightness, a, b]: Triple): Hex {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const parts = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((light) => {
    const part = light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055;
    return Math.round(Math.min(1, Math.max(0, part)) * 255).toString(16).padStart(2, "0");
  });
  return `#${parts.join("")}`;
}

function at(triple: Triple, index: number): number {
  return triple[index] ?? 0;
}
