import { parse, TYPE, type MessageFormatElement } from "@formatjs/icu-messageformat-parser";
import type { Plugin } from "vite";
import type { Piece, Sentence } from "./src/i18n/sentence.ts";

const SENTENCES = /\/src\/i18n\/\w+\/\w+\.json$/;

/** Reads the sentences when the client is built, in ICU syntax, so that nobody's browser needs to know how. */
export function sentences(): Plugin {
  return {
    name: "natter-sentences",
    transform: {
      order: "pre",
      filter: { id: SENTENCES },
      handler(json) {
        const written = Object.entries(JSON.parse(json) as Record<string, string>);
        return { code: JSON.stringify(Object.fromEntries(written.map(([key, text]) => [key, read(text)]))), map: null };
      },
    },
  };
}

/** What a sentence consists of; a plain string if nothing in it depends on anything. */
export function read(text: string): Sentence {
  const pieces = pieced(parse(text, { ignoreTag: true }));
  return pieces.every((piece) => typeof piece === "string") ? pieces.join("") : pieces;
}

/** `#` is the number that the plural right around it depends on. */
function pieced(elements: readonly MessageFormatElement[], counted?: string): Piece[] {
  const options = (of: Record<string, { value: MessageFormatElement[] }>, plural?: string) =>
    Object.fromEntries(Object.entries(of).map(([option, { value }]) => [option, pieced(value, plural)]));
  return elements.map((element): Piece => {
    switch (element.type) {
      case TYPE.literal:
        return element.value;
      case TYPE.argument:
        return { of: element.value };
      case TYPE.number:
        if (element.style !== undefined && element.style !== null && element.style !== "percent") break;
        return { of: element.value, number: element.style === "percent" ? "percent" : "decimal" };
      case TYPE.pound:
        if (counted !== undefined) return { of: counted, number: "decimal" };
        break;
      case TYPE.select:
        return { of: element.value, select: options(element.options) };
      case TYPE.plural:
        if (element.offset !== 0 || element.pluralType !== "cardinal") break;
        return { of: element.value, plural: options(element.options, element.value) };
    }
    throw new Error(`the client does not know how to say ${JSON.stringify(element)}`);
  });
}
