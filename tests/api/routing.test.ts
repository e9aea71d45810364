import { afterAll, beforeAll, expect, test } from "vitest";
import { nobody, refused, testApi } from "@/tests/api/support";
import { chatRequest, completion } from "@/tests/support/fixture";
import { type Routes, routes } from "@/tests/support/routes";
import { json } from "@/tests/support/upstream";

const api = testApi();
let made: Routes;
let key: string;
beforeAll(async () => {
  made = await routes(api);
  await made.model("bad", [{ as: "bad-1" }], { retries: 0 });
  ({ key } = await made.key());
  await made.settle();
});
afterAll(() => made.upstream.stop());

test("a rule's life, each step with an audit entry", async () => {
  const { routing } = api.as();
  const actions = [{ action: "exclude" as const, tags: ["slow"] }];
  const rule = await routing.createRule({ name: "no slow ones", actions });
  expect(rule).toMatchObject({ enabled: true, managed: false, match: "all", conditions: [], actions, stop: false });
  const conditions = [{ field: "header" as const, name: "x-fast", operator: "exists" as const }];
  expect(await routing.updateRule({ id: rule.id, conditions, enabled: false })).toMatchObject({
    conditions,
    actions,
    enabled: false,
  });
  const second = await routing.createRule({ name: "second", actions });
  expect((await routing.rules()).map(({ name }) => name)).toEqual(["no slow ones", "second"]);
  expect((await routing.orderRules({ ids: [second.id, rule.id] })).map(({ name }) => name)).toEqual([
    "second",
    "no slow ones",
  ]);
  await refused(routing.orderRules({ ids: [second.id] }), "BAD_REQUEST", "ids");
  await refused(routing.createRule({ name: "second", actions }), "CONFLICT");
  await refused(
    routing.createRule({ name: "away", actions: [{ action: "rewrite", model: "nothing" }] }),
    "BAD_REQUEST",
  );
  await refused(routing.updateRule({ id: nobody, stop: true }), "NOT_FOUND");
  await api.sql.query("UPDATE routing_rule SET managed = true WHERE id = $1", [second.id]);
  await refused(routing.updateRule({ id: second.id, stop: true }), "CONFLICT");
  await refused(routing.deleteRule({ id: second.id }), "CONFLICT");
  await routing.deleteRule({ id: rule.id });
  await api.sql.query("DELETE FROM routing_rule");
  expect((await api.audit("routing-rule")).map(({ action }) => action)).toEqual([
    "create",
    "update",
    "create",
    "reorder",
    "delete",
  ]);
});

test("a rule over REST says which of its fields is wrong", async () => {
  const conditions = [{ field: "tokens", operator: "matches", value: "x" }];
  const body = { name: "wrong", conditions, actions: [{ action: "refuse", message: "no" }] };
  const answer = await api.rest("POST", "/routing/rules", { body });
  expect(answer.status).toBe(400);
  expect(JSON.stringify(await answer.json())).toMatch(/operator|has no meaning/);
});

test("errors of providers are grouped, and hidden until now", async () => {
  const path = "/vendor/chat/completions";
  made.upstream.on(path, json({ error: { message: "it burns" } }, { status: 500 }));
  expect((await made.chat(key, chatRequest("bad"))).status).toBe(502);
  made.upstream.on(path, json({ error: { message: "slow down" } }, { status: 429, headers: { "retry-after": "60" } }));
  expect((await made.chat(key, chatRequest("bad"))).status).toBe(429);
  const { drainLedger } = await import("@/server/state/ledger");
  await drainLedger(5_000);
  const errors = await api.as().routing.errors({});
  const byKind = Object.fromEntries(errors.map((group) => [group.kind, group]));
  expect(byKind.upstream_unavailable).toMatchObject({
    provider: "vendor",
    key: "main",
    lastMessage: expect.stringContaining("it burns"),
    upstreamModels: ["bad-1"],
  });
  expect(byKind.upstream_rate_limited?.count).toBeGreaterThanOrEqual(1);
  expect(await api.as().routing.errors({ provider: "another" })).toEqual([]);
  expect(await (await api.rest("GET", "/routing/errors?provider=vendor")).json()).toHaveLength(errors.length);
  await api.as().routing.clearErrors({ provider: "another" });
  expect(await api.as().routing.errors({})).toHaveLength(errors.length);
  await api.as().routing.clearErrors({ provider: "vendor" });
  expect(await api.as().routing.errors({})).toEqual([]);
});

test("a key that is limited with a model is seen, and back in service by hand", async () => {
  const health = await api.as().routing.health();
  const limited = health.find(({ until }) => until !== null);
  expect(limited).toMatchObject({
    ...{ kind: "pair", provider: "vendor", key: "main", model: "bad", upstreamModel: "bad-1" },
    lastError: { kind: "upstream_rate_limited" },
  });
  const answer = await api.rest("POST", "/routing/health/reset", { body: { id: limited?.id } });
  expect(await answer.json()).toEqual({ reset: 1 });
  made.upstream.on("/vendor/chat/completions", json(completion()));
  expect((await made.chat(key, chatRequest("bad"))).status).toBe(200);
  expect(await api.as().routing.reset({ id: "unknown" })).toEqual({ reset: 0 });
});

test("settings of models and deployments are kept, and fallbacks of every kind must not lead in a circle", async () => {
  const { models, deployments } = api.as();
  const one = await models.create({ name: "one", rescue: false, firstByteMs: 500, retries: 1, cacheTtlSeconds: 5 });
  expect(one).toMatchObject({ rescue: false, firstByteMs: 500, retries: 1, cache: false });
  const two = await models.create({ name: "two", fallbacksOnContext: ["one"], fallbacksOnPolicy: ["one"] });
  expect(await models.update({ id: one.id, firstByteMs: null })).toMatchObject({ firstByteMs: null, retries: 1 });
  const circle = await refused(
    models.update({ id: one.id, fallbacksOnPolicy: ["two"] }),
    "BAD_REQUEST",
    "fallbacksOnPolicy",
  );
  expect(circle.message).toContain("one → two → one");
  await refused(models.create({ name: "three", fallbacksOnContext: ["nobody"] }), "BAD_REQUEST", "fallbacksOnContext");
  await models.update({ id: one.id, name: "uno" });
  expect(await models.get({ id: two.id })).toMatchObject({ fallbacksOnContext: ["uno"], fallbacksOnPolicy: ["uno"] });
  const providerId = (await api.as().providers.list()).find(({ name }) => name === "vendor")?.id ?? "";
  const placed = { tags: ["a"], region: "eu", rpm: 5, concurrent: 2 };
  const made = await deployments.create({ modelId: one.id, providerId, upstreamModel: "m", ...placed });
  expect(made).toMatchObject({ ...placed, tpm: null });
  expect(await deployments.update({ id: made.id, region: null, tpm: 9, contextWindow: 8_192 })).toMatchObject({
    contextWindow: 8_192,
    region: null,
    tpm: 9,
    rpm: 5,
  });
});
