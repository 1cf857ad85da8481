/** The pages there are. */
export type Route =
  | { page: "home" }
  | { page: "sign-up" }
  | { page: "conversation"; id: string }
  | { page: "nowhere" };

function parse(path: string): Route {
  if (path === "/") return { page: "home" };
  if (path === "/sign-up") return { page: "sign-up" };
  const id = /^\/c\/([\w-]+)$/.exec(path)?.[1];
  return id === undefined ? { page: "nowhere" } : { page: "conversation", id };
}

export const paths = {
  home: "/",
  signUp: "/sign-up",
  conversation: (id: string) => `/c/${id}`,
};

let path = $state(location.pathname);
const route = $derived(parse(path));

export const router = {
  get route(): Route {
    return route;
  },

  go(this: void, to: string, how: "push" | "replace" = "push"): void {
    if (to === location.pathname) return;
    if (how === "push") history.pushState(null, "", to);
    else history.replaceState(null, "", to);
    path = to;
  },

  /** The browser went back or forth. */
  sync(this: void): void {
    path = location.pathname;
  },

  /** Follows a link without loading the page again; leaves everything else to the browser. */
  follow(this: void, event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || link.origin !== location.origin || link.target !== "") return;
    event.preventDefault();
    router.go(link.pathname);
  },
};
