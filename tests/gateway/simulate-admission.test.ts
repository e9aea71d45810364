import { afterAll, beforeAll, expect, test } from "vitest";
import type { Reply } from "@/server/gateway/endpoint";
import { testApi } from "@/tests/api/support";
import { chatRequest, chunks, completion, usageChunk } from "@/tests/support/fixture";
import { inbound, type Routes, routes, textOf } from "@/tests/support/routes";
import { json, openAiEvents, stream } from "@/tests/support/upstream";

const api = testApi();
const path = "/vendor/chat/completions";
let made: Routes;
let key: { id: string; key: string };

type Input = Parameters<ReturnType<typeof api.as>["routing"]["simulate"]>[0];
const simulate = (body: object, { keyId = key.id, headers = {}, dialect = "chat" }: Partial<Input> = {}) =>
  api.as().routing.simulate({ keyId, body: JSON.parse(JSON.stringify(body)), headers, dialect });

beforeAll(async () => {
  made = await routes(api);
  await made.provider("vendor", ["a", "b"]);
  const id = await made.model("plain", [{ as: "plain-x" }, { as: "plain-y" }, { as: "plain-z" }], {
    strategy: "random",
  });
  for (const { id: deployment } of (await api.as().models.get({ id })).deployments)
    await api.as().deployments.setPrice({ id: deployment, inputPerMillionUsd: "1", outputPerMillionUsd: "4" });
  await made.model("pair", [{ as: "pair-x" }, { as: "pair-y" }], { hedge: true, firstByteMs: 200, strategy: "random" });
  key = await made.key();
  await made.settle();
});
afterAll(() => made.upstream.stop());

/** What became of a call, in the words of a simulation. */
async function decision(reply: Reply, before: number): Promise<unknown> {
  const text = await textOf(reply);
  if (reply.headers["x-conduit-cache"] === "hit") return "hit";
  if (reply.status !== 200) return { status: reply.status, message: waitless(JSON.parse(text).error.message) };
  expect(made.upstream.received.length).toBe(before + 1);
  return { model: made.reached(), authorization: made.upstream.last().headers.authorization };
}

/** A refusal says how many seconds to wait, and a second may pass. */
const waitless = (message: string) => message.replace(/in \d+ seconds?/, "soon");

type Told = Awaited<ReturnType<typeof simulate>>;
function told({ refusal, cache, next }: Told): unknown {
  if (refusal) return { status: refusal.status, message: waitless(refusal.message) };
  if (cache.state === "hit") return "hit";
  return { model: next?.upstreamModel, authorization: `Bearer sk-vendor-${next?.key}-0123456789` };
}

test("over keys that are limited, poor and cached the next call does what was told, and a look takes nothing", async () => {
  const keys = [
    await made.key({ limits: { rpm: 15 } }),
    await made.key({ limits: { tpm: 2_000 } }),
    await made.key({ budgets: [{ period: "total", limitUsd: "0.005" }] }),
    await made.key({ cache: true }),
    await made.key({ cache: true, limits: { rpm: 20 }, budgets: [{ period: "total", limitUsd: "0.01" }] }),
  ];
  await made.settle();
  const seen = new Set<string>();
  for (let at = 0; at < 200; at++) {
    const caller = keys[at % keys.length] ?? key;
    const body = chatRequest("plain", { user: `u${at % 20}`, max_tokens: 100 });
    const looked = told(await simulate(body, { keyId: caller.id }));
    expect(told(await simulate(body, { keyId: caller.id }))).toEqual(looked);
    const before = made.upstream.received.length;
    expect(await decision(await made.chat(caller.key, body), before)).toEqual(looked);
    const { status } = Object.assign({ status: 200 }, looked);
    seen.add(looked === "hit" ? "hit" : `${status}`);
  }
  expect(seen).toEqual(new Set(["200", "hit", "429"]));
}, 60_000);

