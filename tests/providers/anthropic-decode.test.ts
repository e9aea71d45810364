import { describe, expect, test } from "vitest";
import { chat, context } from "@/tests/providers/anthropic";

const usage = { input_tokens: 10, output_tokens: 5 };

function decoded(message: Record<string, unknown>) {
  const { completion, usage: counted } = chat.decode(
    { id: "msg_1", model: "claude-x", content: [], usage, ...message },
    context,
  );
  return { completion, choice: completion.choices[0], counted };
}

const text = (value: string, fields: object = {}) => ({ type: "text", text: value, ...fields });

describe("a whole answer", () => {
  test("in OpenAI's shape", () => {
    expect(decoded({ content: [text("Hi")], stop_reason: "end_turn" }).completion).toEqual({
      id: "msg_1",
      object: "chat.completion",
      created: context.created,
      model: "claude-x",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "Hi", refusal: null },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
      usage: {
        prompt_tokens: 10,
        completion_tokens: 5,
        total_tokens: 15,
        prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
      },
    });
  });

  test.each([
    ["end_turn", "stop"],
    ["stop_sequence", "stop"],
    ["pause_turn", "stop"],
    ["compaction", "stop"],
    ["max_tokens", "length"],
    ["model_context_window_exceeded", "length"],
    ["tool_use", "tool_calls"],
    ["refusal", "content_filter"],
    ["a reason of tomorrow", "stop"],
    [null, "stop"],
  ])("the stop reason %s is %s", (stop_reason, finish_reason) => {
    expect(decoded({ stop_reason, content: [text("a")] }).choice?.finish_reason).toBe(finish_reason);
  });

  test("a tool call with an unknown stop reason is still one", () => {
    const content = [{ type: "tool_use", id: "t", name: "f", input: {} }];
    expect(decoded({ stop_reason: null, content }).choice?.finish_reason).toBe("tool_calls");
  });

  test("parallel tool calls beside text, and alone", () => {
    const calls = [
      { type: "tool_use", id: "t1", name: "f", input: { a: [1, "ü"] } },
      { type: "tool_use", id: "t2", name: "g", input: {} },
    ];
    const tool_calls = [
      { id: "t1", type: "function", function: { name: "f", arguments: '{"a":[1,"ü"]}' } },
      { id: "t2", type: "function", function: { name: "g", arguments: "{}" } },
    ];
    const both = decoded({ content: [text("I look."), ...calls], stop_reason: "tool_use" });
    expect(both.choice?.message).toEqual({ role: "assistant", content: "I look.", refusal: null, tool_calls });
    const alone = decoded({ content: calls, stop_reason: "tool_use" });
    expect(alone.choice?.message).toEqual({ role: "assistant", content: null, refusal: null, tool_calls });
  });

  test("thinking, signed and redacted", () => {
    const blocks = [
      { type: "thinking", thinking: "hm", signature: "sig" },
      { type: "redacted_thinking", data: "opaque" },
      { type: "thinking", thinking: "", signature: "sig2" },
    ];
    const { choice } = decoded({ content: [...blocks, text("Yes")], stop_reason: "end_turn" });
    expect(choice?.message).toEqual({
      role: "assistant",
      content: "Yes",
      refusal: null,
      reasoning_content: "hm",
      thinking_blocks: blocks,
    });
  });

  test("a refusal, with and without what was said before", () => {
    const stop_details = { type: "refusal", category: "cyber", explanation: "Not this." };
    const silent = decoded({ stop_reason: "refusal", stop_details });
    expect(silent.choice?.message).toEqual({ role: "assistant", content: null, refusal: "Not this." });
    const spoken = decoded({ stop_reason: "refusal", content: [text("First,")] });
    expect(spoken.choice?.message).toEqual({
      role: "assistant",
      content: "First,",
      refusal: "The model declined to answer this request.",
    });
  });

  test("citations that lead to a URL are annotations of the text that holds them", () => {
    const web = { type: "web_search_result_location", url: "https://a.example", title: "A", cited_text: "…" };
    const result = { type: "search_result_location", source: "https://b.example", title: null };
    const document = { type: "char_location", document_index: 0, document_title: "C" };
    const content = [
      text("So: "),
      { type: "server_tool_use", id: "s", name: "web_search", input: { query: "a" } },
      text("it is.", { citations: [web, document, result] }),
      text(" End.", { citations: null }),
    ];
    const message = decoded({ content, stop_reason: "end_turn" }).choice?.message;
    expect(message).toEqual({
      role: "assistant",
      content: "So: it is. End.",
      refusal: null,
      annotations: [
        { type: "url_citation", url_citation: { url: "https://a.example", title: "A", start_index: 4, end_index: 10 } },
        { type: "url_citation", url_citation: { url: "https://b.example", title: "", start_index: 4, end_index: 10 } },
      ],
      content_blocks: content,
    });
  });

  test.each([
    ["nothing", undefined],
    ["a text", "Bad gateway"],
    ["an error with a success's status", { type: "error", error: { type: "api_error", message: "x" } }],
    ["another vendor's answer", { object: "chat.completion", choices: [] }],
    ["content that is no list", { id: "msg_1", content: "Hi" }],
  ])("%s is garbled", (_name, body) => {
    expect(() => chat.decode(body, context)).toThrow(expect.objectContaining({ kind: "upstream_garbled" }));
  });

  test("one without an id gets the call's", () => {
    expect(decoded({ id: undefined }).completion.id).toBe(context.id);
  });
});

describe("usage", () => {
  const counted = (blob: object | null | undefined) => decoded({ usage: blob }).counted;

  test("the classes are disjoint as Anthropic's are", () => {
    expect(
      counted({
        input_tokens: 100,
        cache_read_input_tokens: 2000,
        cache_creation_input_tokens: 350,
        cache_creation: { ephemeral_5m_input_tokens: 50, ephemeral_1h_input_tokens: 300 },
        output_tokens: 80,
        output_tokens_details: { thinking_tokens: 60 },
      }),
    ).toEqual({
      input: 100,
      cachedInput: 2000,
      cacheWrite: 50,
      cacheWrite1h: 300,
      audioInput: 0,
      output: 20,
      reasoning: 60,
      audioOutput: 0,
    });
  });

  test("the caller sees OpenAI's totals", () => {
    const blob = {
      input_tokens: 100,
      cache_read_input_tokens: 2000,
      cache_creation_input_tokens: 350,
      output_tokens: 80,
    };
    expect(decoded({ usage: blob }).completion.usage).toMatchObject({
      prompt_tokens: 2450,
      completion_tokens: 80,
      total_tokens: 2530,
      prompt_tokens_details: { cached_tokens: 2000, cache_creation_tokens: 350 },
    });
  });

  test("compactions are billed beside the message; an advisor's tokens are another model's", () => {
    const iterations = [
      { type: "compaction", input_tokens: 60_000, output_tokens: 500, cache_read_input_tokens: 7 },
      { type: "advisor_message", model: "claude-opus-5", input_tokens: 9999, output_tokens: 9999 },
      { type: "message", input_tokens: 600, output_tokens: 40 },
    ];
    expect(counted({ input_tokens: 600, output_tokens: 40, iterations })).toMatchObject({
      input: 60_600,
      cachedInput: 7,
      output: 540,
    });
  });

  test.each([[undefined], [null], [{}], [{ input_tokens: "10" }]])("%j counts nothing", (blob) => {
    expect(counted(blob)).toBeUndefined();
    expect(decoded({ usage: blob }).completion).not.toHaveProperty("usage");
  });
});
