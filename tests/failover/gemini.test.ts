import { GoogleGenAI } from "@google/genai";
import { describe, expect, test } from "vitest";
import { environment, plays, providerAt } from "@/tests/failover/setting";
import { ANSWER, CLAUDE, claudeGoesOn, healthy, thoughtful, WORDS } from "@/tests/failover/vendor";
import { eventsOf } from "@/tests/support/events";
import { keys, useGateway } from "@/tests/support/fixture";
import { type Scenario, stream } from "@/tests/support/upstream";

const price = { inputPerMillion: 1, outputPerMillion: 4 };
const MODEL = "gemini-2.5-flash";

/** The first is passed on as it is; the second goes on from a beginning, and the third answers anew. */
function config(upstreamUrl: string) {
  const keyed = { keys: [{ name: "main", apiKey: "key-of-google" }] };
  const first = { provider: "google", model: MODEL, priority: 0, price };
  return {
    providers: [
      { ...providerAt(upstreamUrl, "google"), ...keyed, type: "gemini" },
      { ...providerAt(upstreamUrl, "claude"), ...keyed, type: "anthropic" },
      providerAt(upstreamUrl, "spare"),
    ],
    models: [
      { name: "anew", deployments: [first, { provider: "spare", model: "small-model", priority: 1, price }] },
      { name: "continued", deployments: [first, { provider: "claude", model: CLAUDE, priority: 1, price }] },
    ],
    virtualKeys: [{ name: "caller", key: keys.caller, models: ["*"] }],
  };
}

type Part = Readonly<Record<string, unknown>>;

const usageAfter = (tokens: number) => ({
  promptTokenCount: 12,
  candidatesTokenCount: tokens,
  totalTokenCount: 12 + tokens,
});

/** One event as Google writes it; `more` stands in its candidate. */
const event = (parts: readonly Part[], tokens: number, more: object = {}): object => ({
  candidates: [{ content: { parts, role: "model" }, index: 0, ...more }],
  usageMetadata: usageAfter(tokens),
  modelVersion: `${MODEL}-001`,
  responseId: "response-of-google",
});
const spoken = (count: number): object[] => WORDS.slice(0, count).map((text, at) => event([{ text }], at + 1));

const framed = (one: object): string => `data: ${JSON.stringify(one)}\r\n\r\n`;

/** The last event comes by itself. */
function cut(events: readonly object[], ending: "cut" | "stall" | "end" = "cut"): Scenario {
  const whole = events.map(framed).join("");
  return stream(whole, { ending, split: [whole.length - framed(events.at(-1) ?? {}).length], everyMs: 20 });
}

