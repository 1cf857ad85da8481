import type { Account, Conversation } from "@natter/sdk";

/** Typing ends before the server is asked. */
const PAUSE_MS = 150;

export interface Further {
  /** Whether the server is still to answer. */
  readonly looking: boolean;
  /**
   * Those that are meant: `first` those that were listed when the text was typed, then `later` what came since, so that it
   * does not come between them. The server knows more spellings, so what it found is meant.
   */
  split(listed: readonly Conversation[], isMeant: (one: Conversation) => boolean): { first: Conversation[]; later: Conversation[] };
}

/** Asks the server for conversations by a name, of which nobody may have scrolled to. Called where a component begins. */
export function lookFurther(account: Account, query: () => string): Further {
  const text = $derived(query());
  const before = $derived.by(() => {
    void text;
    return idsOf(account.conversations.get().items);
  });
  let answer = $state.raw({ text: "", found: idsOf([]) });

  $effect(() => {
    const asked = text;
    if (asked === "") return;
    const look = async () => {
      const found = await find(account, asked);
      if (asked === text) answer = { text: asked, found };
    };
    const timer = setTimeout(() => void look(), PAUSE_MS);
    return () => clearTimeout(timer);
  });

  return {
    get looking() {
      return text !== "" && text !== answer.text;
    },
    split(listed, isMeant) {
      const first: Conversation[] = [];
      const later: Conversation[] = [];
      for (const one of listed) {
        const meant = isMeant(one);
        if (meant && before.has(one.id)) first.push(one);
        else if (meant || (answer.text === text && answer.found.has(one.id))) later.push(one);
      }
      return { first, later };
    },
  };
}

async function find(account: Account, query: string): Promise<ReadonlySet<string>> {
  try {
    const pages = await Promise.all([false, true].map((archived) => account.conversations.list({ query, archived })));
    return idsOf(pages.flatMap(({ data }) => data));
  } catch (error) {
    // What is listed is found without the server.
    console.warn(error);
    return idsOf([]);
  }
}

/** Never changed, only replaced. */
function idsOf(conversations: readonly Conversation[]): ReadonlySet<string> {
  return new Set(conversations.map(({ id }) => id));
}
