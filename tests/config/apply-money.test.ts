import "@/tests/config/environment";

import { beforeEach, describe, expect, test } from "vitest";
import { prisma } from "@/server/db/prisma";
import { query } from "@/server/db/sql";
import { applyDocument as apply, clearDatabase, installation } from "@/tests/config/installation";

installation();
beforeEach(clearDatabase);

const provider = { name: "openai", type: "openai" };
const key = { key: "condt_0123456789abcdef" };

describe("a group's balance", () => {
  const balance = async () => (await prisma().group.findFirstOrThrow()).balanceNano;
  const declare = (balanceUsd?: number, more: object = {}) =>
    apply({ groups: [{ name: "team", ...(balanceUsd !== undefined && { balanceUsd }) }], ...more });

  test("is not refilled by another application", async () => {
    await declare(100);
    await query("UPDATE key_group SET balance_nano = 40000000000");
    await declare(100);
    await declare(100, { virtualKeys: [{ name: "dev", key: key.key, group: "team" }] });
    expect(await balance()).toBe(40_000_000_000n);
  });

  test("is set when the declared number changes, and taken away with it", async () => {
    await declare(100);
    await query("UPDATE key_group SET balance_nano = 40000000000");
    await declare(150);
    expect(await balance()).toBe(150_000_000_000n);
    await declare();
    expect(await balance()).toBeNull();
    await query("UPDATE key_group SET balance_nano = 1");
    await declare();
    expect(await balance()).toBe(1n);
  });
});

describe("what is left of a group's balance", () => {
  const transactions = async () =>
    (await prisma().groupTransaction.findMany({ orderBy: { at: "asc" } })).map((row) => [
      row.kind,
      row.amountNano,
      row.balanceAfterNano,
      row.actor,
    ]);

  test("is what the file says, by transactions, also after some of it was spent", async () => {
    await apply({ groups: [{ name: "team", balanceUsd: 10 }] });
    const { id } = await prisma().group.findFirstOrThrow();
    await query("INSERT INTO purse (id, group_id, starts_at, spent_nano) VALUES (gen_random_uuid(), $1, now(), 4)", [
      id,
    ]);
    expect((await apply({ groups: [{ name: "team", balanceUsd: 12 }] })).updated).toEqual(["group team"]);
    expect(await transactions()).toEqual([
      ["credit", 10_000_000_000n, 10_000_000_000n, "file"],
      ["adjustment", 2_000_000_004n, 12_000_000_000n, "file"],
    ]);
  });
});

describe("budgets", () => {
  const budgets = async () =>
    (await prisma().budget.findMany({ orderBy: { createdAt: "asc" } })).map(
      ({ period, hours, models, soft, limitNano, timeZone, name }) =>
        [period, hours, models.join(), soft, limitNano, timeZone, name] as const,
    );

  test("of every kind belong to keys and groups, are changed in place, and go with the file", async () => {
    const monthly = { period: "month", limitUsd: 5 };
    const rolling = { period: "hours", hours: 5, limitUsd: 1, models: ["gpt-*"], name: "burst" };
    const soft = { ...monthly, limitUsd: 4, soft: true, timeZone: "Europe/Vienna" };
    const declare = (more: object, ...list: object[]) =>
      apply({ groups: [{ name: "team", ...more }], virtualKeys: [{ name: "dev", key: key.key, budgets: list }] });
    await declare({ budgets: [monthly] }, monthly, rolling, soft);
    const { id } = await prisma().budget.findFirstOrThrow({ where: { period: "hours" } });
    expect(await budgets()).toEqual([
      ["month", null, "", false, 5_000_000_000n, "UTC", ""],
      ["month", null, "", false, 5_000_000_000n, "UTC", ""],
      ["hours", 5, "gpt-*", false, 1_000_000_000n, "UTC", "burst"],
      ["month", null, "", true, 4_000_000_000n, "Europe/Vienna", ""],
    ]);
    const again = await declare({ budgets: [monthly] }, monthly, { ...rolling, limitUsd: 2 }, soft);
    expect(again.updated).toEqual(["budget dev/5 hours of gpt-*"]);
    expect(await prisma().budget.findFirstOrThrow({ where: { id } })).toMatchObject({ limitNano: 2_000_000_000n });
    expect((await declare({}, monthly)).removed.toSorted()).toEqual([
      "budget dev/5 hours of gpt-*",
      "budget dev/month, soft",
      "budget team/month",
    ]);
  });
});

describe("a price", () => {
  const declare = (rates?: object, upstream = "gpt-4o") =>
    apply({
      providers: [provider],
      models: [
        { name: "fast", deployments: [{ provider: "openai", model: upstream, ...(rates && { price: rates }) }] },
      ],
    });
  const versions = async () =>
    (await prisma().price.findMany({ orderBy: { version: "asc" } })).map(({ version, source, rates }) => [
      version,
      source,
      rates,
    ]);
  const own = { input: 1_000_000_000 };

  test("that changes is a new version", async () => {
    await declare({ inputPerMillion: 1 });
    expect((await declare({ inputPerMillion: 2 })).updated).toEqual(["deployment fast on openai/gpt-4o"]);
    expect(await versions()).toEqual([
      [1, "own", own],
      [2, "own", { input: 2_000_000_000 }],
    ]);
  });

  test("replaces the library's, also one that is announced for later", async () => {
    await declare();
    const { id } = await prisma().deployment.findFirstOrThrow();
    const later = new Date(Date.now() + 86_400_000);
    await prisma().price.createMany({
      data: [
        { deploymentId: id, version: 1, effectiveFrom: new Date(0), rates: own, source: "own" },
        { deploymentId: id, version: 2, effectiveFrom: later, rates: { input: 9 }, source: "library" },
      ],
    });
    await declare({ inputPerMillion: 1 });
    expect((await versions()).at(-1)).toEqual([3, "own", own]);
    expect((await declare({ inputPerMillion: 1 })).updated).toEqual([]);
  });

  test("gives way to the library's when the file no longer declares one", async () => {
    await declare({ inputPerMillion: 1 });
    await declare();
    expect(await versions()).toEqual([
      [1, "own", own],
      [
        2,
        "library",
        { input: 2_500_000_000, output: 10_000_000_000, cachedInput: 1_250_000_000, webSearch: 10_000_000 },
      ],
    ]);
  });

  test("stays when the library knows none", async () => {
    await declare({ inputPerMillion: 1 }, "gpt-of-our-own");
    expect((await declare(undefined, "gpt-of-our-own")).updated).toEqual([]);
    expect(await versions()).toEqual([[1, "own", own]]);
  });

  test("that an admin set stays when the file declares none", async () => {
    await declare();
    const { id } = await prisma().deployment.findFirstOrThrow();
    await prisma().price.create({
      data: { deploymentId: id, version: 1, effectiveFrom: new Date(0), rates: own, source: "own" },
    });
    await declare();
    expect(await versions()).toEqual([[1, "own", own]]);
  });
});
