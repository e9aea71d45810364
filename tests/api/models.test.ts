import { expect, test } from "vitest";
import { nobody, refused, testApi } from "@/tests/api/support";

const api = testApi();

/** A provider of a type that the price library knows. */
async function vendor(name: string): Promise<string> {
  const { id } = await api
    .as()
    .providers.create({ name, type: "openai", keys: [{ name: "main", apiKey: "sk-0123456789ab" }] });
  return id;
}

async function byName(name: string) {
  const found = (await api.as().models.list()).find((model) => model.name === name);
  if (!found) throw new Error(`There is no model ${name}.`);
  return found;
}

test("models of a provider are offered under names, with the library's price, and again costs nothing", async () => {
  const providerId = await vendor("offering");
  const { models } = api.as();
  const chosen = [
    { upstreamModel: "gpt-4o", name: "my-gpt" },
    { upstreamModel: "unheard-of", name: "my-odd" },
    { upstreamModel: "gpt-4o-mini", name: "my-gpt" },
  ];
  expect(await models.addFromProvider({ providerId, models: chosen })).toEqual({ created: 3 });
  expect(await models.addFromProvider({ providerId, models: chosen })).toEqual({ created: 0 });
  const gpt = await byName("my-gpt");
  expect(gpt.deployments).toMatchObject([
    {
      upstreamModel: "gpt-4o",
      providerName: "offering",
      demo: false,
      price: { source: "library", version: 1, inputPerMillionUsd: "2.5", outputPerMillionUsd: "10" },
    },
    { upstreamModel: "gpt-4o-mini" },
  ]);
  expect((await byName("my-odd")).deployments).toMatchObject([{ upstreamModel: "unheard-of", price: null }]);
  const [entry] = (await api.audit("model")).filter((one) => one.name === null);
  expect(entry?.detail).toEqual({ provider: "offering", models: ["my-gpt", "my-odd", "my-gpt"] });
});

test("adding to a model of conduit.json is refused as a whole", async () => {
  const providerId = await vendor("whole");
  const { models } = api.as();
  const { id } = await models.create({ name: "declared-model" });
  await api.sql.query("UPDATE model SET managed = true WHERE id = $1", [id]);
  const chosen = [
    { upstreamModel: "a", name: "left-out" },
    { upstreamModel: "b", name: "declared-model" },
  ];
  await refused(models.addFromProvider({ providerId, models: chosen }), "CONFLICT");
  expect((await models.list()).map((model) => model.name)).not.toContain("left-out");
  await refused(models.update({ id, enabled: false }), "CONFLICT");
  await refused(models.delete({ id }), "CONFLICT");
  await refused(models.addFromProvider({ providerId: nobody, models: chosen }), "NOT_FOUND", "providerId");
});

test("fallbacks exist and do not lead in a circle", async () => {
  const { models } = api.as();
  await refused(models.create({ name: "f0", fallbacks: ["nothing"] }), "BAD_REQUEST", "fallbacks");
  await refused(models.create({ name: "f0", fallbacks: ["f0"] }), "BAD_REQUEST", "fallbacks");
  const a = await models.create({ name: "fa" });
  const b = await models.create({ name: "fb", fallbacks: ["fa"] });
  await models.create({ name: "fc", fallbacks: ["fb", "fa"] });
  const error = await refused(models.update({ id: a.id, fallbacks: ["fc"] }), "BAD_REQUEST", "fallbacks");
  expect(error.message).toMatch(/fa → fc → (fb → )?fa/);
  expect((await models.get({ id: a.id })).fallbacks).toEqual([]);
  await refused(models.create({ name: "fd", fallbacks: ["fa", "fa"] }), "BAD_REQUEST", "fallbacks");
  expect((await refused(models.delete({ id: b.id }), "CONFLICT")).message).toContain("fc");
});

test("two changes at the same time cannot close a circle together", async () => {
  const { models } = api.as();
  const [left, right] = await Promise.all([models.create({ name: "left" }), models.create({ name: "right" })]);
  const ends = await Promise.allSettled([
    models.update({ id: left.id, fallbacks: ["right"] }),
    models.update({ id: right.id, fallbacks: ["left"] }),
  ]);
  expect(ends.map((end) => end.status).toSorted()).toEqual(["fulfilled", "rejected"]);
});

test("fallbacks follow a model to its new name, unless conduit.json holds the old one", async () => {
  const { models } = api.as();
  const old = await models.create({ name: "old-name" });
  const user = await models.create({ name: "user", fallbacks: ["old-name"] });
  await models.update({ id: old.id, name: "new-name" });
  expect((await models.get({ id: user.id })).fallbacks).toEqual(["new-name"]);
  await api.sql.query("UPDATE model SET managed = true WHERE id = $1", [user.id]);
  await refused(models.update({ id: old.id, name: "newer-name" }), "CONFLICT", "name");
  expect((await models.get({ id: old.id })).name).toBe("new-name");
});

