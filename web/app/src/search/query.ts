/**
 * What somebody looks for: words, and filters that are written between them, such as `from:ada after:2026-01-31`. All of
 * it is one text, so that an address holds it and it can be typed, sent to somebody, and found again.
 */
export interface Query {
  /** Words and phrases in quotation marks, as they were typed. */
  words: string;
  /** A username. */
  from?: string;
  /** The id of a conversation. */
  in?: string;
  /** Days in the calendar of whoever looks, as 2026-01-31: what was written before that day, or on it and after. */
  before?: string;
  after?: string;
  hasFile?: true;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** Phrases are not looked into: whoever quotes means it literally. */
const PARTS = /"[^"]*"?|\S+/g;

export function parseQuery(text: string): Query {
  const query: Query = { words: "" };
  const words: string[] = [];
  for (const part of text.match(PARTS) ?? []) if (!takeFilter(query, part)) words.push(part);
  return { ...query, words: words.join(" ") };
}

export function formatQuery({ words, from, in: id, before, after, hasFile }: Query): string {
  const filters = { from, in: id, after, before, has: hasFile && "file" };
  const written = Object.entries(filters).filter(([, value]) => value !== undefined && value !== "");
  return [words.trim(), ...written.map(([name, value]) => `${name}:${value}`)].filter((part) => part !== "").join(" ");
}

/** What the server is asked; nothing as long as there are no words. */
export function request({ words, from, in: id, before, after, hasFile }: Query) {
  if (words.trim() === "") return undefined;
  return {
    q: words,
    ...(from !== undefined && { from }),
    ...(id !== undefined && { conversationId: id }),
    ...(before !== undefined && { before: midnight(before) }),
    ...(after !== undefined && { after: midnight(after) }),
    ...(hasFile && { has: "file" as const }),
  };
}

function takeFilter(query: Query, part: string): boolean {
  const [, name, value = ""] = /^(from|in|before|after|has):(.+)$/.exec(part) ?? [];
  switch (name) {
    case "from":
      query.from = value.replace(/^@/, "");
      return true;
    case "in":
      query.in = value;
      return true;
    case "before":
    case "after":
      if (!isDay(value)) return false;
      query[name] = value;
      return true;
    case "has":
      if (value !== "file") return false;
      query.hasFile = true;
      return true;
    default:
      return false;
  }
}

function isDay(text: string): boolean {
  return DAY.test(text) && !Number.isNaN(new Date(`${text}T00:00`).getTime());
}

/** When a day begins here. */
function midnight(day: string): string {
  return new Date(`${day}T00:00`).toISOString();
}
