import { memoryStore, type Store } from "@natter/sdk";

/**
 * A store that keeps what another one has no room for as long as the page lives: who has a full device can go on writing,
 * and stays signed in. What was kept before stays there until there is room for what replaces it.
 */
export function roomy(store: Store): Store {
  const rest = memoryStore();
  return {
    get: async (key) => (await rest.get(key)) ?? (await store.get(key)),
    set: async (key, value) => {
      try {
        await store.set(key, value);
        await rest.delete(key);
      } catch (error) {
        if (!(error instanceof Error) || error.name !== "QuotaExceededError") throw error;
        await rest.set(key, value);
      }
    },
    delete: async (key) => {
      await rest.delete(key);
      await store.delete(key);
    },
    entries: async (prefix) => {
      const all = new Map([...(await store.entries(prefix)), ...(await rest.entries(prefix))]);
      return [...all].sort(([a], [b]) => (a < b ? -1 : 1));
    },
  };
}
