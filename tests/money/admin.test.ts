import { expect, test } from "vitest";
import { nobody, refused, testApi } from "@/tests/api/support";
import { balancePurse, purseOf, written } from "@/tests/money/ledger-fixture";

const api = testApi();

const verified = async () => (await api.as().ledger.verify()).differences;

async function budgetOfKey(name: string, limitUsd = "10") {
  const key = await api.as().keys.create({ name });
  const budget = await api.as().budgets.create({ keyId: key.id, period: "month", limitUsd });
  return { key, budget, startsAt: budget.startsAt ?? new Date(0) };
}

test("a key has several budgets, each shown with what is spent, reserved and available", async () => {
  const { budgets } = api.as();
  const { key, budget, startsAt } = await budgetOfKey("many");
  const rolling = await budgets.create({ keyId: key.id, period: "hours", hours: 5, models: ["gpt-*"], limitUsd: "1" });
  const soft = await budgets.create({
    keyId: key.id,
    period: "month",
    limitUsd: "5",
    soft: true,
    timeZone: "Asia/Tokyo",
  });
  const purse = await purseOf(api, budget.id, startsAt);
  await api.sql.query("UPDATE purse SET leased_nano = 3000000000 WHERE id = $1", [purse]);
  await api.sql.query("INSERT INTO lease VALUES (gen_random_uuid(), $1, 3000000000)", [purse]);
  await written({ key_id: key.id, cost_nano: "2500000001", purses: [purse] });
  const listed = await budgets.list({ keyId: key.id });
  expect(listed.map(({ id }) => id)).toEqual([budget.id, rolling.id, soft.id]);
  expect(listed[0]).toMatchObject({ spentUsd: "2.500000001", reservedUsd: "3", availableUsd: "4.499999999" });
  expect(listed[1]).toMatchObject({ hours: 5, models: ["gpt-*"], spentUsd: "0", availableUsd: "1" });
  expect(listed[2]?.resetsAt?.toISOString()).toMatch(/T15:00:00.000Z$/);
  expect(await verified()).toEqual([]);
  await refused(budgets.create({ keyId: key.id, period: "month", limitUsd: "9" }), "CONFLICT", "period");
});

test.each([
  ["hours", { period: "hours" as const }],
  ["hours", { period: "day" as const, hours: 3 }],
  ["timeZone", { period: "day" as const, timeZone: "Mars/Olympus" }],
  ["limitUsd", { period: "day" as const, limitUsd: "-1" }],
  ["keyId", { period: "day" as const, groupId: nobody }],
])("a budget with a bad %s is refused", async (field, wrong) => {
  await refused(api.as().budgets.create({ keyId: nobody, limitUsd: "1", ...wrong }), "BAD_REQUEST", field);
});

test("a caller sees how the budgets of its key and the balance of its group stand", async () => {
  const { budgets, groups, keys } = api.as();
  const group = await groups.create({ name: "seen", balanceUsd: "20" });
  const { id, key } = await keys.create({ name: "seen", groupId: group.id });
  const budget = await budgets.create({
    keyId: id,
    name: "daily",
    period: "day",
    limitUsd: "10",
    timeZone: "Asia/Tokyo",
  });
  const purse = await purseOf(api, budget.id, budget.startsAt ?? new Date(0));
  await written({ key_id: id, cost_nano: "2500000000", purses: [purse, await balancePurse(api, group.id)] });
  const { getKey } = await import("@/server/gateway/key");
  const { Cancel } = await import("@/server/cancel");
  const reply = await getKey({
    ...{ method: "GET", path: "/v1/key", query: "", params: {}, ip: "192.0.2.1" },
    headers: { authorization: `Bearer ${key}` },
    body: async () => Buffer.alloc(0),
    cancel: new Cancel(),
  });
  expect(JSON.parse(String(reply.body))).toMatchObject({
    group: { name: "seen", balance_usd: 17.5, reserved_usd: 0 },
    budgets: [
      {
        ...{ owner: "key", name: "daily", period: "day", time_zone: "Asia/Tokyo", soft: false },
        ...{ limit_usd: 10, spent_usd: 2.5, reserved_usd: 0, resets_at: budget.resetsAt?.toISOString() },
      },
    ],
  });
});

