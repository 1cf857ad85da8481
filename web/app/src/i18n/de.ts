import type { Sentence } from "./sentence.ts";

/** What the client says in this language, from one file for each part of it. */
export default Object.assign({}, ...Object.values(import.meta.glob("./de/*.json", { eager: true, import: "default" }))) as Record<string, Sentence>;
