import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { environment, providerAt } from "@/tests/failover/setting";
import { healthy, refusal } from "@/tests/failover/vendor";
import { type TestDatabase, testDatabase } from "@/tests/support/database";
import { chatRequest, keys as virtualKeys } from "@/tests/support/fixture";
import { type Gateway, secrets, startGateway } from "@/tests/support/gateway";
import { json, type Scenario, startUpstream, type Upstream } from "@/tests/support/upstream";

/** The shortest that there is. */
const PROBE_SECONDS = 10;
const SOON_MS = 2 * PROBE_SECONDS * 1_000;
const bearer = (key: string) => `Bearer sk-operator-${key}`;

function config(upstreamUrl: string) {
  const keys = [
    { name: "first", apiKey: "sk-operator-first", weight: 1_000_000 },
    { name: "second", apiKey: "sk-operator-second" },
  ];
  const probed = { keys, probeSeconds: PROBE_SECONDS };
  const provider = (name: string, more: object) => ({
    provider: providerAt(upstreamUrl, name, more),
    model: { name, deployments: [{ provider: name, model: "small-model" }] },
  });
  const all = [
    provider("plain", probed),
    provider("dies", probed),
    provider("returns", probed),
    provider("unpaid", probed),
    provider("shy", probed),
    provider("unprobed", { keys }),
    provider("by-hand", { keys }),
    provider("away", { ...probed, baseUrl: "http://127.0.0.1:9/v1" }),
  ];
  return {
    providers: all.map((one) => one.provider),
    models: all.map((one) => one.model),
    virtualKeys: [{ name: "caller", key: virtualKeys.caller, models: ["*"] }],
  };
}

