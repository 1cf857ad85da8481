/** What was last looked for in each conversation, as long as the page is open: whoever jumps to something comes back. */
const CONVERSATIONS_MAX = 50;
const texts = new Map<string, string>();

export const lastSearches = {
  get: (conversationId: string): string => texts.get(conversationId) ?? "",

  set(conversationId: string, text: string): void {
    texts.delete(conversationId);
    if (text !== "") texts.set(conversationId, text);
    const [oldest] = texts.keys();
    if (texts.size > CONVERSATIONS_MAX && oldest !== undefined) texts.delete(oldest);
  },

  /** For signing out. */
  clear(): void {
    texts.clear();
  },
};
