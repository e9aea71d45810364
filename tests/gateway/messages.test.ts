import { describe, expect, test } from "vitest";
import { assembled, parsed } from "@/tests/dialects/messages";
import { chatRequest, credentials, keys, useGateway } from "@/tests/support/fixture";
import { mounts } from "@/tests/support/gateway";
import { recordedBody, recordedEvents } from "@/tests/support/recordings";
import { json, namedEvents, openAiEvents, stream } from "@/tests/support/upstream";

const PATH = "/v1/messages";
const COUNT = "/v1/messages/count_tokens";
const CHAT = "/v1/chat/completions";

function request(model: string, more: object = {}) {
  return { model, max_tokens: 100, messages: [{ role: "user", content: "Hello" }], ...more };
}

const weather = { name: "weather", input_schema: { type: "object", properties: { city: { type: "string" } } } };

describe.each(mounts)("%s mount: callers who speak Anthropic's Messages", (mount) => {
  const gate = useGateway(mount);
  const sent = () => JSON.parse(gate().upstream.last().body.toString());

  test("a whole answer of the same API passes as it is, with the caller's key in x-api-key and its betas", async () => {
    const body = recordedBody("anthropic/anthropic-web-search-tool.1");
    gate().upstream.on(PATH, json(body));
    const answer = await gate().post(`${PATH}?beta=true`, request("foreign", { unknown_to_us: 1.0 }), {
      key: null,
      headers: { "x-api-key": keys.caller, "anthropic-version": "2023-06-01", "anthropic-beta": "some-beta-2026" },
    });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe(body);
    const { headers } = gate().upstream.last();
    expect(headers["x-api-key"]).toBe(credentials.foreign);
    expect(headers["anthropic-beta"]).toBe("some-beta-2026");
    expect(headers.authorization).toBeUndefined();
    expect(sent()).toEqual(request("foreign-model-1", { unknown_to_us: 1 }));
    expect(await gate().ledgerRow(answer)).toMatchObject({
      status: 200,
      input_tokens: 27_118n,
      output_tokens: 600n,
      finish_reason: "stop",
      estimated: false,
    });
  });

  test("a stream of the same API passes byte for byte", async () => {
    const text = namedEvents(recordedEvents("anthropic/anthropic-clear-thinking.1"));
    gate().upstream.on(PATH, stream(text, { split: "every byte", everyMs: 0 }));
    const answer = await gate().post(PATH, request("foreign", { stream: true }));
    expect(await answer.text()).toBe(text);
    expect(await gate().ledgerRow(answer)).toMatchObject({ stream: true, input_tokens: 69n, estimated: false });
  });

  test("another vendor's answer with tool calls is a message", async () => {
    const call = { id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Köln"}' } };
    const choice = {
      index: 0,
      message: { role: "assistant", content: null, tool_calls: [call] },
      finish_reason: "tool_calls",
    };
    const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
    gate().upstream.on(
      CHAT,
      json({ id: "c", object: "chat.completion", created: 1, model: "m", choices: [choice], usage }),
    );
    const answer = await gate().post(PATH, request("plain", { tools: [weather], tool_choice: { type: "any" } }));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      type: "message",
      role: "assistant",
      model: "plain",
      content: [{ type: "tool_use", id: "call_1", name: "weather", input: { city: "Köln" } }],
      stop_reason: "tool_use",
      usage: { input_tokens: 10, output_tokens: 5 },
    });
    expect(sent()).toMatchObject({
      model: "vendor-model-1",
      messages: [{ role: "user", content: "Hello" }],
      tools: [{ type: "function", function: { name: "weather", parameters: weather.input_schema } }],
      tool_choice: "required",
    });
  });

  test("another vendor's stream is a message's", async () => {
    const piece = (delta: object, finish_reason: string | null = null) => ({
      id: "c",
      object: "chat.completion.chunk",
      created: 1,
      model: "m",
      choices: [{ index: 0, delta, finish_reason }],
    });
    const called = (fields: object) => piece({ tool_calls: [{ index: 0, ...fields }] });
    const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
    const events = openAiEvents([
      piece({ role: "assistant", content: "" }),
      piece({ content: "I look." }),
      called({ id: "call_1", type: "function", function: { name: "weather", arguments: "" } }),
      called({ function: { arguments: '{"city":' } }),
      called({ function: { arguments: '"Köln"}' } }),
      piece({}, "tool_calls"),
      { ...piece({}), choices: [], usage },
    ]);
    gate().upstream.on(CHAT, stream(events));
    const answer = await gate().post(PATH, request("plain", { stream: true, tools: [weather] }));
    expect(answer.headers.get("content-type")).toContain("text/event-stream");
    expect(assembled(parsed(await answer.text()))).toMatchObject({
      content: [
        { type: "text", text: "I look." },
        { type: "tool_use", id: "call_1", name: "weather", input: { city: "Köln" } },
      ],
      stop_reason: "tool_use",
      usage: { input_tokens: 10, output_tokens: 5 },
    });
    expect(await gate().ledgerRow(answer)).toMatchObject({ stream: true, input_tokens: 10n, output_tokens: 5n });
  });

  test("errors are said in Anthropic's form", async () => {
    const answer = await gate().post(PATH, request("foreign"), { key: "condt_unknown" });
    expect(answer.status).toBe(401);
    const error = { type: "authentication_error", message: expect.any(String) };
    expect(await answer.json()).toEqual({ type: "error", error, request_id: answer.headers.get("x-request-id") });
    const malformed = await gate().post(PATH, request("plain", { messages: [{ role: "user", content: [{}] }] }));
    expect(malformed.status).toBe(400);
    expect(await malformed.json()).toMatchObject({ type: "error", error: { type: "invalid_request_error" } });
  });

  test("tokens are counted by the vendor where it does", async () => {
    gate().upstream.on(COUNT, json({ input_tokens: 2095 }));
    const { max_tokens: _limit, ...body } = request("foreign", { tools: [weather] });
    const answer = await gate().post(COUNT, body, { headers: { "anthropic-beta": "some-beta-2026" } });
    expect(await answer.json()).toEqual({ input_tokens: 2095 });
    expect(gate().upstream.last().headers["anthropic-beta"]).toBe("some-beta-2026");
    expect(sent()).toMatchObject({ model: "foreign-model-1", messages: [{ role: "user" }], tools: [weather] });
    expect(sent().max_tokens).toBeUndefined();
  });

  test("tokens are estimated where the vendor does not count, or cannot now", async () => {
    const answer = await gate().post(COUNT, request("plain"));
    expect(await answer.json()).toEqual({ input_tokens: 8 });
    gate().upstream.on(
      COUNT,
      json({ type: "error", error: { type: "overloaded_error", message: "Full." } }, { status: 529 }),
    );
    expect(await (await gate().post(COUNT, request("foreign"))).json()).toEqual({ input_tokens: 8 });
  });

  test("counting is for callers with a key and a model", async () => {
    expect((await gate().post(COUNT, request("plain"), { key: "condt_unknown" })).status).toBe(401);
    const hidden = await gate().post(COUNT, request("hidden"), { key: keys.narrow });
    expect(hidden.status).toBe(404);
    expect(await hidden.json()).toMatchObject({ type: "error", error: { type: "not_found_error" } });
  });

  test("counting spends nothing and leaves no row in the ledger", async () => {
    const counted = await gate().post(COUNT, request("plain"));
    // The row of a later call is there: one of the count's would be too.
    await gate().ledgerRow(await gate().chat(chatRequest()));
    const { rows } = await gate().sql.query("SELECT 1 FROM call WHERE request_id = $1", [
      counted.headers.get("x-request-id"),
    ]);
    expect(rows).toEqual([]);
  });

  test("older completions go over chat where the vendor has none of them", async () => {
    const choice = { index: 0, message: { role: "assistant", content: " upon a time" }, finish_reason: "length" };
    const answered = { id: "c", object: "chat.completion", created: 1, model: "m", choices: [choice] };
    gate().upstream.on(CHAT, json(answered));
    const body = recordedBody("anthropic/anthropic-clear-thinking.1");
    gate().upstream.on(PATH, json(body));
    const answer = await gate().post("/v1/completions", { model: "foreign", prompt: "What is 925 / 5?" });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      object: "text_completion",
      choices: [{ index: 0, text: expect.stringContaining("185"), finish_reason: "stop" }],
    });
    expect(sent()).toMatchObject({ max_tokens: 16, messages: [{ role: "user" }] });
    const several = await gate().post("/v1/completions", { model: "foreign", prompt: ["a", "b"] });
    expect(await several.json()).toMatchObject({ error: { param: "prompt" } });
  });
});
