// Writes sdk/src/api.ts: the server's vocabulary as types, from the schemas of its OpenAPI document. With --check it
// writes nothing and fails when the file is not what it would write.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const target = new URL("../sdk/src/api.ts", import.meta.url);
const source = await readFile(new URL("../../docs/openapi.json", import.meta.url), "utf8");

// Requests are few and have their functions in server.ts; only what travels in them is generated.
const whole = /** @type {{ components: { schemas: unknown } }} */ (JSON.parse(source));
const vocabulary = { ...whole, paths: {}, components: { schemas: whole.components.schemas } };
const types = astToString(await openapiTS(JSON.stringify(vocabulary)));
const text = `// Generated from docs/openapi.json by \`npm run generate\`. Do not edit.\n\n${types}`;

if (!process.argv.includes("--check")) {
  await writeFile(target, text);
} else if ((await readFile(target, "utf8")) !== text) {
  console.error("sdk/src/api.ts is not what docs/openapi.json says: run `npm run generate` and commit the result");
  process.exitCode = 1;
}