test("a reset begins a budget anew and stays on record; an increase holds until its end", async () => {
  const { budgets } = api.as();
  const { key, budget, startsAt } = await budgetOfKey("again");
  await written({ key_id: key.id, cost_nano: "4000000000", purses: [await purseOf(api, budget.id, startsAt)] });
  const until = new Date(Date.now() + 60_000);
  const increased = await budgets.update({ id: budget.id, increase: { usd: "5", until } });
  expect(increased).toMatchObject({ spentUsd: "4", limitUsd: "10", increaseUsd: "5", availableUsd: "11" });
  expect(await budgets.update({ id: budget.id, increase: null })).toMatchObject({ availableUsd: "6" });
  const reset = await budgets.reset({ id: budget.id, reason: "goodwill" });
  expect(reset).toMatchObject({ spentUsd: "0", availableUsd: "10" });
  expect(reset.resetAt).not.toBeNull();
  expect(await budgets.windows({ id: budget.id })).toEqual([{ startsAt, spentUsd: "4" }]);
  const entry = (await api.audit("budget")).findLast(({ action }) => action === "reset");
  expect(entry?.detail).toMatchObject({ spentUsd: "4", reason: "goodwill" });
  const past = new Date(Date.now() - 1);
  await refused(
    budgets.update({ id: budget.id, increase: { usd: "1", until: past } }),
    "BAD_REQUEST",
    "increase.until",
  );
});

test("a key's form leaves budgets alone that it does not show", async () => {
  const { budgets, keys } = api.as();
  const { key } = await budgetOfKey("form");
  await budgets.create({ keyId: key.id, period: "month", limitUsd: "5", soft: true });
  await budgets.create({ keyId: key.id, period: "day", limitUsd: "5", models: ["a"] });
  const changed = await keys.update({ id: key.id, budgets: [{ period: "year", limitUsd: "7" }] });
  expect(changed.budgets.map(({ period, limitUsd }) => [period, limitUsd])).toEqual([["year", "7"]]);
  expect((await budgets.list({ keyId: key.id })).map(({ period, soft }) => [period, soft])).toEqual([
    ["month", true],
    ["day", false],
    ["year", false],
  ]);
});

test("a balance moves by transactions alone, each with what was left after it", async () => {
  const { groups } = api.as();
  const group = await groups.create({ name: "bank", balanceUsd: "10" });
  await written({ group_id: group.id, cost_nano: "3000000000", purses: [await balancePurse(api, group.id)] });
  const post = (kind: "credit" | "debit" | "adjustment", amountUsd: string) =>
    groups.addTransaction({ id: group.id, kind, amountUsd, reason: "because" });
  expect(await post("credit", "5")).toMatchObject({ amountUsd: "5", balanceAfterUsd: "12", actor: "admin" });
  expect(await post("debit", "2.000000001")).toMatchObject({
    amountUsd: "-2.000000001",
    balanceAfterUsd: "9.999999999",
  });
  expect(await post("adjustment", "-0.5")).toMatchObject({ balanceAfterUsd: "9.499999999" });
  await refused(post("debit", "9.5"), "BAD_REQUEST", "amountUsd");
  await refused(post("credit", "-1"), "BAD_REQUEST", "amountUsd");
  await refused(post("credit", "0"), "BAD_REQUEST", "amountUsd");
  await groups.update({ id: group.id, balanceUsd: "1" });
  expect(await groups.get({ id: group.id })).toMatchObject({
    balanceUsd: "1",
    lifetimeCreditsUsd: "15",
    lifetimeSpentUsd: "3",
  });
  const { items } = await groups.transactions({ id: group.id });
  expect(items.map(({ kind, amountUsd, balanceAfterUsd }) => [kind, amountUsd, balanceAfterUsd])).toEqual([
    ["adjustment", "-8.499999999", "1"],
    ["adjustment", "-0.5", "9.499999999"],
    ["debit", "-2.000000001", "9.999999999"],
    ["credit", "5", "12"],
    ["credit", "10", "10"],
  ]);
  const first = await groups.transactions({ id: group.id, limit: 2 });
  const second = await groups.transactions({ id: group.id, limit: 50, cursor: first.nextCursor ?? "" });
  expect([...first.items, ...second.items]).toEqual(items);
  expect(await verified()).toEqual([]);
});

test("a balance that is taken away and given again starts from what it is given", async () => {
  const { groups } = api.as();
  const group = await groups.create({ name: "on-and-off", balanceUsd: "10" });
  await written({ group_id: group.id, cost_nano: "4000000000", purses: [await balancePurse(api, group.id)] });
  expect(await groups.update({ id: group.id, balanceUsd: null })).toMatchObject({ balanceUsd: null });
  const posted = await groups.addTransaction({ id: group.id, kind: "credit", amountUsd: "2", reason: "again" });
  expect(posted.balanceAfterUsd).toBe("2");
  expect((await groups.get({ id: group.id })).balanceUsd).toBe("2");
  expect(await verified()).toEqual([]);
});

