import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { ConfigError } from "@/server/config/config-error";
import { parseConfig } from "@/server/config/parse";
import { sha256 } from "@/server/secret";

const variables: Record<string, string> = {
  SECRET: "sk-very-secret-value-of-a-vendor",
  KEY: "condt_a-key-that-is-long-enough",
  NAME: "hidden-name",
  BAD_URL: "ftp://user:password@secret-host",
  SHORT: "short-secret",
  LINES: "sk-secret-with-a\nline-break",
  EMPTY: "",
};
const parse = (document: unknown) => parseConfig(JSON.stringify(document), "conduit.json", (name) => variables[name]);
/** Written so that no literal of this file looks like a template. */
const variable = (name: string): string => `$${"{"}${name}}`;

const provider = { name: "openai", type: "openai", keys: [{ name: "main", apiKey: variable("SECRET") }] };
const deployment = { provider: "openai", model: "gpt-4o" };
const model = { name: "fast", deployments: [deployment] };
const key = { name: "dev", key: variable("KEY") };

function problemsOf(document: unknown): string[] {
  try {
    parse(document);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  return [];
}

test("no error repeats the value of a variable", () => {
  const found = problemsOf({
    providers: [
      { name: "a", type: variable("SECRET"), baseUrl: variable("BAD_URL"), headers: { "x-a": variable("LINES") } },
    ],
    models: [
      { name: variable("NAME"), strategy: variable("SECRET"), fallbacks: [variable("SECRET"), variable("NAME")] },
      { name: variable("NAME"), deployments: [{ provider: variable("SECRET"), model: "x" }] },
    ],
    virtualKeys: [
      {
        name: "k",
        key: variable("SHORT"),
        group: variable("SECRET"),
        expiresAt: variable("SECRET"),
        limits: { rpm: variable("SECRET") },
      },
    ],
  });
  expect(found.length).toBeGreaterThan(9);
  const text = found.join("\n");
  for (const value of Object.values(variables).filter((value) => value !== "")) expect(text).not.toContain(value);
  expect(text).toContain(variable("SECRET"));
});

test("only a provider whose type has a list of models can be probed, and not more often than every ten seconds", () => {
  const { keys } = provider;
  expect(problemsOf({ providers: [{ ...provider, probeSeconds: 10 }] })).toEqual([]);
  expect(problemsOf({ providers: [{ ...provider, probeSeconds: 9 }] })).toEqual([
    "providers[0].probeSeconds: must be at least 10",
  ]);
  expect(problemsOf({ providers: [{ name: "a", type: "jina", keys, probeSeconds: 60 }] })).toEqual([
    'providers[0].probeSeconds: must be left out; the type "jina" has no list of models to ask for',
  ]);
});

describe("a file that is not JSON", () => {
  test.each([
    ['{"models": [],}', "is not valid JSON at line 1, column 15"],
    ['{\n  "models": [\n  // none\n]}', "is not valid JSON"],
    ['{"models": [', "is not valid JSON: it ends too early"],
    ['{"apiKey": sk-secret}', "is not valid JSON"],
    ["", "is not valid JSON: it ends too early"],
  ])("%j is refused without quoting it", (text, message) => {
    expect(() => parseConfig(text, "conduit.json", () => undefined)).toThrow(message);
    expect(() => parseConfig(text, "conduit.json", () => undefined)).not.toThrow("sk-secret");
  });

  test("a byte order mark is no problem", () => {
    expect(parseConfig("\uFEFF{}", "conduit.json", () => undefined).config.models).toEqual([]);
  });
});

describe("what is read", () => {
  test("everything may be left out", () => {
    expect(parse({}).config).toEqual({
      providers: [],
      models: [],
      groups: [],
      rules: [],
      virtualKeys: [],
      limits: null,
    });
    expect(parse({ $schema: "http://localhost:5000/conduit.schema.json" }).config.providers).toEqual([]);
  });

  test("variables are put in, and an escaped one is not", () => {
    const headers = { "x-a": `before ${variable("NAME")} after`, "x-b": `$${variable("NAME")}`, "x-c": "$5 {a}" };
    const { config } = parse({ providers: [{ ...provider, headers }] });
    expect(config.providers[0]?.headers).toEqual({
      "x-a": "before hidden-name after",
      "x-b": variable("NAME"),
      "x-c": "$5 {a}",
    });
  });

  test("a credential cannot be printed, and a virtual key is kept as a hash only", () => {
    const parsed = parse({ providers: [provider], virtualKeys: [key] });
    expect(parsed.config.providers[0]?.keys[0]?.apiKey.reveal()).toBe(variables.SECRET);
    expect(parsed.config.virtualKeys[0]).toMatchObject({
      hash: sha256(variables.KEY ?? ""),
      prefix: "condt_a-ke",
      last4: "ough",
    });
    for (const text of [JSON.stringify(parsed), inspect(parsed, { depth: 9 }), String(parsed.resolved)]) {
      expect(text).not.toContain(variables.SECRET);
      expect(text).not.toContain(variables.KEY);
    }
  });

  test("money becomes exact nano-dollars", () => {
    const price = { inputPerMillion: 0.07, outputPerMillion: 10, cachedInputPerMillion: 0.0000001, perCall: 0.005 };
    const { config } = parse({
      providers: [provider],
      models: [{ ...model, deployments: [{ ...deployment, price }] }],
      groups: [{ name: "team", balanceUsd: 0.1 }],
      virtualKeys: [{ ...key, group: "team", budgets: [{ period: "month", limitUsd: 1_234.56 }] }],
    });
    const rates = { input: 70_000_000, output: 10_000_000_000, cachedInput: 100, request: 5_000_000 };
    expect(config.models[0]?.deployments[0]?.price).toEqual(rates);
    expect(config.groups[0]?.balanceNano).toBe(100_000_000n);
    expect(config.virtualKeys[0]?.budgets[0]?.limitNano).toBe(1_234_560_000_000n);
  });

  test("addresses lose their trailing slash, expiry becomes a moment", () => {
    const { config } = parse({
      providers: [{ ...provider, baseUrl: "https://host.example/v1//" }],
      virtualKeys: [{ ...key, expiresAt: "2030-01-31" }],
    });
    expect(config.providers[0]?.baseUrl).toBe("https://host.example/v1");
    expect(config.virtualKeys[0]?.expiresAt).toEqual(new Date("2030-01-31T00:00:00Z"));
  });
});
