import { describe, expect, test } from "vitest";
import { ConfigError } from "@/server/config/config-error";
import { parseConfig } from "@/server/config/parse";

const variables: Record<string, string> = {
  SECRET: "sk-very-secret-value-of-a-vendor",
  KEY: "condt_a-key-that-is-long-enough",
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

describe("a problem is told with its place", () => {
  const cases: readonly [name: string, document: unknown, problem: string | RegExp][] = [
    ["unknown field at the top", { providrs: [] }, 'providrs: is not a known field; did you mean "providers"?'],
    [
      "unknown field deep inside",
      { providers: [{ ...provider, keys: [{ apiKey: "sk-1", wieght: 2 }] }] },
      'providers[0].keys[0].wieght: is not a known field; did you mean "weight"?',
    ],
    ["unknown field that is like none", { groups: [{ name: "a", zzz: 1 }] }, "groups[0].zzz: is not a known field"],
    ["wrong type of a list", { models: {} }, "models: must be an array, not an object"],
    ["wrong type of an entry", { models: ["fast"] }, "models[0]: must be an object, not a string"],
    [
      "number as text",
      { providers: [provider], models: [{ ...model, deployments: [{ ...deployment, weight: "1" }] }] },
      "models[0].deployments[0].weight: must be a number, not a string",
    ],
    [
      "fraction",
      { providers: [provider], models: [{ ...model, deployments: [{ ...deployment, priority: 0.5 }] }] },
      "models[0].deployments[0].priority: must be a whole number, not a number with a fraction",
    ],
    ["negative money", { groups: [{ name: "a", balanceUsd: -1 }] }, "groups[0].balanceUsd: must be at least 0"],
    ["missing field", { providers: [{ type: "openai" }] }, "providers[0].name: is missing; it must be a string"],
    ["empty name", { groups: [{ name: "" }] }, "groups[0].name: must not be empty"],
    [
      "unknown choice",
      { virtualKeys: [{ ...key, budgets: [{ period: "hour", limitUsd: 1 }] }] },
      'virtualKeys[0].budgets[0].period: must be one of "total", "day", "week", "month", "year", "hours"',
    ],
    [
      "missing variable",
      { providers: [{ ...provider, keys: [{ apiKey: variable("NOT_SET") }] }] },
      "providers[0].keys[0].apiKey: the environment variable NOT_SET is not set",
    ],
    [
      "broken variable",
      { groups: [{ name: `team-${variable("a-b")}` }] },
      /^groups\[0\]\.name: holds a .* that names no environment variable/,
    ],
    [
      "empty variable",
      { providers: [{ ...provider, keys: [{ apiKey: variable("EMPTY") }] }] },
      "providers[0].keys[0].apiKey: must not be empty",
    ],
    [
      "unknown provider",
      { providers: [provider], models: [{ ...model, deployments: [{ ...deployment, provider: "opnai" }] }] },
      'models[0].deployments[0].provider: there is no provider named "opnai" in this file; did you mean "openai"?',
    ],
    [
      "unknown fallback",
      { models: [{ name: "fast", fallbacks: ["slow"] }] },
      'models[0].fallbacks[0]: there is no model named "slow" in this file',
    ],
    [
      "unknown group",
      { groups: [{ name: "team-a" }], virtualKeys: [{ ...key, group: "team-b" }] },
      'virtualKeys[0].group: there is no group named "team-b" in this file; did you mean "team-a"?',
    ],
    [
      "unknown provider type",
      { providers: [{ ...provider, type: "antropic" }] },
      /^providers\[0\]\.type: there is no provider type "antropic"; did you mean "anthropic"\? \(known: /,
    ],
    ["provider twice", { providers: [provider, provider] }, 'providers[1].name: "openai" stands here more than once'],
    [
      "provider key twice",
      { providers: [{ ...provider, keys: [{ apiKey: "sk-1" }, { apiKey: "sk-2" }] }] },
      'providers[0].keys[1].name: "main" stands here more than once',
    ],
    [
      "model twice",
      { providers: [provider], models: [model, model] },
      'models[1].name: "fast" stands here more than once',
    ],
    [
      "deployment twice",
      { providers: [provider], models: [{ ...model, deployments: [deployment, { ...deployment, weight: 2 }] }] },
      "models[0].deployments[1]: is the same provider and model as deployments[0]",
    ],
    [
      "virtual key twice",
      { virtualKeys: [key, { ...key, name: "b" }] },
      "virtualKeys[1].key: is the same key as virtualKeys[0].key",
    ],
    [
      "period twice",
      {
        virtualKeys: [
          {
            ...key,
            budgets: [
              { period: "day", limitUsd: 1 },
              { period: "day", limitUsd: 2 },
            ],
          },
        ],
      },
      'virtualKeys[0].budgets[1].period: "day" stands here more than once',
    ],
    [
      "a rolling budget without its length",
      { groups: [{ name: "a", budgets: [{ period: "hours", limitUsd: 1 }] }] },
      "groups[0].budgets[0].hours: is missing; say how many",
    ],
    [
      "a length of a day",
      { virtualKeys: [{ ...key, budgets: [{ period: "day", hours: 24, limitUsd: 1 }] }] },
      'virtualKeys[0].budgets[0].hours: belongs to the period "hours" alone',
    ],
    [
      "a time zone that is none",
      { virtualKeys: [{ ...key, budgets: [{ period: "day", timeZone: "Mars", limitUsd: 1 }] }] },
      "virtualKeys[0].budgets[0].timeZone: must be the name of a time zone, such as Europe/Vienna",
    ],
    [
      "limits of a model twice",
      {
        virtualKeys: [
          {
            ...key,
            modelLimits: [
              { model: "a*", rpm: 1 },
              { model: "a*", rpm: 2 },
            ],
          },
        ],
      },
      'virtualKeys[0].modelLimits[1].model: "a*" stands here more than once',
    ],
    [
      "star amid the pattern of a limit",
      { virtualKeys: [{ ...key, modelLimits: [{ model: "a*b", rpm: 1 }] }] },
      'virtualKeys[0].modelLimits[0].model: may hold a "*" only as its last character',
    ],
    [
      "fallbacks in a circle",
      {
        models: [
          { name: "a", fallbacks: ["b"] },
          { name: "b", fallbacks: ["c"] },
          { name: "c", fallbacks: ["a"] },
        ],
      },
      "models[2].fallbacks[0]: leads in a circle: a → b → c → a",
    ],
    [
      "model that falls back to itself",
      { models: [{ name: "a", fallbacks: ["a"] }] },
      "models[0].fallbacks[0]: leads in a circle: a → a",
    ],
    [
      "model without anything to serve it",
      { models: [{ name: "a" }] },
      "models[0].deployments: is missing; a model needs deployments or fallbacks",
    ],
    [
      "empty price",
      { providers: [provider], models: [{ ...model, deployments: [{ ...deployment, price: {} }] }] },
      "models[0].deployments[0].price: needs at least one rate; leave it out to use the price library",
    ],
    [
      "type without an address",
      { providers: [{ name: "local", type: "openai-compatible" }] },
      'providers[0].baseUrl: is missing; the type "openai-compatible" has no address of its own',
    ],
    [
      "address of the demo",
      { providers: [{ name: "demo", type: "demo", baseUrl: "http://localhost" }] },
      'providers[0].baseUrl: must be left out; the type "demo" has no address',
    ],
    ...["not a url", "ftp://host/v1", "javascript:alert(1)"].map((baseUrl): [string, unknown, string] => [
      `address ${baseUrl}`,
      { providers: [{ ...provider, baseUrl }] },
      "providers[0].baseUrl: must be a URL that begins with https:// or http://",
    ]),
    [
      "address with a password",
      { providers: [{ ...provider, baseUrl: "https://user:pass@host/v1" }] },
      "providers[0].baseUrl: must not contain a user name or password; put the credential into keys",
    ],
    [
      "address with a query",
      { providers: [{ ...provider, baseUrl: "https://host/v1?key=1" }] },
      "providers[0].baseUrl: must not have a query or a fragment",
    ],
    [
      "header's name",
      { providers: [{ ...provider, headers: { "a b": "c" } }] },
      'providers[0].headers["a b"]: is not a valid name of a header',
    ],
    [
      "header's value",
      { providers: [{ ...provider, headers: { "x-a": "b\r\nc: d" } }] },
      'providers[0].headers["x-a"]: holds a line break or another character that a header cannot carry',
    ],
    [
      "slash in a provider's name",
      { providers: [{ ...provider, name: "a/b" }] },
      'providers[0].name: must not hold white space or a "/"; callers write provider/model',
    ],
    [
      "star in a model's name",
      { providers: [provider], models: [{ ...model, name: "gpt-*" }] },
      'models[0].name: must not hold white space or a "*"; keys use the star to match many models',
    ],
    [
      "space around a name",
      { groups: [{ name: "team " }] },
      "groups[0].name: must not begin or end with white space or hold control characters",
    ],
    ["no key", { virtualKeys: [{ name: "dev" }] }, "virtualKeys[0].key: is missing; it must be a string"],
    [
      "short key",
      { virtualKeys: [{ ...key, key: variable("SHORT") }] },
      "virtualKeys[0].key: must have at least 16 characters; it has 12",
    ],
    [
      "line break in a credential",
      { providers: [{ ...provider, keys: [{ apiKey: variable("LINES") }] }] },
      "providers[0].keys[0].apiKey: holds white space, a line break or another character that cannot be sent in a header",
    ],
    [
      "star inside an allowed model",
      { virtualKeys: [{ ...key, models: ["gpt-*-mini"] }] },
      'virtualKeys[0].models[0]: may hold a "*" only as its last character',
    ],
    [
      "expiry",
      { virtualKeys: [{ ...key, expiresAt: "next week" }] },
      "virtualKeys[0].expiresAt: must be a date such as 2030-01-31, a date and time such as 2030-01-31T12:00:00Z, or null",
    ],
    [
      "limit of nothing",
      { virtualKeys: [{ ...key, limits: { rpm: 0 } }] },
      "virtualKeys[0].limits.rpm: must be at least 1",
    ],
  ];

  test.each(cases)("%s", (_, document, problem) => {
    const found = problemsOf(document);
    expect(found).toHaveLength(1);
    if (typeof problem === "string") expect(found[0]).toBe(problem);
    else expect(found[0]).toMatch(problem);
  });

  test("none with a credential of parts, as JSON in several lines", () => {
    const apiKey = JSON.stringify({ tenantId: "t", clientId: "c", clientSecret: "s p" }, null, 2);
    expect(problemsOf({ providers: [{ ...provider, keys: [{ apiKey }] }] })).toEqual([]);
    expect(problemsOf({ providers: [{ ...provider, keys: [{ apiKey: "sk 1" }] }] })).toHaveLength(1);
  });

  test("all of them at once", () => {
    const found = problemsOf({
      providers: [{ name: "a", type: "opanai" }, 7],
      models: [{ name: "m", strategy: "best", deployments: [{ provider: "b", model: "x" }] }],
      virtualKeys: [{ name: "k", key: variable("NOT_SET"), group: "g" }],
      extra: true,
    });
    expect(found.map((problem) => problem.split(": ")[0]).sort()).toEqual([
      "extra",
      "models[0].deployments[0].provider",
      "models[0].strategy",
      "providers[0].type",
      "providers[1]",
      "virtualKeys[0].group",
      "virtualKeys[0].key",
    ]);
  });
});
