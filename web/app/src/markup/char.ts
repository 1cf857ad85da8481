/** Whether this character and a letter next to it are parts of one word, in scripts that put spaces between words. */
export function joins(char: string): boolean {
  return /[0-9\p{Lowercase}\p{Uppercase}]/u.test(char);
}

export function charBefore(line: string, at: number): string {
  return Array.from(line.slice(Math.max(0, at - 2), at)).at(-1) ?? "";
}

export function charAt(line: string, at: number): string {
  const code = line.codePointAt(at);
  return code === undefined ? "" : String.fromCodePoint(code);
}

/** How many of the characters from here on have a property. */
export function run(line: string, from: number, has: (char: string) => boolean): number {
  let at = from;
  while (at < line.length) {
    const char = charAt(line, at);
    if (!has(char)) break;
    at += char.length;
  }
  return at - from;
}
