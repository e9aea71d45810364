import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { ask, environment, gaps, plays, providerAt, received } from "@/tests/failover/setting";
import { ANSWER, healthy, inTurn, refusal, reset } from "@/tests/failover/vendor";
import { keys, useGateway } from "@/tests/support/fixture";
import type { Scenario } from "@/tests/support/upstream";

const TOO_LONG = refusal(400, "This model's maximum context length is 8192 tokens.", "context_length_exceeded");
const FORBIDDEN = refusal(400, "Your request was rejected by our content policy.", "content_policy_violation");
const DOWN = refusal(503, "Overloaded.");

/** Each model by its name: targets with their priority, what it falls back to, and for which failures. */
type Told = { readonly targets: Readonly<Record<string, object>>; readonly [setting: string]: unknown };
const models: Readonly<Record<string, Told>> = {
  "then-down": {
    targets: { "long-a": { priority: 0 }, "long-b": { priority: 1 } },
    fallbacksOnContext: ["larger"],
    retries: 0,
  },
  larger: { targets: { larger: {} } },
  "refused-twice": {
    targets: { "policy-a": { priority: 0 }, "policy-b": { priority: 1 } },
    fallbacksOnPolicy: ["policy-spare"],
    fallbacks: ["larger"],
  },
  "policy-spare": { targets: { "policy-spare": {} } },
  known: {
    targets: {
      "known-a": { priority: 0, model: "gpt-4o" },
      "known-b": { priority: 1, model: "gpt-4-turbo" },
      "known-c": { priority: 2, model: "gpt-4.1" },
    },
  },
  "two-keys": { targets: { "two-keys": { priority: 0 }, "after-keys": { priority: 1 } } },
  "in-vain": { targets: { "in-vain-a": { priority: 0 } }, fallbacks: ["in-vain-too"] },
  "in-vain-too": { targets: { "in-vain-b": { priority: 0 } } },
  narrow: { targets: { narrow: { limits: { rpm: 1 } } } },
  "slow-error": { targets: { "slow-a": { priority: 0 }, "slow-b": { priority: 1 } } },
  patient: { targets: { patient: {} } },
};

function config(upstreamUrl: string) {
  const placed = Object.values(models).flatMap(({ targets }) => Object.keys(targets));
  return {
    providers: placed.map((name) =>
      providerAt(upstreamUrl, name, {
        keys: ["first", "second"].map((key) => ({ name: key, apiKey: `sk-operator-${name}-${key}` })),
      }),
    ),
    models: Object.entries(models).map(([name, { targets, ...settings }]) => ({
      name,
      ...settings,
      deployments: Object.entries(targets).map(([provider, more]) => ({ provider, model: provider, ...more })),
    })),
    virtualKeys: [{ name: "caller", key: keys.caller, models: ["*"] }],
  };
}

describe("what follows a failure", () => {
  const gate = useGateway("server", { env: environment, config });
  const play = (played: Readonly<Record<string, Scenario>>): void => {
    for (const [provider, scenario] of Object.entries(played)) plays(gate(), provider, scenario);
  };
  const times = (provider: string): number => received(gate(), provider).length;

  test("a prompt that was too long for one goes to the larger model, whatever others failed with since", async () => {
    play({ "long-a": TOO_LONG, "long-b": DOWN, larger: healthy });
    const got = await ask(gate(), "then-down", false);
    expect(got).toMatchObject({ status: 200, text: ANSWER });
    expect(got.response.headers.get("x-conduit-provider")).toBe("larger");
  });

  test("what refused the content is followed by the model that is there for it, and by no other when that fails too", async () => {
    play({ "policy-a": FORBIDDEN, "policy-b": healthy, "policy-spare": DOWN });
    const before = times("larger");
    const got = await ask(gate(), "refused-twice", false);
    expect(got).toMatchObject({ status: 400, error: { code: "content_policy_violation" } });
    expect(times("policy-a")).toBe(1);
    expect(times("policy-b")).toBe(0);
    expect(times("policy-spare")).toBeGreaterThan(0);
    expect(times("larger")).toBe(before);
  });

  test("a target that is known not to be larger is not asked", async () => {
    play({ "known-a": TOO_LONG, "known-b": healthy, "known-c": healthy });
    const got = await ask(gate(), "known", false);
    expect(got.response.headers.get("x-conduit-provider")).toBe("known-c");
    expect(times("known-b")).toBe(0);
  });

  test("a key that is refused is followed by the provider's next key, before targets of a lower rank", async () => {
    const first = "Bearer sk-operator-two-keys-first";
    const second = "Bearer sk-operator-two-keys-second";
    let refused = "";
    play({
      "two-keys": (request, response) => {
        refused ||= String(request.headers.authorization);
        return (request.headers.authorization === refused ? refusal(401, "Wrong key.") : healthy)(request, response);
      },
      "after-keys": healthy,
    });
    expect(await ask(gate(), "two-keys", true)).toMatchObject({ text: ANSWER, clean: true });
    const used = received(gate(), "two-keys").map(({ headers }) => headers.authorization);
    expect(used.toSorted()).toEqual([first, second]);
    expect(times("after-keys")).toBe(0);
  });

  test("a call has its retries once, not anew for each model that it falls back to", async () => {
    play({ "in-vain-a": reset, "in-vain-b": reset });
    expect((await ask(gate(), "in-vain", false)).status).toBe(502);
    // One attempt at each, and two more.
    expect(times("in-vain-a") + times("in-vain-b")).toBe(4);
  });

  test("a repetition waits for a place at the target too", async () => {
    play({ narrow: inTurn(reset, healthy) });
    const got = await ask(gate(), "narrow", false);
    // The first attempt of the minute was the last: the next place is a minute away.
    expect(got.status).not.toBe(200);
    expect(times("narrow")).toBe(1);
  }, 90_000);

  test("an error whose body does not come is an error all the same, and soon", async () => {
    const stalled = (_request: unknown, response: ServerResponse): void => {
      response.writeHead(503, { "content-type": "application/json" });
      response.write('{"error":');
    };
    play({ "slow-a": stalled, "slow-b": healthy });
    const got = await ask(gate(), "slow-error", false);
    expect(got).toMatchObject({ status: 200, text: ANSWER });
    expect(got.tookMs).toBeLessThan(4_000);
    const row = await gate().ledgerRow(got.response);
    expect(row.trace).toMatchObject([{ provider: "slow-a", status: 503 }, { provider: "slow-b" }]);
  });

  test("a refusal whose body does not come is told apart by its status: others may know the model", async () => {
    const stalled = (_request: unknown, response: ServerResponse): void => {
      response.writeHead(404, { "content-type": "application/json" });
      response.write('{"error":');
    };
    play({ "slow-a": stalled, "slow-b": healthy });
    expect(await ask(gate(), "slow-error", false)).toMatchObject({ status: 200, text: ANSWER });
  });

  test("where nothing else is left, a call waits for as long as the provider says, and tells of the wait", async () => {
    const busy = refusal(429, "Slow down.", null, { "retry-after": "11" });
    play({ patient: inTurn(busy, busy, healthy) });
    const got = await ask(gate(), "patient", false);
    expect(got).toMatchObject({ status: 200, text: ANSWER });
    expect(gaps(received(gate(), "patient")).at(-1)).toBeGreaterThanOrEqual(10_900);
    const { trace } = await gate().ledgerRow(got.response);
    expect(Array.isArray(trace) && trace.at(-1).waited).toBeGreaterThanOrEqual(10_900);
  }, 30_000);
});