test("of several models one that is at its limit for the key is passed over, as the call does it", async () => {
  const caller = await made.key({ modelLimits: [{ model: "plain", rpm: 1 }] });
  await made.settle();
  const { model: _model, ...rest } = chatRequest("plain");
  const body = { ...rest, models: ["plain", "pair"] };
  const look = () => simulate(body, { keyId: caller.id });
  const first = await look();
  expect([first.next?.model, first.stages.map(({ model }) => model)]).toEqual(["plain", ["plain", "pair"]]);
  expect((await made.chat(caller.key, body)).status).toBe(200);
  const second = await look();
  expect([second.model, second.next?.model, second.stages.map(({ model }) => model)]).toEqual([
    "pair",
    "pair",
    ["pair"],
  ]);
  expect(second.passedOver).toMatchObject(
    Array.from({ length: 3 }, () => ({ model: "plain", reason: expect.stringContaining("limit") })),
  );
  expect((await made.chat(caller.key, body)).status).toBe(200);
  expect(made.reached()).toMatch(/^pair-/);
});

test("looking at a key does not use up what it has", async () => {
  const caller = await made.key({ limits: { rpm: 1 }, budgets: [{ period: "total", limitUsd: "1" }] });
  await made.settle();
  for (let at = 0; at < 10; at++)
    expect((await simulate(chatRequest("plain"), { keyId: caller.id })).refusal).toBe(null);
  const [budget] = await api.as().budgets.list({ keyId: caller.id });
  expect(budget).toMatchObject({ spentUsd: "0", reservedUsd: "0" });
  expect((await made.chat(caller.key, chatRequest("plain"))).status).toBe(200);
  expect((await simulate(chatRequest("plain"), { keyId: caller.id })).refusal).toMatchObject({ kind: "rate_limited" });
});

test("what the budget leaves of an answer is told, as it is then set", async () => {
  const caller = await made.key({ budgets: [{ period: "total", limitUsd: "0.02" }] });
  await made.settle();
  const { outputLimit, refusal } = await simulate(chatRequest("plain"), { keyId: caller.id });
  expect(refusal).toBe(null);
  expect(outputLimit).toBeGreaterThan(0);
  expect((await made.chat(caller.key, chatRequest("plain"))).status).toBe(200);
  expect(JSON.parse(made.upstream.last().body.toString("utf8")).max_completion_tokens).toBe(outputLimit);
});

test("a kept answer is told of with its age, and stays as old as it was", async () => {
  const headers = { "x-conduit-cache": "on" };
  const body = chatRequest("plain", { user: "kept" });
  expect((await simulate(body)).cache).toEqual({ state: "off", ageSeconds: null });
  expect((await simulate(body, { headers })).cache).toEqual({ state: "miss", ageSeconds: null });
  await made.chat(key.key, body, headers);
  expect(await simulate(body, { headers })).toMatchObject({ cache: { state: "hit", ageSeconds: 0 }, next: null });
  expect((await made.chat(key.key, body, headers)).headers["x-conduit-cache"]).toBe("hit");
});

test("the second target of a hedged call, and after how long", async () => {
  made.upstream.on(path, stream(openAiEvents([...chunks(), usageChunk()]), { afterMs: 300 }));
  const body = chatRequest("pair", { stream: true });
  const looked = await simulate(body);
  expect(looked.hedge?.afterMs).toBe(100);
  expect(looked.hedge?.target.upstreamModel).not.toBe(looked.next?.upstreamModel);
  expect((await simulate(chatRequest("pair"))).hedge).toBe(null);
  const before = made.upstream.received.length;
  await textOf(await made.chat(key.key, body));
  const asked = made.upstream.received.slice(before).map((one) => JSON.parse(one.body.toString("utf8")).model);
  expect(asked).toEqual([looked.next?.upstreamModel, looked.hedge?.target.upstreamModel]);
  made.upstream.on(path, json(completion()));
});

