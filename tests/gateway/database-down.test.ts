import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { chatRequest, expectedUsage, keys, useGateway } from "@/tests/support/fixture";
import { mounts } from "@/tests/support/gateway";
import { startTcpProxy, type TcpProxy } from "@/tests/support/tcp-proxy";

describe.each(mounts)("%s mount: while the database is away, known keys keep working", (mount) => {
  let line: TcpProxy | undefined;
  const gate = useGateway(mount, {
    databaseUrl: async (url) => {
      line = await startTcpProxy(new URL(url));
      return line.url(url);
    },
  });
  afterAll(() => line?.stop());

  test.each(["is cut", "goes silent"] as const)(
    "the line %s: known key served, unknown key 503, and every call is in the ledger afterwards",
    async (how) => {
      expect((await gate().chat(chatRequest())).status).toBe(200);
      if (how === "is cut") line?.cut();
      else line?.freeze();
      await sleep(300);
      const begun = performance.now();
      const served = await gate().chat(chatRequest(), {
        headers: { "x-request-id": `while-away-${mount}-${how.replace(" ", "-")}` },
      });
      expect(served.status).toBe(200);
      expect(performance.now() - begun).toBeLessThan(500);
      const unknown = await gate().chat(chatRequest(), { key: `condt_never_seen_${how.replaceAll(" ", "_")}` });
      expect(unknown.status).toBe(503);
      expect(await unknown.json()).toMatchObject({ error: { type: "api_error", code: "store_unavailable" } });
      expect((await gate().chat(chatRequest(), { key: "condt_unknown_key_two" })).status).toBe(503);
      expect((await gate().get("/health/live", { key: null })).status).toBe(200);
      await expect
        .poll(async () => (await gate().get("/health/ready", { key: null })).status, { timeout: 5_000 })
        .toBe(503);
      line?.mend();
      await expect
        .poll(async () => (await gate().get("/health/ready", { key: null })).status, { timeout: 10_000 })
        .toBe(200);
      await expect
        .poll(
          async () =>
            (
              await gate().sql.query("SELECT count(*)::int AS n FROM call WHERE request_id = $1", [
                served.headers.get("x-request-id"),
              ])
            ).rows[0]?.n,
          { timeout: 12_000 },
        )
        .toBe(1);
      expect(await gate().ledgerRow(served)).toMatchObject(expectedUsage);
      expect((await gate().chat(chatRequest(), { key: "condt_unknown_key_two" })).status).toBe(401);
      await gate().sql.query("UPDATE virtual_key SET enabled = false WHERE name = 'spare'");
      await expect
        .poll(async () => (await gate().chat(chatRequest(), { key: keys.spare })).status, { timeout: 3_000 })
        .toBe(401);
      await gate().sql.query("UPDATE virtual_key SET enabled = true WHERE name = 'spare'");
    },
    60_000,
  );
});
