// Writes sdk/src/api.ts: the server's vocabulary as types, from the schemas of its OpenAPI document, and what travels over
// a socket, from its AsyncAPI document. With --check it writes nothing and fails when the file is not what it would write.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const target = new URL("../sdk/src/api.ts", import.meta.url);
const source = await readFile(new URL("../../docs/openapi.json", import.meta.url), "utf8");
const sockets = await readFile(new URL("../../docs/asyncapi.json", import.meta.url), "utf8");

// What openapi-typescript makes of paths and responses is forty times as long as what endpoints() makes of them.
const whole = /** @type {OpenApi} */ (JSON.parse(source));
const vocabulary = { ...whole, paths: {}, components: { schemas: whole.components.schemas } };
const types = astToString(await openapiTS(JSON.stringify(vocabulary)));
const text = `// Generated from docs/openapi.json and docs/asyncapi.json by \`npm run generate\`. Do not edit.\n\n${types}${endpoints(whole)}${frames(sockets)}`;

if (!process.argv.includes("--check")) {
  await writeFile(target, text);
} else if ((await readFile(target, "utf8")) !== text) {
  console.error("sdk/src/api.ts is not what docs/*.json says: run `npm run generate` and commit the result");
  process.exitCode = 1;
}

/**
 * @typedef {{ $ref?: string, type?: string | string[], enum?: string[], items?: Schema, properties?: Record<string, Schema>, required?: string[], oneOf?: Schema[] }} Schema
 * @typedef {Record<string, { schema: Schema } | undefined>} Content
 * @typedef {{ $ref?: string, name: string, in: string, required?: boolean, schema: Schema }} Parameter
 * @typedef {{ summary?: string, parameters?: Parameter[], requestBody?: { content: Content }, responses: Record<string, { content?: Content }> }} Endpoint
 * @typedef {{ paths: Record<string, Record<string, Endpoint>>, components: { schemas: unknown } }} OpenApi
 */

/**
 * A schema as a type.
 * @type {(schema: Schema | undefined) => string}
 */
function type(schema) {
  if (!schema) return "undefined";
  if (schema.$ref !== undefined) return `components["schemas"]["${schema.$ref.split("/").at(-1)}"]`;
  if (schema.oneOf) return schema.oneOf.map(type).join(" | ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const kinds = [schema.type ?? "object"].flat();
  return kinds.map((kind) => {
    if (kind === "integer") return "number";
    if (kind === "array") return `(${type(schema.items)})[]`;
    return kind === "object" ? fields(Object.entries(schema.properties ?? {}).map(([name, field]) => [name, field, schema.required?.includes(name) ?? false])) : kind;
  }).join(" | ");
}

/** @type {(fields: [name: string, schema: Schema, required: boolean][]) => string} */
function fields(list) {
  return `{ ${list.map(([name, schema, required]) => `${name}${required ? "" : "?"}: ${type(schema)}`).join("; ")} }`;
}

/**
 * What the REST interface answers, by method and path: what each takes, and what it gives.
 * @param {OpenApi} document
 */
function endpoints({ paths }) {
  const base = "/api/v1";
  const lines = Object.entries(paths).flatMap(([path, methods]) => {
    if (!path.startsWith(base)) return [];
    return Object.entries(methods).flatMap(([method, { summary, parameters = [], requestBody, responses }]) => {
      if (!/^(get|post|put|patch|delete)$/.test(method)) return [];
      /** @type {(place: string) => string} */
      const place = (place) => {
        const there = parameters.filter((parameter) => parameter.in === place);
        if (there.length === 0) return "";
        const optional = there.every(({ required }) => required !== true);
        return `${place}${optional ? "?" : ""}: ${fields(there.map(({ name, schema, required }) => [name, schema, required ?? false]))}; `;
      };
      const answer = Object.entries(responses).find(([status]) => status.startsWith("2"))?.[1].content;
      const body = requestBody?.content["application/json"]?.schema;
      const parts = place("path") + place("query") + (body ? `body: ${type(body)}; ` : "");
      return `    /** @description ${summary} */\n    "${method.toUpperCase()} ${path.slice(base.length)}": { ${parts}answer: ${type(answer?.["application/json"]?.schema)} };\n`;
    });
  });
  return `/** The REST interface, by method and path: what each takes, and what it answers. */\nexport interface Endpoints {\n${lines.join("")}}\n`;
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
