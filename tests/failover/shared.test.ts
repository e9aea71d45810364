import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { environment, providerAt } from "@/tests/failover/setting";
import { healthy, refusal } from "@/tests/failover/vendor";
import { type TestDatabase, testDatabase } from "@/tests/support/database";
import { chatRequest, keys as virtualKeys } from "@/tests/support/fixture";
import { type Gateway, secrets, startGateway } from "@/tests/support/gateway";
import { noRedis, startTestRedis, type TestRedis } from "@/tests/support/redis";
import { type Scenario, startUpstream, type Upstream } from "@/tests/support/upstream";

const pairs = ["breaker", "probe", "limit", "outage"];
const manyKeys = ["refused", "late", "lonely", "bar"];
const bearer = (key: string) => `Bearer sk-operator-${key}`;

function config(upstreamUrl: string) {
  const key = (name: string, weight = 1) => ({ name, apiKey: `sk-operator-${name}`, weight });
  return {
    providers: [
      ...pairs.flatMap((name) => [
        providerAt(upstreamUrl, name, { keys: [key("only")] }),
        providerAt(upstreamUrl, `${name}-spare`, { keys: [key("spare")] }),
      ]),
      ...manyKeys.map((name) => providerAt(upstreamUrl, name, { keys: [key("bad", 1_000_000), key("good")] })),
    ],
    models: [
      ...pairs.flatMap((name) => [
        { name, fallbacks: [`${name}-spare`], deployments: [{ provider: name, model: "small-model" }] },
        { name: `${name}-spare`, deployments: [{ provider: `${name}-spare`, model: "spare-model" }] },
      ]),
      ...manyKeys.map((name) => ({ name, deployments: [{ provider: name, model: "small-model" }] })),
    ],
    virtualKeys: [{ name: "caller", key: virtualKeys.caller, models: ["*"] }],
  };
}

type Health = { id: string; kind: string; provider: string; key: string | null; state: string; out: string | null };