describe("probes on a schedule", () => {
  let database: TestDatabase;
  let sql: pg.Pool;
  let upstream: Upstream;
  let gateway: Gateway;
  const dashboards: Gateway[] = [];
  const start = (role: string, more: object = {}): Promise<Gateway> =>
    startGateway({
      mount: "server",
      databaseUrl: database.url,
      env: { ...environment, CONDUIT_ROLE: role },
      ...more,
    });
  beforeAll(async () => {
    [database, upstream] = await Promise.all([testDatabase(), startUpstream()]);
    sql = new pg.Pool({ connectionString: database.url, max: 1 });
    sql.on("error", () => undefined);
    for (const name of ["plain", "dies", "returns", "unpaid", "shy", "unprobed", "by-hand"]) {
      upstream.on(`/${name}/chat/completions`, healthy);
      upstream.on(`/${name}/models`, listed);
    }
    // No Redis: what a probe finds goes through the database.
    gateway = await start("gateway", { config: config(upstream.url) });
    dashboards.push(...(await Promise.all([start("dashboard"), start("dashboard")])));
  }, 90_000);
  afterAll(async () => {
    await Promise.all([gateway, ...dashboards].map((one) => one?.stop()));
    await sql?.end();
    await upstream?.stop();
    await database?.stop();
  });

  const listed: Scenario = json({ object: "list", data: [{ id: "small-model", object: "model" }] });
  const only =
    (key: string, how: Scenario, others: Scenario): Scenario =>
    (request, response) =>
      (request.headers.authorization === bearer(key) ? how : others)(request, response);
  const count = (path: string, key?: string, since = 0): number =>
    upstream.received.filter(
      (one) => one.path === path && one.at > since && (key === undefined || one.headers.authorization === bearer(key)),
    ).length;
  const ask = async (model: string): Promise<number> => {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${virtualKeys.caller}`, "content-type": "application/json" },
      body: JSON.stringify(chatRequest(model)),
    });
    await response.arrayBuffer();
    return response.status;
  };
  const admin = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${dashboards[0]?.url}/api/admin/${path}`, {
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
  type Seen = { id: string; provider: string; key: string | null; out: string | null; state: string };
  const seen = async (provider: string, key: string | null): Promise<Seen | undefined> =>
    (await admin("GET", "routing/health")).find((route: Seen) => route.provider === provider && route.key === key);
  const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
    const lastMs = performance.now() + SOON_MS;
    while (!(await holds())) {
      expect(performance.now()).toBeLessThan(lastMs);
      await sleep(100);
    }
  };
  /** Waits until a probe that began after now has been answered and told. */
  const nextProbe = async (provider: string): Promise<void> => {
    const since = performance.now();
    await until(() => count(`/${provider}/models`, "first", since) > 0);
    await sleep(500);
  };
  const denied = refusal(401, "Incorrect API key provided.", "invalid_api_key");

  describe.concurrent("each provider for itself", () => {
    test("ask with each key once in each span, whatever the number of processes; a provider without the setting is not asked", async () => {
      await nextProbe("plain");
      const since = performance.now();
      await sleep(2 * PROBE_SECONDS * 1_000);
      for (const key of ["first", "second"]) {
        expect(count("/plain/models", key, since)).toBeGreaterThanOrEqual(1);
        expect(count("/plain/models", key, since)).toBeLessThanOrEqual(3);
      }
      expect(count("/unprobed/models")).toBe(0);
      expect(await seen("plain", "first")).toMatchObject({ state: "closed", out: null });
    }, 60_000);

    test("take a dead key out before a call meets it, with the vendor's words for admins", async () => {
      upstream.on("/dies/models", only("first", denied, listed));
      upstream.on("/dies/chat/completions", only("first", denied, healthy));
      await nextProbe("dies");
      expect((await seen("dies", "first"))?.out).toContain("Incorrect API key provided.");
      for (let call = 0; call < 5; call++) expect(await ask("dies")).toBe(200);
      expect(count("/dies/chat/completions", "first")).toBe(0);
    }, 60_000);

    test("bring a key back that a call found refused, without another call being spent on it", async () => {
      upstream.on("/returns/models", only("first", denied, listed));
      upstream.on("/returns/chat/completions", only("first", denied, healthy));
      expect(await ask("returns")).toBe(200);
      const refused = count("/returns/chat/completions", "first");
      await nextProbe("returns");
      upstream.on("/returns/models", listed);
      upstream.on("/returns/chat/completions", healthy);
      await nextProbe("returns");
      expect(count("/returns/chat/completions", "first")).toBe(refused);
      expect(await ask("returns")).toBe(200);
      expect(count("/returns/chat/completions", "first")).toBe(refused + 1);
    }, 60_000);

    test("are disproved by a call: a key whose list is open but whose calls are refused is put back once", async () => {
      upstream.on(
        "/unpaid/chat/completions",
        only("first", refusal(429, "You exceeded your current quota.", "insufficient_quota"), healthy),
      );
      for (let probe = 0; probe < 3; probe++) {
        expect(await ask("unpaid")).toBe(200);
        await nextProbe("unpaid");
      }
      expect(await ask("unpaid")).toBe(200);
      expect(count("/unpaid/chat/completions", "first")).toBeLessThanOrEqual(2);
    }, 90_000);

    test("leave a key in service that may call but not list", async () => {
      upstream.on("/shy/models", refusal(403, "You have insufficient permissions for this operation."));
      await nextProbe("shy");
      expect(await ask("shy")).toBe(200);
      expect(count("/shy/chat/completions", "first")).toBe(1);
    }, 60_000);

    test("open the breaker of a vendor that cannot be reached, and close it when it can", async () => {
      await until(async () => (await seen("away", null))?.state === "open");
      await sql.query("UPDATE provider SET base_url = $1 WHERE name = 'away'", [`${upstream.url}/shy`]);
      await until(async () => (await seen("away", null))?.state === "closed");
    }, 60_000);
  });

  test("need no Redis, and neither does a reset by hand", async () => {
    upstream.on("/by-hand/chat/completions", only("first", denied, healthy));
    expect(await ask("by-hand")).toBe(200);
    expect(await ask("by-hand")).toBe(200);
    expect(count("/by-hand/chat/completions", "first")).toBe(1);
    const { id } = (await seen("by-hand", "first")) ?? {};
    expect(await admin("POST", "routing/health/reset", { id })).toEqual({ reset: 1 });
    await sleep(500);
    expect(await ask("by-hand")).toBe(200);
    expect(count("/by-hand/chat/completions", "first")).toBe(2);
  });

  test("go on after a restart, and end with the process", async () => {
    for (const one of dashboards.splice(0)) {
      one.signal("SIGTERM");
      expect(await one.exited).toBe(0);
    }
    const { rows } = await sql.query(
      "SELECT count(*)::int AS open FROM pg_stat_activity WHERE application_name = 'conduit-jobs'",
    );
    expect(rows).toEqual([{ open: 0 }]);
    const since = performance.now();
    await sleep(PROBE_SECONDS * 1_000 + 3_000);
    expect(count("/dies/models", "first", since)).toBe(0);
    dashboards.push(await start("dashboard"));
    await nextProbe("dies");
    expect((await seen("dies", "first"))?.out).toContain("Incorrect API key provided.");
    expect(gateway.output()).not.toMatch(/pg-boss/);
  }, 90_000);
});
