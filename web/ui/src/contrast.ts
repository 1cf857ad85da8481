/** Red, green, blue in the light of the screen, from 0 to 1, and how much of it covers what lies below. */
interface Light {
  r: number;
  g: number;
  b: number;
  alpha: number;
}

/**
 * The contrast of two colours as WCAG 2.2 counts it, from 1 to 21. Takes any colour that CSS can write, but no
 * variables; what shines through the first shows the second, and what shines through that, white.
 */
export function contrast(a: string, b: string): number {
  const below = over(parse(b), { r: 1, g: 1, b: 1, alpha: 1 });
  const [darker, lighter] = [luminance(over(parse(a), below)), luminance(below)].sort((x, y) => x - y) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

/** WCAG 2.2, relative luminance. */
function luminance({ r, g, b }: Light): number {
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Browsers mix what they have encoded for the screen, not light. */
function over(top: Light, below: Light): Light {
  const mix = (x: number, y: number) => decode(encode(x) * top.alpha + encode(y) * (1 - top.alpha));
  return { r: mix(top.r, below.r), g: mix(top.g, below.g), b: mix(top.b, below.b), alpha: 1 };
}

function parse(color: string): Light {
  const text = color.trim().toLowerCase();
  return hex(text) ?? oklch(text) ?? painted(text);
}

function hex(text: string): Light | undefined {
  const digits = /^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/u.exec(text)?.[1];
  if (digits === undefined) return undefined;
  const pairs = digits.length <= 4 ? [...digits].map((digit) => digit + digit) : (digits.match(/../gu) ?? []);
  const [r = 0, g = 0, b = 0, alpha = 1] = pairs.map((pair) => parseInt(pair, 16) / 255);
  return { r: decode(r), g: decode(g), b: decode(b), alpha };
}

/** "oklch(0.5 0.2 268 / 0.5)", with numbers or percentages. */
function oklch(text: string): Light | undefined {
  const inside = /^oklch\(([^()]+)\)$/u.exec(text)?.[1];
  const numbers = inside?.split(/[\s/]+/u).filter(Boolean) ?? [];
  if (numbers.length < 3) return undefined;
  const [l, c, h, alpha = 1] = numbers.map((number, index) => {
    if (number === "none") return 0;
    // A chroma of 100 % is 0.4 (CSS Color 4, section 9.4).
    return number.endsWith("%") ? (parseFloat(number) / 100) * (index === 1 ? 0.4 : 1) : parseFloat(number);
  }) as [number, number, number, number?];
  if ([l, c, h, alpha].some(Number.isNaN)) return undefined;
  const hue = (h * Math.PI) / 180;
  return { ...fromOklab(l, c * Math.cos(hue), c * Math.sin(hue)), alpha };
}

/** CSS Color 4, section 18; what the screen cannot show is cut off. */
function fromOklab(lightness: number, a: number, b: number): Omit<Light, "alpha"> {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const cut = (value: number) => Math.min(1, Math.max(0, value));
  return {
    r: cut(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    g: cut(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    b: cut(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  };
}

let canvas: OffscreenCanvasRenderingContext2D | null = null;

/** Every other way to write a colour: the browser knows them all, and paints one pixel. */
function painted(text: string): Light {
  if (!CSS.supports("color", text)) throw new TypeError(`${text} is no colour`);
  canvas ??= new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  if (!canvas) throw new TypeError("this browser has no canvas");
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = text;
  canvas.fillRect(0, 0, 1, 1);
  const [r = 0, g = 0, b = 0, alpha = 0] = [...canvas.getImageData(0, 0, 1, 1).data].map((value) => value / 255);
  return { r: decode(r), g: decode(g), b: decode(b), alpha };
}

/** From what is stored in a pixel to light, and back (WCAG 2.2, IEC 61966-2-1). */
function decode(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function encode(light: number): number {
  return light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055;
}
