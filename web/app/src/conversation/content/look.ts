import type { Block, Inline } from "../../markup.ts";
import { plain } from "../../markup/part.ts";

/** A text beyond either of these is shown in part until somebody wants all of it. */
const CHARACTERS_MAX = 3_000;
const LINES_MAX = 40;
/** More emoji than this are read like text. */
const EMOJI_MAX = 6;

/** Emoji of several characters are told by this flag only, which the compiler does not know yet. */
const EMOJI = new RegExp("^(?:\\p{RGI_Emoji}\\s*)+$", "v");
const graphemes = new Intl.Segmenter();

/** Whether a message takes more room than a screen should give it; code takes care of itself. */
export function isLong(blocks: readonly Block[]): boolean {
  let characters = 0;
  let lines = 0;
  for (const text of blocks.flatMap(texts)) {
    characters += text.length;
    lines += text.split("\n").length;
  }
  return characters > CHARACTERS_MAX || lines > LINES_MAX;
}

/** Whether a message is a few emoji and nothing else. */
export function isOnlyEmoji(content: string): boolean {
  // The longest emoji have some 15 units.
  if (content.length > EMOJI_MAX * 16 || !EMOJI.test(content)) return false;
  return [...graphemes.segment(content.replace(/\s/g, ""))].length <= EMOJI_MAX;
}

/** Of several empty lines one is shown, so that nobody pushes everything else off the screen. */
export function withoutGaps(parts: readonly Inline[]): Inline[] {
  return parts.map((part) => (typeof part === "string" ? part.replace(/\n(?:[ \t]*\n){2,}/g, "\n\n") : part));
}

function texts(block: Block): string[] {
  switch (block.kind) {
    case "text":
      return [plain(block.parts)];
    case "code":
      return [];
    case "quote":
      return block.blocks.flatMap(texts);
    case "list":
      return block.items.map(({ parts }) => plain(parts));
  }
}
