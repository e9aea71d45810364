import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { testApi } from "@/tests/api/support";
import { chatRequest, chunks, completion, usageChunk } from "@/tests/support/fixture";
import { type Routes, routes, textOf } from "@/tests/support/routes";
import { json, openAiEvents, stream } from "@/tests/support/upstream";

const api = testApi();
let made: Routes;
let key: string;
let keyId: string;

beforeAll(async () => {
  made = await routes(api);
  await made.provider("vendor");
  await made.provider("down");
  made.upstream.on("/down/chat/completions", json({ error: { message: "down" } }, { status: 503 }));
  await made.model("cheap", [{ as: "cheap-1", provider: "down" }], { retries: 0 });
  await made.model("strong", [
    { as: "strong-us", region: "us" },
    { as: "strong-eu", region: "eu", priority: 1 },
  ]);
  await made.provider("frail");
  await made.model("frail", [{ as: "frail-1", provider: "frail" }]);
  ({ key, id: keyId } = await made.key({ models: ["cheap", "strong", "vendor/*"] }));
  await made.settle();
});
afterAll(() => made.upstream.stop());
beforeEach(async () => {
  await withoutRules();
  await api.as().routing.reset({ id: null });
});

type Rule = Parameters<ReturnType<typeof api.as>["routing"]["createRule"]>[0];
const isStrong = { field: "model", operator: "eq", value: "strong" } as const;

async function withoutRules(): Promise<void> {
  for (const { id } of await api.as().routing.rules()) await api.as().routing.deleteRule({ id });
}

/** Puts one rule in the place of those that are there. */
async function rule(actions: Rule["actions"]): Promise<void> {
  await withoutRules();
  await api.as().routing.createRule({ name: "strong ones", conditions: [isStrong], actions });
  await made.settle();
}

/** What the upstream got of one call: the models that were asked, in order, with what was set. */
async function asked(
  body: object,
  as = key,
): Promise<{ status: number; text: string; sent: Record<string, unknown>[] }> {
  const before = made.upstream.received.length;
  const reply = await made.chat(as, body);
  const text = await textOf(reply);
  const sent = made.upstream.received.slice(before).map(({ body: bytes }) => JSON.parse(bytes.toString("utf8")));
  return { status: reply.status, text, sent };
}

const lists = [
  ["a list", { ...chatRequest("cheap"), models: ["strong"] }],
  ["a strategy over all models", { ...chatRequest("router:priority") }],
] as const;

describe.each(lists)("a model that is asked only when another fails is ruled as well: %s", (_name, body) => {
  test("refuse", async () => {
    await rule([{ action: "refuse", message: "Not that one." }]);
    const { status, sent } = await asked(body);
    expect(sent.map(({ model }) => model)).not.toContain("strong-us");
    expect(sent.map(({ model }) => model)).not.toContain("strong-eu");
    expect(status).toBe(502);
  });

  test("exclude", async () => {
    await rule([{ action: "exclude", regions: ["us"] }]);
    const { status, sent } = await asked(body);
    expect(status).toBe(200);
    expect(sent.map(({ model }) => model)).toEqual(["cheap-1", "strong-eu"]);
  });

  test("set, for that model alone", async () => {
    await rule([{ action: "set", parameters: { temperature: 0, seed: null } }]);
    const { status, sent } = await asked({ ...body, temperature: 1, seed: 7 });
    expect(status).toBe(200);
    expect(sent).toMatchObject([
      { model: "cheap-1", temperature: 1, seed: 7 },
      { model: "strong-us", temperature: 0 },
    ]);
    expect(sent[1]).not.toHaveProperty("seed");
    for (const one of sent) expect(one).not.toHaveProperty("models");
  });

  test("rewrite", async () => {
    await rule([{ action: "rewrite", model: "cheap" }]);
    const { status, sent } = await asked(body);
    expect(status).toBe(502);
    expect(new Set(sent.map(({ model }) => model))).toEqual(new Set(["cheap-1"]));
  });
});

