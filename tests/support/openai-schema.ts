import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

const path = process.env.OPENAI_OPENAPI ?? join(import.meta.dirname, "../../../shared/specs/openai-openapi.json");
const DOCUMENT = "openai.json";

/** Made at the first use: reading and registering two megabytes of schemas takes a moment. */
let ajv: Ajv2020 | undefined;
const validators = new Map<string, ValidateFunction>();

/**
 * What is wrong with a value, seen from a schema of OpenAI's published API description (`components.schemas`, by name); empty
 * when it is as described. Throws for a name that the description does not have.
 */
export function validateAgainst(schemaName: string, value: unknown): string[] {
  let validate = validators.get(schemaName);
  if (!validate) {
    validate = description().compile({ $ref: `${DOCUMENT}#/components/schemas/${schemaName}` });
    validators.set(schemaName, validate);
  }
  if (validate(value)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath || "/"} ${message ?? "is wrong"} ${JSON.stringify(params)}`,
  );
}

/** Formats are not checked: the description uses some of its own, such as `unixtime`. */
function description(): Ajv2020 {
  if (!ajv) {
    ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false, logger: false });
    ajv.addSchema(JSON.parse(readFileSync(path, "utf8"), withNull), DOCUMENT);
  }
  return ajv;
}

/** Older OpenAPI says `nullable` beside anything; JSON Schema knows null as a type, and not beside an enumeration without it. */
function withNull(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("nullable" in value)) return value;
  if ("type" in value && !("enum" in value)) return value;
  const { nullable, ...rest } = value;
  return nullable === true ? { anyOf: [rest, { type: "null" }] } : rest;
}
