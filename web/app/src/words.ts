import type { Presence } from "@natter/sdk";
import { m } from "./i18n.svelte.ts";

/** How somebody is, in words. */
export function presenceWords(status: Presence): string {
  switch (status) {
    case "online":
      return m.presenceOnline;
    case "away":
      return m.presenceAway;
    case "busy":
      return m.presenceBusy;
    case "offline":
      return m.presenceOffline;
  }
}

/** Who is writing, in words. */
export function writing([name, other, ...more]: readonly string[]): string {
  if (name === undefined) return "";
  if (other === undefined) return m.writingOne({ name });
  return more.length === 0 ? m.writingTwo({ name, other }) : m.writingMany;
}

const signs = new Intl.Segmenter();

/** The beginning of a text, cut where a sign ends. */
export function shortened(text: string, signsMax: number): string {
  // What is longer has more code units, too.
  if (text.length <= signsMax) return text;
  const all = Array.from(signs.segment(text), ({ segment }) => segment);
  return all.length <= signsMax ? text : `${all.slice(0, signsMax - 1).join("").trimEnd()}…`;
}
