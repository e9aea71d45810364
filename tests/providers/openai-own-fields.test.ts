import { expect, test } from "vitest";
import { plainChat } from "@/server/providers/openai-chat-encode";

const request = {
  model: "m",
  messages: [
    { role: "user", content: [{ type: "brand_new_part", data: 1, cache_control: { type: "ephemeral" } }] },
    { role: "assistant", content: "Hi.", reasoning_content: "They greet." },
    {
      role: "user",
      content: [
        { type: "text", text: "x" },
        { type: "tool_reference", tool_name: "t" },
      ],
    },
  ],
  tools: [
    { type: "function", function: { name: "f" }, new_setting: true, defer_loading: true },
    { type: "brand_new_tool", brand_new_tool: {} },
    { type: "web_search_20250305", name: "web_search" },
  ],
  new_field: 7,
};

test("of a caller's own dialect what nobody here knows reaches the upstream, and only what belongs to others goes", () => {
  const { request: sent, dropped } = plainChat(request, [], true);
  expect(sent).toEqual({
    model: "m",
    messages: [
      { role: "user", content: [{ type: "brand_new_part", data: 1 }] },
      { role: "assistant", content: "Hi." },
      { role: "user", content: [{ type: "text", text: "x" }] },
    ],
    tools: [
      { type: "function", function: { name: "f" }, new_setting: true },
      { type: "brand_new_tool", brand_new_tool: {} },
    ],
    new_field: 7,
  });
  expect(dropped).toEqual(["messages.content", "tools"]);
});

test("of another dialect only what this one has is sent", () => {
  const { request: sent } = plainChat(request, []);
  expect(sent.tools).toEqual([{ type: "function", function: { name: "f" } }]);
  expect(sent.messages[0]).toEqual({ role: "user", content: [] });
});
