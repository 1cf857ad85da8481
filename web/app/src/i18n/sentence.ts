/**
 * Sentences in ICU message syntax, as far as the client speaks it: `{name}`, `{count, number}`, `{part, number, percent}`,
 * `{count, plural, …}` with `#`, `{kind, select, …}`, and quotes around signs that mean themselves. A library would know
 * the rest as well, at ten times the size.
 */
export type Values = Record<string, string | number | Date>;
export type Sentence = (values: Values) => string;

type Part = (values: Values, count: number | undefined) => string;
type Options = ReadonlyMap<string, Part>;

/** Makes a sentence of a language out of its text. Fails if that is none: a check of the texts keeps that from happening. */
export function sentence(text: string, locale: string): Sentence {
  const reader = new Reader(text, locale);
  const whole = reader.parts();
  if (!reader.done) throw new SyntaxError(`too many braces in "${text}"`);
  return (values) => whole(values, undefined);
}

class Reader {
  #at = 0;

  constructor(
    private readonly text: string,
    private readonly locale: string,
  ) {}

  get done(): boolean {
    return this.#at >= this.text.length;
  }

  /** Everything up to a brace that closes what is around it. */
  parts(): Part {
    const parts: Part[] = [];
    while (!this.done && this.text[this.#at] !== "}") {
      if (this.#take("{")) parts.push(this.#argument());
      else if (this.#take("#")) parts.push(this.#count());
      else parts.push(this.#words());
    }
    return (values, count) => parts.map((part) => part(values, count)).join("");
  }

  #words(): Part {
    let words = "";
    while (!this.done && !"{}#".includes(this.text[this.#at] ?? "")) {
      if (this.#take("''")) words += "'";
      else if (/^'[{}#]/.test(this.text.slice(this.#at))) words += this.#quoted();
      else words += this.text[this.#at++];
    }
    return () => words;
  }

  #quoted(): string {
    const end = this.text.indexOf("'", this.#at + 1);
    const quoted = this.text.slice(this.#at + 1, end < 0 ? undefined : end);
    this.#at = end < 0 ? this.text.length : end + 1;
    return quoted;
  }

  #argument(): Part {
    const name = this.#word();
    if (this.#take("}")) return (values) => String(values[name]);
    this.#must(",");
    const type = this.#word();
    switch (type) {
      case "number": {
        const style = this.#take(",") ? this.#word() : "";
        this.#must("}");
        const format = new Intl.NumberFormat(this.locale, style === "percent" ? { style } : {});
        return (values) => format.format(Number(values[name]));
      }
      case "select": {
        const options = this.#options();
        // A number that is around it is not what it is about.
        return (values) => (options.get(String(values[name])) ?? other(options))(values, undefined);
      }
      case "plural": {
        const options = this.#options();
        const rules = new Intl.PluralRules(this.locale);
        return (values) => {
          const count = Number(values[name]);
          const chosen = options.get(`=${count}`) ?? options.get(rules.select(count)) ?? other(options);
          return chosen(values, count);
        };
      }
      default:
        throw new SyntaxError(`nobody knows how to say ${type} in "${this.text}"`);
    }
  }

  #options(): Options {
    const options = new Map<string, Part>();
    this.#must(",");
    do {
      const name = this.#word();
      this.#must("{");
      options.set(name, this.parts());
      this.#must("}");
      this.#blank();
    } while (!this.#take("}"));
    return options;
  }

  /** The number that a plural is about; outside of one the sign means itself. */
  #count(): Part {
    const format = new Intl.NumberFormat(this.locale);
    return (_, count) => (count === undefined ? "#" : format.format(count));
  }

  #word(): string {
    this.#blank();
    const [word = ""] = /^[\w=]+/.exec(this.text.slice(this.#at)) ?? [];
    if (word === "") throw new SyntaxError(`a name is missing at ${this.#at} in "${this.text}"`);
    this.#at += word.length;
    this.#blank();
    return word;
  }

  #blank(): void {
    while (/\s/.test(this.text[this.#at] ?? "")) this.#at += 1;
  }

  #must(sign: string): void {
    if (!this.#take(sign)) throw new SyntaxError(`${sign} is missing at ${this.#at} in "${this.text}"`);
  }

  #take(sign: string): boolean {
    if (!this.text.startsWith(sign, this.#at)) return false;
    this.#at += sign.length;
    return true;
  }
}

function other(options: Options): Part {
  return options.get("other") ?? (() => "");
}
