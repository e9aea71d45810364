import { describe, expect, test } from "vitest";
import { noUsage } from "@/server/wire/usage";
import { assemble } from "@/tests/providers/assemble";
import { chat, context, eventsOf, framed, piecesOf, streamed } from "@/tests/providers/bedrock";
import { exceptionMessage } from "@/tests/wire/event-stream";

function decoded(content: readonly object[], stopReason = "end_turn", usage: object = {}) {
  const body = { output: { message: { role: "assistant", content } }, stopReason, usage };
  const made = chat.decode(body, context);
  const [choice] = made.completion.choices;
  if (!choice) throw new Error("No choice.");
  return { ...made, choice };
}

const text = (index: number, piece: string) => ({
  contentBlockDelta: { contentBlockIndex: index, delta: { text: piece } },
});
const thought = (index: number, reasoningContent: object) => ({
  contentBlockDelta: { contentBlockIndex: index, delta: { reasoningContent } },
});
const call = (index: number, name: string, toolUseId?: string) => ({
  contentBlockStart: { contentBlockIndex: index, start: { toolUse: { name, ...(toolUseId && { toolUseId }) } } },
});
const input = (index: number, piece: string) => ({
  contentBlockDelta: { contentBlockIndex: index, delta: { toolUse: { input: piece } } },
});
const stop = (index: number) => ({ contentBlockStop: { contentBlockIndex: index } });
const end = (stopReason = "end_turn") => ({ messageStop: { stopReason } });

const reasons: [stopReason: string, finish: string, native?: string][] = [
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length", "model_context_window_exceeded"],
  ["guardrail_intervened", "content_filter", "guardrail_intervened"],
  ["content_filtered", "content_filter", "content_filtered"],
  ["malformed_model_output", "stop", "malformed_model_output"],
  ["of_later_days", "stop", "of_later_days"],
];

describe("the reason to stop", () => {
  test.each(reasons)("%s", (stopReason, finish, native) => {
    const { choice } = decoded([{ text: "A" }], stopReason);
    expect([choice.finish_reason, choice.native_finish_reason]).toEqual([finish, native]);
    expect(streamed([text(0, "A"), end(stopReason)]).finishReasons).toEqual([finish]);
  });

  test("a call is one", () => {
    const use = { toolUse: { toolUseId: "1", name: "a", input: {} } };
    expect(decoded([use], "tool_use").choice.finish_reason).toBe("tool_calls");
    expect(decoded([use], "max_tokens").choice.finish_reason).toBe("length");
  });
});

describe("a whole answer", () => {
  test("with thinking, signed and redacted", () => {
    const { choice } = decoded([
      { reasoningContent: { reasoningText: { text: "Hm.", signature: "c2ln" } } },
      { reasoningContent: { redactedContent: "cmVk" } },
      { text: "A" },
    ]);
    expect(choice.message).toEqual({
      role: "assistant",
      content: "A",
      refusal: null,
      reasoning_content: "Hm.",
      thinking_blocks: [
        { type: "thinking", thinking: "Hm.", signature: "c2ln" },
        { type: "redacted_thinking", data: "cmVk" },
      ],
    });
  });

  test("with thinking that no one signed has it as text alone", () => {
    const { choice } = decoded([{ reasoningContent: { reasoningText: { text: "Hm." } } }, { text: "A" }]);
    expect(choice.message).toMatchObject({ reasoning_content: "Hm.", content: "A" });
    expect(choice.message.thinking_blocks).toBeUndefined();
  });

  test("that was asked for in JSON by a call", () => {
    const use = { toolUse: { toolUseId: "1", name: "conduit_json_answer", input: { a: 1 } } };
    const { choice } = decoded([{ text: "Here:" }, use], "tool_use");
    expect(choice).toMatchObject({ finish_reason: "stop", message: { content: '{"a":1}' } });
    expect(choice.message.tool_calls).toBeUndefined();
  });

  test("with a call whose name and id are off", () => {
    const { choice } = decoded([{ toolUse: { name: "json<|channel|>commentary" } }], "tool_use");
    expect(choice.message.tool_calls).toEqual([
      { id: "call_0123_0", type: "function", function: { name: "json", arguments: "{}" } },
    ]);
  });

  test("with citations has those of the web", () => {
    const location = { web: { url: "https://a.example", domain: "a.example" } };
    const citations = [
      { title: "A", location },
      { title: "B", location: { documentPage: { documentIndex: 0 } } },
    ];
    const { choice } = decoded([{ text: "So " }, { citationsContent: { content: [{ text: "it is" }], citations } }]);
    expect(choice.message.content).toBe("So it is");
    expect(choice.message.annotations).toEqual([
      { type: "url_citation", url_citation: { url: "https://a.example", title: "A", start_index: 3, end_index: 8 } },
    ]);
  });

  test("counts what was cached apart", () => {
    const { usage } = decoded([], "end_turn", {
      inputTokens: 1,
      outputTokens: 2,
      totalTokens: 33,
      cacheReadInputTokens: 10,
      cacheWriteInputTokens: 20,
      cacheDetails: [
        { inputTokens: 15, ttl: "1h" },
        { inputTokens: 5, ttl: "5m" },
      ],
    });
    expect(usage).toEqual({ ...noUsage, input: 1, output: 2, cachedInput: 10, cacheWrite: 5, cacheWrite1h: 15 });
  });

  test.each([[null], [{}], ["text"], [{ output: { message: { content: "A" } } }]])("is not %j", (body) => {
    expect(() => chat.decode(body, context)).toThrow(expect.objectContaining({ kind: "upstream_garbled" }));
  });
});

