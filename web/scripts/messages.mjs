// Writes app/src/i18n/messages.ts: what each sentence of the client needs to be said, from the English ones. With --check it
// writes nothing and fails when the file is not what it would write, or when a language lacks a sentence, has one too
// many, or says one with other values or without a plural that it has.
import { parse, TYPE } from "@formatjs/icu-messageformat-parser";
import { readdir, readFile, writeFile } from "node:fs/promises";

/** @typedef {import("@formatjs/icu-messageformat-parser").MessageFormatElement} Element */

const folder = new URL("../app/src/i18n/", import.meta.url);
const target = new URL("messages.ts", folder);
/** @type {string[]} */
const problems = [];

/**
 * All sentences of a language, from the files of its folder.
 * @param {string} locale
 */
async function sentences(locale) {
  /** @type {Record<string, string>} */
  const all = {};
  for (const file of (await readdir(new URL(`${locale}/`, folder))).sort()) {
    const some = /** @type {Record<string, string>} */ (
      JSON.parse(await readFile(new URL(`${locale}/${file}`, folder), "utf8"))
    );
    for (const [key, sentence] of Object.entries(some)) {
      if (key in all) problems.push(`${locale}/${file}: ${key} is in two files`);
      all[key] = sentence;
    }
  }
  return all;
}

/**
 * The values that a sentence takes, with their types, and the plurals that it tells apart.
 * @param {string} sentence
 */
function needs(sentence) {
  /** @type {Map<string, string>} */
  const values = new Map();
  /** @type {string[][]} */
  const plurals = [];
  /** @type {(elements: Element[]) => void} */
  const walk = (elements) => {
    for (const element of elements) {
      if (element.type === TYPE.argument) values.set(element.value, values.get(element.value) ?? "string");
      if (element.type === TYPE.number) values.set(element.value, "number");
      if (element.type === TYPE.date || element.type === TYPE.time) values.set(element.value, "Date");
      if (element.type === TYPE.select) values.set(element.value, Object.keys(element.options).filter((option) => option !== "other").map((option) => JSON.stringify(option)).join(" | ") || "string");
      if (element.type === TYPE.plural) {
        values.set(element.value, "number");
        if (element.pluralType === "cardinal") plurals.push(Object.keys(element.options).filter((option) => !option.startsWith("=")));
      }
      if (element.type === TYPE.select || element.type === TYPE.plural) {
        for (const { value } of Object.values(element.options)) walk(value);
      }
    }
  };
  walk(parse(sentence, { ignoreTag: true }));
  return { values: [...values].sort(([a], [b]) => (a < b ? -1 : 1)), plurals };
}

const english = await sentences("en");
const lines = Object.entries(english).map(([key, sentence]) => {
  const values = needs(sentence).values.map(([name, type]) => `${name}: ${type}`);
  return `  /** ${sentence.replaceAll("*/", "")} */\n  ${key}: ${values.length === 0 ? "string" : `(values: { ${values.join("; ")} }) => string`};\n`;
});
const text = `// Generated from en/ by \`npm run generate\`. Do not edit.\n\n/** Every sentence that the client says. */\nexport interface Messages {\n${lines.join("")}}\n`;

const locales = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
for (const { name: locale } of locales) {
  const translated = await sentences(locale);
  const expected = new Intl.PluralRules(locale).resolvedOptions().pluralCategories;
  for (const key of Object.keys(translated)) if (!(key in english)) problems.push(`${locale}: nobody says ${key}`);
  for (const [key, sentence] of Object.entries(english)) {
    const said = translated[key];
    if (said === undefined) {
      problems.push(`${locale}: ${key} is missing`);
      continue;
    }
    const { values, plurals } = needs(said);
    if (JSON.stringify(values) !== JSON.stringify(needs(sentence).values)) problems.push(`${locale}: ${key} takes other values than in English`);
    for (const options of plurals) {
      const missing = expected.filter((category) => !options.includes(category));
      if (missing.length > 0) problems.push(`${locale}: ${key} has no plural for ${missing.join(", ")}`);
    }
  }
}

if (!process.argv.includes("--check")) {
  await writeFile(target, text);
} else if ((await readFile(target, "utf8")) !== text) {
  problems.push("app/src/i18n/messages.ts is not what en/ says: run `npm run generate` and commit the result");
}
if (process.argv.includes("--check")) {
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}