test("a budget that does not pay for both hedges nothing", async () => {
  const id = await made.model("dear", [{ as: "dear-x" }, { as: "dear-y" }], { hedge: true });
  for (const { id: deployment } of (await api.as().models.get({ id })).deployments)
    await api.as().deployments.setPrice({ id: deployment, inputPerMillionUsd: "1", outputPerMillionUsd: "10" });
  const caller = await made.key({ budgets: [{ period: "total", limitUsd: "1" }] });
  await made.settle();
  const hedge = async (max_tokens: number) =>
    (await simulate(chatRequest("dear", { stream: true, max_tokens }), { keyId: caller.id })).hedge;
  expect(await hedge(60_000)).toBe(null);
  expect(await hedge(1_000)).not.toBe(null);
});

test("requests of generateContent, whose model and stream stand for the path", async () => {
  const { callModel } = await import("@/server/gateway/generate-content");
  const body = { contents: [{ role: "user", parts: [{ text: "Hello?" }] }] };
  for (const method of ["generateContent", "streamGenerateContent"]) {
    const streams = method.startsWith("stream");
    const said = { model: "plain", ...(streams && { stream: true }), ...body };
    if (streams) made.upstream.on(path, stream(openAiEvents([...chunks(), usageChunk()])));
    const headers = { "x-conduit-cache": "on" };
    const looked = await simulate(said, { dialect: "generateContent", headers });
    expect(looked.cache.state).toBe("miss");
    const id = `plain:${method}`;
    const query = streams ? "alt=sse" : "";
    const call = () =>
      callModel({ ...inbound(key.key, body, headers), path: `/v1beta/models/${id}`, params: { id }, query });
    const before = made.upstream.received.length;
    expect(await decision(await call(), before)).toEqual(told(looked));
    expect((await simulate(said, { dialect: "generateContent", headers })).cache.state).toBe("hit");
    expect((await call()).headers["x-conduit-cache"]).toBe("hit");
  }
  made.upstream.on(path, json(completion()));
});

test("embeddings", async () => {
  const { embeddings } = await import("@/server/gateway/embeddings");
  made.upstream.on(
    "/vendor/embeddings",
    json({
      object: "list",
      model: "e",
      data: [{ object: "embedding", index: 0, embedding: [1, 2] }],
      usage: { prompt_tokens: 1, total_tokens: 1 },
    }),
  );
  const body = { model: "plain", input: "x" };
  for (let at = 0; at < 20; at++) {
    const looked = await simulate(body, { dialect: "embeddings" });
    const before = made.upstream.received.length;
    const call = { ...inbound(key.key, body), path: "/v1/embeddings" };
    expect(await decision(await embeddings(call), before)).toEqual(told(looked));
  }
  expect(await simulate({ model: "plain" }, { dialect: "embeddings" })).toMatchObject({ refusal: { status: 400 } });
});

test("where every target is out for a moment the call waits, and is refused as it is told where that is longer", async () => {
  const { routeOf, turnOfDeparture } = await import("@/server/state/route-health");
  const { limited } = await import("@/server/state/route-refusals");
  const id = await made.model("single", [{ as: "single-x" }]);
  const [deployment] = (await api.as().models.get({ id })).deployments;
  const route = routeOf(deployment?.id ?? "");
  const error = { kind: "upstream_rate_limited", message: "Slow down." } as const;
  await made.settle();
  limited(route, { nowMs: Date.now(), turn: turnOfDeparture(), error }, 1);
  expect(await simulate(chatRequest("single"))).toMatchObject({ refusal: null, next: null, waits: true });
  expect((await made.chat(key.key, chatRequest("single"))).status).toBe(200);
  limited(route, { nowMs: Date.now(), turn: turnOfDeparture(), error }, 60);
  const looked = await simulate(chatRequest("single"));
  expect(looked).toMatchObject({ waits: false, next: null, refusal: { status: 429 } });
  const before = made.upstream.received.length;
  expect(await decision(await made.chat(key.key, chatRequest("single")), before)).toEqual(told(looked));
});
