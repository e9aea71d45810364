import { describe, expect, test } from "vitest";
import { ask, environment, plays, providerAt, received } from "@/tests/failover/setting";
import { ANSWER, healthy, refusal } from "@/tests/failover/vendor";
import { type Fixture, useGateway, keys as virtualKeys } from "@/tests/support/fixture";
import type { Scenario } from "@/tests/support/upstream";

const names = ["shares", "refused", "unpaid", "limited", "forbidden"];
const credentialOf = (key: string) => `sk-operator-${key}`;

function config(upstreamUrl: string) {
  return {
    providers: names.map((name) =>
      providerAt(upstreamUrl, name, {
        keys: [
          { name: "heavy", apiKey: credentialOf("heavy"), weight: 3 },
          { name: "light", apiKey: credentialOf("light"), weight: 1 },
        ],
      }),
    ),
    models: [
      ...names.map((name) => ({ name, deployments: [{ provider: name, model: "small-model" }] })),
      { name: "forbidden-too", deployments: [{ provider: "forbidden", model: "other-model" }] },
    ],
    virtualKeys: [{ name: "caller", key: virtualKeys.caller, models: ["*"] }],
  };
}

/** A vendor that refuses one of the keys. */
function refusing(key: string, how: Scenario): Scenario {
  return (request, response) =>
    (request.headers.authorization === `Bearer ${credentialOf(key)}` ? how : healthy)(request, response);
}

function uses(fixture: Fixture, provider: string, key: string, since = 0): number {
  const bearer = `Bearer ${credentialOf(key)}`;
  return received(fixture, provider).filter(({ headers, at }) => headers.authorization === bearer && at > since).length;
}

describe("many keys of one provider", () => {
  const gate = useGateway("server", { env: environment, config });

  const served = async (model: string, calls: number): Promise<void> => {
    for (let call = 0; call < calls; call++)
      expect(await ask(gate(), model, call % 2 === 0)).toMatchObject({ status: 200, text: ANSWER, clean: true });
  };

  test("share the calls by weight", async () => {
    plays(gate(), "shares", healthy);
    for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 20 }, () => served("shares", 1)));
    expect(uses(gate(), "shares", "heavy") / 400).toBeCloseTo(0.75, 1);
    expect(uses(gate(), "shares", "light") / 400).toBeCloseTo(0.25, 1);
  });

  test.each([
    ["refused", refusal(401, "Incorrect API key provided.", "invalid_api_key")],
    ["unpaid", refusal(429, "You exceeded your current quota.", "insufficient_quota")],
  ])("one that is %s is out at once, the next serves the same call, and the provider goes on", async (name, how) => {
    plays(gate(), name, refusing("heavy", how));
    await served(name, 30);
    expect(uses(gate(), name, "heavy")).toBe(1);
    expect(uses(gate(), name, "light")).toBe(30);
  });

  test("one that is limited is left alone for as long as the vendor says, and then used again", async () => {
    const until = performance.now() + 1_500;
    plays(
      gate(),
      "limited",
      refusing("heavy", (request, response) =>
        (request.at < until ? refusal(429, "Slow down.", null, { "retry-after": "2" }) : healthy)(request, response),
      ),
    );
    await served("limited", 20);
    expect(uses(gate(), "limited", "heavy")).toBe(1);
    const begun = performance.now();
    while (uses(gate(), "limited", "heavy") === 1 && performance.now() - begun < 6_000) await served("limited", 1);
    const [first, second] = received(gate(), "limited").filter(
      ({ headers }) => headers.authorization === `Bearer ${credentialOf("heavy")}`,
    );
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(1_990);
  });

  test("one that may not use a model is left out for that model alone", async () => {
    const forbidden = refusal(403, "This project has no access to the model.", "model_not_found");
    plays(gate(), "forbidden", (request, response) =>
      (request.body.includes("small-model") ? refusing("heavy", forbidden) : healthy)(request, response),
    );
    await served("forbidden", 20);
    const heavy = () => uses(gate(), "forbidden", "heavy");
    expect(heavy()).toBe(1);
    await served("forbidden-too", 30);
    expect(heavy()).toBeGreaterThan(5);
  });
});
