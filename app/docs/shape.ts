import { z } from "zod";

/** What a value is, in a few words, and below it what it is made of. */
export type Shape = { type: string; note: string; fields: readonly Field[] };

/** One field of an object, with what it is. */
export type Field = Shape & { name: string; required: boolean };

/** As much of a JSON Schema as the reference shows. */
export type Schema = {
  $ref?: string | undefined;
  type?: string | string[] | undefined;
  format?: string | undefined;
  description?: string | undefined;
  enum?: unknown[] | undefined;
  const?: unknown;
  default?: unknown;
  minimum?: number | undefined;
  maximum?: number | undefined;
  maxLength?: number | undefined;
  properties?: Record<string, Schema> | undefined;
  required?: string[] | undefined;
  items?: Schema | undefined;
  additionalProperties?: Schema | boolean | undefined;
  anyOf?: Schema[] | undefined;
  oneOf?: Schema[] | undefined;
};

/** Reads a JSON Schema; what it does not know is left out. */
export const Schema: z.ZodType<Schema> = z.lazy(() =>
  z.object({
    $ref: z.string().optional(),
    type: z.union([z.string(), z.array(z.string())]).optional(),
    format: z.string().optional(),
    description: z.string().optional(),
    enum: z.array(z.unknown()).optional(),
    const: z.unknown().optional(),
    default: z.unknown().optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    maxLength: z.number().optional(),
    properties: z.record(z.string(), Schema).optional(),
    required: z.array(z.string()).optional(),
    items: Schema.optional(),
    additionalProperties: z.union([z.boolean(), Schema]).optional(),
    anyOf: z.array(Schema).optional(),
    oneOf: z.array(Schema).optional(),
  }),
);

/** Named schemas of a document, by their names. */
export type Named = Readonly<Record<string, Schema>>;

/** A schema in words and fields. A name that is met inside itself is not opened again. */
export function shapeOf(schema: Schema, named: Named, within: readonly string[] = []): Shape {
  const name = schema.$ref?.split("/").at(-1);
  if (name !== undefined) {
    const target = within.includes(name) ? undefined : named[name];
    // Unnamed schemas that the document shares stand for any JSON.
    return target && !name.startsWith("__")
      ? shapeOf(target, named, [...within, name])
      : { type: "any JSON", note: "", fields: [] };
  }
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return shapeOfChoices(schema, choices, { named, within });
  if (schema.items) {
    const item = shapeOf(schema.items, named, within);
    return { type: `array of ${item.type}`, note: joined(item.note, noteOf(schema)), fields: item.fields };
  }
  const open = schema.additionalProperties;
  if (typeof open === "object" && !schema.properties) {
    const value = shapeOf(open, named, within);
    return { type: `map of ${value.type}`, note: noteOf(schema), fields: value.fields };
  }
  return { type: wordsOf(schema), note: noteOf(schema), fields: fieldsOf(schema, { named, within }) };
}

type Place = { named: Named; within: readonly string[] };

function fieldsOf({ properties = {}, required = [] }: Schema, { named, within }: Place): Field[] {
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    required: required.includes(name),
    ...shapeOf(schema, named, within),
  }));
}

function shapeOfChoices(schema: Schema, choices: readonly Schema[], { named, within }: Place): Shape {
  const shapes = choices.map((choice) => shapeOf(choice, named, within));
  return {
    type: [...new Set(shapes.map((shape) => shape.type))].join(" or "),
    note: joined(...shapes.map((shape) => shape.note), noteOf(schema)),
    fields: shapes.flatMap((shape, at) =>
      shapes.slice(0, at).some((earlier) => sameFields(earlier, shape)) ? [] : shape.fields,
    ),
  };
}

function sameFields(one: Shape, other: Shape): boolean {
  return JSON.stringify(one.fields) === JSON.stringify(other.fields);
}

function wordsOf({ type, format, enum: values, const: value }: Schema): string {
  if (values) return values.map((one) => JSON.stringify(one)).join(" or ");
  if (value !== undefined) return JSON.stringify(value);
  const words = Array.isArray(type) ? type.join(" or ") : (type ?? "any JSON");
  return format ? words.replace("string", format) : words;
}

function noteOf(schema: Schema): string {
  const { minimum, maximum, maxLength, default: preset, description } = schema;
  // Whole numbers carry the range that JavaScript can count in.
  const least = minimum !== undefined && minimum > -Number.MAX_SAFE_INTEGER ? `at least ${minimum}` : "";
  const most = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? `at most ${maximum}` : "";
  const long = maxLength === undefined ? "" : `at most ${maxLength} characters`;
  return joined(description ?? "", least, most, long, preset === undefined ? "" : `default ${JSON.stringify(preset)}`);
}

function joined(...notes: readonly string[]): string {
  return [...new Set(notes.filter((note) => note !== ""))].join(", ");
}
