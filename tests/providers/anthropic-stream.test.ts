import { describe, expect, test } from "vitest";
import { context, decodedPieces, streamed } from "@/tests/providers/anthropic";

const start = {
  type: "message_start",
  message: {
    id: "msg_1",
    model: "claude-x",
    role: "assistant",
    content: [],
    usage: { input_tokens: 10, output_tokens: 1 },
  },
};
const stop = { type: "message_stop" };
const begin = (index: number, content_block: object) => ({ type: "content_block_start", index, content_block });
const delta = (index: number, fields: object) => ({ type: "content_block_delta", index, delta: fields });
const end = (index: number) => ({ type: "content_block_stop", index });
const because = (stop_reason: string | null, fields: object = {}, usage: object = { output_tokens: 5 }) => ({
  type: "message_delta",
  delta: { stop_reason, ...fields },
  usage,
});
const say = (index: number, ...texts: string[]) => [
  begin(index, { type: "text", text: "" }),
  ...texts.map((text) => delta(index, { type: "text_delta", text })),
  end(index),
];

describe("a stream", () => {
  test("is OpenAI's chunks: the role first, the finish reason last, then the end", () => {
    const pieces = decodedPieces([start, { type: "ping" }, ...say(0, "Hel", "lo"), because("end_turn"), stop]);
    const chunk = (fields: object, finish_reason: string | null = null) => ({
      kind: "chunk",
      chunk: {
        id: "msg_1",
        object: "chat.completion.chunk",
        created: context.created,
        model: "claude-x",
        choices: [{ index: 0, delta: fields, logprobs: null, finish_reason }],
      },
    });
    expect(pieces).toEqual([
      { kind: "usage", usage: expect.objectContaining({ input: 10, output: 1 }) },
      chunk({ role: "assistant", content: "" }),
      chunk({ content: "Hel" }),
      chunk({ content: "lo" }),
      { kind: "usage", usage: expect.objectContaining({ input: 10, output: 5 }) },
      chunk({}, "stop"),
      { kind: "end" },
    ]);
  });

  test("nothing is committed before the model says something: a start and pings are no chunks", () => {
    expect(decodedPieces([start, { type: "ping" }]).map((piece) => piece.kind)).toEqual(["usage"]);
  });

  test("is not over before message_stop, whatever came before", () => {
    expect(streamed([start, ...say(0, "a"), because("end_turn")])).toMatchObject({ ended: false, finishReasons: [] });
  });

  test("parallel tool calls with interleaved arguments keep their places", () => {
    const tool = (id: string, name: string) => ({ type: "tool_use", id, name, input: {} });
    const args = (index: number, partial_json: string) => delta(index, { type: "input_json_delta", partial_json });
    const made = streamed([
      start,
      ...say(0, "I look."),
      begin(1, tool("t1", "f")),
      args(1, ""),
      args(1, '{"a":'),
      begin(2, tool("t2", "g")),
      args(1, "1}"),
      end(1),
      args(2, '{"b":2}'),
      end(2),
      begin(3, tool("t3", "h")),
      end(3),
      because("tool_use"),
      stop,
    ]);
    expect(made.content).toBe("I look.");
    expect(made.finishReasons).toEqual(["tool_calls"]);
    expect(made.toolCalls).toEqual([
      { id: "t1", type: "function", function: { name: "f", arguments: '{"a":1}' } },
      { id: "t2", type: "function", function: { name: "g", arguments: '{"b":2}' } },
      { id: "t3", type: "function", function: { name: "h", arguments: "{}" } },
    ]);
  });

  test("a tool call whose block is never closed, and one that comes whole", () => {
    const open = begin(0, { type: "tool_use", id: "t1", name: "f", input: {} });
    expect(streamed([start, open, because("tool_use"), stop]).toolCalls[0]?.function.arguments).toBe("{}");
    const whole = begin(0, { type: "tool_use", id: "t1", name: "f", input: { a: 1 } });
    expect(streamed([start, whole, end(0), stop]).toolCalls[0]?.function.arguments).toBe('{"a":1}');
  });

  test("thinking goes out as it comes, its signed block when it is whole, redacted blocks too", () => {
    const made = streamed([
      start,
      begin(0, { type: "thinking", thinking: "", signature: "" }),
      delta(0, { type: "thinking_delta", thinking: "h" }),
      delta(0, { type: "thinking_delta", thinking: "m" }),
      delta(0, { type: "signature_delta", signature: "si" }),
      delta(0, { type: "signature_delta", signature: "g" }),
      end(0),
      begin(1, { type: "redacted_thinking", data: "opaque" }),
      end(1),
      begin(2, { type: "thinking", thinking: "" }),
      delta(2, { type: "signature_delta", signature: "omitted" }),
      end(2),
      ...say(3, "Yes"),
      because("end_turn"),
      stop,
    ]);
    expect(made.reasoning).toBe("hm");
    expect(made.content).toBe("Yes");
    expect(made.thinkingBlocks).toEqual([
      { type: "thinking", thinking: "hm", signature: "sig" },
      { type: "redacted_thinking", data: "opaque" },
      { type: "thinking", thinking: "", signature: "omitted" },
    ]);
  });

  test("citations are annotations of the text of their block", () => {
    const citation = { type: "web_search_result_location", url: "https://a.example", title: "A" };
    const made = streamed([
      start,
      ...say(0, "So: "),
      begin(1, { type: "text", text: "", citations: [] }),
      delta(1, { type: "citations_delta", citation }),
      delta(1, { type: "text_delta", text: "it" }),
      delta(1, { type: "text_delta", text: " is" }),
      end(1),
      because("end_turn"),
      stop,
    ]);
    expect(made.content).toBe("So: it is");
    expect(made.annotations).toEqual([
      { type: "url_citation", url_citation: { url: "https://a.example", title: "A", start_index: 4, end_index: 9 } },
    ]);
  });

  test("blocks of tools that ran at Anthropic say nothing, whatever their deltas", () => {
    const made = streamed([
      start,
      begin(0, { type: "server_tool_use", id: "s", name: "web_search", input: {} }),
      delta(0, { type: "input_json_delta", partial_json: '{"query":"a"}' }),
      end(0),
      begin(1, { type: "a_block_of_tomorrow", text: "no" }),
      delta(1, { type: "a_delta_of_tomorrow", text: "no" }),
      end(1),
      { type: "an_event_of_tomorrow" },
      ...say(2, "Found."),
      because("end_turn"),
      stop,
    ]);
    expect(made).toMatchObject({ content: "Found.", toolCalls: [], finishReasons: ["stop"], ended: true });
  });

  test("a refusal after some text, and one that says nothing", () => {
    const details = { stop_details: { type: "refusal", explanation: "Not this." } };
    const spoken = streamed([start, ...say(0, "First,"), because("refusal", details), stop]);
    expect(spoken).toMatchObject({ content: "First,", refusal: "Not this.", finishReasons: ["content_filter"] });
    const silent = streamed([start, because("refusal"), stop]);
    expect(silent).toMatchObject({ role: "assistant", content: "", finishReasons: ["content_filter"] });
    expect(silent.refusal).toBe("The model declined to answer this request.");
  });

  test("an empty answer has a role and an end", () => {
    expect(streamed([start, because("end_turn"), stop])).toMatchObject({
      role: "assistant",
      content: "",
      finishReasons: ["stop"],
      ended: true,
    });
  });

  test("later counts replace earlier ones, each on its own; an hour's cache stays an hour's", () => {
    const usage = {
      input_tokens: 3,
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: 40,
      cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 40 },
      output_tokens: 1,
    };
    const later = { output_tokens: 9, cache_creation_input_tokens: 50, cache_read_input_tokens: null };
    const made = streamed([{ ...start, message: { ...start.message, usage } }, because("end_turn", {}, later), stop]);
    expect(made.usage).toEqual({
      input: 3,
      cachedInput: 100,
      cacheWrite: 0,
      cacheWrite1h: 50,
      audioInput: 0,
      output: 9,
      reasoning: 0,
      audioOutput: 0,
    });
  });

  test("content that the start already holds, as for a tool called from code", () => {
    const content = [{ type: "tool_use", id: "t1", name: "f", input: { a: 1 } }];
    const made = streamed([{ ...start, message: { ...start.message, content, stop_reason: "tool_use" } }, stop]);
    expect(made.toolCalls).toEqual([{ id: "t1", type: "function", function: { name: "f", arguments: '{"a":1}' } }]);
    expect(made.finishReasons).toEqual(["tool_calls"]);
  });

  test("what comes after the end is not read", () => {
    const pieces = decodedPieces([start, ...say(0, "a"), because("end_turn"), stop, start, ...say(0, "b"), "garbage"]);
    expect(pieces.at(-1)).toEqual({ kind: "end" });
  });

  test("one without a start has the call's id", () => {
    expect(streamed([...say(0, "a"), stop])).toMatchObject({ id: context.id, content: "a", ended: true });
  });
});

