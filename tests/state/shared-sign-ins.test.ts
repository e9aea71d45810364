import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { noRedis, startTestRedis, type TestRedis } from "@/tests/support/redis";

describe.skipIf(noRedis())("sign-ins over all processes", () => {
  let server: TestRedis;
  beforeAll(async () => {
    server = await startTestRedis();
    vi.stubEnv("REDIS_URL", server.url);
  });
  afterAll(async () => {
    const { disconnectRedis } = await import("@/server/redis");
    disconnectRedis();
    vi.unstubAllEnvs();
    await server.stop();
  });

  test("an address that has tried 30 times in ten minutes waits, another does not, and nobody waits while Redis is away", async () => {
    const { connectRedis, redis } = await import("@/server/redis");
    const { sharedWaitSeconds } = await import("@/server/state/shared-sign-ins");
    await connectRedis();
    await expect.poll(() => redis()?.status).toBe("ready");
    for (let attempt = 0; attempt < 30; attempt++) expect(await sharedWaitSeconds("192.0.2.1")).toBe(0);
    expect(await sharedWaitSeconds("192.0.2.1")).toBeGreaterThan(0);
    expect(await sharedWaitSeconds("192.0.2.2")).toBe(0);
    const keys = await server.client.keys("*sign-in*");
    expect(keys.length).toBeGreaterThan(0);
    await server.kill();
    await expect.poll(() => redis()).toBeUndefined();
    expect(await sharedWaitSeconds("192.0.2.1")).toBe(0);
  });
});
