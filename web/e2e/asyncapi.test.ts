import { readFile } from "node:fs/promises";
import specs from "@asyncapi/specs";
import { Ajv } from "ajv";
import { expect, it } from "vitest";

interface Document {
  components: { messages: Record<string, { payload: object; examples: { payload: object }[] }>; schemas: object };
}

const file = new URL("../../docs/asyncapi.json", import.meta.url);
const asyncapi = JSON.parse(await readFile(file, "utf8")) as Document;
// Formats are for people: what they mean differs from one validator to the next.
const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });

it("is a document as AsyncAPI 3.0 defines it", () => {
  const check = ajv.compile(specs.schemasWithoutId["3.0.0"] as object);
  check(asyncapi);
  expect(check.errors).toBeNull();
});

it("gives an example of each message that is one", () => {
  const { messages, schemas } = asyncapi.components;
  for (const [name, { payload, examples }] of Object.entries(messages)) {
    const check = ajv.compile({ ...payload, components: { schemas } });
    expect(examples, name).toHaveLength(1);
    for (const example of examples) check(example.payload);
    expect(check.errors, name).toBeNull();
  }
});
