import type { ZodType } from "zod";
import * as core from "zod/v4/core";
import { isRecord } from "@/server/wire/json";

type Test = (value: unknown) => boolean;

/** Tests that were made; undefined = the schema says something that a test cannot. */
const made = new WeakMap<core.$ZodType, Test | undefined>();

/**
 * Whether a value is what a schema asks for, so that parsing would give it back as it is. False may also mean that this cannot
 * be told here; then zod decides. It makes no copy, which with zod costs more than the rest of reading a body.
 */
export function fits<T>(value: unknown, schema: ZodType<T>): value is T {
  return testOf(schema)?.(value) ?? false;
}

function testOf(schema: core.$ZodType): Test | undefined {
  if (!made.has(schema)) made.set(schema, makeTest(schema));
  return made.get(schema);
}

function makeTest(schema: core.$ZodType): Test | undefined {
  if (schema instanceof core.$ZodOptional) return orElse(undefined, testOf(schema._zod.def.innerType));
  if (schema instanceof core.$ZodNullable) return orElse(null, testOf(schema._zod.def.innerType));
  if (schema instanceof core.$ZodUnknown) return () => true;
  if (schema instanceof core.$ZodBoolean) return plain(schema, (value) => typeof value === "boolean");
  if (schema instanceof core.$ZodString) return stringTest(schema);
  if (schema instanceof core.$ZodNumber) return numberTest(schema);
  if (schema instanceof core.$ZodArray) return arrayTest(schema);
  if (schema instanceof core.$ZodUnion) return unionTest(schema);
  if (schema instanceof core.$ZodLiteral) {
    const values = new Set<unknown>(schema._zod.def.values);
    return plain(schema, (value) => values.has(value));
  }
  return schema instanceof core.$ZodObject ? objectTest(schema) : undefined;
}

function orElse(other: null | undefined, test: Test | undefined): Test | undefined {
  return test && ((value) => value === other || test(value));
}

/** The test, where the schema has no further checks. */
function plain(schema: core.$ZodType, test: Test): Test | undefined {
  return schema._zod.def.checks?.length ? undefined : test;
}

function stringTest(schema: core.$ZodString): Test | undefined {
  if ("format" in schema._zod.def) return undefined;
  const min = leastLength(schema);
  return min === undefined ? undefined : (value) => typeof value === "string" && value.length >= min;
}

/** The smallest length that the schema's checks allow; undefined when they check something else too. */
function leastLength(schema: core.$ZodString | core.$ZodArray): number | undefined {
  let min = 0;
  for (const check of schema._zod.def.checks ?? []) {
    if (!(check instanceof core.$ZodCheckMinLength)) return undefined;
    min = Math.max(min, check._zod.def.minimum);
  }
  return min;
}

function numberTest(schema: core.$ZodNumber): Test | undefined {
  let [min, max] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const check of schema._zod.def.checks ?? []) {
    if (check instanceof core.$ZodCheckGreaterThan && check._zod.def.inclusive)
      min = Math.max(min, Number(check._zod.def.value));
    else if (check instanceof core.$ZodCheckLessThan && check._zod.def.inclusive)
      max = Math.min(max, Number(check._zod.def.value));
    else return undefined;
  }
  if (!(schema instanceof core.$ZodNumberFormat)) {
    return (value) => typeof value === "number" && Number.isFinite(value) && value >= min && value <= max;
  }
  if (schema._zod.def.format !== "safeint") return undefined;
  return (value) => typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max;
}

function arrayTest(schema: core.$ZodArray): Test | undefined {
  const test = testOf(schema._zod.def.element);
  const min = leastLength(schema);
  if (!test || min === undefined) return undefined;
  return (value) => Array.isArray(value) && value.length >= min && value.every(test);
}

function unionTest(schema: core.$ZodUnion): Test | undefined {
  const tests = schema._zod.def.options.map(testOf);
  if (!tests.every((test) => test !== undefined)) return undefined;
  return plain(schema, (value) => tests.some((test) => test(value)));
}

/** Only objects that let every further field pass: others give back less than what they are given. */
function objectTest(schema: core.$ZodObject): Test | undefined {
  const { shape, catchall } = schema._zod.def;
  if (!(catchall instanceof core.$ZodUnknown)) return undefined;
  const fields: { name: string; test: Test }[] = [];
  for (const [name, field] of Object.entries(shape)) {
    const test = testOf(field);
    if (!test) return undefined;
    fields.push({ name, test });
  }
  return plain(schema, (value) => isRecord(value) && fields.every(({ name, test }) => test(value[name])));
}
