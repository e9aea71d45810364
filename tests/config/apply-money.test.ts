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
      [2, "library", { input: 2_500_000_000, output: 10_000_000_000, cachedInput: 1_250_000_000 }],
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
