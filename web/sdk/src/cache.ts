import { indexedDbStore, type Store } from "./store.ts";

/** Where what was shown is kept. It can be thrown away at any time. */
export interface Cache {
  readonly store: Store;
}

/** A cache in IndexedDB, shared by the tabs of an origin. */
export function indexedDbCache(name: string): Cache {
  return { store: indexedDbStore(name) };
}
