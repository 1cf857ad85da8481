/** Pixels of the longer side: a blur has no more to show. */
const SIDE_MAX = 32;
/** The format has at most seven waves in a direction, the first of them flat. */
const WAVES_MAX = 8;
/** Two heads, and at least one byte of waves. */
const BYTES_MIN = 6;

/** A few pixels, row by row, as a canvas takes them. */
export interface Blur {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
}

/** One channel: its mean, and the waves that are laid over it, with their numbers across and down. */
interface Channel {
  readonly mean: number;
  readonly waves: readonly { readonly x: number; readonly y: number; readonly weight: number }[];
}

/**
 * The blurred picture that a placeholder stands for: a ThumbHash (https://evanw.github.io/thumbhash/) in base64, which
 * is a cosine transform of brightness, two differences of colour and perhaps opacity. Nothing for what is none.
 */
export function blur(placeholder: string): Blur | undefined {
  const bytes = decoded(placeholder);
  if (!bytes || bytes.length < BYTES_MIN) return undefined;
  const byte = (index: number) => bytes[index] ?? 0;
  const head = byte(0) | (byte(1) << 8) | (byte(2) << 16);
  const shape = byte(3) | (byte(4) << 8);
  const opaque = head >> 23 === 0;
  const wide = shape >> 15 === 1;
  const long = opaque ? 7 : 5;
  const across = wide ? long : shape & 7;
  const down = wide ? shape & 7 : long;
  if (across === 0 || down === 0) return undefined;

  // Four bits each, the channels one after the other.
  let next = (opaque ? 5 : 6) * 2;
  const channel = (mean: number, nx: number, ny: number, scale: number): Channel => {
    const waves = [];
    for (let y = 0; y < ny; y += 1) {
      for (let x = y === 0 ? 1 : 0; x * ny < nx * (ny - y); x += 1) {
        const nibble = (byte(next >> 1) >> ((next & 1) * 4)) & 15;
        next += 1;
        waves.push({ x, y, weight: (nibble / 7.5 - 1) * scale });
      }
    }
    return { mean, waves };
  };
  const light = channel((head & 63) / 63, Math.max(3, across), Math.max(3, down), ((head >> 18) & 31) / 31);
  // The format's own allowance for what was lost by rounding: colours a quarter stronger.
  const warm = channel(((head >> 6) & 63) / 31.5 - 1, 3, 3, (((shape >> 3) & 63) / 63) * 1.25);
  const green = channel(((head >> 12) & 63) / 31.5 - 1, 3, 3, (((shape >> 9) & 63) / 63) * 1.25);
  const cover = opaque ? undefined : channel((byte(5) & 15) / 15, 5, 5, (byte(5) >> 4) / 15);

  const ratio = across / down;
  const width = Math.round(ratio > 1 ? SIDE_MAX : SIDE_MAX * ratio);
  const height = Math.round(ratio > 1 ? SIDE_MAX / ratio : SIDE_MAX);
  const [columns, rows] = [cosines(width), cosines(height)];
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = ({ mean, waves }: Channel) => {
        let value = mean;
        for (const wave of waves) value += wave.weight * cosine(columns, x, wave.x) * cosine(rows, y, wave.y) * 2;
        return value;
      };
      const l = at(light);
      const p = at(warm);
      const q = at(green);
      const b = l - (2 / 3) * p;
      const r = (3 * l - b + q) / 2;
      pixels.set([255 * r, 255 * (r - q), 255 * b, 255 * (cover ? at(cover) : 1)], (y * width + x) * 4);
    }
  }
  return { width, height, pixels };
}

/** Every wave at every place of a side, which is asked for again on each line. */
function cosines(length: number): Float64Array {
  const table = new Float64Array(length * WAVES_MAX);
  for (let at = 0; at < length; at += 1) {
    for (let wave = 0; wave < WAVES_MAX; wave += 1) {
      table[at * WAVES_MAX + wave] = Math.cos((Math.PI / length) * (at + 0.5) * wave);
    }
  }
  return table;
}

function cosine(table: Float64Array, at: number, wave: number): number {
  return table[at * WAVES_MAX + wave] ?? 0;
}

function decoded(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  } catch {
    // Not base64, so not a placeholder.
    return undefined;
  }
}
