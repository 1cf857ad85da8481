import type { Account } from "@natter/sdk";
import { Recorder } from "./recorder.svelte.ts";
import { Tray } from "./tray.svelte.ts";

/** What lies ready to be sent to one place beside its text. It stays while somebody looks elsewhere. */
export interface Beside {
  tray: Tray;
  recorder: Recorder;
}

/** Of more places, one with nothing gives way, else the one that was not used for longest. */
const PLACES_MAX = 16;

const all = new WeakMap<Account, Map<string, Beside>>();

export function besideOf(account: Account, place: string): Beside {
  const places = all.get(account) ?? new Map<string, Beside>();
  all.set(account, places);
  const beside = places.get(place) ?? { tray: new Tray(account), recorder: new Recorder() };
  // The last in the map is the one used last.
  places.delete(place);
  places.set(place, beside);
  if (places.size > PLACES_MAX) {
    const others = [...places].slice(0, -1);
    const [gone] = others.filter(([, { tray, recorder }]) => tray.files.length === 0 && recorder.state === "idle").concat(others);
    if (gone) {
      gone[1].tray.clear();
      gone[1].recorder.discard();
      places.delete(gone[0]);
    }
  }
  return beside;
}
