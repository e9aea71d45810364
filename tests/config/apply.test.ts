import "@/tests/config/environment";

import { beforeEach, describe, expect, test } from "vitest";
import { prisma } from "@/server/db/prisma";
import { query } from "@/server/db/sql";
import { sha256 } from "@/server/secret";
import { secrets } from "@/server/secrets";
import { applyDocument as apply, clearDatabase, installation, snapshot } from "@/tests/config/installation";

installation();
beforeEach(clearDatabase);

const provider = {
  name: "openai",
  type: "openai",
  headers: { "x-b": "2", "x-a": "1" },
  options: { nested: { list: [1, null] } },
  probeSeconds: 60,
  limits: { tpm: 5_000, concurrent: 3 },
  keys: [
    { name: "main", apiKey: "sk-the-first-vendor-key" },
    { name: "spare", apiKey: "sk-2", weight: 3, limits: { rpm: 10 } },
  ],
};
const price = { inputPerMillion: 2.5, outputPerMillion: 10, cachedInputPerMillion: 1.25 };
const deployment = { provider: "openai", model: "gpt-4o", contextWindow: 64_000, price };
const model = { name: "fast", fallbacks: ["slow"], deployments: [deployment] };
const slow = { name: "slow", deployments: [{ provider: "openai", model: "gpt-4o-mini" }] };
const group = { name: "team", balanceUsd: 100 };
const key = {
  name: "dev",
  key: "condt_0123456789abcdef",
  group: "team",
  models: ["fast"],
  expiresAt: "2030-01-31",
  budgets: [{ period: "month", limitUsd: 5 }],
  limits: { rpm: 600, concurrent: 50 },
};
const everything = { providers: [provider], models: [model, slow], groups: [group], virtualKeys: [key] };

describe("a first application", () => {
  test("stores what the file declares, marked as managed", async () => {
    const applied = await apply(everything);
    expect(applied.created).toEqual([
      "provider openai",
      "provider-key openai/main",
      "provider-key openai/spare",
      "model fast",
      "deployment fast on openai/gpt-4o",
      "model slow",
      "deployment slow on openai/gpt-4o-mini",
      "group team",
      "virtual-key dev",
      "budget dev/month",
    ]);
    expect(applied).toMatchObject({ updated: [], removed: [], released: [], unchanged: 0 });
    expect(await prisma().provider.findFirst()).toMatchObject({
      name: "openai",
      baseUrl: null,
      headers: provider.headers,
      probeSeconds: 60,
      rpm: null,
      tpm: 5_000,
      concurrent: 3,
      managed: true,
    });
    const spare = await prisma().providerKey.findFirst({ where: { name: "spare" } });
    expect(spare).toMatchObject({ rpm: 10, tpm: null, concurrent: null });
    const [placed] = await prisma().deployment.findMany({ where: { upstreamModel: "gpt-4o" } });
    expect(placed).toMatchObject({ contextWindow: 64_000 });
    const stored = await prisma().virtualKey.findFirst({
      include: { group: true, budgets: true },
      omit: { hash: false },
    });
    expect(stored).toMatchObject({
      hash: sha256(key.key),
      last4: "cdef",
      models: ["fast"],
      rpm: 600,
      tpm: null,
      expiresAt: new Date("2030-01-31T00:00:00Z"),
      managed: true,
      group: { name: "team", balanceNano: 100_000_000_000n },
      budgets: [{ period: "month", limitNano: 5_000_000_000n, managed: true }],
    });
    const prices = await prisma().price.findMany();
    expect(prices).toMatchObject([
      {
        version: 1,
        source: "own",
        rates: { input: 2_500_000_000, output: 10_000_000_000, cachedInput: 1_250_000_000 },
      },
    ]);
  });

  test("seals credentials and shows neither them nor hashes in the audit", async () => {
    await apply(everything);
    const [row] = await prisma().providerKey.findMany({ where: { name: "main" }, omit: { sealed: false } });
    expect(row?.hint).toBe("-key");
    expect(
      secrets()
        .sealer.open(row?.sealed ?? "", `provider:${row?.providerId}`)
        .reveal(),
    ).toBe("sk-the-first-vendor-key");
    const audit = JSON.stringify(await prisma().auditEntry.findMany());
    expect(audit).toContain('"actor":"file"');
    for (const secret of ["sk-the-first-vendor-key", key.key, sha256(key.key), row?.sealed])
      expect(audit).not.toContain(secret);
  });

  test("that fails leaves nothing behind", async () => {
    const row = { prefix: "c", last4: "cdef" };
    await prisma().virtualKey.create({ data: { name: "dev", hash: "another", ...row } });
    await prisma().virtualKey.create({ data: { name: "theirs", hash: sha256(key.key), ...row } });
    const before = await snapshot();
    await expect(apply(everything)).rejects.toThrow(/virtualKeys\[0\]\.key: is the value of the stored key "theirs"/);
    // A sequence keeps what was drawn in a transaction that was rolled back.
    expect(await snapshot()).toEqual({ ...before, announced: expect.anything() });
  });
});

