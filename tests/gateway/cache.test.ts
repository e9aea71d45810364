import { afterAll, beforeAll, expect, test } from "vitest";
import type { Reply } from "@/server/gateway/endpoint";
import { testApi } from "@/tests/api/support";
import { chatRequest, chunks, completion, usageChunk } from "@/tests/support/fixture";
import { inbound, type Routes, routes, textOf } from "@/tests/support/routes";
import { json, openAiEvents, stream } from "@/tests/support/upstream";

const api = testApi();
let made: Routes;
let key: string;
const on = { "x-conduit-cache": "on" };
const path = "/vendor/chat/completions";

beforeAll(async () => {
  made = await routes(api);
  const id = await made.model("plain", [{ as: "plain-1" }]);
  await made.model("kept", [{ as: "kept-1" }], { cache: true, cacheTtlSeconds: 1 });
  const [deployment] = (await api.as().models.get({ id })).deployments;
  await api.as().deployments.setPrice({ id: deployment?.id ?? "", inputPerMillionUsd: "1", outputPerMillionUsd: "4" });
  ({ key } = await made.key());
  await made.settle();
});
afterAll(() => made.upstream.stop());

async function ask(
  body: object,
  headers: Record<string, string> = {},
  as = key,
): Promise<{ reply: Reply; text: string; sent: boolean }> {
  const before = made.upstream.received.length;
  const reply = await made.chat(as, body, headers);
  const text = await textOf(reply);
  return { reply, text, sent: made.upstream.received.length > before };
}

async function ledger(reply: Reply) {
  const { drainLedger } = await import("@/server/state/ledger");
  await drainLedger(5_000);
  const { rows } = await api.sql.query(
    "SELECT status, cost_nano::text, saved_nano::text, input_tokens::int FROM call WHERE request_id = $1",
    [reply.headers["x-request-id"]],
  );
  return rows[0];
}

test("nobody asked: nothing is kept", async () => {
  const body = chatRequest("plain", { user: "nobody" });
  for (let at = 0; at < 2; at++) {
    const { reply, sent } = await ask(body);
    expect(sent).toBe(true);
    expect(reply.headers).not.toHaveProperty("x-conduit-cache");
  }
});

test("an identical request is answered from the cache, at no cost and with what it saved", async () => {
  const body = chatRequest("plain", { user: "same" });
  const first = await ask(body, on);
  expect(first).toMatchObject({ sent: true, reply: { headers: { "x-conduit-cache": "miss" } } });
  const second = await ask(body, on);
  expect(second).toMatchObject({ sent: false, text: first.text });
  expect(second.reply.headers).toMatchObject({ "x-conduit-cache": "hit", "x-conduit-cost-usd": "0", age: /^\d+$/ });
  expect(second.reply.headers["content-type"]).toBe(first.reply.headers["content-type"]);
  const paid = await ledger(first.reply);
  expect(Number(paid.cost_nano)).toBeGreaterThan(0);
  expect(await ledger(second.reply)).toEqual({
    status: 200,
    cost_nano: "0",
    saved_nano: paid.cost_nano,
    input_tokens: 0,
  });
});

test("a stream comes again as a stream, byte for byte", async () => {
  made.upstream.on(path, stream(openAiEvents([...chunks(), usageChunk()]), { split: [7, 50, 3] }));
  const body = chatRequest("plain", { stream: true });
  const first = await ask(body, on);
  const second = await ask(body, on);
  expect(second.sent).toBe(false);
  expect(second.text).toBe(first.text);
  expect(second.text).toContain("[DONE]");
  expect(second.reply.headers["content-type"]).toMatch(/^text\/event-stream/);
  expect(second.reply.headers["x-conduit-cache"]).toBe("hit");
  // The same as a whole answer is another request.
  made.upstream.on(path, json(completion()));
  expect((await ask(chatRequest("plain"), on)).sent).toBe(true);
});

test("a broken stream, an error and an abandoned one are not kept", async () => {
  const body = chatRequest("plain", { stream: true, user: "broken", n: 2 });
  made.upstream.on(path, stream(openAiEvents(chunks()).slice(0, 400), { ending: "cut" }));
  expect((await ask(body, on)).text).toContain("error");
  made.upstream.on(path, stream(openAiEvents([...chunks(), usageChunk()])));
  await api.as().routing.reset({ id: null });
  expect((await ask(body, on)).sent).toBe(true);
  made.upstream.on(path, json({ error: { message: "no" } }, { status: 400 }));
  expect((await ask(chatRequest("plain", { user: "bad" }), on)).reply.status).toBe(400);
  made.upstream.on(path, json(completion()));
  expect((await ask(chatRequest("plain", { user: "bad" }), on)).sent).toBe(true);
});

test("whoever is another tenant, or asks anything else, is answered anew", async () => {
  const body = chatRequest("plain", { user: "tenant" });
  await ask(body, on);
  const { key: stranger } = await made.key();
  expect((await ask(body, on, stranger)).sent).toBe(true);
  const group = await api.as().groups.create({ name: "sharing" });
  const [one, two] = [await made.key({ groupId: group.id }), await made.key({ groupId: group.id })];
  expect((await ask(body, on, one.key)).sent).toBe(true);
  expect((await ask(body, on, two.key)).sent).toBe(false);
  expect((await ask({ ...body, temperature: 0 }, on)).sent).toBe(true);
  expect((await ask(body, { ...on, "x-conduit-strict": "true" })).sent).toBe(true);
  expect((await ask(body, on)).sent).toBe(false);
});

