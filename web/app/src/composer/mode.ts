import type { Message } from "@natter/sdk";

/** What the text in the composer will be. */
export type ComposerMode =
  | { kind: "new" }
  | { kind: "reply"; message: Message }
  | { kind: "edit"; message: Message };