test("names have no spaces and no star, are at most 200 characters, and unique", async () => {
  const { models } = api.as();
  for (const name of ["", "a b", "gpt-*", "x".repeat(201)]) {
    await refused(models.create({ name }), "BAD_REQUEST", "name");
  }
  const made = await models.create({ name: `org/${"x".repeat(196)}`, strategy: "lowest-cost" });
  expect(made).toMatchObject({ strategy: "lowest-cost", enabled: true, deployments: [] });
  await refused(models.create({ name: made.name }), "CONFLICT", "name");
  // @ts-expect-error a strategy that does not exist
  await refused(models.create({ name: "s", strategy: "luck" }), "BAD_REQUEST", "strategy");
});

test("deployments are placed, moved and taken away, each with an audit entry", async () => {
  const providerId = await vendor("placing");
  const { models, deployments } = api.as();
  const { id: modelId } = await models.create({ name: "placed" });
  const made = await deployments.create({ modelId, providerId, upstreamModel: "gpt-4o", priority: 1 });
  expect(made).toMatchObject({ modelName: "placed", providerName: "placing", priority: 1, weight: 1 });
  await refused(deployments.create({ modelId, providerId, upstreamModel: "gpt-4o" }), "CONFLICT", "upstreamModel");
  await refused(deployments.create({ modelId: nobody, providerId, upstreamModel: "m" }), "NOT_FOUND", "modelId");
  await refused(deployments.create({ modelId, providerId: nobody, upstreamModel: "m" }), "NOT_FOUND", "providerId");
  await refused(deployments.update({ id: made.id, weight: -1 }), "BAD_REQUEST", "weight");
  expect(await deployments.update({ id: made.id, weight: 0, enabled: false })).toMatchObject({
    weight: 0,
    enabled: false,
    priority: 1,
  });
  expect((await deployments.list()).map((one) => one.id)).toContain(made.id);
  await deployments.delete({ id: made.id });
  await refused(deployments.update({ id: made.id, weight: 1 }), "NOT_FOUND");
  const entries = (await api.audit("deployment")).filter((entry) => entry.object_id === made.id);
  expect(entries.map(({ action, name }) => [action, name])).toEqual([
    ["create", "placed on placing"],
    ["update", "placed on placing"],
    ["delete", "placed on placing"],
  ]);
});

test("a price is a new version each time, exact to the nano-dollar, and the library's can come back", async () => {
  const providerId = await vendor("pricing");
  const { models, deployments } = api.as();
  await models.addFromProvider({ providerId, models: [{ upstreamModel: "gpt-4o", name: "priced" }] });
  const id = (await byName("priced")).deployments[0]?.id ?? "";
  const own = await deployments.setPrice({
    id,
    inputPerMillionUsd: "0.123456789",
    outputPerMillionUsd: "7",
    cachedInputPerMillionUsd: "0",
  });
  expect(own.price).toMatchObject({
    source: "own",
    inputPerMillionUsd: "0.123456789",
    outputPerMillionUsd: "7",
    cachedInputPerMillionUsd: "0",
    cacheWritePerMillionUsd: null,
    tiered: false,
  });
  const { rows } = await api.sql.query(
    "SELECT version, source, rates FROM price WHERE deployment_id = $1 ORDER BY version",
    [id],
  );
  expect(rows.at(-1)).toMatchObject({
    source: "own",
    rates: { input: 123_456_789, output: 7_000_000_000, cachedInput: 0 },
  });
  expect(rows[0]).toMatchObject({ version: 1, source: "library" });
  const back = await deployments.clearPrice({ id });
  expect(back.price).toMatchObject({ source: "library", inputPerMillionUsd: "2.5" });
  expect(back.price?.version).toBeGreaterThan(own.price?.version ?? Number.NaN);
  const kept = await api.sql.query("SELECT count(*)::int AS n FROM price WHERE deployment_id = $1 AND source = 'own'", [
    id,
  ]);
  expect(kept.rows[0]?.n).toBe(1);
  expect(await deployments.clearPrice({ id })).toEqual(back);
});

test("a price that nobody knows cannot come back, and prices are amounts", async () => {
  const providerId = await vendor("unpriced");
  const { models, deployments } = api.as();
  await models.addFromProvider({ providerId, models: [{ upstreamModel: "unheard-of", name: "unpriced" }] });
  const id = (await byName("unpriced")).deployments[0]?.id ?? "";
  await refused(deployments.clearPrice({ id }), "CONFLICT");
  await refused(
    deployments.setPrice({ id, inputPerMillionUsd: "-1", outputPerMillionUsd: "1" }),
    "BAD_REQUEST",
    "inputPerMillionUsd",
  );
  await refused(
    deployments.setPrice({ id, inputPerMillionUsd: "1", outputPerMillionUsd: "1000001" }),
    "BAD_REQUEST",
    "outputPerMillionUsd",
  );
  await api.sql.query("UPDATE deployment SET managed = true WHERE id = $1", [id]);
  await refused(deployments.setPrice({ id, inputPerMillionUsd: "1", outputPerMillionUsd: "1" }), "CONFLICT");
  await refused(deployments.delete({ id }), "CONFLICT");
});
