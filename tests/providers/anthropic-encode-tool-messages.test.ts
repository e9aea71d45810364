import { describe, expect, test } from "vitest";
import { encodedMessages } from "@/tests/providers/anthropic";

describe("tool calls and their results", () => {
  const call = (id: string, args: unknown) => ({ id, type: "function", function: { name: "f", arguments: args } });
  const conversation = (...args: unknown[]) => [
    { role: "user", content: "go" },
    { role: "assistant", content: null, tool_calls: args.map((arg, index) => call(`call_${index}`, arg)) },
  ];

  test.each([
    ["JSON", '{"a":1}', { a: 1 }],
    ["an empty text", "", {}],
    ["null", null, {}],
    ["nothing", undefined, {}],
    ["an object that was not made a text", { a: 1 }, { a: 1 }],
    ["JSON that was cut off", '{"a":', { INVALID_JSON: '{"a":' }],
    ["JSON that is no object", "[1]", { INVALID_JSON: "[1]" }],
  ])("arguments: %s", (_name, args, input) => {
    expect(encodedMessages(conversation(args)).turns).toEqual([
      { role: "user", content: [{ type: "text", text: "go" }] },
      { role: "assistant", content: [{ type: "tool_use", id: "call_0", name: "f", input }] },
    ]);
  });

  test("parallel results are one user's turn, before what the user says then", () => {
    const { turns } = encodedMessages([
      ...conversation("{}", "{}"),
      { role: "tool", tool_call_id: "call_0", content: "sunny" },
      { role: "user", content: "Hurry up." },
      {
        role: "tool",
        tool_call_id: "call_1",
        content: [
          { type: "text", text: "see" },
          { type: "image_url", image_url: { url: "data:image/gif;base64,R0lG" } },
        ],
        cache_control: { type: "ephemeral" },
      },
    ]);
    expect(turns).toMatchObject([{}, { role: "assistant" }, { role: "user" }]);
    expect(turns).toHaveProperty("2.content", [
      { type: "tool_result", tool_use_id: "call_0", content: "sunny" },
      {
        type: "tool_result",
        tool_use_id: "call_1",
        content: [
          { type: "text", text: "see" },
          { type: "image", source: { type: "base64", media_type: "image/gif", data: "R0lG" } },
        ],
        cache_control: { type: "ephemeral" },
      },
      { type: "text", text: "Hurry up." },
    ]);
  });

  test("a result without content, and one that is an error", () => {
    const { turns } = encodedMessages([
      ...conversation("{}", "{}"),
      { role: "tool", tool_call_id: "call_0", content: "" },
      { role: "tool", tool_call_id: "call_1", content: "failed", is_error: true },
    ]);
    expect(turns).toHaveProperty("2.content", [
      { type: "tool_result", tool_use_id: "call_0" },
      { type: "tool_result", tool_use_id: "call_1", content: "failed", is_error: true },
    ]);
  });

  test("ids of other vendors are made to fit, the same way on both sides", () => {
    const { turns } = encodedMessages([
      { role: "user", content: "go" },
      { role: "assistant", tool_calls: [call("functions.f:0", "{}")] },
      { role: "tool", tool_call_id: "functions.f:0", content: "x" },
    ]);
    expect(turns).toMatchObject([
      {},
      { content: [{ id: "functions_f_0" }] },
      { content: [{ tool_use_id: "functions_f_0" }] },
    ]);
  });

  test("text comes before the calls, thinking before both; thinking that no one signed is left out", () => {
    const signed = { type: "thinking", thinking: "hm", signature: "sig" };
    const redacted = { type: "redacted_thinking", data: "opaque" };
    const { turns } = encodedMessages([
      { role: "user", content: "go" },
      {
        role: "assistant",
        content: "I look.",
        reasoning_content: "hm",
        thinking_blocks: [signed, redacted, { type: "thinking", thinking: "another vendor's" }],
        tool_calls: [call("call_0", "{}")],
      },
    ]);
    expect(turns).toHaveProperty("1.content", [
      signed,
      redacted,
      { type: "text", text: "I look." },
      { type: "tool_use", id: "call_0", name: "f", input: {} },
    ]);
  });
});
