import { beforeAll, describe, expect, test } from "vitest";
import { testApi } from "@/tests/api/support";
import { balancePurse, purseOf, written } from "@/tests/money/ledger-fixture";

const api = testApi();

beforeAll(async () => {
  const { budgets, groups, keys } = api.as();
  const key = await keys.create({ name: "spender" });
  const budget = await budgets.create({ keyId: key.id, period: "total", limitUsd: "100" });
  const group = await groups.create({ name: "payers", balanceUsd: "50" });
  const purses = [await purseOf(api, budget.id, new Date(0)), await balancePurse(api, group.id)];
  for (let at = 0; at < 5; at++)
    await written({ key_id: key.id, cost_nano: String(1_000 + at), input_tokens: 7, output_tokens: 2, purses });
  const failed = await written({ key_id: key.id, status: 502, first_token_ms: 3 });
  expect(failed.id).not.toBe("");
});

const verify = () => api.as().ledger.verify();

test("right totals are told as right", async () => {
  expect(await verify()).toMatchObject({
    calls: 6,
    since: null,
    adjustments: 0,
    costUsd: "0.00000501",
    unchecked: 0,
    differences: [],
  });
});

/** Each of these changes one thing that no program of ours would, and the way back. */
const tamperings: readonly [string, string, string, object[]][] = [
  [
    "a rollup's cost",
    "UPDATE call_rollup SET cost_nano = cost_nano + 1",
    "UPDATE call_rollup SET cost_nano = cost_nano - 1",
    [{ total: "rollup", column: "cost_nano", kept: "5011", rows: "5010" }],
  ],
  [
    "a rollup's tokens and calls",
    "UPDATE call_rollup SET input_tokens = 0, calls = calls + 2",
    "UPDATE call_rollup SET input_tokens = 35, calls = calls - 2",
    [
      { total: "rollup", column: "calls", kept: "8", rows: "6" },
      { total: "rollup", column: "input_tokens", kept: "0", rows: "35" },
    ],
  ],
  [
    "what a budget and a balance have spent",
    "UPDATE purse SET spent_nano = spent_nano - 10",
    "UPDATE purse SET spent_nano = spent_nano + 10",
    [
      { total: "budget", column: "spent_nano", kept: "5000", rows: "5010" },
      { total: "balance", column: "spent_nano", kept: "5000", rows: "5010" },
    ],
  ],
  [
    "a balance",
    "UPDATE key_group SET balance_nano = balance_nano + 3",
    "UPDATE key_group SET balance_nano = balance_nano - 3",
    [{ total: "transaction", column: "balance_nano", kept: "50000000003", rows: "50000000000" }],
  ],
  [
    "a lease",
    "UPDATE purse SET leased_nano = 4 WHERE group_id IS NULL",
    "UPDATE purse SET leased_nano = 0",
    [{ total: "lease", column: "leased_nano", kept: "4", rows: "0" }],
  ],
  [
    "a row that is gone",
    "CREATE TABLE aside AS SELECT * FROM call WHERE cost_nano = 1004; DELETE FROM call WHERE cost_nano = 1004",
    "INSERT INTO call SELECT * FROM aside; DROP TABLE aside",
    [
      { total: "rollup", column: "calls" },
      { total: "rollup", column: "cost_nano", kept: "5010", rows: "4006" },
      { total: "rollup", column: "duration_ms" },
      { total: "rollup", column: "input_tokens" },
      { total: "rollup", column: "output_tokens" },
      { total: "budget", kept: "5010", rows: "4006" },
      { total: "balance", kept: "5010", rows: "4006" },
    ],
  ],
];

describe("a difference is found:", () => {
  test.each(tamperings)("%s", async (_name, tamper, undo, differences) => {
    await api.sql.query(tamper);
    expect((await verify()).differences).toMatchObject(differences);
    await api.sql.query(undo);
    expect((await verify()).differences).toEqual([]);
  });
});

test("days that were dropped are not held against the totals, and said", async () => {
  const long = new Date(Date.now() - 40 * 86_400_000);
  await written({ started_at: long.toISOString(), cost_nano: "5", model: "old" });
  expect((await verify()).differences).toEqual([]);
  const day = long.toISOString().slice(0, 10).replaceAll("-", "_");
  const { rows } = await api.sql.query<{ name: string }>(
    "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'call'::regclass",
  );
  const dropped = rows.find(({ name }) => name.replaceAll(/[^0-9]/g, "").includes(day.replaceAll("_", "")));
  await api.sql.query(`DROP TABLE ${dropped?.name}`);
  const after = await verify();
  expect(after.differences).toEqual([]);
  expect(after.since?.getTime()).toBeGreaterThan(long.getTime());
});