describe("a stream", () => {
  test("with thinking, signed and redacted, and citations", () => {
    const location = { web: { url: "https://a.example" } };
    const made = streamed([
      { messageStart: { role: "assistant" } },
      thought(0, { text: "H" }),
      thought(0, { text: "m." }),
      thought(0, { signature: "c2ln" }),
      stop(0),
      thought(1, { redactedContent: "cmVk" }),
      stop(1),
      text(2, "So "),
      stop(2),
      { contentBlockDelta: { contentBlockIndex: 3, delta: { citation: { title: "A", location } } } },
      text(3, "it is"),
      stop(3),
      end(),
      { metadata: { usage: { inputTokens: 3, outputTokens: 4, cacheReadInputTokens: 5 } } },
    ]);
    expect(made).toMatchObject({ content: "So it is", reasoning: "Hm.", ended: true, finishReasons: ["stop"] });
    expect(made.thinkingBlocks).toEqual([
      { type: "thinking", thinking: "Hm.", signature: "c2ln" },
      { type: "redacted_thinking", data: "cmVk" },
    ]);
    expect(made.annotations.map(({ url_citation: { start_index, end_index } }) => [start_index, end_index])).toEqual([
      [3, 8],
    ]);
    expect(made.usage).toEqual({ ...noUsage, input: 3, output: 4, cachedInput: 5 });
  });

  test("with calls whose pieces come in turns, and calls that are never closed", () => {
    const made = streamed([
      call(0, "a", "id-a"),
      call(1, "b"),
      input(1, '{"y":'),
      input(0, '{"x":1}'),
      input(1, "2}"),
      stop(0),
      call(2, "c", "id-c"),
      end("tool_use"),
    ]);
    expect(made.toolCalls).toEqual([
      { id: "id-a", type: "function", function: { name: "a", arguments: '{"x":1}' } },
      { id: "call_0123_1", type: "function", function: { name: "b", arguments: '{"y":2}' } },
      { id: "id-c", type: "function", function: { name: "c", arguments: "{}" } },
    ]);
    expect(made.finishReasons).toEqual(["tool_calls"]);
  });

  test("of an answer in JSON that was asked for by a call", () => {
    const made = streamed([
      call(0, "conduit_json_answer", "1"),
      input(0, '{"a":'),
      input(0, "1}"),
      stop(0),
      end("tool_use"),
    ]);
    expect(made).toMatchObject({ content: '{"a":1}', toolCalls: [], finishReasons: ["stop"] });
  });

  test("that says nothing is an empty answer, and one without its end is none", () => {
    expect(streamed([end()])).toMatchObject({ role: "assistant", content: "", ended: true });
    expect(streamed([text(0, "A"), stop(0)])).toMatchObject({ content: "A", ended: false, finishReasons: [] });
  });

  const failing: [exception: string, kind: string][] = [
    ["throttlingException", "upstream_rate_limited"],
    ["validationException", "upstream_rejected"],
    ["modelStreamErrorException", "upstream_unavailable"],
    ["modelTimeoutException", "upstream_timeout"],
    ["internalServerException", "upstream_unavailable"],
    ["serviceUnavailableException", "upstream_unavailable"],
  ];

  test.each(failing)("that breaks with a %s", (exception, kind) => {
    const broken = exceptionMessage(exception, { message: "Too many" });
    const made = assemble(piecesOf(eventsOf([framed(JSON.stringify(text(0, "A"))), broken])));
    expect(made).toMatchObject({ content: "A", ended: false, error: { kind, message: "Too many" } });
    expect(assemble(piecesOf(eventsOf([broken]))).role).toBeUndefined();
  });

  test("passes over what it does not know or cannot read", () => {
    const decode = chat.decodeStream(context);
    for (const [event, data] of [
      ["contentBlockDelta", "{"],
      ["contentBlockDelta", "{}"],
      ["contentBlockDelta", '{"contentBlockIndex":0,"delta":{"image":{}}}'],
      ["ofLaterDays", "{}"],
      ["", "null"],
    ] as const)
      expect(decode({ event, data })).toEqual([]);
  });
});
