import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import type { LedgerRow } from "@/server/state/ledger-write";
import { nobody, refused, testApi } from "@/tests/api/support";

const api = testApi();
const now = Date.now();
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A call that ended well `agoMs` ago. */
function call(agoMs: number, row: Partial<LedgerRow> = {}): LedgerRow {
  const id = randomUUID();
  return {
    id,
    started_at: new Date(now - agoMs).toISOString(),
    request_id: `req_${id}`,
    key_id: null,
    key_name: null,
    group_id: null,
    group_name: null,
    model: "alpha",
    deployment_id: null,
    provider_id: nobody,
    provider_name: "vendor",
    provider_key_name: "main",
    upstream_model: "alpha-1",
    operation: "chat",
    dialect: "chat",
    stream: false,
    status: 200,
    error_kind: null,
    error_message: null,
    finish_reason: "stop",
    attempts: 1,
    input_tokens: 10,
    cached_input_tokens: 4,
    cache_write_tokens: 3,
    cache_write_1h_tokens: 2,
    output_tokens: 5,
    reasoning_tokens: 6,
    audio_input_tokens: 1,
    audio_output_tokens: 7,
    estimated: false,
    cost_nano: "1500",
    price_id: null,
    first_token_ms: 100,
    duration_ms: 300,
    client_ip: "192.0.2.9",
    user_agent: "test",
    tags: [],
    dropped: [],
    ...row,
  };
}

/** As the gateway keeps them. */
const attempts = [
  {
    ...{ model: "beta", provider: "first", upstream_model: "m1", key: "main", at: 3, waited: undefined, took: 40 },
    ...{ status: 503, error: "upstream_unavailable", message: "Down.", cost_nano: "1500" },
  },
  { model: "beta", provider: "vendor", upstream_model: "m2", at: 60, waited: 17, took: 900, status: 200 },
];

let keyId: string;
let rows: LedgerRow[];
beforeAll(async () => {
  const { addToLedger, drainLedger } = await import("@/server/state/ledger");
  keyId = (await api.as().keys.create({ name: "busy-key" })).id;
  const mine = { key_id: keyId, key_name: "busy-key" };
  const failed = {
    ...mine,
    status: 502,
    error_kind: "upstream_denied",
    error_message: "refused 100%_sure",
    cost_nano: null,
    first_token_ms: null,
  };
  rows = [
    call(2 * MINUTE_MS, mine),
    call(2 * MINUTE_MS, { ...mine, model: "beta", attempts: 2, trace: attempts }),
    call(2 * MINUTE_MS, failed),
    call(30 * MINUTE_MS, { key_id: nobody, key_name: "gone-key", cost_nano: "9000000000" }),
    call(5 * HOUR_MS, mine),
    call(90 * MINUTE_MS, {
      provider_id: null,
      provider_name: null,
      status: 401,
      error_kind: "unauthenticated",
      cost_nano: "0",
      model: null,
    }),
    call(40 * HOUR_MS, { model: "gamma" }),
    call(8 * 24 * HOUR_MS, mine),
  ];
  for (const row of rows) addToLedger(row);
  expect(await drainLedger(10_000)).toBe(true);
});