describe("a stream of Gemini's own that breaks off", () => {
  const gate = useGateway("server", { env: { ...environment, CONDUIT_BREAKERS: "off" }, config });

  const play = (scenario: Scenario): void => {
    gate().upstream.on(`/google/models/${MODEL}:streamGenerateContent`, scenario);
    plays(gate(), "spare", healthy);
    gate().upstream.on("/claude/v1/messages", claudeGoesOn);
  };

  async function ask(model: string, more: object = {}, query = "?alt=sse") {
    const path = `/v1beta/models/${model}:streamGenerateContent${query}`;
    const response = await gate().post(path, { contents: [{ role: "user", parts: [{ text: "Count." }] }], ...more });
    return { response, body: await response.text() };
  }

  /** What a whole stream says: its text without thoughts, its thoughts, and its last event. */
  function wholeOf(body: string) {
    const events = eventsOf(body).map((one) => JSON.parse(one));
    for (const one of events) expect(one).toMatchObject({ responseId: "response-of-google" });
    const parts: Part[] = events.flatMap(({ candidates }) => candidates[0].content.parts);
    const said = (thought: boolean) =>
      parts.map((part) => ((part.thought === true) === thought ? String(part.text ?? "") : "")).join("");
    return { text: said(false), thoughts: said(true), last: events.at(-1), events };
  }

  test.each([1, 17, 59, 60])("after %i words: the caller has one whole answer", async (count) => {
    play(cut(spoken(count)));
    for (const model of ["anew", "continued"]) {
      const { text, last, events } = wholeOf((await ask(model)).body);
      expect(text).toBe(ANSWER);
      expect(last.candidates[0]).toMatchObject({ finishReason: "STOP", index: 0 });
      expect(events.filter(({ candidates }) => candidates[0].finishReason)).toHaveLength(1);
      expect(last.modelVersion).toBe(`${MODEL}-001`);
    }
  });

  test("Google's own client reads it, and so does one that asks for a list", async () => {
    play(cut(spoken(20)));
    const client = new GoogleGenAI({ apiKey: keys.caller, httpOptions: { baseUrl: gate().gateway.url } });
    let text = "";
    for await (const chunk of await client.models.generateContentStream({ model: "anew", contents: "Count." }))
      text += chunk.text ?? "";
    expect(text).toBe(ANSWER);
    const listed = JSON.parse((await ask("anew", {}, "")).body);
    expect(listed.at(-1).candidates[0].finishReason).toBe("STOP");
  });

  test("at another vendor's target, which is given the beginning: its tokens are all of those", async () => {
    play(cut(spoken(40)));
    const { response, body } = await ask("continued", { generationConfig: { maxOutputTokens: 100 } });
    const sent = JSON.parse(gate().upstream.last().body.toString());
    expect(sent).toMatchObject({ model: CLAUDE, max_tokens: 60 });
    expect(sent.messages.at(-1)).toMatchObject({ role: "assistant" });
    expect(wholeOf(body).last.usageMetadata).toMatchObject(usageAfter(60));
    const row = await gate().ledgerRow(response);
    expect(row).toMatchObject({ status: 200, error_kind: null, provider_name: "claude", output_tokens: 60n });
    expect(row.trace).toMatchObject([
      { provider: "google", error: "upstream_unavailable", used: { input: 12, output: 40 } },
      { provider: "claude", status: 200 },
    ]);
  });

  test("by silence, and by an error of the vendor's: the caller does not hear of it", async () => {
    const overloaded = { error: { code: 503, message: "Overloaded.", status: "UNAVAILABLE" } };
    for (const scenario of [cut(spoken(7), "stall"), cut([...spoken(7), overloaded], "end")]) {
      play(scenario);
      expect(wholeOf((await ask("anew")).body).text).toBe(ANSWER);
    }
  });

  test("after a thought: it has that one, and the answer", async () => {
    const thought = event([{ text: "They want words.", thought: true }], 1);
    for (const events of [[thought], [thought, ...spoken(5)]]) {
      play(cut(events));
      plays(gate(), "spare", thoughtful);
      const { body } = await ask("anew", { generationConfig: { thinkingConfig: { includeThoughts: true } } });
      expect(wholeOf(body)).toMatchObject({ text: ANSWER, thoughts: "They want words." });
    }
  });

  test.each<[string, object[], object?]>([
    ["after a call of a function", [...spoken(3), event([{ functionCall: { name: "f", args: {} } }], 4)]],
    ["after a picture", [...spoken(3), event([{ inlineData: { mimeType: "image/png", data: "AA==" } }], 4)]],
    ["after code that its vendor ran", [...spoken(3), event([{ executableCode: { code: "1" } }], 4)]],
    ["of several answers", spoken(3), { generationConfig: { candidateCount: 2 } }],
    ["that was to hold pictures", spoken(3), { generationConfig: { responseModalities: ["TEXT", "IMAGE"] } }],
    ["that says something else", [event([{ text: "Something else" }], 1)]],
  ])("%s nobody can go on: an error event ends it", async (_when, events, more = {}) => {
    play(cut(events));
    const { body, response } = await ask("anew", more);
    expect(JSON.parse(eventsOf(body).at(-1) ?? "")).toMatchObject({ error: { code: 502, status: "UNAVAILABLE" } });
    expect(body).not.toContain("word60");
    expect(await gate().ledgerRow(response)).toMatchObject({ error_kind: "upstream_unavailable" });
  });
});
