import { describe, expect, test } from "vitest";
import { ask, environment, plays, providerAt } from "@/tests/failover/setting";
import {
  ANSWER,
  CLAUDE,
  claudeGoesOn,
  faulty,
  healthy,
  inTurn,
  PROMPT_TOKENS,
  refusal,
  WORDS,
} from "@/tests/failover/vendor";
import { closingError } from "@/tests/support/events";
import { chatRequest, keys, useGateway } from "@/tests/support/fixture";
import { openAiEvents, type Scenario, stream } from "@/tests/support/upstream";

const price = { inputPerMillion: 1, outputPerMillion: 4 };
const TPM = 100_000;
/** What one call holds of a budget: at most 1,000 tokens of answer, and its short prompt. */
const LIMIT = 1_000;
const BOUND_USD = 0.0045;

const cutters = ["cut10", "cut20", "cut30", "cut40", "whole"] as const;
const limited = "condt_limited_0123456789abcdefghijklmnopqrst";
const poor = "condt_poor_0123456789abcdefghijklmnopqrstuvwx";

function config(upstreamUrl: string) {
  const claude = { ...providerAt(upstreamUrl, "claude"), type: "anthropic" };
  const keyed = { ...claude, keys: [{ name: "main", apiKey: "sk-ant-test" }] };
  const inTurn = cutters.map((provider, priority) => ({ provider, model: "small-model", priority, price }));
  return {
    providers: [providerAt(upstreamUrl, "first"), keyed, ...cutters.map((name) => providerAt(upstreamUrl, name))],
    models: [
      {
        name: "both",
        deployments: [
          { provider: "first", model: "small-model", priority: 0, price },
          { provider: "claude", model: CLAUDE, priority: 1, price },
        ],
      },
      { name: "chain", deployments: inTurn },
    ],
    virtualKeys: [
      { name: "caller", key: keys.caller, models: ["*"] },
      { name: "limited", key: limited, models: ["*"], limits: { tpm: TPM } },
      { name: "poor", key: poor, models: ["*"], budgets: [{ limitUsd: BOUND_USD * 6, period: "total" }] },
    ],
  };
}

/** So many words with the usage so far in each chunk, and then no more. */
function cutAfter(count: number): Scenario {
  const head = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "small-model" };
  const chunks = WORDS.slice(0, count).map((content, at) => ({
    ...head,
    choices: [{ index: 0, delta: { content }, finish_reason: null }],
    usage: {
      prompt_tokens: PROMPT_TOKENS,
      completion_tokens: at + 1,
      total_tokens: PROMPT_TOKENS + at + 1,
    },
  }));
  const whole = openAiEvents(chunks);
  return stream(whole.slice(0, whole.indexOf("data: [DONE]")), { ending: "cut" });
}

describe("what a call used that was continued by another target", () => {
  const gate = useGateway("server", { env: { ...environment, CONDUIT_BREAKERS: "off" }, config });

  const sentToClaude = () => JSON.parse(gate().upstream.last().body.toString());
  const playBoth = (): void => {
    plays(gate(), "first", cutAfter(40));
    gate().upstream.on("/claude/v1/messages", claudeGoesOn);
  };

  test("is the tokens of all it has, for the caller, and of all attempts, for the ledger", async () => {
    playBoth();
    const got = await ask(gate(), "both", true);
    expect(got).toMatchObject({ text: ANSWER, clean: true });
    expect(sentToClaude().messages.at(-1).role).toBe("assistant");
    expect(got.usage).toMatchObject({ prompt_tokens: 12, completion_tokens: 60, total_tokens: 72 });
    const row = await gate().ledgerRow(got.response);
    expect(row).toMatchObject({ input_tokens: 12n + 52n, output_tokens: 40n + 20n, estimated: false });
    expect(row.cost_nano).toBe((12n + 52n) * 1_000n + (40n + 20n) * 4_000n);
    expect(row.trace).toMatchObject([
      { provider: "first", used: { input: 12, output: 40 }, cost_nano: String(12 * 1_000 + 40 * 4_000) },
      { provider: "claude", status: 200 },
    ]);
  });

  test("is taken of its key's limit on tokens", async () => {
    playBoth();
    const options = { key: limited };
    await (await gate().chat(chatRequest("both", { stream: true, max_tokens: 100 }), options)).text();
    plays(gate(), "whole", healthy);
    for (const name of cutters) plays(gate(), name, healthy);
    const next = await gate().chat(chatRequest("chain", { max_tokens: 1 }), options);
    const { usage } = await next.json();
    const reserved = TPM - Number(next.headers.get("x-ratelimit-remaining-tokens")) - (12 + 40 + 52 + 20);
    // What the second call itself reserves: its prompt by its length, and the one token.
    expect(reserved).toBeGreaterThan(0);
    expect(reserved).toBeLessThan(40);
    expect(usage.prompt_tokens).toBe(12);
  });

  test.each([
    ["max_tokens", 100, 60],
    ["max_completion_tokens", 70, 30],
    ["max_tokens", 40, 1],
  ])("is no longer left of its %s of %i: whoever goes on may use %i", async (name, limit, left) => {
    playBoth();
    await (await gate().chat(chatRequest("both", { stream: true, [name]: limit }))).text();
    expect(sentToClaude()).toMatchObject({ max_tokens: left });
  });

  test("is held of a budget once more for each attempt, and not doubled with each", async () => {
    for (const [at, name] of cutters.entries()) plays(gate(), name, faulty({ after: 10 * (at + 1), how: "cut" }));
    plays(gate(), "whole", healthy);
    const response = await gate().chat(chatRequest("chain", { stream: true, max_tokens: LIMIT }), { key: poor });
    const text = await response.text();
    expect(text, text).toContain("[DONE]");
    const row = await gate().ledgerRow(response);
    expect(row).toMatchObject({ status: 200, provider_name: "whole", attempts: 5 });
  });

  test("is counted once where nobody could go on: the broken attempt is the call", async () => {
    plays(gate(), "first", inTurn(cutAfter(40), refusal(503, "Down.")));
    gate().upstream.on("/claude/v1/messages", refusal(503, "Down."));
    const response = await gate().chat(chatRequest("both", { stream: true }));
    expect(closingError(await response.text())).toBeDefined();
    const row = await gate().ledgerRow(response);
    expect(row).toMatchObject({ input_tokens: 12n, output_tokens: 40n, cost_nano: 12n * 1_000n + 40n * 4_000n });
    for (const attempt of Array.isArray(row.trace) ? row.trace : []) {
      expect(attempt.cost_nano).toBeUndefined();
      expect(attempt.used).toBeUndefined();
    }
  });
});
