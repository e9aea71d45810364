import { expect, test } from "vitest";
import { sha256 } from "@/server/secret";
import { nobody, refused, testApi } from "@/tests/api/support";

const api = testApi();

test("a key is shown once: what is stored is its hash, and neither is ever shown again", async () => {
  const { keys } = api.as();
  const { id, key } = await keys.create({
    name: "once",
    models: ["gpt-*", "demo"],
    limits: { rpm: 60, concurrent: 4 },
  });
  expect(key).toMatch(/^condt_[\w-]{43}$/);
  const { rows } = await api.sql.query("SELECT hash FROM virtual_key WHERE id = $1", [id]);
  expect(rows[0]?.hash).toBe(sha256(key));
  const shown = await keys.get({ id });
  expect(shown).toMatchObject({
    name: "once",
    last4: key.slice(-4),
    rpm: 60,
    tpm: null,
    concurrent: 4,
    models: ["gpt-*", "demo"],
  });
  const everything = JSON.stringify([
    await keys.list(),
    shown,
    await api.as().audit.list({}),
    await api.audit("virtual-key"),
  ]);
  expect(everything).not.toContain(key);
  expect(everything).not.toContain(sha256(key));
});

test("rotating replaces the key at once and keeps everything else", async () => {
  const { keys } = api.as();
  const first = await keys.create({ name: "turning", tags: ["a"], budgets: [{ period: "month", limitUsd: "5" }] });
  const second = await keys.rotate({ id: first.id });
  expect(second.key).not.toBe(first.key);
  const { rows } = await api.sql.query("SELECT hash FROM virtual_key WHERE id = $1", [first.id]);
  expect(rows).toEqual([{ hash: sha256(second.key) }]);
  expect(await keys.get({ id: first.id })).toMatchObject({
    tags: ["a"],
    budgets: [{ period: "month", limitUsd: "5" }],
  });
});

test("budgets are exact, one for each period, and replaced as a whole", async () => {
  const { keys } = api.as();
  const { id } = await keys.create({
    name: "budgeted",
    budgets: [
      { period: "day", limitUsd: "0.1" },
      { period: "total", limitUsd: "12.345678901" },
    ],
  });
  const { rows } = await api.sql.query("SELECT period, limit_nano FROM budget WHERE key_id = $1 ORDER BY period", [id]);
  expect(rows).toEqual([
    { period: "day", limit_nano: "100000000" },
    { period: "total", limit_nano: "12345678901" },
  ]);
  const day = (await keys.get({ id })).budgets.find((budget) => budget.period === "day");
  const after = await keys.update({ id, budgets: [{ period: "day", limitUsd: "2" }] });
  expect(after.budgets).toEqual([{ id: day?.id, period: "day", limitUsd: "2" }]);
  const twice = [
    { period: "day" as const, limitUsd: "1" },
    { period: "day" as const, limitUsd: "2" },
  ];
  await refused(keys.update({ id, budgets: twice }), "BAD_REQUEST", "budgets");
});

test("a change touches what it names: null takes away, absence keeps", async () => {
  const { keys, groups } = api.as();
  const group = await groups.create({ name: "g" });
  const expiresAt = new Date(Date.now() + 86_400_000);
  const { id } = await keys.create({ name: "partial", groupId: group.id, expiresAt, limits: { rpm: 1, tpm: 2 } });
  const kept = await keys.update({ id, name: "partial-2" });
  expect(kept).toMatchObject({ group: { id: group.id, name: "g" }, expiresAt, rpm: 1, tpm: 2 });
  const cleared = await keys.update({ id, groupId: null, expiresAt: null, limits: { rpm: null }, enabled: false });
  expect(cleared).toMatchObject({ group: null, expiresAt: null, rpm: null, tpm: 2, enabled: false });
});

