import { codeAt } from "./markdown.ts";

/** The beginning of a name that is being typed. */
export interface Trigger {
  kind: "mention" | "emoji";
  query: string;
  /** What the completed name replaces. */
  from: number;
  to: number;
}

/** No name is longer, by the server's rules for both. */
const QUERY_CHARS_MAX = 64;
/** After these no mention begins; letters without case may stand there, as in و@ada. */
const MENTION = /(?:^|[^\p{Lowercase}\p{Uppercase}\p{N}_+@-])@([\p{L}\p{M}\p{N}_.-]*)$/u;
/** Two letters: times and ratios have colons too. */
const EMOJI = /(?:^|[^\p{Lowercase}\p{Uppercase}\p{N}:])(:[\p{L}\p{M}\p{N}_+-]{2,})$/u;
const SHORTCODE = /(?:^|[^\p{Lowercase}\p{Uppercase}\p{N}:]):([a-z0-9_+-]{2,}):$/u;

/** The name that ends at the caret. */
export function triggerAt(text: string, caret: number): Trigger | undefined {
  const before = text.slice(Math.max(0, caret - QUERY_CHARS_MAX), caret);
  const mention = MENTION.exec(before)?.[1];
  const emoji = EMOJI.exec(before)?.[1];
  if ((mention === undefined && emoji === undefined) || codeAt(text, caret)) return undefined;
  if (mention !== undefined) return { kind: "mention", query: mention, from: caret - mention.length - 1, to: caret };
  if (emoji === undefined) return undefined;
  return { kind: "emoji", query: emoji.slice(1), from: caret - emoji.length, to: caret };
}

/** The name of an emoji whose second colon was just typed. */
export function shortcodeAt(text: string, caret: number): Trigger | undefined {
  const name = SHORTCODE.exec(text.slice(Math.max(0, caret - QUERY_CHARS_MAX), caret))?.[1];
  if (name === undefined || codeAt(text, caret)) return undefined;
  return { kind: "emoji", query: name, from: caret - name.length - 2, to: caret };
}
