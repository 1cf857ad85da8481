/** Part of a line; a string is shown as it is. */
export type Inline =
  | string
  | { kind: "code"; text: string }
  | { kind: "link"; href: string; parts: Inline[] }
  | { kind: "mention"; name: string; text: string }
  | { kind: "strong" | "em" | "strike"; parts: Inline[] };

/** Makes one string of those that follow each other. */
export function merge(parts: Inline[]): Inline[] {
  const result: Inline[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (typeof part !== "string") result.push(part);
    else if (typeof last === "string") result[result.length - 1] = last + part;
    else if (part !== "") result.push(part);
  }
  return result;
}

/** What a reader sees of it. */
export function plain(parts: Inline[]): string {
  return parts.map((part) => (typeof part === "string" ? part : "parts" in part ? plain(part.parts) : part.text)).join("");
}