describe("a stream that fails", () => {
  test.each([
    ["overloaded_error", "upstream_unavailable"],
    ["api_error", "upstream_unavailable"],
    ["rate_limit_error", "upstream_rate_limited"],
    ["timeout_error", "upstream_timeout"],
    ["authentication_error", "upstream_denied"],
    ["permission_error", "upstream_denied"],
    ["billing_error", "upstream_denied"],
    ["invalid_request_error", "upstream_rejected"],
    ["request_too_large", "upstream_rejected"],
    ["an_error_of_tomorrow", "upstream_unavailable"],
  ])("with %s", (type, kind) => {
    const made = streamed([start, ...say(0, "a"), { type: "error", error: { type, message: "Said." } }, stop]);
    expect(made).toMatchObject({ content: "a", ended: false, error: { kind } });
    if (kind !== "upstream_denied") expect(made.error?.message).toBe("Said.");
  });

  test("with a proxy's error in place of an event", () => {
    expect(streamed([{ error: { message: "upstream gone" } }]).error).toMatchObject({
      kind: "upstream_unavailable",
      message: "upstream gone",
    });
  });

  test.each(["{", "", "null", "[DONE]", '"text"'])("with an event that is no object: %j", (data) => {
    expect(streamed([start, data, stop])).toMatchObject({ ended: false, error: { kind: "upstream_garbled" } });
  });

  test("because another answer begins in the middle, which cannot be joined to the first", () => {
    const other = { ...start, message: { ...start.message, id: "msg_2" } };
    expect(streamed([start, ...say(0, "a"), other, ...say(0, "b"), stop])).toMatchObject({
      content: "a",
      ended: false,
      error: { kind: "upstream_garbled" },
    });
    // Before anything was said the second answer simply takes the first one's place.
    expect(streamed([start, other, ...say(0, "b"), stop])).toMatchObject({ id: "msg_2", content: "b", ended: true });
    expect(streamed([start, ...say(0, "a"), start, ...say(1, "b"), stop])).toMatchObject({
      content: "ab",
      ended: true,
    });
  });
});
