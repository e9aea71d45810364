import type { z } from "zod";
import { type Problem, pathText } from "@/server/config/config-error";
import { configJsonSchema } from "@/server/config/schema";
import { didYouMean } from "@/server/config/suggest";

const kinds: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "an array",
  object: "an object",
  record: "an object",
  null: "null",
};

/** What a schema found wrong, as sentences; no value of the document is repeated in them. */
export function shapeProblems(issues: readonly z.core.$ZodIssue[]): Problem[] {
  return issues.flatMap((issue): Problem[] => {
    if (issue.code !== "unrecognized_keys") return [{ path: pathText(issue.path), message: sentence(issue) }];
    const known = knownFields(issue.path);
    return issue.keys.map((key) => ({
      path: pathText([...issue.path, key]),
      message: `is not a known field${didYouMean(key, known)}`,
    }));
  });
}

function sentence(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type": {
      const wanted = kinds[issue.expected] ?? issue.expected;
      return issue.input === undefined
        ? `is missing; it must be ${wanted}`
        : `must be ${wanted}, not ${kindOf(issue.input)}`;
    }
    case "invalid_value":
      return `must be one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
    case "too_small":
      return issue.origin === "number" || issue.origin === "int"
        ? `must be at least ${issue.minimum}`
        : "must not be empty";
    case "too_big":
      return issue.origin === "string"
        ? `must have at most ${issue.maximum} characters`
        : `must be at most ${issue.maximum}`;
    default:
      return issue.message;
  }
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "number" && !Number.isInteger(value)) return "a number with a fraction";
  return typeof value === "boolean" ? "a boolean" : (kinds[typeof value] ?? typeof value);
}

/** Names of the fields that the schema has at a place. */
function knownFields(path: readonly PropertyKey[]): string[] {
  let schema: unknown = configJsonSchema();
  for (const step of path)
    schema = isSchema(schema)
      ? typeof step === "number"
        ? schema.items
        : schema.properties?.[String(step)]
      : undefined;
  return isSchema(schema) ? Object.keys(schema.properties ?? {}) : [];
}

function isSchema(value: unknown): value is z.core.JSONSchema.BaseSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
