import type { Account, Schemas } from "@natter/sdk";

/** A file where it was sent. */
export type SharedFile = Schemas["SharedFile"];

/** Which picture or film somebody wants to look at. */
export interface GalleryWish {
  readonly account: Account;
  readonly conversationId: string;
  readonly fileId: string;
  /** What is known of it and its neighbours, so that it is shown at once, in any order. */
  readonly known?: readonly SharedFile[];
}

let current = $state.raw<GalleryWish>();

/** Whether the entry of the browser's history that stands for the gallery is the present one. */
const isOnTop = () => (history.state as { gallery?: boolean } | null)?.gallery === true;

/** The pictures and films of a conversation in full size. Going back closes it, as on a phone everything. */
export const gallery = {
  get current(): GalleryWish | undefined {
    return current;
  },

  open(this: void, wish: GalleryWish): void {
    if (!current) history.pushState({ from: location.pathname + location.search, gallery: true }, "");
    current = wish;
  },

  close(this: void): void {
    if (!current) return;
    current = undefined;
    if (isOnTop()) history.back();
  },

  /** Closes it for another page, which takes its place in the history. */
  leave(this: void, go: (how: "push" | "replace") => void): void {
    const how = isOnTop() ? "replace" : "push";
    current = undefined;
    go(how);
  },

  /** The browser went back or forth. */
  sync(this: void): void {
    if (!isOnTop()) current = undefined;
  },
};
