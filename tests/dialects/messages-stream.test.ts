import Anthropic from "@anthropic-ai/sdk";
import { describe, expect, test } from "vitest";
import { messages } from "@/server/dialects/messages";
import { GatewayError } from "@/server/errors";
import { packCarried } from "@/server/wire/carried";
import { noUsage } from "@/server/wire/usage";
import { assembled, chunk, context, located, parsed, streamed } from "@/tests/dialects/messages";

const end = (finish_reason: "stop" | "length" | "tool_calls" | "content_filter") => chunk({}, { finish_reason });
const call = (index: number, fields: { id?: string; name?: string; arguments?: string }) => {
  const { id, ...called } = fields;
  return chunk({
    tool_calls: [{ index, ...(id !== undefined && { id, type: "function" as const }), function: called }],
  });
};

test("a text, event by event", () => {
  const usage = { ...noUsage, input: 10, output: 2 };
  const events = streamed(
    [chunk({ role: "assistant", content: "" }), chunk({ content: "Hel" }), chunk({ content: "lo" }), end("stop")],
    { usage },
  );
  expect(events).toEqual([
    {
      type: "message_start",
      message: expect.objectContaining({
        id: `msg_${context.id}`,
        type: "message",
        model: "my-model",
        content: [],
        stop_reason: null,
      }),
    },
    { type: "ping" },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hel" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "lo" } },
    { type: "content_block_stop", index: 0 },
    {
      type: "message_delta",
      delta: { stop_reason: "end_turn", stop_sequence: null, stop_details: null },
      usage: expect.objectContaining({ input_tokens: 10, output_tokens: 2 }),
    },
    { type: "message_stop" },
  ]);
});

/** [what it is, the chunks, the content] */
const contents: [string, ReturnType<typeof chunk>[], unknown[]][] = [
  [
    "signed thinking, text and a call",
    [
      chunk({ reasoning_content: "H" }),
      chunk({ reasoning_content: "m." }),
      chunk({ thinking_blocks: [{ type: "thinking", thinking: "Hm.", signature: "s" }] }),
      chunk({ thinking_blocks: [{ type: "redacted_thinking", data: "Emwk" }] }),
      chunk({ content: "I look." }),
      call(0, { id: "a", name: "weather", arguments: "" }),
      call(0, { arguments: '{"city":' }),
      call(0, { arguments: '"Köln"}' }),
      end("tool_calls"),
    ],
    [
      { type: "thinking", thinking: "Hm.", signature: "s" },
      { type: "redacted_thinking", data: "Emwk" },
      { type: "text", text: "I look." },
      { type: "tool_use", id: "a", name: "weather", input: { city: "Köln" } },
    ],
  ],
  [
    "thinking that is hidden, with its signature alone",
    [
      chunk({ thinking_blocks: [{ type: "thinking", thinking: "", signature: "s" }] }),
      chunk({ content: "Hi" }),
      end("stop"),
    ],
    [
      { type: "thinking", thinking: "", signature: "s" },
      { type: "text", text: "Hi" },
    ],
  ],
  [
    "reasoning that nobody signs",
    [chunk({ reasoning_content: "Hm." }), chunk({ content: "Hi" }), end("stop")],
    [
      { type: "thinking", thinking: "Hm.", signature: "" },
      { type: "text", text: "Hi" },
    ],
  ],
  [
    "a call without arguments",
    [call(0, { id: "a", name: "now" }), end("tool_calls")],
    [{ type: "tool_use", id: "a", name: "now", input: {} }],
  ],
  [
    "arguments that are null",
    [call(0, { id: "a", name: "now", arguments: "null" }), end("tool_calls")],
    [{ type: "tool_use", id: "a", name: "now", input: {} }],
  ],
  [
    "parallel calls, one after the other",
    [
      call(0, { id: "a", name: "f", arguments: '{"x":1}' }),
      call(1, { id: "b", name: "g", arguments: '{"y":' }),
      call(1, { arguments: "2}" }),
      end("tool_calls"),
    ],
    [
      { type: "tool_use", id: "a", name: "f", input: { x: 1 } },
      { type: "tool_use", id: "b", name: "g", input: { y: 2 } },
    ],
  ],
  [
    "parallel calls, said in turns",
    [
      call(0, { id: "a", name: "f", arguments: '{"x"' }),
      call(1, { id: "b", name: "g", arguments: '{"y"' }),
      call(0, { arguments: ":1}" }),
      call(1, { arguments: ":2}" }),
      end("tool_calls"),
    ],
    [
      { type: "tool_use", id: "a", name: "f", input: { x: 1 } },
      { type: "tool_use", id: "b", name: "g", input: { y: 2 } },
    ],
  ],
  [
    "calls without ids, and a name that comes late",
    [call(0, {}), call(0, { name: "f" }), call(0, { arguments: "{}" }), call(1, { name: "g" }), end("tool_calls")],
    [
      { type: "tool_use", id: `toolu_${context.id}_0`, name: "f", input: {} },
      { type: "tool_use", id: `toolu_${context.id}_1`, name: "g", input: {} },
    ],
  ],
  [
    "what a vendor wants back with a call",
    [
      chunk({
        tool_calls: [
          { index: 0, id: "a", function: { name: "f", arguments: "{}" }, extra_content: { google: { s: 1 } } },
        ],
      }),
      end("tool_calls"),
    ],
    [
      { type: "redacted_thinking", data: packCarried({ tool_calls: { a: { google: { s: 1 } } } }) },
      { type: "tool_use", id: "a", name: "f", input: {} },
    ],
  ],
  [
    "a refusal in words",
    [chunk({ refusal: "I can" }), chunk({ refusal: "not." }), end("stop")],
    [{ type: "text", text: "I cannot." }],
  ],
  ["nothing", [end("stop")], []],
];

