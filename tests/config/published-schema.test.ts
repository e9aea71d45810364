import { join } from "node:path";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { ConfigFile, configJsonSchema } from "@/server/config/schema";

const file = join(import.meta.dirname, "../../public/conduit.schema.json");

test("the published schema is the one that files are checked with (after a change: npm test -- tests/config/published-schema.test.ts -u)", async () => {
  await expect(`${JSON.stringify(configJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(file);
});

const provider = { name: "openai", type: "openai", keys: [{ name: "main", apiKey: "sk-1", weight: 1 }] };
const deployment = { provider: "openai", model: "gpt-4o", priority: 0, weight: 1, price: { inputPerMillion: 2.5 } };
const model = { name: "fast", strategy: "weighted", fallbacks: ["slow"], deployments: [deployment] };
const key = { name: "dev", key: "condt_0123456789", group: "team", models: ["*"], expiresAt: null };

const good: readonly unknown[] = [
  {},
  { $schema: "http://localhost:5000/conduit.schema.json" },
  { providers: [provider], models: [model], groups: [{ name: "team", balanceUsd: 100 }], virtualKeys: [key] },
  {
    providers: [
      {
        name: "a",
        type: "b",
        baseUrl: "https://c/v1",
        allowPrivateNetwork: true,
        headers: { d: "e" },
        options: { f: [1, null, { g: true }] },
      },
    ],
  },
  {
    virtualKeys: [
      {
        ...key,
        expiresAt: "2030-01-31",
        budgets: [{ period: "month", limitUsd: 5 }],
        limits: { rpm: 600, rph: 1, rpd: 1, tpm: 1, tpd: 1, concurrent: 50 },
        modelLimits: [{ model: "gpt-*", rpm: 1, tpd: 2 }],
      },
    ],
    groups: [{ name: "team", limits: { rpd: 5 } }],
    limits: { rpm: 10_000 },
  },
];

const bad: readonly unknown[] = [
  [],
  { provider: [] },
  { providers: {} },
  { providers: [{ ...provider, extra: 1 }] },
  { providers: [{ name: "openai" }] },
  { providers: [{ ...provider, keys: [{ name: "main" }] }] },
  { providers: [{ ...provider, keys: [{ apiKey: "sk-1", weight: -1 }] }] },
  { providers: [{ ...provider, headers: { a: 1 } }] },
  { providers: [{ ...provider, allowPrivateNetwork: "yes" }] },
  { providers: [{ ...provider, probeSeconds: 9 }] },
  { models: [{ ...model, name: "" }] },
  { models: [{ ...model, strategy: "best" }] },
  { models: [{ ...model, fallbacks: "slow" }] },
  { models: [{ ...model, deployments: [{ ...deployment, priority: 0.5 }] }] },
  { models: [{ ...model, deployments: [{ ...deployment, price: { inputPerMillion: -1 } }] }] },
  { models: [{ ...model, deployments: [{ ...deployment, price: { input: 1 } }] }] },
  { groups: [{ name: "team", balanceUsd: "100" }] },
  { virtualKeys: [{ name: "dev" }] },
  { virtualKeys: [{ ...key, models: [] }] },
  { virtualKeys: [{ ...key, expiresAt: 5 }] },
  { virtualKeys: [{ ...key, budgets: [{ period: "hour", limitUsd: 1 }] }] },
  { virtualKeys: [{ ...key, budgets: [{ period: "day" }] }] },
  { virtualKeys: [{ ...key, limits: { rpm: 0 } }] },
  { virtualKeys: [{ ...key, modelLimits: [{ rpm: 1 }] }] },
  { groups: [{ name: "team", limits: { rps: 1 } }] },
  { limits: { tpm: 0.5 } },
];

const published = new Ajv({ strict: true, strictTypes: false }).compile(configJsonSchema());

test.each(good.map((document) => ({ document })))("both take $document", ({ document }) => {
  expect(published(document)).toBe(true);
  expect(ConfigFile.safeParse(document).success).toBe(true);
});

test.each(bad.map((document) => ({ document })))("both refuse $document", ({ document }) => {
  expect(published(document)).toBe(false);
  expect(ConfigFile.safeParse(document).success).toBe(false);
});

test("an editor takes a variable where the value is a choice", () => {
  const strategy = ["$", "{STRATEGY}"].join("");
  expect(published({ models: [{ ...model, strategy }] })).toBe(true);
});
