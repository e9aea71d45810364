import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ask, environment, type Got, plays, providerAt } from "@/tests/failover/setting";
import { ANSWER, type Fault, faulty, healthy, refusal, reset } from "@/tests/failover/vendor";
import { keys, useGateway } from "@/tests/support/fixture";
import { type Scenario, silence } from "@/tests/support/upstream";

const CALLS = 2_000;
const AT_A_TIME = 24;
/** Shares of calls at which the three deployments fail: now this one is the bad one, now that one. */
const WEATHER = [
  [0.05, 0.2, 0.5],
  [0.5, 0.05, 0.2],
  [0.2, 0.5, 0.05],
  [0.5, 0.5, 0.05],
];
const DEPLOYMENTS = ["north", "east", "west"];

type Drawn = { readonly number: number; readonly by: number };

const faults: readonly ((drawn: Drawn) => Scenario)[] = [
  () => refusal(500, "Oops."),
  () => refusal(503, "Down."),
  () => refusal(429, "Slow down."),
  () => reset,
  () => silence,
  (drawn) => broken("cut", drawn),
  (drawn) => broken("cut", drawn),
  (drawn) => broken("stall", drawn),
];

function broken(how: NonNullable<Fault["how"]>, { number, by }: Drawn): Scenario {
  return faulty({ after: Math.floor(drawn(number, by, "after") * 60), how });
}

/** From 0 to 1, the same in every run: what becomes of a call at a deployment is settled before it is made. */
function drawn(...of: readonly (number | string)[]): number {
  return createHash("sha256").update(of.join(" ")).digest().readUInt32BE() / 2 ** 32;
}

function faultOf(number: number, by: number): Scenario | undefined {
  const weather = WEATHER[Math.floor((number / CALLS) * WEATHER.length)];
  if (drawn(number, by, "whether") >= (weather?.[by] ?? 0)) return undefined;
  return faults[Math.floor(drawn(number, by, "which") * faults.length)]?.({ number, by });
}

const env = {
  ...environment,
  CONDUIT_FIRST_BYTE_TIMEOUT_MS: "1000",
  CONDUIT_IDLE_TIMEOUT_MS: "800",
  CONDUIT_TOTAL_TIMEOUT_MS: "12000",
  CONDUIT_LOG_LEVEL: "error",
};

function config(upstreamUrl: string) {
  return {
    providers: DEPLOYMENTS.map((name) => providerAt(upstreamUrl, name)),
    models: [
      {
        name: "stormy",
        strategy: "round-robin",
        deployments: DEPLOYMENTS.map((provider) => ({ provider, model: "small-model" })),
      },
    ],
    virtualKeys: [{ name: "caller", key: keys.caller, models: ["*"] }],
  };
}

describe("three deployments that fail at random", () => {
  const gate = useGateway("server", { env, config });

  test(`of ${CALLS} streams none is cut short as a success, none hangs, and 999 in 1000 are whole`, async () => {
    for (const [by, name] of DEPLOYMENTS.entries())
      plays(gate(), name, (request, response) => {
        const number = Number(/number (\d+)/.exec(request.body.toString())?.[1]);
        return (faultOf(number, by) ?? healthy)(request, response);
      });
    const outcomes: (Got & { number: number })[] = [];
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let number = next++; number < CALLS; number = next++)
        outcomes.push({ number, ...(await ask(gate(), "stormy", true, `This is number ${number}.`)) });
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, lane));

    expect(outcomes).toHaveLength(CALLS);
    const successes = outcomes.filter(({ status, clean }) => status === 200 && clean);
    expect(successes.filter(({ text, finish }) => text !== ANSWER || finish !== "stop")).toEqual([]);
    expect(Math.max(...outcomes.map(({ tookMs }) => tookMs))).toBeLessThan(15_000);
    const servable = outcomes.filter(({ number }) => DEPLOYMENTS.some((_name, by) => !faultOf(number, by)));
    const lost = servable.filter((one) => !successes.includes(one));
    const told = lost.map(({ number, status, error, tookMs }) => ({ number, status, error: error?.message, tookMs }));
    expect(lost.length / servable.length, JSON.stringify(told)).toBeLessThanOrEqual(0.001);
    // There was weather.
    expect(gate().upstream.received.length).toBeGreaterThan(CALLS * 1.1);
  }, 180_000);
});