test.each(contents)("%s", (_name, chunks, content) => {
  expect(assembled(streamed(chunks)).content).toEqual(content);
});

test("the first of parallel calls ends when the second begins, so that it can be carried out at once", () => {
  const events = streamed([
    call(0, { id: "a", name: "f", arguments: "{}" }),
    call(1, { id: "b", name: "g", arguments: "{}" }),
    end("tool_calls"),
  ]);
  const order = events.flatMap(({ type, index }) => (index === undefined ? [] : [`${type} ${index}`]));
  expect(order.indexOf("content_block_stop 0")).toBeLessThan(order.indexOf("content_block_start 1"));
});

test("a citation belongs to the text that is open", () => {
  const url_citation = { url: "https://a.example", title: "", start_index: 0, end_index: 5 };
  const events = streamed([
    chunk({ content: "Green grass" }),
    chunk({ annotations: [{ type: "url_citation", url_citation }] }),
    end("stop"),
  ]);
  expect(assembled(events).content).toEqual([
    {
      type: "text",
      text: "Green grass",
      citations: [
        {
          type: "web_search_result_location",
          url: "https://a.example",
          title: null,
          cited_text: "Green",
          encrypted_index: "",
        },
      ],
    },
  ]);
});

test("Anthropic's own client reads it", async () => {
  const encoder = messages.encodeStream({}, context, located);
  const chunks = [
    chunk({ reasoning_content: "Hm." }),
    chunk({ thinking_blocks: [{ type: "thinking", thinking: "Hm.", signature: "s" }] }),
    chunk({ content: "I look." }),
    call(0, { id: "a", name: "now" }),
    call(1, { id: "b", name: "weather", arguments: '{"city":' }),
    call(1, { arguments: '"Köln"}' }),
    end("tool_calls"),
  ];
  const text = chunks.map((one) => encoder.chunk(one)).join("") + encoder.finish({ ...noUsage, input: 10, output: 5 });
  const headers = { "content-type": "text/event-stream" };
  const client = new Anthropic({
    apiKey: "k",
    baseURL: "http://vendor.invalid",
    fetch: async () => new Response(text, { headers }),
  });
  const request = { model: "m", max_tokens: 9, messages: [{ role: "user" as const, content: "?" }] };
  const message = await client.messages.stream(request).finalMessage();
  expect(message).toMatchObject({
    id: `msg_${context.id}`,
    content: [
      { type: "thinking", thinking: "Hm.", signature: "s" },
      { type: "text", text: "I look." },
      { type: "tool_use", id: "a", name: "now", input: {} },
      { type: "tool_use", id: "b", name: "weather", input: { city: "Köln" } },
    ],
    stop_reason: "tool_use",
    usage: { input_tokens: 10, output_tokens: 5 },
  });
});

describe("the end", () => {
  test.each([
    ["stop", {}, "end_turn"],
    ["length", {}, "max_tokens"],
    ["content_filter", {}, "refusal"],
    ["stop", { native_finish_reason: "pause_turn" }, "pause_turn"],
    ["stop", { stop_sequence: "END" }, "stop_sequence"],
  ] as const)("%s, %j: %s", (finish_reason, more, stop_reason) => {
    const body = { stop_sequences: ["END"] };
    const events = streamed([chunk({ content: "Hi" }), chunk({}, { finish_reason, ...more })], { body });
    expect(assembled(events).stop_reason).toBe(stop_reason);
  });

  test("without usage its numbers are zero", () => {
    expect(assembled(streamed([end("stop")])).usage).toMatchObject({ input_tokens: 0, output_tokens: 0 });
  });

  test("a stream that breaks ends with an error event", () => {
    const encoder = messages.encodeStream({}, context, located);
    encoder.chunk(chunk({ content: "Hi" }));
    const text = encoder.fail(new GatewayError("upstream_unavailable", "Cut short."));
    expect(parsed(text)).toEqual([{ type: "error", error: { type: "api_error", message: "Cut short." } }]);
  });
});
