import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { ask, environment, plays, providerAt, received } from "@/tests/failover/setting";
import { ANSWER, faulty, healthy, refusal } from "@/tests/failover/vendor";
import { type Fixture, useGateway, keys as virtualKeys } from "@/tests/support/fixture";
import type { Scenario } from "@/tests/support/upstream";

const names = ["back", "down", "late"];

function config(upstreamUrl: string) {
  return {
    providers: names.map((name) => providerAt(upstreamUrl, name)),
    models: names.map((name) => ({ name, retries: 0, deployments: [{ provider: name, model: "small-model" }] })),
    virtualKeys: [{ name: "caller", key: virtualKeys.caller, models: ["*"] }],
  };
}

const down = refusal(503, "Down.");

/** Has the only target of a model fail until its breaker is open. */
async function open(fixture: Fixture, name: string): Promise<void> {
  plays(fixture, name, down);
  for (let call = 0; call < 5; call++) await ask(fixture, name, false);
}

/** Counts the requests that are under way at the same time. */
function counting(scenario: Scenario): { readonly scenario: Scenario; most(): number } {
  let under = 0;
  let most = 0;
  return {
    most: () => most,
    scenario: async (request, response) => {
      most = Math.max(most, ++under);
      await sleep(200);
      under--;
      await scenario(request, response);
    },
  };
}

describe("a call whose only target's breaker is open", () => {
  const gate = useGateway("server", { env: environment, config });

  test("waits for it, and is served when the vendor is back: one call probes, and the others go after it", async () => {
    await open(gate(), "back");
    const { scenario, most } = counting(healthy);
    let probed = 0;
    plays(gate(), "back", (request, response) => {
      if (++probed === 1) return scenario(request, response);
      return healthy(request, response);
    });
    const before = received(gate(), "back").length;
    const calls = await Promise.all(Array.from({ length: 10 }, (_, at) => ask(gate(), "back", at % 2 === 0)));
    for (const got of calls) expect(got).toMatchObject({ status: 200, text: ANSWER, clean: true });
    const asked = received(gate(), "back").slice(before);
    expect(asked).toHaveLength(10);
    expect(most()).toBe(1);
    // While the probe was under way nobody else was there.
    expect((asked[1]?.at ?? 0) - (asked[0]?.at ?? 0)).toBeGreaterThanOrEqual(190);
  });

  test("fails within the time that it waits where the vendor stays down, and those that wait do not all probe", async () => {
    await open(gate(), "down");
    const { scenario, most } = counting(down);
    plays(gate(), "down", scenario);
    const before = received(gate(), "down").length;
    const calls = await Promise.all(Array.from({ length: 20 }, () => ask(gate(), "down", false)));
    for (const got of calls) {
      expect(got.status).toBe(502);
      expect(got.tookMs).toBeLessThan(4_000);
    }
    expect(most()).toBe(1);
    expect(received(gate(), "down").length - before).toBeLessThanOrEqual(2);
    // The breaker is open for longer than a call waits by now: it fails at once.
    await expect
      .poll(async () => (await ask(gate(), "down", false)).tookMs, { timeout: 20_000, interval: 10 })
      .toBeLessThan(200);
  }, 40_000);

  test("is not kept waiting by calls from before it opened that fail late", async () => {
    // Streams that break off long after the breaker opened.
    plays(gate(), "late", (request, response) => sleep(2_000).then(() => down(request, response)));
    const old = Array.from({ length: 12 }, () => ask(gate(), "late", false));
    await expect.poll(() => received(gate(), "late").length).toBe(12);
    await open(gate(), "late");
    await sleep(700);
    const opened = performance.now();
    plays(gate(), "late", faulty({ firstTokenAfterMs: 900 }));
    // It is the probe while the old ones fail.
    expect(await ask(gate(), "late", true)).toMatchObject({ status: 200, text: ANSWER });
    expect(performance.now() - opened).toBeLessThan(3_000);
    await Promise.all(old);
    plays(gate(), "late", healthy);
    const next = await ask(gate(), "late", false);
    expect(next).toMatchObject({ status: 200 });
    expect(next.tookMs).toBeLessThan(300);
  }, 20_000);
});
