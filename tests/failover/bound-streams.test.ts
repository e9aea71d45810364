import { describe, expect, test } from "vitest";
import { environment, pairs, plays, received } from "@/tests/failover/setting";
import { ANSWER, healthy, thoughtful, WORDS } from "@/tests/failover/vendor";
import { closingError, eventsOf } from "@/tests/support/events";
import { useGateway } from "@/tests/support/fixture";
import { openAiEvents, type Scenario, stream } from "@/tests/support/upstream";

const part = (delta: object): object => ({
  id: "chatcmpl-first",
  object: "chat.completion.chunk",
  created: 1,
  model: "small-model",
  choices: [{ index: 0, delta, finish_reason: null }],
});

/** Deltas, and then no more. */
function broken(...deltas: readonly object[]): Scenario {
  const whole = openAiEvents(deltas.map(part));
  return stream(whole.slice(0, whole.indexOf("data: [DONE]")), { ending: "cut" });
}

describe("a stream of which its caller has what nobody goes on from", () => {
  const gate = useGateway("server", { env: { ...environment, CONDUIT_BREAKERS: "off" }, config: pairs(["m"]) });

  const answerTo = async (path: string, body: object): Promise<string> =>
    (await gate().post(path, { model: "m", stream: true, max_tokens: 500, ...body })).text();

  const messages = [{ role: "user", content: "Count." }];
  const role = { role: "assistant", content: "" };

  test.each<[string, object]>([
    ["a call by the older `functions`", { function_call: { name: "f", arguments: "{" } }],
    ["a refusal", { refusal: "I cannot" }],
    ["speech", { audio: { id: "audio_1", transcript: "one" } }],
    ["a call of a tool", { tool_calls: [{ index: 0, id: "t", function: { name: "f", arguments: "{" } }] }],
  ])("a stream that breaks off within %s ends with an error: no other answer follows it", async (_what, delta) => {
    plays(gate(), "m-primary", broken(role, delta));
    plays(gate(), "m-spare", healthy);
    const asked = received(gate(), "m-spare").length;
    const text = await answerTo("/v1/chat/completions", { messages });
    expect(closingError(text)).toMatchObject({ code: "upstream_unavailable" });
    expect(text).not.toContain("word1");
    expect(received(gate(), "m-spare")).toHaveLength(asked);
  });

  test.each(["/v1/messages", "/v1/responses"])(
    "the same where it is translated for a caller of %s: nothing follows a refusal",
    async (path) => {
      plays(gate(), "m-primary", broken(role, { refusal: "I cannot" }));
      plays(gate(), "m-spare", healthy);
      const text = await answerTo(path, path.endsWith("messages") ? { messages } : { input: "Count." });
      expect(text).toContain("event: error");
      expect(text).not.toContain("word1");
    },
  );

  test("what came in one piece with its vendor's error is the caller's, and is gone on with", async () => {
    const said = WORDS.slice(0, 5).map((content) => part({ content }));
    const error = { error: { message: "Oh.", type: "server_error", code: 500 } };
    plays(gate(), "m-primary", stream(openAiEvents([part(role), ...said, error])));
    plays(gate(), "m-spare", healthy);
    const text = await answerTo("/v1/messages", { messages });
    const deltas = eventsOf(text).flatMap((event) => JSON.parse(event).delta?.text ?? []);
    expect(deltas.join("")).toBe(ANSWER);
  });

  test.each<[string, object]>([
    ["functions", { functions: [{ name: "f", parameters: {} }] }],
    ["speech", { modalities: ["text", "audio"], audio: { voice: "alloy", format: "pcm16" } }],
  ])("a request for %s is not continued by another: what it would answer is not read whole", async (_what, more) => {
    plays(gate(), "m-primary", broken(role, { content: "word1" }));
    plays(gate(), "m-spare", healthy);
    expect(closingError(await answerTo("/v1/chat/completions", { messages, ...more }))).toBeDefined();
  });

  test("a stream that breaks off within a thought goes on with the answer, and with no second thought", async () => {
    plays(gate(), "m-primary", broken(role, { reasoning_content: "They want" }));
    plays(gate(), "m-spare", thoughtful);
    const text = await answerTo("/v1/chat/completions", { messages });
    const deltas = eventsOf(text)
      .filter((event) => event !== "[DONE]")
      .map((event) => JSON.parse(event).choices[0].delta);
    expect(deltas.map(({ reasoning_content }) => reasoning_content ?? "").join("")).toBe("They want");
    expect(deltas.map(({ content }) => content ?? "").join("")).toBe(ANSWER);
    expect(eventsOf(text).at(-1)).toBe("[DONE]");
  });
});
