import { describe, expect, test } from "vitest";
import { ask, environment, plays, providerAt, received } from "@/tests/failover/setting";
import { ANSWER, healthy, refusal } from "@/tests/failover/vendor";
import { expectShare } from "@/tests/support/chance";
import { type Fixture, useGateway, keys as virtualKeys } from "@/tests/support/fixture";
import type { Scenario } from "@/tests/support/upstream";

const names = ["shares", "refused", "unpaid", "limited", "forbidden", "failing", "dead"];
const oneKey = ["barred", "by-model", "replaced"];
const credentialOf = (key: string) => `sk-operator-${key}`;

function config(upstreamUrl: string) {
  return {
    providers: [
      ...names.map((name) =>
        providerAt(upstreamUrl, name, {
          keys: [
            { name: "heavy", apiKey: credentialOf("heavy"), weight: 3 },
            { name: "light", apiKey: credentialOf("light"), weight: 1 },
          ],
        }),
      ),
      ...oneKey.map((name) =>
        providerAt(upstreamUrl, name, { keys: [{ name: "only", apiKey: credentialOf("only") }] }),
      ),
    ],
    models: [
      ...names.map((name) => ({ name, deployments: [{ provider: name, model: "small-model" }] })),
      { name: "forbidden-too", deployments: [{ provider: "forbidden", model: "other-model" }] },
      ...["barred", "replaced"].map((name) => ({ name, deployments: [{ provider: name, model: "small-model" }] })),
      ...["first", "second", "third"].map((name) => ({ name, deployments: [{ provider: "by-model", model: name }] })),
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
    for (let round = 0; round < 50; round++) await Promise.all(Array.from({ length: 20 }, () => served("shares", 1)));
    const heavy = uses(gate(), "shares", "heavy");
    expect(heavy + uses(gate(), "shares", "light")).toBe(1_000);
    expectShare(heavy / 1_000, 0.75, 1_000);
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

  test("one that fails is left out, the same call goes to the next, and the provider goes on", async () => {
    plays(gate(), "failing", refusing("heavy", refusal(500, "Oops.")));
    const begun = performance.now();
    await served("failing", 60);
    expect(uses(gate(), "failing", "light")).toBe(60);
    // Five failures, and what probed it since.
    expect(uses(gate(), "failing", "heavy")).toBeLessThanOrEqual(5 + Math.ceil((performance.now() - begun) / 900));
    const row = await gate().ledgerRow((await ask(gate(), "failing", false)).response);
    expect(row).toMatchObject({ status: 200, provider_name: "failing" });
  });

  test("where all of them fail the provider is left out, and is back when they are", async () => {
    plays(gate(), "dead", refusal(503, "Down."));
    await Promise.all(Array.from({ length: 10 }, () => ask(gate(), "dead", false)));
    const before = received(gate(), "dead").length;
    await Promise.all(Array.from({ length: 10 }, () => ask(gate(), "dead", false)));
    // One probe at a time, whichever the key.
    expect(received(gate(), "dead").length - before).toBeLessThanOrEqual(2);
    plays(gate(), "dead", healthy);
    await expect.poll(async () => (await ask(gate(), "dead", false)).status, { timeout: 8_000 }).toBe(200);
    await served("dead", 20);
  }, 30_000);
});

describe("the only key of a provider", () => {
  const gate = useGateway("server", { env: environment, config });

  test("that may not use a model: the next call is told so at once, as the first was", async () => {
    plays(gate(), "barred", refusal(403, "This project has no access to the model.", "model_not_found"));
    const first = await ask(gate(), "barred", false);
    const next = await ask(gate(), "barred", false);
    expect({ status: next.status, error: next.error }).toEqual({ status: first.status, error: first.error });
    expect((await gate().ledgerRow(next.response)).error_kind).toBe("upstream_denied");
    expect(next.tookMs).toBeLessThan(1_000);
    expect(received(gate(), "barred")).toHaveLength(1);
  });

  test("that is limited with a model serves the others, until it is limited with a second one", async () => {
    const limited = new Set(["first"]);
    plays(gate(), "by-model", (request, response) => {
      const { model } = JSON.parse(request.body.toString());
      const slow = refusal(429, "Slow down.", null, { "retry-after": "20" });
      return (limited.has(model) ? slow : healthy)(request, response);
    });
    expect((await ask(gate(), "first", false)).status).toBe(429);
    for (const model of ["second", "third"]) {
      const got = await ask(gate(), model, false);
      expect(got).toMatchObject({ status: 200, text: ANSWER });
      expect(got.tookMs).toBeLessThan(1_000);
    }
    limited.add("second");
    expect((await ask(gate(), "second", false)).status).toBe(429);
    const asked = received(gate(), "by-model").length;
    expect((await ask(gate(), "third", false)).status).toBe(429);
    expect(received(gate(), "by-model")).toHaveLength(asked);
  });

  test("that is refused is back as soon as conduit.json names another credential for it", async () => {
    plays(gate(), "replaced", refusing("only", refusal(401, "Incorrect API key provided.", "invalid_api_key")));
    expect((await ask(gate(), "replaced", false)).status).toBe(502);
    expect((await ask(gate(), "replaced", false)).status).toBe(502);
    expect(received(gate(), "replaced")).toHaveLength(1);
    const declared = JSON.stringify(config(gate().upstream.url)).replaceAll(credentialOf("only"), credentialOf("new"));
    gate().gateway.configure(JSON.parse(declared));
    await expect.poll(async () => (await ask(gate(), "replaced", false)).status, { timeout: 8_000 }).toBe(200);
  }, 20_000);
});
