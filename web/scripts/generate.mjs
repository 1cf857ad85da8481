// Writes sdk/src/api.ts: the server's vocabulary as types, from the schemas of its OpenAPI document, and what travels over
// a socket, from its AsyncAPI document. With --check it writes nothing and fails when the file is not what it would write.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const target = new URL("../sdk/src/api.ts", import.meta.url);
const source = await readFile(new URL("../../docs/openapi.json", import.meta.url), "utf8");
const sockets = await readFile(new URL("../../docs/asyncapi.json", import.meta.url), "utf8");

// Requests are few and have their functions in server.ts; only what travels in them is generated.
const whole = /** @type {{ components: { schemas: unknown } }} */ (JSON.parse(source));
const vocabulary = { ...whole, paths: {}, components: { schemas: whole.components.schemas } };
const types = astToString(await openapiTS(JSON.stringify(vocabulary)));
const text = `// Generated from docs/openapi.json and docs/asyncapi.json by \`npm run generate\`. Do not edit.\n\n${types}${frames(sockets)}`;

if (!process.argv.includes("--check")) {
  await writeFile(target, text);
} else if ((await readFile(target, "utf8")) !== text) {
  console.error("sdk/src/api.ts is not what docs/*.json says: run `npm run generate` and commit the result");
  process.exitCode = 1;
}

/**
 * What clients can ask a socket for, with its answer, and what the server says by itself.
 * @param {string} document
 */
function frames(document) {
  /**
   * @typedef {{ $ref?: string, properties?: Record<string, Schema> }} Schema
   * @typedef {{ $ref: string }} Reference
   * @typedef {{ action: "send" | "receive", summary: string, messages: Reference[], reply?: { messages: Reference[] } }} Operation
   */
  const { operations, components } =
    /** @type {{ operations: Record<string, Operation>, components: { messages: Record<string, { payload: Schema }> } }} */ (
      JSON.parse(document)
    );
  /** @type {(reference: Reference | undefined) => string} */
  const payload = (reference) => {
    const message = reference && components.messages[reference.$ref.split("/").at(-1) ?? ""];
    if (!message) throw new Error(`docs/asyncapi.json has no message ${reference?.$ref}`);
    return name(message.payload.properties?.["payload"] ?? {});
  };
  /** @type {(schema: Schema) => string} */
  const name = ({ $ref }) =>
    $ref === undefined ? "object" : `components["schemas"]["${$ref.split("/").at(-1)}"]`;
  /** @type {(of: Operation["action"], type: (operation: Operation) => string) => string} */
  const list = (of, type) =>
    Object.entries(operations)
      .filter(([, { action }]) => action === of)
      .map(([kind, operation]) => `    /** @description ${operation.summary}. */\n    "${kind}": ${type(operation)};\n`)
      .join("");
  const requests = list("receive", ({ messages, reply }) => `[${payload(messages[0])}, ${payload(reply?.messages[0])}]`);
  const events = list("send", ({ messages }) => payload(messages[0]));
  return (
    `/** What a socket can be asked for, by its type: what it takes, and what it answers. */\n` +
    `export interface ClientRequests {\n${requests}}\n` +
    `/** What a socket says by itself, by its type. */\nexport interface ServerEvents {\n${events}}\n`
  );
}
