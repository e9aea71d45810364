import { isRecord, listOf } from "@/server/wire/json";

/** Limits that structured output does not know; the API refuses them. Source: Claude documentation, "Structured outputs", limitations. */
const LIMITS: ReadonlySet<string> = new Set([
  ...["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
  ...["minLength", "maxLength", "maxItems", "minProperties", "maxProperties"],
]);
const FORMATS: ReadonlySet<unknown> = new Set([
  ...["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"],
]);
const NAMED: ReadonlySet<string> = new Set(["properties", "$defs", "definitions"]);

/** Below this a schema is taken to be endless. */
const MAX_DEPTH = 64;

type At = { readonly lost: Set<string>; readonly path: string; readonly depth: number };

/**
 * A JSON schema as structured output takes it: every object is closed, and limits that it does not know stand in the description,
 * where the model reads them. What is no longer enforced is added to `lost`, as `path.keyword`.
 */
export function outputSchema(
  schema: Record<string, unknown>,
  lost: Set<string>,
  path: string,
): Record<string, unknown> {
  return convert(schema, { lost, path, depth: 0 });
}

function convert(schema: Record<string, unknown>, at: At): Record<string, unknown> {
  if (at.depth > MAX_DEPTH) return {};
  const below = { ...at, depth: at.depth + 1 };
  const made: Record<string, unknown> = {};
  const told: string[] = [];
  for (const [keyword, value] of Object.entries(schema)) {
    if (isLimit(keyword, value)) {
      at.lost.add(`${at.path}.${keyword}`);
      told.push(`${keyword} ${JSON.stringify(value)}`);
    } else if (NAMED.has(keyword) && isRecord(value)) {
      made[keyword] = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inner(one, below)]));
    } else if (keyword === "anyOf" || keyword === "oneOf" || keyword === "allOf") {
      made[keyword === "allOf" ? keyword : "anyOf"] = listOf(value).map((one) => inner(one, below));
    } else made[keyword] = keyword === "items" ? inner(value, below) : value;
  }
  if (told.length > 0) made.description = [schema.description, `Limits: ${told.join(", ")}.`].filter(Boolean).join(" ");
  return isObject(schema) ? closed(made, at) : made;
}

function inner(schema: unknown, at: At): unknown {
  return isRecord(schema) ? convert(schema, at) : schema;
}

function isLimit(keyword: string, value: unknown): boolean {
  if (keyword === "format") return !FORMATS.has(value);
  return LIMITS.has(keyword) || (keyword === "minItems" && value !== 0 && value !== 1);
}

function isObject({ type, properties }: Record<string, unknown>): boolean {
  return type === "object" || listOf(type).includes("object") || (type === undefined && isRecord(properties));
}

/** Of a field that the schema does not name nothing is known, unless it says so. */
function closed(schema: Record<string, unknown>, { lost, path }: At): Record<string, unknown> {
  const { additionalProperties: open } = schema;
  if (open !== undefined && open !== false) lost.add(`${path}.additionalProperties`);
  return { ...schema, additionalProperties: false };
}
