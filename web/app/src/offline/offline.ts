import { chat } from "../chat.ts";
import { EMOJI_FILES } from "../composer/emojifiles.ts";
import { language } from "../i18n.svelte.ts";
import { update } from "../shell/update.svelte.ts";

/** A tab that is never closed asks as often whether there is a newer version. */
const CHECK_MS = 60 * 60 * 1_000;
const RELOADED = "natter.reloaded";
/** After a reload that did not help within this time, another one would not either. */
const RELOAD_AGAIN_MS = 60_000;

/**
 * Keeps the client on the device, and offers a newer version when there is one. Drafts are kept on the device with every
 * key, so a reload loses none.
 */
export function keepOffline(): void {
  reloadWithoutTheOldFiles();
  // A page without TLS has none, and neither has one in a private window of some browsers.
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  if (!workers || import.meta.env.DEV) return;

  const before = workers.controller;
  let wanted = false;
  workers.addEventListener("controllerchange", () => {
    if (wanted) location.reload();
    // Another tab has taken the newer version; what this one has not loaded yet is gone.
    else if (before) update.offer(() => location.reload());
    else keepEmoji();
  });
  if (before) keepEmoji();

  workers.register(trusted("/sw.js"), { updateViaCache: "none" }).then(
    (registration) => {
      const offer = () => {
        const { waiting } = registration;
        // The very first one has nobody to wait for.
        if (!waiting || !workers.controller) return;
        update.offer(() => {
          wanted = true;
          waiting.postMessage("take over");
        });
      };
      registration.addEventListener("updatefound", () => {
        registration.installing?.addEventListener("statechange", offer);
      });
      offer();
      // Fails without a network, and is asked again.
      const check = () => void registration.update().catch(() => undefined);
      setInterval(check, CHECK_MS);
      window.addEventListener("online", check);
      whenServerReturns(check);
    },
    // Everything but a start without a network works as well.
    (error: unknown) => console.warn(error),
  );
}

/** Whoever looks for their first emoji where there is no network finds it by its name in their language. */
function keepEmoji(): void {
  const url = EMOJI_FILES[language.current];
  // What was fetched is kept by the worker. Without a network, it is tried again by the next page.
  caches.match(url).then((kept) => kept ?? fetch(url)).catch(() => undefined);
}

/** A server that was away may be a newer one. */
function whenServerReturns(run: () => void): void {
  chat.account.subscribe((account) => {
    let lost = false;
    account?.connection.subscribe((state) => {
      if (state === "online" && lost) run();
      if (state === "online" || state === "offline") lost = state === "offline";
    });
  });
}

/** A browser takes the address of a script only from a policy that the page's rules name. */
function trusted(address: string): string {
  const policies = (globalThis as { trustedTypes?: TrustedTypePolicyFactory }).trustedTypes;
  if (!policies) return address;
  const policy = policies.createPolicy("natter-service-worker", { createScriptURL: (url) => url });
  return policy.createScriptURL(address) as unknown as string;
}

/**
 * After a new version was set up on the server, an old page finds the rest of its own files neither there nor, without a
 * service worker, here. It is loaded again, once.
 */
function reloadWithoutTheOldFiles(): void {
  window.addEventListener("vite:preloadError", (event) => {
    // Without a network it would be of no use.
    if (!navigator.onLine || Date.now() - Number(sessionStorage.getItem(RELOADED)) < RELOAD_AGAIN_MS) return;
    event.preventDefault();
    sessionStorage.setItem(RELOADED, String(Date.now()));
    location.reload();
  });
}

interface TrustedTypePolicyFactory {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): { createScriptURL: (url: string) => object };
}
