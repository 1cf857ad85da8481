/** What stands beside a conversation. */
export type Side =
  | { pane: "details" | "members" | "files" | "pins" | "search" }
  | { pane: "thread"; messageId: string };

export const SETTINGS = ["profile", "appearance", "language", "notifications", "privacy", "devices", "shortcuts"] as const;
export type SettingsPage = (typeof SETTINGS)[number];

/** The pages there are. */
export type Route =
  | { page: "home" }
  | { page: "sign-up" }
  | { page: "invite"; code: string }
  | { page: "conversation"; id: string; messageId: string | undefined; side: Side | undefined }
  | { page: "search"; query: string }
  | { page: "settings"; section: SettingsPage }
  | { page: "nowhere" };

const PANES = ["details", "members", "files", "pins", "search"] as const;

/** What the address of a page means. */
export function parse(path: string, search: string): Route {
  if (path === "/") return { page: "home" };
  if (path === "/sign-up") return { page: "sign-up" };
  const [, first, second, third, fourth, ...more] = path.split("/").map(decoded);
  const query = new URLSearchParams(search);
  const rest = more.length > 0 ? undefined : [second, third, fourth].filter((part) => part !== undefined);
  if (rest?.includes("")) return { page: "nowhere" };
  switch (`${first}/${rest?.length}`) {
    case "i/1":
      return { page: "invite", code: second ?? "" };
    case "c/1":
      return { page: "conversation", id: second ?? "", messageId: undefined, side: side(query.get("side")) };
    case "c/3":
      if (third !== "m") break;
      return { page: "conversation", id: second ?? "", messageId: fourth, side: side(query.get("side")) };
    case "search/0":
      return { page: "search", query: query.get("q") ?? "" };
    case "settings/0":
      return { page: "settings", section: "profile" };
    case "settings/1": {
      const section = SETTINGS.find((name) => name === second);
      if (section) return { page: "settings", section };
    }
  }
  return { page: "nowhere" };
}

function side(text: string | null): Side | undefined {
  const [pane, messageId] = (text ?? "").split(":");
  if (pane === "thread" && messageId) return { pane, messageId };
  const known = PANES.find((name) => name === pane);
  return known && { pane: known };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // No address of ours has such a part.
    return "";
  }
}

/** The addresses of the pages. */
export const paths = {
  home: "/",
  signUp: "/sign-up",
  invite: (code: string) => `/i/${encodeURIComponent(code)}`,
  conversation: (id: string, beside?: Side) => `/c/${encodeURIComponent(id)}${sideQuery(beside)}`,
  message: (id: string, messageId: string, beside?: Side) =>
    `/c/${encodeURIComponent(id)}/m/${encodeURIComponent(messageId)}${sideQuery(beside)}`,
  search: (query: string) => (query === "" ? "/search" : `/search?${new URLSearchParams({ q: query })}`),
  settings: (section: SettingsPage = "profile") => `/settings/${section}`,
};

/** Where one gets by going back from a page, whatever was there before. */
export function parent(route: Route): string {
  return route.page === "conversation" && route.side ? paths.conversation(route.id) : paths.home;
}

/** How an address says what stands beside a conversation. */
export function sideQuery(beside: Side | undefined): string {
  if (!beside) return "";
  return `?side=${beside.pane === "thread" ? `thread:${beside.messageId}` : beside.pane}`;
}
