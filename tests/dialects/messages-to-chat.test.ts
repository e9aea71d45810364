import { describe, expect, test } from "vitest";
import { plainChat } from "@/server/providers/openai-chat-encode";
import { canonical } from "@/tests/dialects/messages";

const cache_control = { type: "ephemeral" };
const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBO" } };
const part = { type: "image_url", image_url: { url: "data:image/png;base64,iVBO" } };

/** The request as OpenAI gets it, which refuses whatever it does not know. */
function plain(body: Record<string, unknown>) {
  return plainChat(canonical(body), []);
}

describe("a Messages request at an upstream that speaks OpenAI's chat", () => {
  test("as Claude Code sends it", () => {
    const { request, dropped } = plain({
      max_tokens: 32_000,
      system: [{ type: "text", text: "You are a CLI.", cache_control }],
      messages: [
        { role: "user", content: [{ type: "text", text: "Look.", cache_control }] },
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "Hm.", signature: "" },
            { type: "tool_use", id: "a", name: "Read", input: { path: "a.png" } },
            { type: "tool_use", id: "b", name: "Now", input: {} },
          ],
        },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "a", content: [image] },
            { type: "tool_result", tool_use_id: "b", content: "Noon", is_error: true, cache_control },
            { type: "text", text: "And?" },
          ],
        },
      ],
      tools: [{ name: "Read", input_schema: { type: "object" }, cache_control, defer_loading: true }],
      thinking: { type: "enabled", budget_tokens: 31_999 },
      metadata: { user_id: `user_${"0".repeat(80)}` },
      context_management: { edits: [] },
    });
    expect(request).toEqual({
      model: "my-model",
      max_tokens: 32_000,
      messages: [
        { role: "system", content: [{ type: "text", text: "You are a CLI." }] },
        { role: "user", content: [{ type: "text", text: "Look." }] },
        {
          role: "assistant",
          content: null,
          tool_calls: [
            { id: "a", type: "function", function: { name: "Read", arguments: '{"path":"a.png"}' } },
            { id: "b", type: "function", function: { name: "Now", arguments: "{}" } },
          ],
        },
        { role: "tool", tool_call_id: "a", content: "The result is in the user's next message." },
        { role: "tool", tool_call_id: "b", content: "Noon" },
        { role: "user", content: [{ type: "text", text: "Result of a:" }, part] },
        { role: "user", content: "And?" },
      ],
      tools: [{ type: "function", function: { name: "Read", parameters: { type: "object" } } }],
      reasoning_effort: "high",
    });
    expect(dropped).toEqual(["context_management", "metadata"]);
  });

  test("documents are read as text, and a PDF is a file", () => {
    const text = { type: "document", source: { type: "text", media_type: "text/plain", data: "Grass." }, title: "T" };
    const pdf = { type: "document", source: { type: "base64", media_type: "application/pdf", data: "JVBE" } };
    expect(plain({ messages: [{ role: "user", content: [text, pdf] }] }).request.messages).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "T\n\nGrass." },
          { type: "file", file: { filename: "document.pdf", file_data: "data:application/pdf;base64,JVBE" } },
        ],
      },
    ]);
  });

  test("tools that run at Anthropic are named as lost", () => {
    const tools = [{ type: "web_search_20250305", name: "web_search" }];
    const { request, dropped } = plain({ tools, tool_choice: { type: "auto", disable_parallel_tool_use: true } });
    expect(Object.keys(request)).toEqual(["model", "messages", "max_tokens"]);
    expect(dropped).toEqual(["tools"]);
  });

  test("a tool's text stays with it, and its picture is said after the round", () => {
    const content = [{ type: "tool_result", tool_use_id: "a", content: [{ type: "text", text: "See." }, image] }];
    expect(plain({ messages: [{ role: "user", content }] }).request.messages).toEqual([
      { role: "tool", tool_call_id: "a", content: [{ type: "text", text: "See." }] },
      { role: "user", content: [{ type: "text", text: "Result of a:" }, part] },
    ]);
  });
});
