import { expect, test } from "vitest";
import { z } from "zod";
import { fits } from "@/server/gateway/fits";
import { ChatRequest } from "@/server/wire/chat";

const messages = [{ role: "user", content: "Hello" }];
const good = {
  model: "m",
  messages,
  stream: null,
  stop: ["a"],
  temperature: 0.5,
  max_tokens: 1,
  tools: [{ type: "function", extra: 1 }],
  unknown: { kept: true },
};

test("an ordinary chat request needs no parser, and is what zod would give back", () => {
  expect(fits(good, ChatRequest)).toBe(true);
  expect(ChatRequest.parse(good)).toEqual(good);
});

test.each([
  null,
  [],
  "text",
  {},
  { ...good, model: "" },
  { ...good, model: 1 },
  { ...good, messages: [] },
  { ...good, messages: [{}] },
  { ...good, messages: {} },
  { ...good, stream: "true" },
  { ...good, temperature: "1" },
  { ...good, max_tokens: 0 },
  { ...good, max_tokens: 1.5 },
  { ...good, max_tokens: 2 ** 53 },
  { ...good, n: 129 },
  { ...good, stop: [1] },
  { ...good, tools: [{ type: 1 }] },
])("what zod refuses never fits: %j", (value) => {
  expect(ChatRequest.safeParse(value).success).toBe(false);
  expect(fits(value, ChatRequest)).toBe(false);
});

test.each([
  ["a default", z.looseObject({ a: z.string().default("x") }), {}],
  ["a transformation", z.looseObject({ a: z.string().transform(Number) }), { a: "1" }],
  ["a trimmed text", z.looseObject({ a: z.string().trim() }), { a: " x " }],
  ["a format", z.looseObject({ a: z.email() }), { a: "x" }],
  ["a refinement", z.looseObject({ a: z.string().refine((text) => text === "y") }), { a: "x" }],
  ["fields left out", z.object({ a: z.string() }), { a: "x", b: 1 }],
  ["strict fields", z.strictObject({ a: z.string() }), { a: "x", b: 1 }],
  ["a refined object", z.looseObject({ a: z.string() }).refine(() => false), { a: "x" }],
])("%s is left to zod", (_, schema, value) => {
  expect(fits<unknown>(value, schema)).toBe(false);
});
