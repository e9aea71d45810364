import "@/tests/config/environment";

import { beforeEach, expect, test } from "vitest";
import { prisma } from "@/server/db/prisma";
import { query } from "@/server/db/sql";
import { ensureLibraryPrices } from "@/server/state/prices";
import { clearDatabase, installation, snapshot } from "@/tests/config/installation";

installation();
beforeEach(clearDatabase);

const gpt4o = { input: 2_500_000_000, output: 10_000_000_000, cachedInput: 1_250_000_000, webSearch: 10_000_000 };
const outdated = { input: 5_000_000_000, output: 15_000_000_000 };

/** A deployment of an upstream's model; returns its id. */
async function deploy(upstreamModel: string, type = "openai"): Promise<string> {
  const provider = await prisma().provider.upsert({ where: { name: type }, create: { name: type, type }, update: {} });
  const model = await prisma().model.create({ data: { name: `${type}-${upstreamModel}` } });
  const { id } = await prisma().deployment.create({
    data: { modelId: model.id, providerId: provider.id, upstreamModel },
  });
  return id;
}

async function store(
  deploymentId: string,
  version: number,
  source: string,
  { rates = outdated, from = new Date(0) }: { rates?: object; from?: Date } = {},
) {
  await prisma().price.create({ data: { deploymentId, version, source, rates, effectiveFrom: from } });
}

const versions = (deploymentId: string) =>
  query("SELECT version, source, rates FROM price WHERE deployment_id = $1 ORDER BY version", [deploymentId]);
/** As after an update of the price library: everything is looked up again. */
const forget = () => query("DELETE FROM setting WHERE name = 'prices:library'");

test("a deployment without a price has the library's, one that the library does not know stays unpriced", async () => {
  const [known, dated, unknown, foreign] = [
    await deploy("gpt-4o"),
    await deploy("gpt-4o-2024-08-06"),
    await deploy("gpt-of-our-own"),
    await deploy("gpt-4o", "demo"),
  ];
  expect(await ensureLibraryPrices()).toBe(2);
  expect(await versions(known)).toEqual([{ version: 1, source: "library", rates: gpt4o }]);
  expect(await versions(dated)).toEqual([{ version: 1, source: "library", rates: gpt4o }]);
  expect(await versions(unknown)).toEqual([]);
  expect(await versions(foreign)).toEqual([]);
});

test("a second look writes nothing, whether it is skipped or not", async () => {
  await deploy("gpt-4o");
  await ensureLibraryPrices();
  const before = await snapshot();
  expect(await ensureLibraryPrices()).toBe(0);
  expect(await snapshot()).toEqual(before);
  await forget();
  expect(await ensureLibraryPrices()).toBe(0);
  expect(await query("SELECT count(*)::int AS n FROM price")).toEqual([{ n: 1 }]);
});

test("a new deployment is seen by the next look", async () => {
  await deploy("gpt-4o");
  await ensureLibraryPrices();
  await deploy("gpt-4o-mini");
  expect(await ensureLibraryPrices()).toBe(1);
});

test("an outdated price of the library is followed by a new version", async () => {
  const id = await deploy("gpt-4o");
  await store(id, 1, "library");
  await ensureLibraryPrices();
  expect(await versions(id)).toEqual([
    { version: 1, source: "library", rates: outdated },
    { version: 2, source: "library", rates: gpt4o },
  ]);
});

test("an own price is never overridden, neither one in force nor one that begins later", async () => {
  const [now, later] = [await deploy("gpt-4o"), await deploy("gpt-4o-mini")];
  await store(now, 1, "library");
  await store(now, 2, "own");
  await store(later, 1, "library");
  await store(later, 2, "own", { from: new Date(Date.now() + 86_400_000) });
  expect(await ensureLibraryPrices()).toBe(0);
});

test("an own price that the library's has replaced no longer counts", async () => {
  const id = await deploy("gpt-4o");
  await store(id, 1, "own");
  await store(id, 2, "library");
  expect(await ensureLibraryPrices()).toBe(1);
  expect((await versions(id)).at(-1)).toEqual({ version: 3, source: "library", rates: gpt4o });
});

test("a price that was announced and is no more is overruled from now on", async () => {
  const id = await deploy("gpt-4o");
  await store(id, 1, "library", { rates: gpt4o });
  await store(id, 2, "library", { from: new Date(Date.now() + 86_400_000) });
  expect(await ensureLibraryPrices()).toBe(1);
  expect((await versions(id)).at(-1)).toEqual({ version: 3, source: "library", rates: gpt4o });
});

test("two processes that start together add each price once", async () => {
  const id = await deploy("gpt-4o");
  const added = await Promise.all([ensureLibraryPrices(), ensureLibraryPrices(), ensureLibraryPrices()]);
  expect(added.toSorted()).toEqual([0, 0, 1]);
  expect(await versions(id)).toHaveLength(1);
});
