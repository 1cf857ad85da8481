/** Since this version systems differ; what is older, all can draw. */
const FIRST_VERSION = 11;
const PIXELS = 24;

/** Tells which emoji this system has no picture of, from the emoji that each version of Unicode brought. */
export function undrawable(versions: Readonly<Record<string, readonly string[]>>): (hexcode: string) => boolean {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = PIXELS;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const none = () => false;
  if (!context) return none;
  context.font = `${PIXELS - 6}px "Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji", sans-serif`;
  context.textBaseline = "top";
  const width = context.measureText("😀").width;

  /** One glyph, and in colours: what is missing is an empty box, or falls apart into several. */
  const drawn = (text: string): boolean => {
    if (context.measureText(text).width > 1.5 * width) return false;
    context.clearRect(0, 0, PIXELS, PIXELS);
    context.fillText(text, 0, 0);
    const { data } = context.getImageData(0, 0, PIXELS, PIXELS);
    for (let at = 0; at < data.length; at += 4) if (data[at] !== data[at + 1] || data[at] !== data[at + 2]) return true;
    return false;
  };

  // A system that draws in black and white, or a browser that does not tell, has to be believed.
  if (!drawn("😀")) return none;
  const missing = new Set<string>();
  for (const [version, hexcodes] of Object.entries(versions)) {
    const [first] = hexcodes;
    if (Number(version) < FIRST_VERSION || first === undefined || drawn(text(first))) continue;
    for (const hexcode of hexcodes) missing.add(bare(hexcode));
  }
  // Windows draws letters instead of flags.
  const flags = drawn("🇯🇵");
  return (hexcode) => missing.has(bare(hexcode)) || (!flags && /^1F1[EF]/u.test(hexcode));
}

function text(hexcode: string): string {
  return String.fromCodePoint(...hexcode.split("-").map((code) => parseInt(code, 16)));
}

/** Versions list some with, some without the selector of the coloured form. */
function bare(hexcode: string): string {
  return hexcode.replaceAll("-FE0F", "");
}
