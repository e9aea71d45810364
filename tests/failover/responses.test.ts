import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { type Event, eventFaults, type Piece, streamed, written } from "@/tests/dialects/responses";
import { environment, plays, providerAt, received } from "@/tests/failover/setting";
import { ANSWER, CLAUDE, claudeGoesOn, faulty, healthy, inTurn, WORDS } from "@/tests/failover/vendor";
import { keys, useGateway } from "@/tests/support/fixture";
import { json, namedEvents, type Scenario, stream } from "@/tests/support/upstream";

const price = { inputPerMillion: 1, outputPerMillion: 4 };

/** The first is passed on as it is; the second goes on from a beginning, and the third answers anew. */
function config(upstreamUrl: string) {
  const keyed = { keys: [{ name: "main", apiKey: "sk-test" }] };
  const first = { provider: "openai", model: "gpt-4o", priority: 0, price };
  return {
    providers: [
      { ...providerAt(upstreamUrl, "openai"), ...keyed, type: "openai" },
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

const say = (content: string): Piece => ({ content });
const spoken = WORDS.map(say);
const thought: Piece = { reasoning_content: "They want words." };

/** The events of a whole stream up to the last that `until` holds for. */
function upTo(pieces: readonly Piece[], until: (event: Event) => boolean): Event[] {
  const events = streamed([...pieces, { finish: "stop" }]);
  return events.slice(0, events.findLastIndex(until) + 1);
}

const afterDelta = (pieces: readonly Piece[]) => upTo(pieces, ({ type }) => type.endsWith(".delta"));
const cut = (events: readonly Event[]): Scenario => stream(namedEvents(events), { ending: "cut" });

describe("a stream of OpenAI's responses that breaks off", () => {
  const gate = useGateway("server", { env: { ...environment, CONDUIT_BREAKERS: "off" }, config });

  const openAiPlays = (scenario: Scenario) => gate().upstream.on("/openai/responses", scenario);
  const play = (scenario: Scenario): void => {
    openAiPlays(scenario);
    plays(gate(), "spare", healthy);
    gate().upstream.on("/claude/v1/messages", claudeGoesOn);
  };

  async function ask(model = "anew", more: object = {}) {
    const response = await gate().post("/v1/responses", { model, input: "Count.", stream: true, ...more });
    const body = await response.text();
    return { response, body };
  }

  /** The response that the events of a stream come to; the events are as OpenAI describes them, and numbered. */
  function wholeOf(body: string) {
    const events = written(body);
    expect(eventFaults(events)).toEqual([]);
    const last = JSON.parse(JSON.stringify(events.at(-1)));
    const ids = new Set(events.map(({ output_index, item_id }) => item_id && `${output_index} ${item_id}`));
    return { events, last, response: last.response, ids };
  }

  test.each([1, 17, 59, 60])("after %i words: the caller has one whole response", async (count) => {
    play(cut(afterDelta(spoken.slice(0, count))));
    for (const model of ["anew", "continued"]) {
      const { body } = await ask(model);
      const { events, last, response, ids } = wholeOf(body);
      expect(last.type).toBe("response.completed");
      expect(events.filter(({ type }) => type === "response.created")).toHaveLength(1);
      // The items are those that it began with.
      expect([...ids]).toHaveLength(2);
      expect(JSON.stringify(events[0])).toContain(`"id":"${response.id}"`);
      const deltas = events.filter(({ type }) => type === "response.output_text.delta");
      expect(deltas.map(({ delta }) => delta).join("")).toBe(ANSWER);
      expect(response.output).toMatchObject([
        { type: "message", status: "completed", content: [{ type: "output_text", text: ANSWER }] },
      ]);
    }
  });

  test("OpenAI's own client makes one response of it", async () => {
    play(cut(afterDelta(spoken.slice(0, 20))));
    const client = new OpenAI({ baseURL: `${gate().gateway.url}/v1`, apiKey: keys.caller, maxRetries: 0 });
    const whole = await client.responses.stream({ model: "continued", input: "Count." }).finalResponse();
    expect(whole).toMatchObject({ status: "completed", output_text: ANSWER });
  });

  test("at another vendor's target, which is given the beginning: its tokens are all of those", async () => {
    play(cut(afterDelta(spoken.slice(0, 40))));
    const { body, response } = await ask("continued", { max_output_tokens: 100 });
    const sent = JSON.parse(gate().upstream.last().body.toString());
    expect(sent).toMatchObject({ model: CLAUDE, max_tokens: 60 });
    expect(sent.messages.at(-1)).toMatchObject({ role: "assistant" });
    expect(wholeOf(body).response.usage).toMatchObject({ output_tokens: 60 });
    const row = await gate().ledgerRow(response);
    expect(row).toMatchObject({ status: 200, error_kind: null, provider_name: "claude", output_tokens: 60n });
    expect(row.trace).toMatchObject([
      { provider: "openai", error: "upstream_unavailable", used: { output: 40 } },
      { provider: "claude", status: 200 },
    ]);
  });

  test.each<[string, Event[]]>([
    ["after a whole thought", upTo([thought, say("")], ({ type }) => type === "response.output_item.done")],
    ["in its text, after a whole thought", afterDelta([thought, ...spoken.slice(0, 9)])],
    ["after its text", upTo(spoken, ({ type }) => type === "response.output_text.done")],
    ["after its part", upTo(spoken, ({ type }) => type === "response.content_part.done")],
    ["after its message", upTo(spoken, ({ type }) => type === "response.output_item.done")],
  ])("%s: the same", async (_when, events) => {
    play(cut(events));
    for (const model of ["anew", "continued"]) {
      const { response } = wholeOf((await ask(model)).body);
      const [last, ...before] = response.output.toReversed();
      expect(last).toMatchObject({ type: "message", content: [{ text: ANSWER }] });
      expect(before.every(({ type }: { type: string }) => type === "reasoning")).toBe(true);
    }
  });

  test("by silence, and by an error of the vendor's: the caller does not hear of it", async () => {
    const error = { type: "error", sequence_number: 99, code: "server_error", message: "Oh.", param: null };
    const begun = afterDelta(spoken.slice(0, 7));
    for (const scenario of [
      stream(namedEvents(begun), { ending: "stall" }),
      stream(namedEvents(begun), { split: [namedEvents(begun).length], everyMs: 20, ending: "cut" }),
      stream(namedEvents([...begun, error]), { split: [namedEvents(begun).length], everyMs: 20 }),
    ]) {
      play(scenario);
      expect(wholeOf((await ask()).body).response.output[0].content[0].text).toBe(ANSWER);
    }
  });

  test("and is kept: it can be read, and continued at any target", async () => {
    play(cut(afterDelta(spoken.slice(0, 20))));
    const { response } = wholeOf((await ask()).body);
    const read = await (await gate().get(`/v1/responses/${response.id}`)).json();
    expect(read).toMatchObject({ id: response.id, status: "completed", output: [{ content: [{ text: ANSWER }] }] });
    const more = { model: "anew", input: "And?", previous_response_id: response.id };
    openAiPlays(json({ error: { message: "Down." } }, { status: 503 }));
    expect((await gate().post("/v1/responses", more)).status).toBe(200);
    const sent = JSON.parse(received(gate(), "spare").at(-1)?.body.toString() ?? "");
    expect(sent.messages.slice(0, 2)).toMatchObject([
      { role: "user", content: "Count." },
      { role: "assistant", content: ANSWER },
    ]);
  });

  test("and continues another, which its vendor holds: whoever goes on is told of that one too", async () => {
    const first = JSON.parse(JSON.stringify(streamed([say("Yes."), { finish: "stop" }]).at(-1))).response;
    openAiPlays(json({ ...first, id: "resp_first", output: [{ ...first.output[0], id: "msg_first" }] }));
    expect((await gate().post("/v1/responses", { model: "anew", input: "Ready?" })).status).toBe(200);
    play(cut(afterDelta(spoken.slice(0, 20))));
    for (const model of ["anew", "continued"]) {
      const { response } = wholeOf((await ask(model, { previous_response_id: "resp_first" })).body);
      expect(response.output).toMatchObject([{ content: [{ text: ANSWER }] }]);
      const { messages } = JSON.parse(gate().upstream.last().body.toString());
      expect(messages.map(({ role }: { role: string }) => role).slice(0, 3)).toEqual(["user", "assistant", "user"]);
      expect(JSON.stringify(messages[1])).toContain("Yes.");
    }
  });

  const called = { index: 0, id: "t", type: "function" as const, function: { name: "f", arguments: '{"a"' } };
  const searched = afterDelta([say("")]).slice(0, 2);
  const search = { id: "ws_1", type: "web_search_call", status: "in_progress", action: { type: "search", query: "q" } };

  test.each<[string, Event[]]>([
    ["within a thought", afterDelta([thought])],
    ["after a call of a tool", afterDelta([...spoken.slice(0, 3), { tool_calls: [called] }])],
    ["after a refusal", afterDelta([{ refusal: "I cannot" }])],
    [
      "after what only its vendor can do",
      [...searched, { type: "response.output_item.added", sequence_number: 2, output_index: 0, item: search }],
    ],
  ])("%s nobody can go on: an error event ends it", async (_when, events) => {
    play(cut(events));
    const { body, response } = await ask();
    expect(body.trimEnd().split("\n\n").at(-1)).toContain("event: error");
    expect(body).not.toContain("response.completed");
    expect(await gate().ledgerRow(response)).toMatchObject({ error_kind: "upstream_unavailable" });
  });

  test("an answer that another target gives otherwise is not joined to it", async () => {
    play(cut(afterDelta([say("Something else")])));
    plays(gate(), "spare", faulty({}));
    const { body } = await ask();
    expect(body).toContain("event: error");
    expect(body).not.toContain("word1");
  });

  test("one that breaks off a second time, and for good, ends as the response that it began as", async () => {
    play(cut(afterDelta(spoken.slice(0, 20))));
    plays(gate(), "spare", faulty({ after: 40, how: "cut" }));
    openAiPlays(inTurn(cut(afterDelta(spoken.slice(0, 20))), json({}, { status: 503 })));
    const { body } = await ask();
    const events = written(body);
    expect(eventFaults(events)).toEqual([]);
    const [error, failed] = JSON.parse(JSON.stringify(events.slice(-2)));
    expect(error.type).toBe("error");
    expect(failed).toMatchObject({ type: "response.failed", response: { status: "failed", usage: {} } });
    expect(JSON.stringify(events[0])).toContain(`"id":"${failed.response.id}"`);
  });
});
