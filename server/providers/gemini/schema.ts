import { isRecord, listOf } from "@/server/wire/json";

/** What Google reads of JSON Schema. Source: Gemini API reference, "GenerationConfig", `responseJsonSchema`. */
const KEPT: ReadonlySet<string> = new Set([
  ...["$id", "$anchor", "type", "format", "title", "description", "enum", "minItems", "maxItems"],
  ...["minimum", "maximum", "required", "propertyOrdering"],
]);

/** These say nothing about which values are valid, so leaving them out loses nothing. */
const ANNOTATIONS: ReadonlySet<string> = new Set([
  ...["$schema", "$comment", "default", "example", "examples", "deprecated", "readOnly", "writeOnly", "nullable"],
  ...["definitions", "$defs", "strict", "markdownDescription", "contentEncoding", "contentMediaType"],
]);

/** Below this a schema is taken to be endless. */
const MAX_DEPTH = 64;

/**
 * A JSON Schema with what Google's dialect of it knows: `const`, `allOf`, `nullable` and `definitions` are said in its own
 * words; the names of constraints that it has no word for are added to `lost`, as `path.keyword`.
 */
export function toGoogleSchema(schema: unknown, lost: Set<string>, path: string): Record<string, unknown> {
  return convert(schema, { lost, path, depth: 0 });
}

type At = { readonly lost: Set<string>; readonly path: string; readonly depth: number };

function convert(schema: unknown, at: At): Record<string, unknown> {
  if (!isRecord(schema) || at.depth > MAX_DEPTH) return {};
  const below: At = { ...at, depth: at.depth + 1 };
  const defs = namedSchemas({ ...recordOf(schema.definitions), ...recordOf(schema.$defs) }, below);
  const defined = Object.keys(defs).length > 0 ? { $defs: defs } : {};
  // Beside a reference nothing else may stand.
  if (typeof schema.$ref === "string") return { $ref: schema.$ref.replace("#/definitions/", "#/$defs/"), ...defined };
  let made: Record<string, unknown> = defined;
  for (const [keyword, value] of Object.entries(schema)) {
    const part = convertKeyword(keyword, value, below);
    if (part) made = keyword === "allOf" ? merged(made, part) : { ...made, ...part };
    else if (!ANNOTATIONS.has(keyword) && !keyword.startsWith("x-")) at.lost.add(`${at.path}.${keyword}`);
  }
  return schema.nullable === true ? withNull(made) : made;
}

function convertKeyword(keyword: string, value: unknown, at: At): Record<string, unknown> | undefined {
  if (KEPT.has(keyword)) return { [keyword]: value };
  switch (keyword) {
    case "const":
      return { enum: [value] };
    case "properties":
      return { properties: namedSchemas(recordOf(value), at) };
    case "items":
      // A list of schemas was the older form of `prefixItems`.
      return Array.isArray(value)
        ? { prefixItems: value.map((one) => convert(one, at)) }
        : { items: convert(value, at) };
    case "prefixItems":
      return { prefixItems: listOf(value).map((one) => convert(one, at)) };
    case "anyOf":
    case "oneOf":
      return { anyOf: listOf(value).map((one) => convert(one, at)) };
    case "allOf":
      return listOf(value)
        .map((one) => convert(one, at))
        .reduce(merged, {});
    case "additionalProperties":
      return { additionalProperties: typeof value === "boolean" ? value : convert(value, at) };
    default:
      return undefined;
  }
}

function namedSchemas(schemas: Record<string, unknown>, at: At): Record<string, unknown> {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, convert(schema, at)]));
}

/** What holds when both do: their fields together, and of what both name the later. */
function merged(left: Record<string, unknown>, right: Record<string, unknown>): Record<string, unknown> {
  const properties = { ...recordOf(left.properties), ...recordOf(right.properties) };
  const required = [...new Set([...listOf(left.required), ...listOf(right.required)])];
  return {
    ...left,
    ...right,
    ...(Object.keys(properties).length > 0 && { properties }),
    ...(required.length > 0 && { required }),
  };
}

function withNull(schema: Record<string, unknown>): Record<string, unknown> {
  if (typeof schema.type === "string") return { ...schema, type: [schema.type, "null"] };
  return Array.isArray(schema.anyOf) ? { ...schema, anyOf: [...schema.anyOf, { type: "null" }] } : schema;
}

function recordOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}