test("calls come newest first, page by page, none twice and none left out", async () => {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await api.as().calls.list({ limit: 2, ...(cursor !== undefined && { cursor }) });
    expect(page.items.length).toBeLessThanOrEqual(2);
    seen.push(...page.items.map((item) => item.id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  const lastWeek = rows
    .slice(0, 7)
    .toSorted((a, b) => b.started_at.localeCompare(a.started_at) || b.id.localeCompare(a.id));
  expect(seen).toEqual(lastWeek.map((row) => row.id));
});

test("a line sums the classes of tokens and says money exactly, null where no price was known", async () => {
  const { items } = await api.as().calls.list({ keyId, model: "alpha", from: new Date(now - HOUR_MS) });
  const fine = items.find((item) => item.status === 200);
  expect(fine).toMatchObject({
    inputTokens: 20,
    outputTokens: 18,
    costUsd: "0.0000015",
    keyName: "busy-key",
    startedAt: expect.any(Date),
  });
  expect(items.find((item) => item.status === 502)).toMatchObject({ costUsd: null, errorKind: "upstream_denied" });
});

test.each([
  ["outcome ok", { outcome: "ok" as const }, 5],
  ["outcome error", { outcome: "error" as const }, 2],
  ["outcome recovered", { outcome: "recovered" as const }, 1],
  ["kind of error", { errorKind: "upstream_denied" }, 1],
  ["model", { model: "beta" }, 1],
  ["provider", { providerName: "vendor" }, 6],
  ["a window", { from: new Date(now - 6 * HOUR_MS), to: new Date(now - HOUR_MS) }, 2],
  ["further back", { from: new Date(now - 30 * 24 * HOUR_MS) }, 8],
  ["part of an error message", { search: "REFUSED" }, 1],
  ["signs of LIKE as themselves", { search: "100%_s" }, 1],
  ["signs of LIKE that are not there", { search: "r%d" }, 0],
  ["part of a key's name", { search: "gone" }, 1],
])("filter: %s", async (_name, filter, count) => {
  expect((await api.as().calls.list(filter)).items).toHaveLength(count);
});

test("a filter by something that is no amount, date or cursor is bad input", async () => {
  const { calls } = api.as();
  await refused(calls.list({ from: "yesterday" }), "BAD_REQUEST", "from");
  await refused(calls.list({ from: new Date(now), to: new Date(now - 1) }), "BAD_REQUEST", "from");
  await refused(calls.list({ cursor: "nonsense" }), "BAD_REQUEST", "cursor");
  await refused(
    calls.list({ cursor: Buffer.from("1 1; DROP TABLE call").toString("base64url") }),
    "BAD_REQUEST",
    "cursor",
  );
  await refused(calls.list({ limit: 0 }), "BAD_REQUEST", "limit");
  await refused(calls.list({ limit: 201 }), "BAD_REQUEST", "limit");
});

test("one call shows everything, with the price it was billed at, also after its key is gone", async () => {
  const [row] = rows;
  const detail = await api.as().calls.get({ id: row?.id ?? "" });
  expect(detail).toMatchObject({
    requestId: row?.request_id,
    clientIp: "192.0.2.9",
    finishReason: "stop",
    price: null,
  });
  expect(detail.tokens).toEqual({
    input: 10,
    cachedInput: 4,
    cacheWrite: 3,
    cacheWrite1h: 2,
    audioInput: 1,
    output: 5,
    reasoning: 6,
    audioOutput: 7,
  });
  expect(await api.as().calls.get({ id: row?.id ?? "", startedAt: row?.started_at ?? "" })).toEqual(detail);
  await refused(api.as().calls.get({ id: nobody }), "NOT_FOUND");
  await refused(api.as().calls.get({ id: row?.id ?? "", startedAt: new Date(now) }), "NOT_FOUND");
  expect(await api.as().calls.byRequestId({ requestId: row?.request_id ?? "" })).toMatchObject({ id: row?.id });
  expect(await api.as().calls.byRequestId({ requestId: "req_nothing" })).toBeNull();
});

test("the price of a call is the version it was billed at", async () => {
  const { models, deployments } = api.as();
  const demo = (await models.list()).find((model) => model.name === "demo")?.deployments[0];
  const [priced] = rows;
  await api.sql.query("UPDATE call SET price_id = $1 WHERE id = $2", [demo?.price?.id, priced?.id]);
  await deployments.setPrice({ id: demo?.id ?? "", inputPerMillionUsd: "99", outputPerMillionUsd: "99" });
  expect((await api.as().calls.get({ id: priced?.id ?? "" })).price).toEqual(demo?.price);
});

test("facets are what recent calls used", async () => {
  expect(await api.as().calls.facets()).toEqual({
    models: ["alpha", "beta", "gamma"],
    providers: ["vendor"],
    errorKinds: expect.arrayContaining(["upstream_denied", "cancelled"]),
    keys: [{ id: keyId, name: "busy-key" }],
  });
});

test.each([
  ["1h" as const, { calls: 4, errors: 1, unpriced: 1, costUsd: "9.000003" }, { calls: 1 }, 60],
  ["24h" as const, { calls: 6, errors: 2, unpriced: 1, costUsd: "9.0000045" }, { calls: 1 }, 24],
  ["7d" as const, { calls: 7, errors: 2, unpriced: 1, costUsd: "9.000006" }, { calls: 1 }, 28],
  ["30d" as const, { calls: 8, errors: 2, unpriced: 1, costUsd: "9.0000075" }, { calls: 0 }, 30],
])("the overview of %s sums the calls of that range", async (range, sums, previous, bars) => {
  const overview = await api.as().overview.summary({ range });
  expect(overview).toMatchObject({ ...sums, previous });
  expect(overview.series).toHaveLength(bars);
  expect(overview.series.reduce((total, bar) => total + bar.calls, 0)).toBe(sums.calls);
  const last = overview.series.at(-1)?.at.getTime() ?? 0;
  expect(last).toBeLessThanOrEqual(Date.now());
  expect(overview).toMatchObject({
    inputTokens: 20 * sums.calls,
    outputTokens: 18 * sums.calls,
    avgDurationMs: 300,
    avgFirstTokenMs: 100,
  });
});

test("the overview ranks by cost, and a deleted key keeps its last name", async () => {
  const overview = await api.as().overview.summary({ range: "24h" });
  expect(overview.topKeys).toEqual([
    { keyId: nobody, name: "gone-key", calls: 1, unpriced: 0, costUsd: "9" },
    { keyId, name: "busy-key", calls: 4, unpriced: 1, costUsd: "0.0000045" },
  ]);
  expect(overview.topModels.map((model) => [model.model, model.calls])).toEqual([
    ["alpha", 4],
    ["beta", 1],
  ]);
});

test("an empty range is zeros, not errors", async () => {
  await api.sql.query("TRUNCATE call_rollup");
  const overview = await api.as().overview.summary({ range: "7d" });
  expect(overview).toMatchObject({
    calls: 0,
    costUsd: "0",
    avgDurationMs: null,
    avgFirstTokenMs: null,
    topKeys: [],
    topModels: [],
  });
  expect(overview.series).toHaveLength(28);
  // @ts-expect-error a range that does not exist
  await refused(api.as().overview.summary({ range: "1y" }), "BAD_REQUEST", "range");
});

test("a call tells its attempts, also where the ledger keeps no list of them", async () => {
  const { items } = await api.as().calls.list({ keyId, from: new Date(now - HOUR_MS) });
  const [first] = items.filter(({ model }) => model === "beta");
  expect((await api.as().calls.get({ id: first?.id ?? "" })).trace).toEqual([
    {
      ...{ model: "beta", providerName: "first", upstreamModel: "m1", providerKeyName: "main", atMs: 3, waitedMs: 0 },
      ...{ tookMs: 40, status: 503, errorKind: "upstream_unavailable", errorMessage: "Down.", costUsd: "0.0000015" },
    },
    {
      ...{ model: "beta", providerName: "vendor", upstreamModel: "m2", providerKeyName: null, atMs: 60, waitedMs: 17 },
      ...{ tookMs: 900, status: 200, errorKind: null, errorMessage: null, costUsd: null },
    },
  ]);
  const plain = items.find(({ model, status }) => model === "alpha" && status === 200);
  expect((await api.as().calls.get({ id: plain?.id ?? "" })).trace).toMatchObject([
    { providerName: "vendor", status: 200, errorKind: null },
  ]);
});

test("a call that the demonstration answered says so, in the list and in detail", async () => {
  const { addToLedger, drainLedger } = await import("@/server/state/ledger");
  const demo = (await api.as().providers.list()).find((provider) => provider.demo);
  const own = (await api.as().keys.create({ name: "demo-caller" })).id;
  const row = call(0, { key_id: own, provider_id: demo?.id ?? null, provider_name: "demo" });
  addToLedger(row);
  expect(await drainLedger(10_000)).toBe(true);
  const { items } = await api.as().calls.list({ keyId: own });
  expect(items).toMatchObject([{ id: row.id, demo: true }]);
  expect(await api.as().calls.get({ id: row.id })).toMatchObject({ demo: true });
  expect((await api.as().calls.list({ keyId })).items.filter((item) => item.demo)).toEqual([]);
});