test("off, refresh and the time that an answer is kept", async () => {
  const body = chatRequest("kept", { user: "times" });
  expect((await ask(body)).sent).toBe(true);
  expect((await ask(body)).sent).toBe(false);
  expect((await ask(body, { "x-conduit-cache": "off" })).sent).toBe(true);
  made.upstream.on(path, json(completion({ id: "newer" })));
  expect((await ask(body, { "x-conduit-cache": "refresh" })).sent).toBe(true);
  const again = await ask(body);
  expect(again).toMatchObject({ sent: false });
  expect(again.text).toContain("newer");
  made.upstream.on(path, json(completion()));
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  expect((await ask(body)).sent).toBe(true);
  expect((await ask(body, { "x-conduit-cache": "maybe" })).reply.status).toBe(400);
  expect((await ask(body, { "x-conduit-cache-ttl": "0" })).reply.status).toBe(400);
});

test("a key may be the one that asks", async () => {
  const { key: keeping } = await made.key({ cache: true });
  const body = chatRequest("plain", { user: "by key" });
  expect((await ask(body, {}, keeping)).sent).toBe(true);
  expect((await ask(body, {}, keeping)).sent).toBe(false);
});

test("where a budget pays for less than the longest answer the key is the same each time, and what was cut is not kept", async () => {
  const { key: poor } = await made.key({ budgets: [{ period: "total", limitUsd: "0.02" }] });
  await made.settle();
  const body = chatRequest("plain", { user: "poor" });
  const first = await ask(body, on, poor);
  expect(first.sent, first.text).toBe(true);
  const limit = JSON.parse(made.upstream.last().body.toString("utf8")).max_completion_tokens;
  expect(limit).toBeLessThan(16_384);
  // Something else is paid for, so that there is less left.
  expect((await ask(chatRequest("plain", { user: "else" }), {}, poor)).sent).toBe(true);
  expect(JSON.parse(made.upstream.last().body.toString("utf8")).max_completion_tokens).toBeLessThan(limit);
  expect(await ask(body, on, poor)).toMatchObject({ sent: false, text: first.text });

  const [choice] = completion().choices;
  made.upstream.on(path, json(completion({ choices: [{ ...choice, finish_reason: "length" }] })));
  const cut = chatRequest("plain", { user: "cut" });
  expect((await ask(cut, on, poor)).sent).toBe(true);
  expect((await ask(cut, on, poor)).sent).toBe(true);
  const cutShort: object[] = JSON.parse(JSON.stringify(chunks()).replace('"stop"', '"length"'));
  made.upstream.on(path, stream(openAiEvents([...cutShort, usageChunk()])));
  const streamed = chatRequest("plain", { user: "cut", stream: true });
  expect((await ask(streamed, on, poor)).sent).toBe(true);
  expect((await ask(streamed, on, poor)).sent).toBe(true);
  // One that the caller itself limited is what it asked for.
  made.upstream.on(path, json(completion({ choices: [{ ...choice, finish_reason: "length" }] })));
  expect((await ask({ ...cut, max_tokens: 5 }, on, poor)).sent).toBe(true);
  expect((await ask({ ...cut, max_tokens: 5 }, on, poor)).sent).toBe(false);
  made.upstream.on(path, json(completion()));
});

test("embeddings are kept too", async () => {
  made.upstream.on(
    "/vendor/embeddings",
    json({
      object: "list",
      model: "e",
      data: [{ object: "embedding", index: 0, embedding: [1, 2] }],
      usage: { prompt_tokens: 1, total_tokens: 1 },
    }),
  );
  const { embeddings } = await import("@/server/gateway/embeddings");
  const request = { model: "plain", input: "x" };
  const first = await embeddings(inbound(key, request, on));
  const before = made.upstream.received.length;
  const second = await embeddings(inbound(key, request, on));
  expect(made.upstream.received.length).toBe(before);
  expect(await textOf(second)).toBe(await textOf(first));
});

test("what was used longest ago goes first, by bytes", async () => {
  const { cacheAnswer, cachedAnswer } = await import("@/server/state/response-cache");
  const megabyte = Buffer.alloc(1024 * 1024);
  const answer = { contentType: "x", body: megabyte, costNano: null, storedAtMs: Date.now() };
  for (let at = 0; at < 63; at++) cacheAnswer(`lru-${at}`, answer, 60_000);
  expect(cachedAnswer("lru-0", Date.now())).toBeDefined();
  for (let at = 63; at < 70; at++) cacheAnswer(`lru-${at}`, answer, 60_000);
  expect(cachedAnswer("lru-0", Date.now())).toBeDefined();
  expect(cachedAnswer("lru-1", Date.now())).toBeUndefined();
  expect(cachedAnswer("lru-69", Date.now() + 61_000)).toBeUndefined();
  cacheAnswer("huge", { ...answer, body: Buffer.alloc(9 * 1024 * 1024) }, 60_000);
  expect(cachedAnswer("huge", Date.now())).toBeUndefined();
});
