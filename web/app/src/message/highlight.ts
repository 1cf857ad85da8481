import type { Emitter, HLJSApi } from "highlight.js";

/** A piece of code, and what it is in its language, if anything. */
export interface Piece {
  text: string;
  kind: string | undefined;
}

/** Code longer than this is shown as it is: colouring would hold up the page. */
const CHARACTERS_MAX = 60_000;

let library: Promise<HLJSApi> | undefined;

/**
 * Tells what the pieces of code are; `undefined` if the language is not known or the library cannot be loaded. The
 * library is made to collect pieces rather than to write HTML.
 */
export async function highlight(code: string, language: string): Promise<Piece[] | undefined> {
  if (language === "" || code.length > CHARACTERS_MAX) return undefined;
  const hljs = await load().catch(() => undefined);
  if (!hljs?.getLanguage(language)) return undefined;
  const { _emitter } = hljs.highlight(code, { language, ignoreIllegals: true });
  const { pieces } = _emitter as Pieces;
  // A grammar that fails midway leaves something out, and code must never lose a character.
  return pieces.map(({ text }) => text).join("") === code ? pieces : undefined;
}

/** Cut into lines, so that some of them can be shown. */
export function lines(pieces: readonly Piece[]): Piece[][] {
  const result: Piece[][] = [[]];
  for (const { text, kind } of pieces) {
    text.split("\n").forEach((part, index) => {
      if (index > 0) result.push([]);
      if (part !== "") result.at(-1)?.push({ text: part, kind });
    });
  }
  return result;
}

function load(): Promise<HLJSApi> {
  library ??= import("highlight.js/lib/common").then(({ default: hljs }) => {
    hljs.configure({ __emitter: Pieces });
    return hljs;
  });
  // Not for ever: the next block of code tries again.
  library.catch(() => (library = undefined));
  return library;
}

/** Collects what the library would write. */
class Pieces implements Emitter {
  readonly pieces: Piece[] = [];
  readonly #scopes: string[] = [];

  startScope(name: string): void {
    this.#scopes.push(name);
  }

  openNode(name: string): void {
    this.startScope(name);
  }

  endScope(): void {
    this.#scopes.pop();
  }

  closeNode(): void {
    this.endScope();
  }

  addText(text: string): void {
    // `title.function` is a title first of all.
    const kind = this.#scopes.at(-1)?.split(".")[0];
    const last = this.pieces.at(-1);
    if (last && last.kind === kind) last.text += text;
    else if (text !== "") this.pieces.push({ text, kind });
  }

  __addSublanguage(emitter: Emitter): void {
    for (const piece of (emitter as Pieces).pieces) this.pieces.push(piece);
  }

  finalize(): void {
    this.#scopes.length = 0;
  }

  toHTML(): string {
    return "";
  }
}
