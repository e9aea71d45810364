import { beforeAll, expect, test } from "vitest";
import { testApi } from "@/tests/api/support";
import { balancePurse, purseOf, written } from "@/tests/money/ledger-fixture";

const api = testApi();

const HOUR_MS = 3_600_000;
const noon = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 5 * HOUR_MS;
const at = (hours: number) => new Date(noon + hours * HOUR_MS);
const range = { from: at(-1), to: at(4) };

let deploymentId: string;
let budgetId: string;
let groupId: string;
let purses: string[];
/** A call at $1 per million tokens of input, which is $0.001 here. */
const call = (row: object = {}) =>
  written({ deployment_id: deploymentId, input_tokens: 1_000, cost_nano: "1000000", purses, ...row });

beforeAll(async () => {
  const { budgets, deployments, groups, keys, models, providers } = api.as();
  const provider = await providers.create({ name: "vendor", type: "openai", keys: [{ name: "k", apiKey: "sk-x" }] });
  const model = await models.create({ name: "priced" });
  const upstreamModel = "of-our-own";
  const deployment = await deployments.create({ modelId: model.id, providerId: provider.id, upstreamModel });
  deploymentId = deployment.id;
  const key = await keys.create({ name: "rated" });
  const budget = await budgets.create({ keyId: key.id, period: "total", limitUsd: "100" });
  budgetId = budget.id;
  groupId = (await groups.create({ name: "rated", balanceUsd: "50" })).id;
  purses = [await purseOf(api, budgetId, new Date(0)), await balancePurse(api, groupId)];
});

const verified = async () => (await api.as().ledger.verify()).differences;
const spent = async () => ({
  budget: (await api.as().budgets.get({ id: budgetId })).spentUsd,
  balance: (await api.as().groups.get({ id: groupId })).balanceUsd,
});

test("calls of a time are priced as prices say now, by adjustments, once", async () => {
  const { ledger, prices, calls } = api.as();
  const early = await call({ started_at: at(0).toISOString() });
  const late = await call({ started_at: at(2).toISOString() });
  const unpriced = await call({ started_at: at(2.1).toISOString(), cost_nano: undefined });
  const refunded = await call({ started_at: at(2.2).toISOString() });
  await api.as().calls.refund({ id: refunded.id, reason: "bad" });
  const failed = await call({ started_at: at(2.3).toISOString(), input_tokens: 0, cost_nano: "0", status: 502 });
  const outside = await call({ started_at: at(4).toISOString() });
  expect(await spent()).toEqual({ budget: "0.003", balance: "49.997" });

  await prices.create({ deploymentId, effectiveFrom: at(-2), rates: [{ rate: "input", value: "1" }] });
  await prices.create({
    deploymentId,
    effectiveFrom: at(1),
    rates: [
      { rate: "input", value: "3" },
      { rate: "request", value: "0.5" },
    ],
  });
  const dry = await ledger.rerate(range);
  // The late call and the unpriced one: $0.003 + $0.5 each, less the $0.001 that the late one has cost.
  const sums = { calls: 5, changed: 2, deltaUsd: "1.005", refunded: 1, unpriced: 0 };
  expect(dry).toMatchObject({ dryRun: true, ...sums, models: [{ model: "priced", changed: 2, deltaUsd: "1.005" }] });
  expect(await spent()).toEqual({ budget: "0.003", balance: "49.997" });

  expect(await ledger.rerate({ ...range, dryRun: false, reason: "price list" })).toMatchObject(sums);
  expect(await spent()).toEqual({ budget: "1.008", balance: "48.992" });
  expect(await verified()).toEqual([]);
  expect((await ledger.rerate({ ...range, dryRun: false })).changed).toBe(0);

  const costs = await Promise.all(
    [early, late, unpriced, refunded, failed, outside].map(async ({ id }) => {
      const { costUsd, netCostUsd } = await calls.get({ id });
      return [costUsd, netCostUsd];
    }),
  );
  expect(costs).toEqual([
    ["0.001", "0.001"],
    ["0.001", "0.503"],
    [null, "0.503"],
    ["0.001", "0"],
    ["0", "0"],
    ["0.001", "0.001"],
  ]);
  const { rows } = await api.sql.query("SELECT sum(unpriced)::int AS unpriced FROM call_rollup");
  expect(rows).toEqual([{ unpriced: 0 }]);
});

test("what was billed for attempts before the last stays as it was", async () => {
  const trace = [{ provider: "other", upstream_model: "x", cost_nano: "700" }, { provider: "vendor" }];
  const one = await call({ started_at: at(3).toISOString(), model: "tried", cost_nano: "1000700", trace });
  const rerated = await api.as().ledger.rerate({ ...range, model: "tried" });
  expect(rerated).toMatchObject({ calls: 1, changed: 1, deltaUsd: "0.502" });
  const { lines } = await api.as().calls.get({ id: one.id });
  expect(lines.map(({ what, amountUsd }) => [what, amountUsd])).toEqual([
    ["attempt other/x", "0.0000007"],
    ["not explained by a price", "0.001"],
  ]);
});

test("what such attempts used counts once, with what they cost", async () => {
  const { ledger, calls, prices } = api.as();
  // The call's 1,500 tokens are 500 of the first attempt's, at another vendor's price, and 1,000 of the last.
  const trace = [
    { provider: "other", upstream_model: "x", cost_nano: "700", used: { input: 500 } },
    { provider: "vendor" },
  ];
  const listed = await prices.list({ deploymentId });
  const priceId = listed.find(({ rates }) => rates.length === 1 && rates[0]?.value === "1")?.id;
  const one = await call({
    ...{ started_at: at(0.5).toISOString(), model: "joined", price_id: priceId },
    ...{ cost_nano: "1000700", input_tokens: 1_500, trace },
  });
  const { lines } = await calls.get({ id: one.id });
  expect(lines.map(({ what, amountUsd }) => [what, amountUsd])).toEqual([
    ["input", "0.001"],
    ["attempt other/x", "0.0000007"],
  ]);
  expect(await ledger.rerate({ ...range, model: "joined" })).toMatchObject({ calls: 1, changed: 0, deltaUsd: "0" });
});

test("more calls than one batch are priced too", async () => {
  const { writeRows } = await import("@/server/state/ledger-write");
  const { randomUUID } = await import("node:crypto");
  const rows = Array.from({ length: 1_100 }, (_, index) => {
    const id = randomUUID();
    const started_at = at(3).toISOString();
    const base = { request_id: id, operation: "chat", dialect: "chat", status: 200, duration_ms: 1, purses };
    return JSON.stringify({
      ...base,
      ...{ id, started_at, model: "crowd", deployment_id: deploymentId, input_tokens: index, cost_nano: "0" },
    });
  });
  await writeRows(rows, randomUUID());
  const rerated = await api.as().ledger.rerate({ ...range, model: "crowd", dryRun: false });
  // The first has used nothing. The sum of 1 to 1099 is 604,450 tokens at $3 per million.
  expect(rerated).toMatchObject({ calls: 1_100, changed: 1_099, deltaUsd: "551.31335" });
  expect(await verified()).toEqual([]);
});
