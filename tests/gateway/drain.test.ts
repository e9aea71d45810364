import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "@/tests/support/database";
import { chatRequest, chunks, configFor, keys } from "@/tests/support/fixture";
import { type Gateway, mounts, startGateway } from "@/tests/support/gateway";
import { openAiEvents, silence, startUpstream, type Upstream } from "@/tests/support/upstream";

const PATH = "/v1/chat/completions";

describe.each(mounts)("%s mount: SIGTERM loses nothing", (mount) => {
  let database: TestDatabase;
  let upstream: Upstream;
  beforeAll(async () => {
    [database, upstream] = await Promise.all([testDatabase(), startUpstream()]);
  });
  afterAll(() => Promise.all([database.stop(), upstream.stop()]));

  const start = (env: Record<string, string> = {}): Promise<Gateway> =>
    startGateway({
      mount,
      databaseUrl: database.url,
      config: configFor(upstream.url),
      env: { CONDUIT_ROLE: "all", ...env },
    });
  const call = (gateway: Gateway, requestId: string, more: object = {}): Promise<Response> =>
    fetch(gateway.url + PATH, {
      method: "POST",
      headers: { authorization: `Bearer ${keys.caller}`, "x-request-id": requestId },
      body: JSON.stringify(chatRequest("plain", more)),
    });
  const rowsOf = async (requestId: string): Promise<pg.QueryResultRow[]> => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const found = await client.query("SELECT status, error_kind FROM call WHERE request_id = $1", [requestId]);
    await client.end();
    return found.rows;
  };

  test("an open stream runs to its end, new calls are refused, the ledger is written, the exit code is 0", async () => {
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const body = openAiEvents(chunks());
    upstream.on(PATH, async (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(body.slice(0, 300));
      await finished;
      response.end(Buffer.from(body).subarray(Buffer.byteLength(body.slice(0, 300))));
    });
    const gateway = await start();
    const answer = await call(gateway, `drain-${mount}`, { stream: true });
    gateway.signal("SIGTERM");
    // A loaded machine may take its time to hand the signal over.
    await expect.poll(() => readiness(gateway), { timeout: 10_000 }).not.toBe(200);
    const late = await call(gateway, `late-${mount}`).then(
      (one) => one.status,
      () => "refused",
    );
    expect(["refused", 503]).toContain(late);
    finish();
    expect(await answer.text()).toBe(body);
    const code = await Promise.race([gateway.exited, sleep(5_000, "still running")]);
    expect(code, gateway.output()).toBe(0);
    expect(await rowsOf(`drain-${mount}`)).toEqual([{ status: 200, error_kind: null }]);
    await gateway.stop();
  });

  test("a call that outlasts the drain time is ended, and in the ledger", async () => {
    upstream.on(PATH, silence);
    const gateway = await start({ CONDUIT_DRAIN_TIMEOUT_MS: "500" });
    const seen = upstream.received.length;
    const answer = call(gateway, `outlasts-${mount}`).catch((error: unknown) => error);
    await expect.poll(() => upstream.received.length).toBe(seen + 1);
    const begun = performance.now();
    gateway.signal("SIGTERM");
    expect(await Promise.race([gateway.exited, sleep(12_000, "still running")]), gateway.output()).toBe(0);
    expect(performance.now() - begun).toBeLessThan(8_000);
    await answer;
    expect(await rowsOf(`outlasts-${mount}`)).toHaveLength(1);
    await gateway.stop();
  });

  test("without open calls it ends at once", async () => {
    const gateway = await start();
    const begun = performance.now();
    gateway.signal("SIGTERM");
    expect(await Promise.race([gateway.exited, sleep(5_000, "still running")])).toBe(0);
    expect(performance.now() - begun).toBeLessThan(2_000);
    await gateway.stop();
  });
});

/** The status of the readiness check; "refused" once the server takes no connections. */
function readiness(gateway: Gateway): Promise<number | "refused"> {
  return fetch(`${gateway.url}/health/ready`).then(
    (answer) => answer.status,
    () => "refused" as const,
  );
}
