import { describe, expect, test } from "vitest";
import { chat, context, encodedMessages, streamed } from "@/tests/providers/anthropic";
import { recordedBody, recordedLines } from "@/tests/providers/recordings";

const signed = { type: "thinking", thinking: "The weather is asked for.", signature: "EqQBCgIYAhIM" };
const redacted = { type: "redacted_thinking", data: "EmwKAhgBEgy3va3p" };
const call = { type: "tool_use", id: "toolu_1", name: "weather", input: { city: "Köln" } };
const spoken = { type: "text", text: "I look it up." };

/** The answer as a caller keeps it in the conversation, from a whole body. */
function answer(content: unknown[]) {
  const { completion } = chat.decode({ id: "msg_1", model: "m", content, stop_reason: "tool_use" }, context);
  return completion.choices[0]?.message;
}

/** The same, put together from a stream. */
function streamedAnswer(content: Record<string, unknown>[]) {
  const made = streamed([
    { type: "message_start", message: { id: "msg_1", model: "m", content: [] } },
    ...content.flatMap((block, index) => [
      { type: "content_block_start", index, content_block: block },
      { type: "content_block_stop", index },
    ]),
    { type: "message_stop" },
  ]);
  return {
    role: "assistant",
    content: made.content || null,
    thinking_blocks: made.thinkingBlocks,
    tool_calls: made.toolCalls,
  };
}

describe("an answer goes back into the next request as it came", () => {
  const content = [signed, redacted, spoken, call];
  const question = { role: "user", content: "How is the weather in Köln?" };
  const result = { role: "tool", tool_call_id: "toolu_1", content: "Rain." };

  test.each([
    ["whole", answer(content)],
    ["streamed", streamedAnswer(content)],
  ])(
    "%s: thinking with its signature first, then text, then the call; its result in a user's turn",
    (_name, message) => {
      expect(encodedMessages([question, message, result]).turns).toEqual([
        { role: "user", content: [{ type: "text", text: "How is the weather in Köln?" }] },
        { role: "assistant", content },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "Rain." }] },
      ]);
    },
  );

  test("a loop of two rounds, the second with parallel calls", () => {
    const first = answer([signed, call]);
    const again = { type: "thinking", thinking: "Two more.", signature: "second" };
    const calls = [
      { type: "tool_use", id: "toolu_2", name: "weather", input: { city: "Bonn" } },
      { type: "tool_use", id: "toolu_3", name: "weather", input: {} },
    ];
    const second = answer([again, ...calls]);
    const results = ["toolu_2", "toolu_3"].map((id) => ({ role: "tool", tool_call_id: id, content: id }));
    const { turns } = encodedMessages([question, first, result, second, ...results]);
    expect(turns).toEqual([
      expect.objectContaining({ role: "user" }),
      { role: "assistant", content: [signed, call] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "Rain." }] },
      { role: "assistant", content: [again, ...calls] },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "toolu_2", content: "toolu_2" },
          { type: "tool_result", tool_use_id: "toolu_3", content: "toolu_3" },
        ],
      },
    ]);
  });

  test("recorded thinking comes back with the recorded signature, whole and streamed", () => {
    const body = recordedBody("anthropic/anthropic-clear-thinking.1.json");
    const message = chat.decode(body, context).completion.choices[0]?.message;
    expect(encodedMessages([question, message, question]).turns).toMatchObject([
      {},
      { content: Object(body).content },
      {},
    ]);

    const lines = recordedLines("anthropic/anthropic-clear-thinking.1.chunks.txt");
    const made = streamed(lines);
    const kept = { role: "assistant", content: made.content, thinking_blocks: made.thinkingBlocks };
    const signature = lines.map((line) => JSON.parse(line).delta?.signature).find((text) => text !== undefined);
    expect(encodedMessages([question, kept, question]).turns).toMatchObject([
      {},
      {
        content: [
          { type: "thinking", thinking: made.reasoning, signature },
          { type: "text", text: made.content },
        ],
      },
      {},
    ]);
  });
});
