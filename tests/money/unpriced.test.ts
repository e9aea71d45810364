import { expect, test } from "vitest";
import { refused, testApi } from "@/tests/api/support";

const api = testApi();

test("whether models without a price are refused is a setting that holds within a second", async () => {
  const { refuseUnpriced } = await import("@/server/state/unpriced");
  expect(await api.as().moneySettings.get()).toEqual({ unpriced: "warn" });
  expect(() => refuseUnpriced("new-model")).not.toThrow();
  const changed = await api.rest("PUT", "/settings/money", { body: { unpriced: "block" } });
  expect(await changed.json()).toEqual({ unpriced: "block" });
  await expect.poll(() => thrown(() => refuseUnpriced("new-model")), { timeout: 1_500 }).toContain("new-model");
  await api.as().moneySettings.update({ unpriced: "warn" });
  await expect.poll(() => thrown(() => refuseUnpriced("new-model")), { timeout: 1_500 }).toBeUndefined();
  const bad = await api.rest("PUT", "/settings/money", { body: { unpriced: "ignore" } });
  expect(bad.status).toBe(400);
  expect((await api.audit("money-setting")).map(({ detail }) => detail)).toEqual([
    { unpriced: { from: "warn", to: "block" } },
    { unpriced: { from: "block", to: "warn" } },
  ]);
});

function thrown(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return String(error);
  }
}

test("a model without a price is told of once a day, and shown as such", async () => {
  const { noteUnpriced } = await import("@/server/state/unpriced");
  const day = new Date("2026-11-23T12:00:00Z");
  for (let call = 0; call < 5; call++) noteUnpriced("dear", day);
  noteUnpriced("dearer", day);
  noteUnpriced("dear", new Date("2026-11-24T00:00:00Z"));
  const titles = async () =>
    (await api.as().notifications.list({})).items.filter(({ kind }) => kind === "unpriced").map(({ detail }) => detail);
  await expect.poll(async () => (await titles()).length).toBe(3);
  expect(await titles()).toEqual(
    expect.arrayContaining([
      { model: "dear", day: "2026-11-23" },
      { model: "dearer", day: "2026-11-23" },
      { model: "dear", day: "2026-11-24" },
    ]),
  );
});

test("a model is priced when each of its deployments is", async () => {
  const { deployments, models, prices, providers } = api.as();
  const provider = await providers.create({ name: "vendor", type: "openai", keys: [{ name: "k", apiKey: "sk-x" }] });
  const model = await models.create({ name: "mixed" });
  const place = { modelId: model.id, providerId: provider.id };
  await deployments.create({ ...place, upstreamModel: "gpt-4o" });
  expect(await models.get({ id: model.id })).toMatchObject({ priced: true });
  const own = await deployments.create({ ...place, upstreamModel: "of-our-own" });
  expect(await models.get({ id: model.id })).toMatchObject({ priced: false });
  const later = new Date(Date.now() + 60_000);
  const rates = [{ rate: "image" as const, size: "1024x1024", value: "0.04" }];
  const version = await prices.create({ deploymentId: own.id, effectiveFrom: later, rates });
  expect(version).toMatchObject({ version: 1, inForce: false, rates });
  expect(await models.get({ id: model.id })).toMatchObject({ priced: false });
  await prices.create({ deploymentId: own.id, rates });
  expect(await models.get({ id: model.id })).toMatchObject({ priced: true });
  expect((await prices.list({ deploymentId: own.id })).map(({ inForce }) => inForce)).toEqual([true, false]);
  await refused(
    prices.create({ deploymentId: own.id, rates: [{ rate: "batch", value: "0.0001" }] }),
    "BAD_REQUEST",
    "rates.0",
  );
  expect(await prices.refresh()).toEqual({ added: 0 });
});