test("limits are of six kinds, also for some models; a list of those replaces the one before", async () => {
  const { keys } = api.as();
  const none = { rpm: null, rph: null, rpd: null, tpm: null, tpd: null, concurrent: null };
  const limits = { rpm: 1, rph: 2, rpd: 3, tpm: 4, tpd: 5, concurrent: 6 };
  const { id } = await keys.create({ name: "limited", limits, modelLimits: [{ model: "gpt-*", rpm: 7, tpd: null }] });
  expect(await keys.get({ id })).toMatchObject({ ...limits, modelLimits: [{ ...none, model: "gpt-*", rpm: 7 }] });
  const after = await keys.update({ id, limits: { rpd: null }, modelLimits: [{ model: "a", tpm: 1 }] });
  expect(after).toMatchObject({ ...limits, rpd: null, modelLimits: [{ ...none, model: "a", tpm: 1 }] });
  expect((await keys.update({ id, name: "limited-2" })).modelLimits).toEqual(after.modelLimits);
  const twice = [{ model: "a" }, { model: "a" }];
  await refused(keys.update({ id, modelLimits: twice }), "BAD_REQUEST", "modelLimits");
  await refused(keys.update({ id, modelLimits: [{ model: "a", rpm: 0 }] }), "BAD_REQUEST", "modelLimits.0.rpm");
});

test("spend and calls of 30 days come from the rollup", async () => {
  const { keys } = api.as();
  const { id } = await keys.create({ name: "spender" });
  const insert =
    "INSERT INTO call_rollup (hour, key_id, model, provider_name, calls, cost_nano) VALUES ($1, $2, $3, 'p', $4, $5)";
  const hoursAgo = (hours: number) => new Date(Math.floor(Date.now() / 3_600_000 - hours) * 3_600_000);
  await api.sql.query(insert, [hoursAgo(1), id, "a", 3, 1_500_000]);
  await api.sql.query(insert, [hoursAgo(200), id, "b", 2, 1]);
  await api.sql.query(insert, [hoursAgo(31 * 24), id, "a", 100, 5_000_000_000]);
  const listed = (await keys.list()).find((key) => key.id === id);
  expect(listed).toMatchObject({ calls30d: 5, spentUsd30d: "0.001500001" });
});

test("bad input is refused with the field at fault", async () => {
  const { keys } = api.as();
  await refused(keys.create({ name: " " }), "BAD_REQUEST", "name");
  await refused(keys.create({ name: "x".repeat(101) }), "BAD_REQUEST", "name");
  await refused(keys.create({ name: "k", models: [] }), "BAD_REQUEST", "models");
  await refused(keys.create({ name: "k", models: ["*gpt"] }), "BAD_REQUEST", "models.0");
  await refused(keys.create({ name: "k", expiresAt: new Date(0) }), "BAD_REQUEST", "expiresAt");
  await refused(keys.create({ name: "k", limits: { rpm: 0 } }), "BAD_REQUEST", "limits.rpm");
  await refused(
    keys.create({ name: "k", budgets: [{ period: "day", limitUsd: "x" }] }),
    "BAD_REQUEST",
    "budgets.0.limitUsd",
  );
  await refused(keys.create({ name: "k", groupId: nobody }), "NOT_FOUND", "groupId");
  // @ts-expect-error a field that does not exist
  await refused(keys.create({ name: "k", admin: true }), "BAD_REQUEST", "admin");
  expect((await keys.list()).some((key) => key.name === "k")).toBe(false);
});

test("names are unique, unknown keys are not found, managed ones are read-only", async () => {
  const { keys } = api.as();
  const { id } = await keys.create({ name: "taken" });
  await refused(keys.create({ name: "taken" }), "CONFLICT", "name");
  await refused(keys.rotate({ id: nobody }), "NOT_FOUND");
  await refused(keys.delete({ id: nobody }), "NOT_FOUND");
  await api.sql.query("UPDATE virtual_key SET managed = true WHERE id = $1", [id]);
  await refused(keys.update({ id, name: "free" }), "CONFLICT");
  await refused(keys.rotate({ id }), "CONFLICT");
  await refused(keys.delete({ id }), "CONFLICT");
});
