import { describe, expect, test } from "vitest";
import { ask, environment, plays, providerAt, received } from "@/tests/failover/setting";
import { ANSWER, WORDS } from "@/tests/failover/vendor";
import { keys, useGateway } from "@/tests/support/fixture";
import { openAiEvents, stream } from "@/tests/support/upstream";

/** Of a deployment: its prompt, which is about thirty tokens, fits twice, and not beside an answer. */
const TPM = 80;
const names = ["small", "spare"];

function config(upstreamUrl: string) {
  return {
    providers: names.map((name) => providerAt(upstreamUrl, name)),
    models: [
      {
        name: "model",
        strategy: "priority",
        deployments: names.map((provider, priority) => ({
          ...{ provider, priority, model: `${provider}-model` },
          ...(provider === "small" && { limits: { tpm: TPM } }),
        })),
      },
    ],
    virtualKeys: [{ name: "caller", key: keys.caller, models: ["*"] }],
  };
}

describe("a deployment's own limit on tokens", () => {
  const gate = useGateway("server", { env: environment, config });

  test("counts the answer of a stream whose vendor does not say how many tokens it had", async () => {
    const head = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "a-model" };
    const chunk = (delta: object, finish_reason: string | null = null) => ({
      ...head,
      choices: [{ index: 0, delta, finish_reason }],
    });
    const silent = stream(openAiEvents([...WORDS.map((content) => chunk({ content })), chunk({}, "stop")]));
    for (const name of names) plays(gate(), name, silent);
    const first = await ask(gate(), "model", true);
    expect(first).toMatchObject({ text: ANSWER, clean: true });
    expect(received(gate(), "small")).toHaveLength(1);
    expect(await gate().ledgerRow(first.response)).toMatchObject({ estimated: true, provider_name: "small" });
    // One prompt more would fit, beside the first alone.
    const second = await ask(gate(), "model", true);
    expect(second).toMatchObject({ text: ANSWER, clean: true });
    expect(await gate().ledgerRow(second.response)).toMatchObject({ provider_name: "spare" });
  });
});
