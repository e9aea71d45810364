import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { parseConfig } from "@/server/config/parse";
import { configJsonSchema } from "@/server/config/schema";

const root = join(import.meta.dirname, "../..");
const manual = readFileSync(join(root, "docs/configuration.md"), "utf8");
const example = /## conduit\.json\n\n```json\n(.*?)```/s.exec(manual)?.[1] ?? "";
const variables = new Set(
  readFileSync(join(root, "server/env.ts"), "utf8")
    .match(/^ {2}[A-Z][A-Z_]+(?=:)/gm)
    ?.map((name) => name.trim()),
);

test("the manual's example is a configuration that can be applied", () => {
  const values: Record<string, string> = { OPENAI_API_KEY: "sk-1", DEV_KEY: "condt_0123456789" };
  const { config } = parseConfig(example, "conduit.json", (name) => values[name]);
  expect(config.models.map(({ name }) => name)).toEqual(["my-gpt4", "small"]);
  expect(new Ajv({ strictTypes: false }).validate(configJsonSchema(), JSON.parse(example))).toBe(true);
});

test("the manual explains every environment variable, and no other", () => {
  const explained = manual.match(/^\| `[A-Z][A-Z_]+` \|/gm)?.map((row) => row.replace(/[|` ]/g, ""));
  expect(variables.size).toBeGreaterThan(20);
  expect(new Set(explained)).toEqual(variables);
});

test(".env.example lists every environment variable, and no other", () => {
  const listed = readFileSync(join(root, ".env.example"), "utf8").match(/^[A-Z][A-Z_]+(?==)/gm);
  expect(new Set(listed)).toEqual(variables);
});

test("every field of the file is in the manual", () => {
  const fields = fieldsOf(configJsonSchema());
  expect(fields.length).toBeGreaterThan(30);
  const isThere = (field: string): boolean =>
    [`\`${field}\``, `].${field}\``, `.${field}\``, `\`${field}[`, `\`${field}.`, `### ${field}\n`].some((text) =>
      manual.includes(text),
    );
  expect(fields.filter((field) => !isThere(field))).toEqual([]);
});

function fieldsOf(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const properties = "properties" in schema && typeof schema.properties === "object" ? (schema.properties ?? {}) : {};
  const inner = [...Object.values(properties), "items" in schema ? schema.items : undefined];
  const own = Object.keys(properties).filter((name) => name !== "$schema");
  return [...own, ...inner.flatMap(fieldsOf)];
}
