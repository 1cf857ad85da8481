import type { Page } from "playwright-core";
import type { Person } from "./harness.ts";

/** What is in the addresses of the screens. */
export interface Place {
  conversationId: string;
  messageId: string;
}

export interface Screen {
  readonly name: string;
  readonly path: (place: Place) => string;
  /** From the address to what is to be seen. */
  readonly reach?: (page: Page) => Promise<void>;
  /** Until it is seen. */
  readonly shows: string;
}

const SETTINGS = ["profile", "appearance", "language", "notifications", "privacy", "devices", "shortcuts"];
const PANES = { details: ".details", members: ".members li", files: ".pane [role=tabpanel]", pins: ".pane li", search: ".search" };

const conversation = ({ conversationId }: Place) => `/c/${conversationId}`;

/** Opens what a message's tools open. */
const byTool = (tool: number) => async (page: Page) => {
  await page.locator("article").last().focus();
  await page.locator("article [role=toolbar] button").nth(tool).click();
};

const header = (button: string) => async (page: Page) => {
  await page.locator(`nav.side header ${button}`).click();
};

export const SIGNED_OUT: readonly Screen[] = [
  { name: "sign in", path: () => "/", shows: "form" },
  { name: "sign up, refused", path: () => "/sign-up", reach: (page) => page.locator("form [type=submit]").click(), shows: "[aria-invalid=true]" },
  { name: "invite, signed out", path: () => "/i/nothing", shows: "form" },
];

export const SIGNED_IN: readonly Screen[] = [
  { name: "list", path: () => "/", shows: "nav.side li a" },
  { name: "account menu", path: () => "/", reach: header(".me"), shows: "[role=menu]" },
  { name: "notifications", path: () => "/", reach: header(".bell button"), shows: "[role=dialog] .notices" },
  { name: "new conversation", path: () => "/", reach: header("> button:last-child"), shows: "dialog [role=option]" },
  { name: "switcher", path: () => "/", reach: (page) => page.keyboard.press("Control+K"), shows: "dialog [role=option]" },
  { name: "shortcuts", path: () => "/", reach: (page) => page.keyboard.press("Control+/"), shows: "dialog dl" },
  { name: "conversation", path: conversation, shows: "article .content" },
  { name: "menu of a message", path: conversation, reach: byTool(3), shows: "[role=menu]" },
  { name: "emoji", path: conversation, reach: byTool(0), shows: "[role=gridcell]" },
  { name: "reply", path: conversation, reach: byTool(1), shows: "form .strip" },
  { name: "thread", path: (place) => `${conversation(place)}?side=thread:${place.messageId}`, shows: ".thread article" },
  ...Object.entries(PANES).map(([pane, shows]): Screen => ({ name: pane, path: (place) => `${conversation(place)}?side=${pane}`, shows })),
  { name: "no conversation", path: () => "/c/01890a5d-ac96-774b-bcce-b302099a8057", shows: ".empty" },
  { name: "search", path: () => "/search?q=quay", shows: ".search mark" },
  ...SETTINGS.map((section): Screen => ({ name: `settings: ${section}`, path: () => `/settings/${section}`, shows: ".settings h2" })),
  { name: "nothing there", path: () => "/no/such/page", shows: ".empty" },
];

/** Goes to a screen by its address, until it is seen and nothing moves any more. */
export async function visit(person: Person, screen: Screen, place: Place): Promise<void> {
  const { page } = person;
  await page.goto(person.url + screen.path(place));
  await page.locator("nav.side, form").first().waitFor({ state: "attached" });
  await screen.reach?.(page);
  await page.locator(screen.shows).first().waitFor();
  await person.still();
}
