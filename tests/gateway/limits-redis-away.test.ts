import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { chatRequest, configFor, type Fixture, useGateway } from "@/tests/support/fixture";
import { noRedis, startTestRedis, type TestRedis } from "@/tests/support/redis";

const LIMIT = 60;
const secretOf = (name: string): string => `condt_${name}_0123456789abcdefghijklmnopqrstuvwxyz`;

function config(upstreamUrl: string) {
  const base = configFor(upstreamUrl);
  const keyed = (name: string, rpm: number) => ({ name, key: secretOf(name), models: ["*"], limits: { rpm } });
  return { ...base, virtualKeys: [...base.virtualKeys, keyed("tight", LIMIT), keyed("wide", 100_000)] };
}

const skip = noRedis();
const redis: TestRedis | undefined = skip ? undefined : await startTestRedis();
afterAll(() => redis?.stop());

const call = async (fixture: Fixture, name: string): Promise<number> => {
  const answer = await fixture.chat(chatRequest(), { key: secretOf(name) });
  await answer.arrayBuffer();
  return answer.status;
};

const redisOf = async (fixture: Fixture): Promise<string> => {
  const answer: { redis: string } = await (await fixture.get("/health/ready")).json();
  return answer.redis;
};

describe.skipIf(skip)("Redis goes away and comes back under load", () => {
  describe("CONDUIT_REDIS_OUTAGE=memory", () => {
    const gate = useGateway("server", { config, env: { REDIS_URL: redis?.url ?? "" } });

    test("calls go on within their limits, nobody is refused who was not, and Redis counts again by itself", async () => {
      const seen = new Map<string, number[]>([
        ["tight", []],
        ["wide", []],
      ]);
      let going = true;
      const lane = async (name: string): Promise<void> => {
        while (going) {
          seen.get(name)?.push(await call(gate(), name));
          await sleep(15);
        }
      };
      const lanes = ["tight", "wide", "wide"].map(lane);
      await sleep(300);
      await redis?.kill();
      await expect.poll(() => redisOf(gate())).toBe("down");
      await sleep(1_000);
      await redis?.start();
      await expect.poll(() => redisOf(gate()), { timeout: 10_000 }).toBe("up");
      await sleep(500);
      going = false;
      await Promise.all(lanes);
      expect(new Set(seen.get("wide"))).toEqual(new Set([200]));
      expect(new Set(seen.get("tight"))).toEqual(new Set([200, 429]));
      expect(seen.get("tight")?.filter((status) => status === 200)).toHaveLength(LIMIT);
      await redis?.client.flushall();
      expect(await call(gate(), "wide")).toBe(200);
      expect(await redis?.client.dbsize()).toBeGreaterThan(0);
    }, 60_000);
  });

  describe("CONDUIT_REDIS_OUTAGE=refuse", () => {
    const gate = useGateway("server", { config, env: { REDIS_URL: redis?.url ?? "", CONDUIT_REDIS_OUTAGE: "refuse" } });

    test("calls with limits get 503 while it is away, those without go on, and both are answered afterwards", async () => {
      // The app is ready before it has connected.
      await expect.poll(() => call(gate(), "wide")).toBe(200);
      await redis?.kill();
      await expect.poll(() => redisOf(gate())).toBe("down");
      expect(await call(gate(), "wide")).toBe(503);
      expect((await gate().chat(chatRequest())).status).toBe(200);
      await redis?.start();
      await expect.poll(() => call(gate(), "wide"), { timeout: 10_000 }).toBe(200);
    }, 60_000);
  });
});
