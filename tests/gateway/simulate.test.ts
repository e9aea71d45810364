import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testApi } from "@/tests/api/support";
import { chatRequest, completion } from "@/tests/support/fixture";
import { type Routes, routes, textOf } from "@/tests/support/routes";
import { json } from "@/tests/support/upstream";

const api = testApi();
let made: Routes;
let key: { id: string; key: string };
const strategies = [
  "priority",
  "weighted",
  "round-robin",
  "random",
  "least-busy",
  "lowest-latency",
  "lowest-cost",
  "sticky",
] as const;

beforeAll(async () => {
  made = await routes(api);
  await made.provider("vendor", ["a", "b", "c"]);
  for (const strategy of strategies)
    await made.model(
      `by-${strategy}`,
      ["x", "y", "z"].map((name, at) => ({ as: `${strategy}-${name}`, weight: at + 1, region: name })),
      { strategy },
    );
  key = await made.key();
  await made.settle();
});
afterAll(() => made.upstream.stop());

function simulate(body: object, headers: Record<string, string> = {}) {
  return api.as().routing.simulate({ keyId: key.id, body: JSON.parse(JSON.stringify(body)), headers });
}

describe("the decision that is told is the next call's", () => {
  test.each(strategies)("%s, a hundred times, down to the key", async (strategy) => {
    for (let at = 0; at < 100; at++) {
      const body = chatRequest(`by-${strategy}`, { user: `u${at}` });
      const [told] = (await simulate(body)).stages[0]?.targets ?? [];
      // A look changes nothing: a second one tells the same.
      expect((await simulate(body)).stages[0]?.targets[0]).toEqual(told);
      expect((await made.chat(key.key, body)).status).toBe(200);
      expect(made.reached()).toBe(told?.upstreamModel);
      expect(made.upstream.last().headers.authorization).toBe(`Bearer sk-vendor-${told?.key}-0123456789`);
    }
  });

  test("router:<strategy> over all models", async () => {
    for (let at = 0; at < 50; at++) {
      const told = (await simulate(chatRequest("router:random"))).stages[0]?.targets[0];
      const answer = await made.chat(key.key, chatRequest("router:random"));
      expect(answer.status).toBe(200);
      expect(answer.headers["x-conduit-model"]).toBe(told?.upstreamModel);
      // The demo answers in the gateway itself.
      if (told?.upstreamModel !== "demo") expect(made.reached()).toBe(told?.upstreamModel);
    }
  });
});

test("why a target is not asked: its caller, a rule, its breaker", async () => {
  const { id } = await api.as().routing.createRule({
    name: "not z",
    conditions: [{ field: "model", operator: "eq", value: "by-priority" }],
    actions: [{ action: "exclude", regions: ["z"] }],
  });
  await made.settle();
  const told = await simulate(chatRequest("by-priority"), { "X-Conduit-Route": "x, z" });
  expect(told).toMatchObject({ refusal: null, rules: ["not z"] });
  expect(told.stages[0]?.targets.map(({ upstreamModel }) => upstreamModel)).toEqual(["priority-x"]);
  const reasons = Object.fromEntries(told.passedOver.map(({ upstreamModel, reason }) => [upstreamModel, reason]));
  expect(reasons["priority-y"]).toMatch(/x-conduit-route/);
  expect(reasons["priority-z"]).toMatch(/not z/);

  made.upstream.on("/vendor/chat/completions", json({ error: { message: "it burns" } }, { status: 500 }));
  for (let at = 0; at < 4; at++) await made.chat(key.key, chatRequest("by-priority"), { "x-conduit-route": "x" });
  const after = await simulate(chatRequest("by-priority"));
  expect(after.stages[0]?.targets.map(({ upstreamModel }) => upstreamModel)).toEqual(["priority-y"]);
  expect(after.passedOver.find(({ upstreamModel }) => upstreamModel === "priority-x")?.reason).toMatch(
    /left out by its breaker for \d+ s: it burns/,
  );
  const broken = (await api.as().routing.health()).find(({ upstreamModel }) => upstreamModel === "priority-x");
  expect(broken).toMatchObject({ kind: "deployment", provider: "vendor", model: "by-priority", state: "open" });
  expect(broken?.failures).toBeGreaterThanOrEqual(5);
  expect(broken?.lastError?.message).toContain("it burns");

  expect(await api.as().routing.reset({ id: broken?.id ?? "" })).toEqual({ reset: 1 });
  made.upstream.on("/vendor/chat/completions", json(completion()));
  expect((await simulate(chatRequest("by-priority"))).stages[0]?.targets[0]?.upstreamModel).toBe("priority-x");
  await api.as().routing.deleteRule({ id });
  await made.settle();
});

test("keys that may not use a model are told of", async () => {
  made.upstream.on("/vendor/chat/completions", json({ error: { message: "not this one" } }, { status: 403 }));
  expect((await made.chat(key.key, chatRequest("by-priority"), { "x-conduit-route": "x" })).status).toBe(502);
  made.upstream.on("/vendor/chat/completions", json(completion()));
  const told = await simulate(chatRequest("by-priority"));
  expect(told.stages[0]?.targets.map(({ upstreamModel }) => upstreamModel)).toEqual(["priority-y", "priority-z"]);
  expect(told.passedOver[0]?.reason).toMatch(/a, with this model, is taken out for \d+ s: .*; b, with this model, is/);
  await api.as().routing.reset({ id: null });
});

test("a key that is refused is told of, and a refusal of the call itself", async () => {
  made.upstream.on("/vendor/chat/completions", json({ error: { message: "no credit" } }, { status: 401 }));
  await made.chat(key.key, chatRequest("by-priority"), { "x-conduit-route": "x" });
  made.upstream.on("/vendor/chat/completions", json(completion()));
  const told = await simulate(chatRequest("by-priority"), { "x-conduit-route": "x" });
  if (told.stages[0]?.targets.length === 0) {
    expect(told.refusal?.kind).toBe("upstream_denied");
    expect(told.passedOver.at(-1)?.reason).toMatch(/none of its provider's keys is in service/);
  }
  await api.as().routing.reset({ id: null });
  expect(await simulate(chatRequest("unheard-of"))).toMatchObject({
    refusal: { status: 404, kind: "model_not_found" },
  });
  expect(await simulate({ model: "by-priority" })).toMatchObject({ refusal: { status: 400 } });
  await expect(
    api.as().routing.simulate({ keyId: "00000000-0000-4000-8000-000000000000", body: {} }),
  ).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("over REST, and nothing is sent", async () => {
  const before = made.upstream.received.length;
  const answer = await api.rest("POST", "/routing/simulate", {
    body: { keyId: key.id, body: chatRequest("by-sticky") },
  });
  expect(answer.status, await answer.clone().text()).toBe(200);
  expect(await answer.json()).toMatchObject({ refusal: null, stages: [{ strategy: "sticky", on: "any" }] });
  expect(made.upstream.received.length).toBe(before);
  expect(await textOf(await made.chat(key.key, chatRequest("by-sticky")))).toContain("chat.completion");
});
