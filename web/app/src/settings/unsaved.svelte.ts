import type { CustomTheme } from "./theme.ts";

interface Unsaved {
  displayName?: string | undefined;
  theme?: CustomTheme | undefined;
  conversation?: { id: string; name: string; topic: string } | undefined;
}

/** What was typed into forms and not saved: it is still there when somebody comes back from another page. */
export const unsaved = $state<Unsaved>({});
