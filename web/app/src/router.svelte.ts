import { parent, parse, paths, sideQuery, type Route, type Side } from "./route.ts";

export { paths } from "./route.ts";

const here = () => location.pathname + location.search;

/** What the history keeps of each of our entries: the address that it was reached from. */
interface Entry {
  from: string;
}

let address = $state(here());
const route = $derived.by(() => {
  const url = new URL(address, location.origin);
  return parse(url.pathname, url.search);
});

export const router = {
  get route(): Route {
    return route;
  },

  go(this: void, to: string, how: "push" | "replace" = "push"): void {
    if (to === here()) return;
    if (how === "push") history.pushState({ from: here() } satisfies Entry, "", to);
    else history.replaceState(history.state, "", to);
    address = here();
  },

  /** Goes where one came from if that is the address, so that the history does not grow by going back. */
  up(this: void, to: string = parent(route)): void {
    if ((history.state as Entry | null)?.from === to) history.back();
    else router.go(to, "replace");
  },

  /** Shows something beside the open conversation, or nothing; the same again closes it. */
  beside(this: void, pane: Side | undefined): void {
    if (route.page !== "conversation") return;
    const same = pane !== undefined && sideQuery(route.side) === sideQuery(pane);
    if (pane === undefined || same) {
      if (route.side) router.up(paths.conversation(route.id));
      return;
    }
    router.go(paths.conversation(route.id, pane), route.side ? "replace" : "push");
  },

  /** The browser went back or forth. */
  sync(this: void): void {
    address = here();
  },

  /** Follows a link without loading the page again; leaves everything else to the browser. */
  follow(this: void, event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || link.origin !== location.origin || link.target !== "" || link.hasAttribute("download")) return;
    // The documentation and the files are the server's.
    if (link.pathname.startsWith("/api/")) return;
    event.preventDefault();
    // A link to the start is the way back to the list.
    if (link.pathname === paths.home) router.up(paths.home);
    else router.go(link.pathname + link.search);
  },
};