describe("a second application", () => {
  test("of the same file writes nothing and announces nothing", async () => {
    await apply(everything);
    const before = await snapshot();
    const applied = await apply(everything);
    expect(applied).toEqual({ created: [], updated: [], removed: [], released: [], unchanged: 10 });
    expect(await snapshot()).toEqual(before);
  });

  test("writes only what differs", async () => {
    await apply(everything);
    const changed = {
      ...provider,
      keys: [{ ...provider.keys[0], apiKey: "sk-the-second-vendor-key" }, provider.keys[1]],
    };
    const applied = await apply({
      ...everything,
      providers: [changed],
      virtualKeys: [{ ...key, budgets: [{ period: "month", limitUsd: 6 }] }],
    });
    expect(applied).toMatchObject({
      created: [],
      updated: ["provider-key openai/main", "budget dev/month"],
      removed: [],
      unchanged: 8,
    });
    expect(await prisma().budget.findFirst()).toMatchObject({ limitNano: 6_000_000_000n });
    const entries = await prisma().auditEntry.findMany({ where: { action: "update" }, orderBy: { noun: "asc" } });
    expect(entries.map(({ noun, detail }) => [noun, detail])).toEqual([
      ["budget", { limitNano: { from: "5000000000", to: "6000000000" } }],
      ["provider-key", { secret: "replaced" }],
    ]);
  });

  test("seals a credential anew that can no longer be opened", async () => {
    await apply(everything);
    await prisma().providerKey.updateMany({ where: { name: "main" }, data: { sealed: "v1.AAAA.AAAA.AAAA" } });
    expect((await apply(everything)).updated).toEqual(["provider-key openai/main"]);
  });
});

describe("what was made in the dashboard", () => {
  test("is taken over when the file declares its name", async () => {
    const theirs = await prisma().provider.create({
      data: { name: "openai", type: "openai", enabled: false, baseUrl: "https://old.example/v1" },
    });
    const team = await prisma().group.create({ data: { name: "team", balanceNano: 7n } });
    const applied = await apply({ providers: [{ name: "openai", type: "openai" }], groups: [{ name: "team" }] });
    expect(applied).toMatchObject({ created: [], updated: ["provider openai", "group team"] });
    expect(await prisma().provider.findMany()).toMatchObject([
      { id: theirs.id, enabled: true, managed: true, baseUrl: null },
    ]);
    expect(await prisma().group.findMany()).toMatchObject([{ id: team.id, balanceNano: 7n, managed: true }]);
  });

  test("stays when the file does not declare it", async () => {
    await apply(everything);
    await prisma().provider.create({ data: { name: "theirs", type: "demo" } });
    expect(await apply(everything)).toMatchObject({ removed: [], released: [] });
    expect(await prisma().provider.count()).toBe(2);
  });
});

describe("what is no longer declared", () => {
  test("is deleted", async () => {
    await apply(everything);
    const applied = await apply({});
    expect(applied.removed).toHaveLength(10);
    expect(applied).toMatchObject({ created: [], updated: [], released: [], unchanged: 0 });
    for (const table of [
      "provider",
      "provider_key",
      "model",
      "deployment",
      "price",
      "key_group",
      "virtual_key",
      "budget",
    ]) {
      expect(await query(`SELECT * FROM ${table}`), table).toEqual([]);
    }
  });

  test("is disabled and handed over when something of the dashboard depends on it", async () => {
    await apply(everything);
    const [openai, team, dev] = await Promise.all([
      prisma().provider.findFirstOrThrow(),
      prisma().group.findFirstOrThrow(),
      prisma().virtualKey.findFirstOrThrow(),
    ]);
    const theirs = await prisma().model.create({ data: { name: "theirs", fallbacks: ["slow"] } });
    await prisma().deployment.create({ data: { modelId: theirs.id, providerId: openai.id, upstreamModel: "gpt-5" } });
    await prisma().virtualKey.create({
      data: { name: "theirs", hash: "h", prefix: "p", last4: "l", groupId: team.id },
    });
    await prisma().budget.create({ data: { keyId: dev.id, period: "day", limitNano: 1n } });

    const applied = await apply({});
    expect(applied.released).toEqual(["model slow", "provider openai", "virtual-key dev", "group team"]);
    const handedOver = { enabled: false, managed: false };
    expect(await prisma().provider.findFirst()).toMatchObject(handedOver);
    expect(await prisma().group.findFirst()).toMatchObject(handedOver);
    expect(await prisma().virtualKey.findFirst({ where: { name: "dev" } })).toMatchObject(handedOver);
    expect(await prisma().model.findMany({ orderBy: { name: "asc" } })).toMatchObject([
      { name: "slow", ...handedOver },
      { name: "theirs", enabled: true },
    ]);
    expect(await prisma().providerKey.count()).toBe(0);
    expect((await apply({})).released).toEqual([]);
    // Declared once more, they are taken back.
    expect((await apply(everything)).updated).toEqual([
      "provider openai",
      "model slow",
      "group team",
      "virtual-key dev",
    ]);
  });

  test("counts a renamed virtual key as the same one", async () => {
    await apply(everything);
    const before = await prisma().virtualKey.findFirstOrThrow();
    const applied = await apply({ ...everything, virtualKeys: [{ ...key, name: "developer" }] });
    expect(applied).toMatchObject({ updated: ["virtual-key developer"], removed: [] });
    expect(await prisma().virtualKey.findMany()).toMatchObject([{ id: before.id, name: "developer" }]);
  });
});

test("values of keys may change places", async () => {
  const [a, b] = ["condt_aaaaaaaaaaaaaaaa", "condt_bbbbbbbbbbbbbbbb"];
  await apply({
    virtualKeys: [
      { name: "one", key: a },
      { name: "two", key: b },
    ],
  });
  const applied = await apply({
    virtualKeys: [
      { name: "one", key: b },
      { name: "two", key: a },
    ],
  });
  expect(applied.updated).toEqual(["virtual-key one", "virtual-key two"]);
  const rows = await prisma().virtualKey.findMany({ orderBy: { name: "asc" }, omit: { hash: false } });
  expect(rows.map(({ hash }) => hash)).toEqual([sha256(b), sha256(a)]);
});
