import type { JsonObject } from "@/server/dialects/dialect";
import { isRecord, listOf } from "@/server/wire/json";

const NUMBERS: ReadonlySet<string> = new Set([
  ...["minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"],
]);

/** Google's own form of schema, which is OpenAPI's with types in capitals, as JSON Schema. Source: Gemini API reference, "Schema". */
export function jsonSchemaOf(schema: JsonObject): JsonObject {
  const made: JsonObject = {};
  for (const [given, value] of Object.entries(schema)) {
    const name = given.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
    if (name === "type" && typeof value === "string") made.type = value.toLowerCase();
    else if (name === "properties" && isRecord(value)) made.properties = mapped(value);
    else if (name === "items" && isRecord(value)) made.items = jsonSchemaOf(value);
    else if (name === "anyOf") made.anyOf = listOf(value).map((one) => (isRecord(one) ? jsonSchemaOf(one) : {}));
    else if (NUMBERS.has(name)) made[name] = Number(value);
    else if (!isOwnWord(name, value)) made[name] = value;
  }
  return schema.nullable === true && typeof made.type === "string" ? { ...made, type: [made.type, "null"] } : made;
}

function mapped(properties: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, isRecord(schema) ? jsonSchemaOf(schema) : {}]),
  );
}

/** Words that JSON Schema does not have. */
function isOwnWord(name: string, value: unknown): boolean {
  return (
    name === "nullable" || name === "propertyOrdering" || name === "example" || (name === "format" && value === "enum")
  );
}