test("a model that is refused leaves the call to the others, and counts as the first of them", async () => {
  await rule([{ action: "refuse", message: "Not that one." }]);
  made.upstream.on("/down/chat/completions", json({ error: { message: "up, but no" } }, { status: 400 }));
  const reply = await made.chat(key, { ...chatRequest("strong"), models: ["cheap"] });
  expect(reply.headers["x-conduit-model"]).toBe("cheap-1");
  made.upstream.on("/down/chat/completions", json({ error: { message: "down" } }, { status: 503 }));
  const { status, text, sent } = await asked({ ...chatRequest("strong"), models: ["vendor/strong-us"] });
  expect(sent).toEqual([]);
  expect(status).toBe(403);
  expect(JSON.parse(text).error).toMatchObject({ message: "Not that one.", code: "refused_by_rule" });
});

test("a simulation tells what each model is set, and which one a rule refuses", async () => {
  const simulate = () => {
    const body = { ...JSON.parse(JSON.stringify(chatRequest("cheap"))), models: ["strong"] };
    return api.as().routing.simulate({ keyId, body });
  };
  await rule([{ action: "set", parameters: { temperature: 0 } }]);
  expect((await simulate()).stages.map(({ model, changes }) => [model, changes])).toEqual([
    ["cheap", {}],
    ["strong", { temperature: 0 }],
  ]);
  await rule([{ action: "refuse", message: "Not that one." }]);
  const { stages, passedOver, refusal } = await simulate();
  expect(refusal).toBe(null);
  expect(stages.map(({ model }) => model)).toEqual(["cheap"]);
  expect(passedOver.map(({ upstreamModel, reason }) => [upstreamModel, reason])).toEqual([
    ["strong-us", 'the rule "strong ones" refuses its model'],
    ["strong-eu", 'the rule "strong ones" refuses its model'],
  ]);
});

test("a stream that broke off goes on only at models that get the same request", async () => {
  const whole = openAiEvents([...chunks(), usageChunk()]);
  made.upstream.on("/frail/chat/completions", stream(whole.slice(0, 600), { ending: "cut" }));
  made.upstream.on("/vendor/chat/completions", stream(whole));
  const body = { ...chatRequest("frail", { stream: true }), models: ["strong"] };
  const caller = await made.key();
  const models = async () => (await asked(body, caller.key)).sent.map(({ model }) => model);
  expect(await models()).toContain("strong-us");
  await api.as().routing.reset({ id: null });
  await rule([{ action: "set", parameters: { temperature: 0 } }]);
  expect(new Set(await models())).toEqual(new Set(["frail-1"]));
  made.upstream.on("/vendor/chat/completions", json(completion()));
});

test("what is set for one model alone is held for: a longer answer than the caller asked for is paid for", async () => {
  const priced = await made.model("priced", [{ as: "priced-1" }]);
  const [deployment] = (await api.as().models.get({ id: priced })).deployments;
  await api.as().deployments.setPrice({ id: deployment?.id ?? "", inputPerMillionUsd: "1", outputPerMillionUsd: "10" });
  await api.as().routing.createRule({
    name: "at length",
    conditions: [{ field: "model", operator: "eq", value: "priced" }],
    actions: [{ action: "set", parameters: { max_tokens: 1_000_000 } }],
  });
  const poor = await made.key({ models: ["*"], budgets: [{ period: "total", limitUsd: "1" }] });
  await made.settle();
  const body = { ...chatRequest("cheap"), models: ["priced"], max_tokens: 10 };
  const refused = await made.chat(poor.key, body);
  expect(JSON.parse(await textOf(refused)).error.code).toBe("insufficient_quota");
});

test("a budget is asked for by the model that it covers", async () => {
  await api.as().routing.createRule({
    name: "strong while there is money",
    conditions: [{ field: "budget", operator: "lt", value: 10 }],
    actions: [{ action: "choose", regions: ["eu"] }],
  });
  const { id, key: poor } = await made.key({ models: ["cheap", "strong"] });
  await api.as().budgets.create({ keyId: id, period: "total", models: ["strong"], limitUsd: "5" });
  await made.settle();
  const before = made.upstream.received.length;
  await made.chat(poor, { ...chatRequest("cheap"), models: ["strong"] });
  const sent = made.upstream.received.slice(before).map(({ body }) => JSON.parse(body.toString("utf8")).model);
  expect(sent).toEqual(["cheap-1", "strong-eu"]);
});
