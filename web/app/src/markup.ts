import { Lexer, Tokenizer, type Token } from "marked";

/** A piece of a message as it is shown. */
export type Piece =
  | { kind: "text"; text: string }
  | { kind: "code"; text: string }
  | { kind: "block"; text: string; language: string }
  | { kind: "link"; text: string; href: string };

const no = (): undefined => undefined;

/** Of Markdown, knows fenced blocks, inline code and bare addresses; everything else is text as it was typed. */
class Subset extends Tokenizer {
  // Blocks.
  override code = no;
  override heading = no;
  override hr = no;
  override blockquote = no;
  override list = no;
  override html = no;
  override def = no;
  override table = no;
  override lheading = no;
  // Inside of lines.
  override escape = no;
  override tag = no;
  override link = no;
  override reflink = no;
  override emStrong = no;
  override br = no;
  override del = no;
}

/** Takes a message apart. Nothing becomes HTML on the way: the pieces are rendered as elements and text. */
export function pieces(content: string): Piece[] {
  const result: Piece[] = [];
  const text = (piece: string) => {
    const last = result.at(-1);
    if (last?.kind === "text") last.text += piece;
    else if (piece !== "") result.push({ kind: "text", text: piece });
  };
  const read = (token: Token) => {
    if (token.type === "code") result.push({ kind: "block", text: token.text as string, language: String(token["lang"] ?? "") });
    else if (token.type === "codespan") result.push({ kind: "code", text: token.text as string });
    else if (token.type === "link" && isWeb(token["href"])) {
      result.push({ kind: "link", text: token.raw, href: token["href"] });
    } else if ("tokens" in token && token.tokens && token.type === "paragraph") {
      for (const part of token.tokens) read(part);
      // The line break that ends a paragraph is not in its parts.
      text(token.raw.slice((token.text as string).length));
    } else text(token.raw);
  };
  for (const token of new Lexer({ gfm: true, tokenizer: new Subset() }).lex(content)) read(token);
  return result.flatMap((piece, index) => trimAtBlock(piece, result[index - 1], result[index + 1]));
}

/** A block stands on lines of its own, so the breaks next to it would show twice. */
function trimAtBlock(piece: Piece, before: Piece | undefined, after: Piece | undefined): Piece[] {
  if (piece.kind !== "text") return [piece];
  let { text } = piece;
  if (before?.kind === "block") text = text.replace(/^\n+/, "");
  if (after?.kind === "block") text = text.replace(/\n+$/, "");
  return text === "" ? [] : [{ kind: "text", text }];
}

function isWeb(href: unknown): href is string {
  return typeof href === "string" && /^https?:\/\//i.test(href);
}
