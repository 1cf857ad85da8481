/** What was typed and not sent, for each conversation: kept across switching and reloading, by tab. */
const PREFIX = "draft:";

export const drafts = {
  get: (conversationId: string): string => sessionStorage.getItem(PREFIX + conversationId) ?? "",

  set(conversationId: string, text: string): void {
    if (text === "") sessionStorage.removeItem(PREFIX + conversationId);
    else sessionStorage.setItem(PREFIX + conversationId, text);
  },

  /** For signing out. */
  clear(): void {
    for (const key of Object.keys(sessionStorage)) {
      if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
    }
  },
};
