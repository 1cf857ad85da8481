import type { Account } from "@natter/sdk";
import { Recorder } from "./recorder.svelte.ts";
import { Tray } from "./tray.svelte.ts";

/** What lies ready to be sent to one place beside its text. It stays while somebody looks elsewhere. */
export interface Desk {
  tray: Tray;
  recorder: Recorder;
}

/** Desks with something on them; of more, the one that was not used for longest is cleared. */
const DESKS_MAX = 16;

const all = new WeakMap<Account, Map<string, Desk>>();

export function deskOf(account: Account, place: string): Desk {
  const desks = all.get(account) ?? new Map<string, Desk>();
  all.set(account, desks);
  const desk = desks.get(place) ?? { tray: new Tray(account), recorder: new Recorder() };
  // The last in the map is the one used last.
  desks.delete(place);
  desks.set(place, desk);
  const [oldest] = desks;
  if (desks.size > DESKS_MAX && oldest) {
    oldest[1].tray.clear();
    oldest[1].recorder.discard();
    desks.delete(oldest[0]);
  }
  return desk;
}
