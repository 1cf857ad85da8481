/** Searches that are offered again. */
export const RECENT_MAX = 8;
/** A search that is longer than this is not worth to be kept. */
const CHARS_MAX = 200;

/** The searches with another one in front. */
export function remembered(before: readonly string[], text: string): string[] {
  if (text.trim() === "" || text.length > CHARS_MAX) return [...before];
  return [text, ...before.filter((other) => other !== text)].slice(0, RECENT_MAX);
}
