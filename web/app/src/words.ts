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
