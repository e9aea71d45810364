import { describe, expect, test } from "vitest";
import { messages } from "@/server/dialects/messages";
import { GatewayError } from "@/server/errors";
import { unpackCarried } from "@/server/wire/carried";
import { noUsage } from "@/server/wire/usage";
import { answered, context, turns } from "@/tests/dialects/messages";

const fn = (id: string, name: string, args: string) =>
  ({ id, type: "function", function: { name, arguments: args } }) as const;

describe("an answer", () => {
  test("has every field of a message", () => {
    const usage = { ...noUsage, input: 10, cachedInput: 20, cacheWrite: 3, cacheWrite1h: 4, output: 5, reasoning: 6 };
    expect(answered({ content: "Hi" }, {}, { usage })).toEqual({
      id: `msg_${context.id}`,
      type: "message",
      role: "assistant",
      model: "my-model",
      container: null,
      diagnostics: null,
      content: [{ type: "text", text: "Hi", citations: null }],
      stop_reason: "end_turn",
      stop_sequence: null,
      stop_details: null,
      usage: {
        input_tokens: 10,
        cache_creation_input_tokens: 7,
        cache_read_input_tokens: 20,
        cache_creation: { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 },
        output_tokens: 11,
        output_tokens_details: { thinking_tokens: 6 },
        server_tool_use: null,
        service_tier: null,
        inference_geo: null,
        speed: null,
      },
    });
  });

  test("has its blocks in order: thinking, text, calls", () => {
    const thinking_blocks = [{ type: "thinking", thinking: "Hm.", signature: "s" } as const];
    const tool_calls = [fn("a", "weather", '{"city":"Köln"}'), fn("b", "now", "")];
    expect(answered({ content: "I look.", thinking_blocks, reasoning_content: "Hm.", tool_calls }).content).toEqual([
      { type: "thinking", thinking: "Hm.", signature: "s" },
      { type: "text", text: "I look.", citations: null },
      { type: "tool_use", id: "a", name: "weather", input: { city: "Köln" } },
      { type: "tool_use", id: "b", name: "now", input: {} },
    ]);
  });

  test("reasoning that nobody signed comes back as such in the next turn", () => {
    const { content } = answered({ content: "Hi", reasoning_content: "Hm." });
    expect(content).toContainEqual({ type: "thinking", thinking: "Hm.", signature: "" });
    expect(turns({ role: "assistant", content })[0]).toEqual({
      role: "assistant",
      content: "Hi",
      reasoning_content: "Hm.",
    });
  });

  test("what a vendor wants back with a call comes back with it in the next turn", () => {
    const extra_content = { google: { thought_signature: "c2ln" } };
    const call = { ...fn("a", "now", "{}"), extra_content };
    const { content } = answered({ tool_calls: [call] });
    expect(turns({ role: "assistant", content })[0]).toEqual({ role: "assistant", content: null, tool_calls: [call] });
  });

  test.each([
    ["", {}],
    ["null", {}],
    ["[1]", { INVALID_JSON: "[1]" }],
    ['{"a":', { INVALID_JSON: '{"a":' }],
  ])("arguments %j become the input %j", (args, input) => {
    expect(answered({ tool_calls: [fn("a", "f", args)] }).content).toEqual([
      { type: "tool_use", id: "a", name: "f", input },
    ]);
  });

  test("a call without an id gets one of the answer's own", () => {
    const { content } = answered({ tool_calls: [fn("", "f", "{}"), fn("", "f", "{}")] });
    expect(content).toMatchObject([{ id: `toolu_${context.id}_0` }, { id: `toolu_${context.id}_1` }]);
  });

  test("cited pages are citations of the text", () => {
    const url_citation = { url: "https://a.example", title: "A", start_index: 0, end_index: 5 };
    expect(answered({ content: "Green grass", annotations: [{ type: "url_citation", url_citation }] }).content).toEqual(
      [
        {
          type: "text",
          text: "Green grass",
          citations: [
            {
              type: "web_search_result_location",
              url: "https://a.example",
              title: "A",
              cited_text: "Green",
              encrypted_index: "",
            },
          ],
        },
      ],
    );
  });

  test("an answer of nothing has no blocks", () => {
    expect(answered({ content: "" })).toMatchObject({ content: [], stop_reason: "end_turn" });
  });
});

const calls = { tool_calls: [fn("a", "f", "{}")] };

/** [what the canonical choice says, its stop reason] */
const ends: [string, Parameters<typeof answered>, object][] = [
  ["stop", [{ content: "Hi" }], { stop_reason: "end_turn" }],
  ["length", [{ content: "Hi" }, { finish_reason: "length" }], { stop_reason: "max_tokens" }],
  ["tool_calls", [calls, { finish_reason: "tool_calls" }], { stop_reason: "tool_use" }],
  ["stop after a call that was forced", [calls, { finish_reason: "stop" }], { stop_reason: "tool_use" }],
  ["tool_calls without a call", [{ content: "Hi" }, { finish_reason: "tool_calls" }], { stop_reason: "end_turn" }],
  [
    "content_filter",
    [{ content: "Hi" }, { finish_reason: "content_filter" }],
    { stop_reason: "refusal", stop_details: { type: "refusal", category: null, explanation: null } },
  ],
  [
    "a refusal in words",
    [{ refusal: "No." }],
    {
      stop_reason: "refusal",
      stop_details: { type: "refusal", category: null, explanation: "No." },
      content: [{ type: "text", text: "No.", citations: null }],
    },
  ],
  [
    "a stop sequence",
    [{ content: "Hi" }, { stop_sequence: "END" }, { body: { stop_sequences: ["END"] } }],
    { stop_reason: "stop_sequence", stop_sequence: "END" },
  ],
  [
    "a word that the caller did not name as a stop sequence",
    [{ content: "Hi" }, { stop_sequence: "<|eot|>" }],
    { stop_reason: "end_turn", stop_sequence: null },
  ],
  ["a pause", [{ content: "Hi" }, { native_finish_reason: "pause_turn" }], { stop_reason: "pause_turn" }],
];

describe("why it ended", () => {
  test.each(ends)("%s", (_name, answer, expected) => {
    expect(answered(...answer)).toMatchObject(expected);
  });
});

test("an error is said in Anthropic's form and words", () => {
  const error = new GatewayError("unauthenticated", "Invalid key.");
  expect(messages.errorBody(error, "req_1")).toEqual({
    type: "error",
    error: { type: "authentication_error", message: "Invalid key." },
    request_id: "req_1",
  });
});

test("the carried block is opaque to callers and readable to the gateway", () => {
  const extra_content = { google: { thought_signature: "c2ln" } };
  const [block] = answered({ tool_calls: [{ ...fn("a", "f", "{}"), extra_content }] }).content as { data: string }[];
  expect(unpackCarried(block?.data)).toEqual({ tool_calls: { a: extra_content } });
});
