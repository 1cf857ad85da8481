/** Points for a letter at the start of a word, and for one right behind the last that matched. */
const WORD_START = 8;
const IN_A_ROW = 5;
/** What letters cost that were skipped; more than this many cost no more. */
const SKIPPED_MAX = 3;
/** Letters that are looked at, of what is typed and of each text. */
const QUERY_MAX = 32;
const TEXT_MAX = 128;

/**
 * How well somebody who typed `query` may have meant a text, both folded: `undefined` if its letters are not all there in
 * order, else the more the better.
 */
export function score(query: string, whole: string): number | undefined {
  const text = whole.slice(0, TEXT_MAX);
  const found = text.indexOf(query.trim());
  if (found >= 0) return 1_000 - found - text.length / 10 + (startsWord(text, found) ? 100 : 0);

  const letters = query.replaceAll(" ", "").slice(0, QUERY_MAX);
  // The best points with the letters so far, the last of them at each place.
  let before: (number | undefined)[] = [];
  for (const [index, letter] of [...letters].entries()) {
    const now: (number | undefined)[] = [];
    let far: number | undefined;
    for (let at = 0; at < text.length; at += 1) {
      far = larger(far, before[at - SKIPPED_MAX - 1]);
      if (text[at] !== letter) continue;
      let best = index === 0 ? -Math.min(at, SKIPPED_MAX) : far === undefined ? undefined : far - SKIPPED_MAX;
      for (let skipped = 0; skipped < SKIPPED_MAX && index > 0; skipped += 1) {
        const points = before[at - skipped - 1];
        if (points !== undefined) best = larger(best, points + (skipped === 0 ? IN_A_ROW : -skipped));
      }
      if (best !== undefined) now[at] = best + (startsWord(text, at) ? WORD_START : 0);
    }
    before = now;
  }
  const best = before.reduce(larger, undefined);
  return best === undefined ? undefined : best - text.length / 10;
}

function larger(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || (b !== undefined && b > a) ? b : a;
}

function startsWord(text: string, at: number): boolean {
  return at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1] ?? "");
}