test("a refund lowers the call's budget and rollup, credits the balance, and happens once", async () => {
  const { calls, budgets, groups } = api.as();
  const { key, budget, startsAt } = await budgetOfKey("refunded");
  const group = await groups.create({ name: "refunded", balanceUsd: "10" });
  const purses = [await purseOf(api, budget.id, startsAt), await balancePurse(api, group.id)];
  const call = await written({ key_id: key.id, group_id: group.id, cost_nano: "4000000000", purses });
  await refused(calls.refund({ id: call.id, reason: "bad", amountUsd: "4.000000001" }), "BAD_REQUEST", "amountUsd");
  const refund = await calls.refund({ id: call.id, reason: "bad answer", amountUsd: "1.5" });
  expect(refund).toEqual({
    callId: call.id,
    amountUsd: "1.5",
    repeated: false,
    group: { id: group.id, balanceUsd: "7.5" },
  });
  expect(await calls.refund({ id: call.id, reason: "bad answer" })).toMatchObject({ amountUsd: "1.5", repeated: true });
  await refused(calls.refund({ id: call.id, reason: "more", amountUsd: "2" }), "BAD_REQUEST", "amountUsd");
  expect(await budgets.get({ id: budget.id })).toMatchObject({ spentUsd: "2.5" });
  expect(await groups.get({ id: group.id })).toMatchObject({ balanceUsd: "7.5", lifetimeSpentUsd: "2.5" });
  const detail = await calls.get({ id: call.id });
  expect(detail).toMatchObject({
    costUsd: "4",
    netCostUsd: "2.5",
    adjustments: [{ kind: "refund", deltaUsd: "-1.5" }],
  });
  const { rows } = await api.sql.query("SELECT cost_nano FROM call_rollup WHERE key_id = $1", [key.id]);
  expect(rows).toEqual([{ cost_nano: "2500000000" }]);
  expect((await groups.transactions({ id: group.id })).items[0]).toMatchObject({ kind: "refund", callId: call.id });
  expect(await verified()).toEqual([]);
  await refused(calls.refund({ id: nobody, reason: "x" }), "NOT_FOUND");
});

test("refunds that are asked for at once give back once", async () => {
  const call = await written({ cost_nano: "100" });
  const asked = await Promise.all([1, 2, 3, 4].map(() => api.as().calls.refund({ id: call.id, reason: "twice" })));
  expect(asked.filter(({ repeated }) => !repeated)).toHaveLength(1);
  expect(await verified()).toEqual([]);
});

test("notifications are listed, and read one by one or all together", async () => {
  const { notify } = await import("@/server/state/notifications");
  for (const title of ["one", "two", "three"])
    await notify({ kind: "test", severity: "info", title, detail: { title } });
  const { notifications } = api.as();
  const { items, unread } = await notifications.list({ only: "unread" });
  expect(items.map(({ title }) => title)).toEqual(["three", "two", "one"]);
  expect(unread).toBe(3);
  expect(await notifications.read({ ids: [items[0]?.id ?? ""] })).toEqual({ read: 1 });
  expect((await notifications.list({ only: "unread" })).items.map(({ title }) => title)).toEqual(["two", "one"]);
  expect(await notifications.read({})).toEqual({ read: 2 });
  expect(await notifications.list({})).toMatchObject({ unread: 0, items: [{ title: "three" }, {}, {}] });
});

test("the same is done over REST", async () => {
  const key = await api.as().keys.create({ name: "rest-budget" });
  const made = await api.rest("POST", "/budgets", { body: { keyId: key.id, period: "day", limitUsd: "3" } });
  expect(made.status).toBe(200);
  const { id }: { id: string } = await made.json();
  expect((await api.rest("POST", `/budgets/${id}/reset`)).status).toBe(200);
  expect(await (await api.rest("GET", `/budgets?keyId=${key.id}`)).json()).toMatchObject([{ id, limitUsd: "3" }]);
  const group = await api.as().groups.create({ name: "rest-group" });
  const body = { kind: "credit", amountUsd: "7", reason: "paid" };
  const posted = await api.rest("POST", `/groups/${group.id}/transactions`, { body });
  expect(await posted.json()).toMatchObject({ balanceAfterUsd: "7", actor: "backend-key" });
  const call = await written({ cost_nano: "5" });
  const refund = await api.rest("POST", `/calls/${call.id}/refund`, { body: { reason: "sorry" } });
  expect(await refund.json()).toMatchObject({ amountUsd: "0.000000005" });
  expect((await api.rest("GET", "/ledger/verify")).status).toBe(200);
  expect((await api.rest("DELETE", `/budgets/${id}`)).status).toBe(200);
});
