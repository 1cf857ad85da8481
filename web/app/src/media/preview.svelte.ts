import type { Account } from "@natter/sdk";
import type { FileInfo } from "./kind.ts";

/** A file that somebody looks into. */
export interface Previewed {
  readonly account: Account;
  readonly file: FileInfo;
}

let current = $state.raw<Previewed>();

/** The look into a text file, which stays open when the row that it was opened from is gone. */
export const preview = {
  get current(): Previewed | undefined {
    return current;
  },

  open(this: void, wanted: Previewed): void {
    current = wanted;
  },

  close(this: void): void {
    current = undefined;
  },
};
