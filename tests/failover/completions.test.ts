import { describe, expect, test } from "vitest";
import { environment, plays, providerAt } from "@/tests/failover/setting";
import { ANSWER, CLAUDE, claudeGoesOn, healthy, WORDS } from "@/tests/failover/vendor";
import { closingError, eventsOf } from "@/tests/support/events";
import { keys, useGateway } from "@/tests/support/fixture";
import { openAiEvents, type Scenario, stream } from "@/tests/support/upstream";

const price = { inputPerMillion: 1, outputPerMillion: 4 };

/** The first is passed on as it is; the second goes on from a beginning, and the third answers anew. */
function config(upstreamUrl: string) {
  const first = { provider: "first", model: "base-model", priority: 0, price };
  const claude = { ...providerAt(upstreamUrl, "claude"), type: "anthropic" };
  return {
    providers: [
      { ...providerAt(upstreamUrl, "first"), type: "vllm" },
      { ...claude, keys: [{ name: "main", apiKey: "sk-test" }] },
      { ...providerAt(upstreamUrl, "spare"), type: "openai-compatible" },
    ],
    models: [
      { name: "anew", deployments: [first, { provider: "spare", model: "small-model", priority: 1, price }] },
      { name: "continued", deployments: [first, { provider: "claude", model: CLAUDE, priority: 1, price }] },
    ],
    virtualKeys: [{ name: "caller", key: keys.caller, models: ["*"] }],
  };
}

const event = (text: string, index = 0): object => ({
  ...{ id: "cmpl-of-first", object: "text_completion", created: 7, model: "base-model" },
  choices: [{ index, text, logprobs: null, finish_reason: null }],
});

const framed = (events: readonly object[]): string => openAiEvents(events).replace("data: [DONE]\n\n", "");

/** The last event comes by itself. */
function cut(events: readonly object[], ending: "cut" | "stall" | "end" = "cut"): Scenario {
  return stream(framed(events), { ending, split: [framed(events.slice(0, -1)).length], everyMs: 20 });
}

describe("a stream of completions that is passed on and breaks off", () => {
  const gate = useGateway("server", { env: { ...environment, CONDUIT_BREAKERS: "off" }, config });

  const play = (scenario: Scenario): void => {
    gate().upstream.on("/first/completions", scenario);
    plays(gate(), "spare", healthy);
    gate().upstream.on("/claude/v1/messages", claudeGoesOn);
  };

  async function ask(model: string, more: object = {}) {
    const asked = { model, prompt: "Count.", stream: true, max_tokens: 100, stream_options: { include_usage: true } };
    const response = await gate().post("/v1/completions", { ...asked, ...more });
    return { response, body: await response.text() };
  }

  function wholeOf(body: string) {
    const events = eventsOf(body);
    expect(events.at(-1)).toBe("[DONE]");
    const chunks = events.slice(0, -1).map((one) => JSON.parse(one));
    for (const one of chunks) expect(one).toMatchObject({ id: "cmpl-of-first", created: 7, model: "base-model" });
    const choices = chunks.flatMap((one) => one.choices);
    return {
      text: choices.map(({ text }) => text).join(""),
      finish: choices.flatMap(({ finish_reason }) => finish_reason ?? []),
      usage: chunks.at(-1).usage,
    };
  }

  test.each([1, 17, 59, 60])("after %i words: the caller has one whole answer", async (count) => {
    play(cut(WORDS.slice(0, count).map((word) => event(word))));
    for (const model of ["anew", "continued"])
      expect(wholeOf((await ask(model)).body)).toMatchObject({ text: ANSWER, finish: ["stop"] });
  });

  test("by silence, and by an error of the vendor's: the caller does not hear of it", async () => {
    const error = { error: { message: "Oh.", type: "server_error", code: 500 } };
    const begun = WORDS.slice(0, 7).map((word) => event(word));
    for (const scenario of [cut(begun, "stall"), cut([...begun, error], "end")]) {
      play(scenario);
      expect(wholeOf((await ask("anew")).body).text).toBe(ANSWER);
    }
  });

  test("at another vendor's target, which is given the beginning: its tokens are all of those", async () => {
    play(cut(WORDS.slice(0, 40).map((word) => event(word))));
    const { response, body } = await ask("continued");
    const sent = JSON.parse(gate().upstream.last().body.toString());
    expect(sent).toMatchObject({ model: CLAUDE, max_tokens: 60 });
    expect(wholeOf(body).usage).toMatchObject({ completion_tokens: 60 });
    const row = await gate().ledgerRow(response);
    expect(row).toMatchObject({ status: 200, error_kind: null, provider_name: "claude", output_tokens: 60n });
    expect(row.trace).toMatchObject([{ provider: "first", used: { output: 40 } }, { provider: "claude" }]);
  });

  test("its log probabilities go on where its text does", async () => {
    play(cut([event("word1")]));
    const token = { token: " word2", logprob: -0.5, bytes: null, top_logprobs: [] };
    const head = { id: "x", object: "chat.completion.chunk", created: 1, model: "small-model" };
    const said = { index: 0, delta: { content: " word2" }, logprobs: { content: [token] }, finish_reason: null };
    const chunks = [
      { ...head, choices: [{ index: 0, delta: { content: "word1" }, finish_reason: null }] },
      { ...head, choices: [said] },
      { ...head, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
    ];
    plays(gate(), "spare", stream(openAiEvents(chunks)));
    const { body } = await ask("anew", { logprobs: 1 });
    expect(body).toContain('"text_offset":[5]');
  });

  test.each<[string, object[], object?]>([
    ["of several answers", [event("word1"), event("word1", 1)]],
    ["that repeats its prompt", [event("Count.word1")], { echo: true }],
    ["that is to lead up to something", [event("word1")], { suffix: "The end." }],
    ["that says something else", [event("Something else")]],
  ])("%s nobody can go on: an error event ends it", async (_when, events, more = {}) => {
    play(cut(events));
    const { body, response } = await ask("anew", more);
    expect(closingError(body)).toMatchObject({ code: "upstream_unavailable" });
    expect(body).not.toContain("word60");
    expect(await gate().ledgerRow(response)).toMatchObject({ error_kind: "upstream_unavailable" });
  });
});
