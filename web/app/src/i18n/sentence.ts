/** What takes the place of a name in a sentence. */
export type Values = Readonly<Record<string, string | number>>;

/** A sentence as it was read when the client was built; `sentences.vite.ts` makes it from ICU message syntax. */
export type Sentence = string | readonly Piece[];

/** Some text, or what depends on a value: as it is, as a number, or as one of several texts. */
export type Piece =
  | string
  | {
      readonly of: string;
      readonly number?: "decimal" | "percent";
      readonly select?: Options;
      readonly plural?: Options;
    };

type Options = Readonly<Record<string, readonly Piece[]>>;

const RIGHT_TO_LEFT = /^ar/;
/** Hebrew, Arabic and their kin. */
const LEFTWARD = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
/** Any other letter. */
const RIGHTWARD = /(?![\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc])\p{L}/u;

/** How numbers are written and counted in one language. Making these is slow, so they are made once. */
export class Numbers {
  readonly #formats: Partial<Record<"decimal" | "percent", Intl.NumberFormat>> = {};
  readonly #rules: Intl.PluralRules;

  /** Letters that are written the other way than the language. */
  readonly opposite: RegExp;

  constructor(private readonly language: string) {
    this.opposite = RIGHT_TO_LEFT.test(language) ? RIGHTWARD : LEFTWARD;
    this.#rules = new Intl.PluralRules(language);
  }

  write(value: number, style: "decimal" | "percent"): string {
    return (this.#formats[style] ??= new Intl.NumberFormat(this.language, { style })).format(value);
  }

  /** Which of the plurals of the language a number takes. */
  plural(value: number): string {
    return this.#rules.select(value);
  }
}

/** Says a sentence with some values. */
export function say(sentence: Sentence, values: Values, numbers: Numbers): string {
  if (typeof sentence === "string") return sentence;
  return sentence.map((piece) => part(piece, values, numbers)).join("");
}

function part(piece: Piece, values: Values, numbers: Numbers): string {
  if (typeof piece === "string") return piece;
  const value = values[piece.of];
  // The types of the sentences ask for every value.
  if (value === undefined) throw new TypeError(`a sentence lacks its ${piece.of}`);
  if (piece.number) return numbers.write(Number(value), piece.number);
  if (piece.select) return say(piece.select[value] ?? piece.select["other"] ?? "", values, numbers);
  if (piece.plural) {
    const chosen = piece.plural[`=${value}`] ?? piece.plural[numbers.plural(Number(value))] ?? piece.plural["other"];
    return say(chosen ?? "", values, numbers);
  }
  return apart(String(value), numbers.opposite);
}

/**
 * A name that is written the other way would take along the signs that stand beside it in the sentence: it stands by itself,
 * between the two signs that Unicode has for this (UAX #9, section 2.7) and that nobody sees.
 */
function apart(value: string, opposite: RegExp): string {
  return opposite.test(value) ? `\u2068${value}\u2069` : value;
}