describe.skipIf(noRedis())("processes with one Redis", () => {
  let redis: TestRedis;
  let database: TestDatabase;
  let upstream: Upstream;
  let one: Gateway;
  let two: Gateway;
  let dashboard: Gateway;
  const started: Gateway[] = [];
  const start = async (more: { config?: object; role?: string } = {}): Promise<Gateway> => {
    const env = { ...environment, REDIS_URL: redis.url, CONDUIT_REDIS_INSTANCE_NAME: "shared-routes:" };
    const gateway = await startGateway({
      mount: "server",
      databaseUrl: database.url,
      env: { ...env, CONDUIT_ROLE: more.role ?? "gateway" },
      ...(more.config && { config: more.config }),
    });
    started.push(gateway);
    return gateway;
  };
  beforeAll(async () => {
    [redis, database, upstream] = await Promise.all([startTestRedis(), testDatabase(), startUpstream()]);
    one = await start({ config: config(upstream.url) });
    [two, dashboard] = await Promise.all([start(), start({ role: "dashboard" })]);
    for (const name of pairs) upstream.on(`/${name}-spare/chat/completions`, healthy);
  }, 90_000);
  afterAll(async () => {
    await Promise.all(started.map((gateway) => gateway.stop()));
    await Promise.all([upstream?.stop(), redis?.stop()]);
    await database?.stop();
  });

  const play = (name: string, scenario: Scenario): void => upstream.on(`/${name}/chat/completions`, scenario);
  const count = (name: string, key?: string): number =>
    upstream.received.filter(
      ({ path, headers }) =>
        path === `/${name}/chat/completions` && (key === undefined || headers.authorization === bearer(key)),
    ).length;
  const ask = async (gateway: Gateway, model: string): Promise<{ status: number; by: string; tookMs: number }> => {
    const begun = performance.now();
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${virtualKeys.caller}`, "content-type": "application/json" },
      body: JSON.stringify(chatRequest(model)),
    });
    const { model: by } = await response.json();
    return { status: response.status, by, tookMs: performance.now() - begun };
  };
  const admin = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${dashboard.url}/api/admin/routing/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${secrets.CONDUIT_API_TO_API_BACKEND_AUTH_KEY}`,
        ...(body && { "content-type": "application/json" }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    expect(response.status).toBe(200);
    return response.json();
  };
  const seen = async (provider: string, key?: string): Promise<Health | undefined> =>
    (await admin("GET", "health")).find(
      (route: Health) => route.provider === provider && (key ? route.key === key : route.kind === "deployment"),
    );
  const refusing: Scenario = (request, response) =>
    (request.headers.authorization === bearer("bad")
      ? refusal(401, "Incorrect API key provided.", "invalid_api_key")
      : healthy)(request, response);

  test("a breaker that opens in one is open in all, and closed in all by one's probe", async () => {
    play("breaker", refusal(503, "Down."));
    while ((await seen("breaker"))?.state !== "open") await ask(one, "breaker");
    const before = count("breaker");
    for (let call = 0; call < 3; call++) expect(await ask(two, "breaker")).toMatchObject({ by: "spare-model" });
    expect(count("breaker")).toBe(before);
    play("breaker", healthy);
    await expect.poll(async () => (await ask(one, "breaker")).by, { timeout: 6_000 }).toBe("small-model");
    await expect.poll(async () => (await seen("breaker"))?.state, { timeout: 1_000 }).toBe("closed");
    expect(await ask(two, "breaker")).toMatchObject({ by: "small-model" });
  });

  test("one call of all processes probes at a time", async () => {
    let under = 0;
    let most = 0;
    play("probe", refusal(503, "Down."));
    while ((await seen("probe"))?.state !== "open") await ask(one, "probe");
    const opened = count("probe");
    play("probe", async (request, response) => {
      most = Math.max(most, ++under);
      await sleep(500);
      under--;
      await refusal(503, "Down.")(request, response);
    });
    const until = performance.now() + 6_000;
    const lane = async (gateway: Gateway): Promise<void> => {
      while (performance.now() < until) {
        expect(await ask(gateway, "probe")).toMatchObject({ status: 200, by: "spare-model" });
        await sleep(10);
      }
    };
    await Promise.all([lane(one), lane(one), lane(one), lane(two), lane(two), lane(two)]);
    expect(count("probe")).toBeGreaterThan(opened);
    expect(most).toBe(1);
  }, 15_000);

  test("a limit that one was told of is respected by all", async () => {
    play("limit", refusal(429, "Slow down.", null, { "retry-after": "30" }));
    expect(await ask(one, "limit")).toMatchObject({ by: "spare-model" });
    await expect.poll(async () => (await ask(two, "limit")) && count("limit"), { timeout: 1_000 }).toBeLessThan(3);
    const before = count("limit");
    for (let call = 0; call < 5; call++) expect(await ask(two, "limit")).toMatchObject({ by: "spare-model" });
    expect(count("limit")).toBe(before);
  });

  test("a key that one took out is out in all with its reason, and back in all when it is reset in the dashboard's process", async () => {
    play("refused", refusing);
    expect(await ask(one, "refused")).toMatchObject({ status: 200 });
    await expect.poll(async () => (await seen("refused", "bad"))?.out, { timeout: 1_000 }).toMatch(/./);
    for (let call = 0; call < 5; call++) expect(await ask(two, "refused")).toMatchObject({ status: 200 });
    expect(count("refused", "bad")).toBe(1);
    play("refused", healthy);
    const id = (await seen("refused", "bad"))?.id ?? "";
    expect(await admin("POST", "health/reset", { id })).toEqual({ reset: 1 });
    await sleep(500);
    for (const gateway of [one, two]) expect(await ask(gateway, "refused")).toMatchObject({ status: 200 });
    expect(count("refused", "bad")).toBe(3);
    expect(await seen("refused", "bad")).toMatchObject({ state: "closed", out: null });
  });

  test("a key that may not use a model is left out for it by all", async () => {
    play("bar", (request, response) =>
      (request.headers.authorization === bearer("bad") ? refusal(403, "No access to this model.") : healthy)(
        request,
        response,
      ),
    );
    expect(await ask(one, "bar")).toMatchObject({ status: 200 });
    await sleep(500);
    for (let call = 0; call < 5; call++) expect(await ask(two, "bar")).toMatchObject({ status: 200 });
    expect(count("bar", "bad")).toBe(1);
  });

  test("a process that starts later knows what is out", async () => {
    play("late", refusing);
    expect(await ask(one, "late")).toMatchObject({ status: 200 });
    expect(count("late", "bad")).toBe(1);
    const late = await start();
    for (let call = 0; call < 5; call++) expect(await ask(late, "late")).toMatchObject({ status: 200 });
    expect(count("late", "bad")).toBe(1);
    const names = await redis.client.keys("*routes*");
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) {
      expect(name.startsWith("shared-routes:")).toBe(true);
      expect(await redis.client.pttl(name)).toBeGreaterThan(0);
    }
  }, 40_000);

  test("without Redis each learns for itself, no call waits, and what was learned is shared when it is back", async () => {
    play("outage", healthy);
    redis.freeze();
    play("lonely", refusing);
    const frozen = await ask(one, "lonely");
    expect(frozen).toMatchObject({ status: 200 });
    expect(frozen.tookMs).toBeLessThan(1_000);
    redis.thaw();
    await expect.poll(async () => (await seen("lonely", "bad"))?.out, { timeout: 3_000 }).toMatch(/./);
    await redis.kill();
    play("outage", refusal(503, "Down."));
    for (let call = 0; call < 3; call++)
      expect(await ask(two, "outage")).toMatchObject({ status: 200, by: "spare-model" });
    expect((await seen("outage"))?.state).toBe("closed");
    play("late", healthy);
    expect(await admin("POST", "health/reset", { id: (await seen("late", "bad"))?.id ?? "" })).toEqual({ reset: 1 });
    await redis.start();
    // What was shared before and what came meanwhile is told to the Redis that has lost everything.
    await expect
      .poll(() => redis.client.hlen("shared-routes:{routes}:conditions"), { timeout: 15_000 })
      .toBeGreaterThan(0);
    await expect
      .poll(async () => (await ask(one, "late")) && count("late", "bad"), { timeout: 15_000 })
      .toBeGreaterThan(1);
    // Each connection is made again in its own time.
    const listeners = async (): Promise<unknown> => {
      const [channel = ""] = z.array(z.string()).parse(await redis.client.call("PUBSUB", "CHANNELS", "*routes*"));
      return z.array(z.unknown()).parse(await redis.client.call("PUBSUB", "NUMSUB", channel))[1];
    };
    await expect.poll(listeners, { timeout: 15_000 }).toBe(started.length);
    play("outage", refusal(429, "Slow down.", null, { "retry-after": "30" }));
    expect(await ask(two, "outage")).toMatchObject({ by: "spare-model" });
    await sleep(500);
    const before = count("outage");
    expect(await ask(one, "outage")).toMatchObject({ by: "spare-model" });
    expect(count("outage")).toBe(before);
  }, 60_000);
});
