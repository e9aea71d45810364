import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { ask, environment, pairs, playPair, received } from "@/tests/failover/setting";
import { ANSWER, healthy, refusal } from "@/tests/failover/vendor";
import { useGateway } from "@/tests/support/fixture";

describe("a breaker under load", () => {
  const gate = useGateway("server", { env: environment, config: pairs(["loaded"]) });

  test("lets one call at a time probe, and all others are served elsewhere", async () => {
    let under = 0;
    let most = 0;
    let down = true;
    let opened = Number.POSITIVE_INFINITY;
    playPair(gate(), "loaded", async (request, response) => {
      const probes = request.at > opened;
      if (probes) most = Math.max(most, ++under);
      // A slow failure: more than one probe would be seen together.
      await sleep(300);
      if (probes) under--;
      await (down ? refusal(503, "Down.") : healthy)(request, response);
    });
    const call = async (): Promise<string | undefined> => {
      const got = await ask(gate(), "loaded", true);
      expect(got).toMatchObject({ status: 200, text: ANSWER, clean: true });
      return got.model;
    };
    // Calls from before it opened are not probes: they must be back first.
    await Promise.all(Array.from({ length: 10 }, call));
    await sleep(100);
    opened = performance.now();
    const until = opened + 7_000;
    const lane = async (): Promise<void> => {
      while (performance.now() < until) {
        await call();
        await sleep(20);
      }
    };
    await Promise.all(Array.from({ length: 20 }, lane));
    const probes = received(gate(), "loaded-primary").filter(({ at }) => at > opened).length;
    expect(most).toBe(1);
    expect(probes).toBeGreaterThanOrEqual(1);
    expect(probes).toBeLessThanOrEqual(5);
    down = false;
    const back = performance.now();
    while ((await call()) !== "small-model") expect(performance.now() - back).toBeLessThan(7_000);
  }, 40_000);
});
