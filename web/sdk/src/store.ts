/** Where the client keeps what must survive a reload: the session and the outbox. Keys sort as strings do. */
export interface Store {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
  /** Everything whose key starts with `prefix`, by key. */
  entries(prefix: string): Promise<[key: string, value: unknown][]>;
}

/** A store that lives as long as the page or process. */
export function memoryStore(): Store {
  const map = new Map<string, unknown>();
  return {
    get: async (key) => structuredClone(map.get(key)),
    set: async (key, value) => void map.set(key, structuredClone(value)),
    delete: async (key) => void map.delete(key),
    entries: async (prefix) =>
      structuredClone([...map].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

const TABLE = "entries";

/**
 * A store in IndexedDB: survives a reload, and is shared by the tabs of an origin. Where a browser has none to give, as in
 * some private windows, it lives as long as the page.
 */
export function indexedDbStore(name: string): Store {
  let database: Promise<IDBDatabase> | undefined;

  const open = () =>
    (database ??= new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
      request.onerror = () => {
        database = undefined;
        reject(request.error ?? new Error("IndexedDB cannot be opened"));
      };
      request.onsuccess = () => {
        // The browser closes it when storage is cleared; the next use opens it again.
        request.result.onclose = () => (database = undefined);
        resolve(request.result);
      };
    }));

  /** Runs requests in one transaction and reads their results once it is committed, not merely queued. */
  const run = async <T>(mode: IDBTransactionMode, work: (table: IDBObjectStore) => () => T): Promise<T> => {
    const transaction = (await open()).transaction(TABLE, mode, { durability: "strict" });
    return new Promise<T>((resolve, reject) => {
      const result = work(transaction.objectStore(TABLE));
      transaction.oncomplete = () => resolve(result());
      transaction.onabort = () => reject(transaction.error ?? new Error("IndexedDB gave up a transaction"));
    });
  };

  const kept: Store = {
    get: (key) =>
      run("readonly", (table) => {
        const request = table.get(key);
        return () => request.result as unknown;
      }),
    set: (key, value) =>
      run("readwrite", (table) => {
        table.put(value, key);
        return () => undefined;
      }),
    delete: (key) =>
      run("readwrite", (table) => {
        table.delete(key);
        return () => undefined;
      }),
    entries: (prefix) =>
      run("readonly", (table) => {
        const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
        const keys = table.getAllKeys(range);
        const values = table.getAll(range);
        return () => keys.result.map((key, index): [string, unknown] => [key as string, values.result[index]]);
      }),
  };
  let chosen: Promise<Store> | undefined;
  const choose = () => (chosen ??= open().then(() => kept, memoryStore));
  return {
    get: async (key) => (await choose()).get(key),
    set: async (key, value) => (await choose()).set(key, value),
    delete: async (key) => (await choose()).delete(key),
    entries: async (prefix) => (await choose()).entries(prefix),
  };
}
