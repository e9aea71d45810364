import "@/tests/state/redis-environment";

import { afterAll, beforeAll, expect, test } from "vitest";
import { exposition } from "@/server/metrics";
import { connectRedis, disconnectRedis } from "@/server/redis";
import { lookAtLimits, reserveLimits } from "@/server/state/limits";
import { callerWith } from "@/tests/state/caller";

beforeAll(connectRedis);
afterAll(disconnectRedis);

test("with a Redis that never came up the process keeps the limits alone, waits for nothing, and counts it", async () => {
  const caller = callerWith({ key: "k", limits: { rpm: 3, concurrent: 2 } });
  const outcomes: boolean[] = [];
  for (let turn = 0; turn < 5; turn++) {
    const limited = reserveLimits(caller, "m", 10, 0);
    if (limited instanceof Promise) throw new Error("It was asked although it is away.");
    outcomes.push(limited.admitted);
    if (limited.admitted) limited.hold.giveBack();
  }
  expect(outcomes).toEqual([true, true, true, false, false]);
  expect(lookAtLimits(caller, "m", 0)).toMatchObject({ requests: { limit: 3, remaining: 0 } });
  const { text } = await exposition(0);
  expect(text).toContain('conduit_redis_outage_calls_total{policy="memory"} 3');
  expect(text).toContain('conduit_rate_limited_total{scope="key",limit="rpm"} 2');
});
