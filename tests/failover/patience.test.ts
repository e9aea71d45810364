import { describe, expect, test } from "vitest";
import { ask, environment, plays, providerAt } from "@/tests/failover/setting";
import { ANSWER, faulty, healthy, refusal } from "@/tests/failover/vendor";
import { credentials, keys, useGateway } from "@/tests/support/fixture";

const price = { inputPerMillion: 1, outputPerMillion: 4 };
/** Each has a deployment of its own and a fallback of some kind. */
const models = ["context", "policy", "full", "keyless", "ready"] as const;

function config(upstreamUrl: string) {
  const named = {
    context: { fallbacksOnContext: ["context-spare"] },
    policy: { fallbacksOnPolicy: ["policy-spare"] },
    full: { fallbacks: ["full-spare"] },
    keyless: { fallbacks: ["keyless-spare"] },
    ready: { fallbacks: ["ready-spare"] },
  };
  const key = [{ name: "main", apiKey: credentials.plain }];
  return {
    providers: models.flatMap((name) => [
      providerAt(upstreamUrl, name),
      providerAt(upstreamUrl, `${name}-spare`, { keys: key }),
    ]),
    models: models.flatMap((name) => [
      { name, ...named[name], deployments: [{ provider: name, model: "small-model", price }] },
      {
        name: `${name}-spare`,
        deployments: [
          {
            ...{ provider: `${name}-spare`, model: "spare-model", price },
            ...(name === "full" && { limits: { rpm: 1 } }),
          },
        ],
      },
    ]),
    virtualKeys: [{ name: "caller", key: keys.caller, models: ["*"] }],
  };
}

describe("a stream that has begun and is silent beyond the limit of the first byte", () => {
  const env = { ...environment, CONDUIT_FIRST_BYTE_TIMEOUT_MS: "500", CONDUIT_IDLE_TIMEOUT_MS: "5000" };
  const gate = useGateway("server", { env, config });

  const slow = faulty({ firstTokenAfterMs: 1_200 });

  test.each([
    ["a model for prompts that are too long", "context"],
    ["a model for refused content", "policy"],
    ["a deployment that is full", "full"],
    ["a provider without a key in service", "keyless"],
  ])("is waited for where all that is left is %s", async (_what, name) => {
    plays(gate(), name, slow);
    plays(gate(), `${name}-spare`, healthy);
    if (name === "full") await ask(gate(), "full-spare", false);
    if (name === "keyless") {
      plays(gate(), "keyless-spare", refusal(401, "Unknown key."));
      expect((await ask(gate(), "keyless-spare", false)).status).not.toBe(200);
    }
    expect(await ask(gate(), name, true)).toMatchObject({ status: 200, text: ANSWER, model: "small-model" });
  });

  test("is given up where another may answer", async () => {
    plays(gate(), "ready", slow);
    plays(gate(), "ready-spare", healthy);
    expect(await ask(gate(), "ready", true)).toMatchObject({ status: 200, text: ANSWER, model: "spare-model" });
  });
});
