/**
 * The service worker: keeps the client itself, so that it opens without a network. It answers for the files of one build
 * and for the page; what the server says is kept by the page, never here.
 */
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute, type PrecacheEntry } from "workbox-precaching";
import { NavigationRoute, registerRoute } from "workbox-routing";

// Described here, as far as it is needed: the compiler's own description does not go together with that of a page.
interface Extendable extends Event {
  waitUntil(work: Promise<unknown>): void;
}
declare const self: {
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: "activate" | "message", listener: (event: Extendable) => void): void;
};
/** The files of this build, filled in when it is built; so each build has another worker, which is how browsers notice. */
declare const BUILD_FILES: PrecacheEntry[];
/** Those of which nobody needs all, so that each is kept once it was used. */
declare const USED_FILES: string[];
const USED = "natter-used";
/** This build's, which have a hash of their content in their names. */
const used: ReadonlySet<string> = new Set(USED_FILES);

/** What the server answers itself. */
const NOT_THE_CLIENT = [/^\/api\//, /^\/socket\.io/, /^\/health/, /^\/metrics/];

cleanupOutdatedCaches();
precacheAndRoute(BUILD_FILES, { cleanURLs: false });
registerRoute(({ url, sameOrigin }) => sameOrigin && used.has(url.pathname), async ({ request }) => {
  const cache = await caches.open(USED);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  // Where there is no room, it is fetched again.
  if (answer.ok) await cache.put(request, answer.clone()).catch(() => undefined);
  return answer;
});
registerRoute(new NavigationRoute(createHandlerBoundToURL("/index.html"), { denylist: NOT_THE_CLIENT }));

// The page that was there first is in its hands at once, and opens offline the next time. A later worker waits until
// somebody wants it: the page before it needs the files of its own build.
self.addEventListener("activate", (event) => event.waitUntil(Promise.all([self.clients.claim(), forgetOlder()])));
// Whatever a page says to it means this: there is nothing else to say.
self.addEventListener("message", (event) => event.waitUntil(self.skipWaiting()));

/** What earlier builds have used. */
async function forgetOlder(): Promise<void> {
  const cache = await caches.open(USED);
  for (const request of await cache.keys()) if (!used.has(new URL(request.url).pathname)) await cache.delete(request);
}
