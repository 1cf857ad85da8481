import type { Component } from "svelte";

/** What fetches the code of a part of the page. */
export type Part<P extends Record<string, unknown>> = () => Promise<{ default: Component<P> }>;

/** The parts that are fetched when they are first shown, or a little before. */
export const parts = {
  conversation: () => import("../conversation/Conversation.svelte"),
  details: () => import("../details/DetailsPane.svelte"),
  help: () => import("./ShortcutHelp.svelte"),
  invite: () => import("../entry/Invite.svelte"),
  newConversation: () => import("../list/NewConversation.svelte"),
  profile: () => import("../people/ProfileCard.svelte"),
  search: () => import("../search/SearchPage.svelte"),
  shell: () => import("./Shell.svelte"),
  settings: () => import("../settings/Settings.svelte"),
  signOut: () => import("./SignOut.svelte"),
  switcher: () => import("./Switcher.svelte"),
  thread: () => import("../conversation/ThreadPane.svelte"),
};

const fetched = new Map<Part<never>, Component<never>>();

/** A part that is here already. */
export function known<P extends Record<string, unknown>>(part: Part<P>): Component<P> | undefined {
  return fetched.get(part) as Component<P> | undefined;
}

/** Fetches a part, unless it is here. */
export async function fetch<P extends Record<string, unknown>>(part: Part<P>): Promise<Component<P>> {
  const component = known(part) ?? (await part()).default;
  fetched.set(part, component);
  return component;
}

/** Fetches a part that will be wanted soon. If that fails, it is fetched once more when it is. */
export function foresee(part: Part<never>): void {
  fetch(part).catch((error: unknown) => console.warn(error));
}
