import { describe, expect, test } from "vitest";
import { anthropic } from "@/server/providers/anthropic";
import { packCarried } from "@/server/wire/carried";
import { ChatRequest } from "@/server/wire/chat";
import { canonical } from "@/tests/dialects/messages";
import { CLASSIC, CURRENT, chat, context, encodedMessages, streamed, target } from "@/tests/providers/anthropic";
import { recordedBody } from "@/tests/providers/recordings";

const native = anthropic.native?.messages;
const counting = anthropic.countTokens;
if (!native || !counting) throw new Error("Anthropic speaks its own API and counts tokens.");

describe("a call that passes", () => {
  test("goes to the endpoint, whether the base address has a version or not", () => {
    const url = "https://api.anthropic.com/v1/messages";
    expect(native.url(target(), { stream: true })).toBe(url);
    expect(native.url(target({ baseUrl: "https://api.anthropic.com/v1" }), { stream: false })).toBe(url);
  });

  test.each([
    [{}, {}, { "anthropic-version": "2023-06-01" }],
    [{ "anthropic-version": "2024-01-01" }, {}, { "anthropic-version": "2024-01-01" }],
    [
      { "anthropic-beta": "interleaved-thinking-2025-05-14, context-1m-2025-08-07" },
      { "Anthropic-Beta": "context-1m-2025-08-07" },
      {
        "anthropic-version": "2023-06-01",
        "anthropic-beta": "context-1m-2025-08-07,interleaved-thinking-2025-05-14",
      },
    ],
    [
      { "anthropic-beta": ["a", "b"], "x-api-key": "condt_secret" },
      {},
      { "anthropic-version": "2023-06-01", "anthropic-beta": "a,b" },
    ],
  ])("caller %j, admin %j", (caller, headers, expected) => {
    expect(native.headers?.(target({ headers }), caller)).toEqual(expected);
  });

  const change = (messages: unknown, model = CLASSIC) => {
    const fields = native.change?.({ messages }, target({ model }), {}).fields ?? {};
    return typeof fields.messages === "string" ? JSON.parse(fields.messages) : undefined;
  };
  const question = { role: "user", content: "?" };
  const signed = { type: "thinking", thinking: "Hm.", signature: "EqQB" };
  const unsigned = { type: "thinking", thinking: "Hm.", signature: "" };
  const carried = { type: "redacted_thinking", data: packCarried({ tool_calls: {} }) };
  const text = { type: "text", text: "Hi" };

  test("its messages are left alone where they are Anthropic's own", () => {
    const redacted = { type: "redacted_thinking", data: "EmwKAhgB" };
    expect(change([question, { role: "assistant", content: [signed, redacted, text] }, question])).toBeUndefined();
    expect(change([question, { role: "assistant", content: "Hi" }])).toBeUndefined();
  });

  test("what other vendors thought and cited in earlier turns is taken out, which Anthropic refuses", () => {
    const citation = { type: "web_search_result_location", url: "u", cited_text: "", encrypted_index: "" };
    const turns = [
      question,
      { role: "assistant", content: [unsigned, carried, { ...text, citations: [citation] }] },
      { role: "assistant", content: [carried, { ...unsigned, signature: packCarried({ google: 1 }) }] },
    ];
    expect(change(turns)).toEqual([question, { role: "assistant", content: [{ ...text, citations: null }] }]);
  });

  test("models of others that speak this API get their own unsigned thinking back", () => {
    const turns = [question, { role: "assistant", content: [unsigned, carried, text] }];
    expect(change(turns, "deepseek-chat")).toEqual([question, { role: "assistant", content: [unsigned, text] }]);
  });
});

/** The Messages request that Anthropic gets for one that was translated on its way, as through a cloud. */
function translated(body: Record<string, unknown>, model = CLASSIC) {
  const { request, dropped } = chat.encode(canonical(body), target({ model }));
  const { model: _model, ...made } = JSON.parse(String(request.body));
  return { made, dropped };
}

const cache_control = { type: "ephemeral" };
const pdf = { type: "base64", media_type: "application/pdf", data: "JVBERi0=" };

/** A request as Claude Code sends it, with something of everything. */
const everything = {
  max_tokens: 32_000,
  system: [
    { type: "text", text: "You are a CLI." },
    { type: "text", text: "Be brief.", cache_control },
  ],
  messages: [
    {
      role: "user",
      content: [
        { type: "text", text: "Look." },
        { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBO" } },
        { type: "document", source: pdf, title: "Report", context: "Old.", citations: { enabled: true } },
        { type: "document", source: { type: "text", media_type: "text/plain", data: "Grass." }, cache_control },
        { type: "search_result", source: "u", title: "t", content: [{ type: "text", text: "Found." }] },
      ],
    },
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "Hm.", signature: "EqQB" },
        { type: "redacted_thinking", data: "EmwK" },
        { type: "text", text: "I read." },
        { type: "tool_use", id: "toolu_1", name: "Read", input: { path: "a.png" } },
        { type: "tool_use", id: "toolu_2", name: "Now", input: {}, cache_control },
      ],
    },
    {
      role: "user",
      content: [
        {
          type: "tool_result",
          tool_use_id: "toolu_1",
          content: [{ type: "image", source: { type: "base64", media_type: "image/png", data: "iVBO" } }],
        },
        { type: "tool_result", tool_use_id: "toolu_2", content: "Failed.", is_error: true, cache_control },
        { type: "text", text: "And now?", cache_control },
      ],
    },
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "Search.", signature: "EqQC" },
        { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "grass" } },
        { type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: [] },
        { type: "thinking", thinking: "More.", signature: "EqQD" },
        { type: "text", text: "Green.", citations: [{ type: "char_location", cited_text: "Grass." }] },
      ],
    },
    { role: "user", content: [{ type: "text", text: "Thanks." }] },
  ],
  tools: [
    { name: "Read", description: "Reads.", input_schema: { type: "object", properties: {} }, cache_control },
    { type: "web_search_20250305", name: "web_search", max_uses: 8 },
  ],
  tool_choice: { type: "auto", disable_parallel_tool_use: true },
  thinking: { type: "enabled", budget_tokens: 31_999 },
  metadata: { user_id: `user_${"0".repeat(80)}` },
  stop_sequences: ["END"],
  context_management: { edits: [{ type: "clear_thinking_20251015", keep: "all" }] },
  stream: true,
};

describe("a request that is translated on its way to Anthropic loses nothing", () => {
  test("something of everything", () => {
    expect(translated(everything)).toEqual({ made: everything, dropped: [] });
  });

  test("adaptive thinking, an effort and a schema", () => {
    const format = { type: "json_schema", schema: { type: "object" } };
    const body = {
      max_tokens: 100,
      messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
      thinking: { type: "adaptive" },
      output_config: { effort: "max", format },
      service_tier: "standard_only",
    };
    expect(translated(body, CURRENT)).toEqual({ made: body, dropped: [] });
  });

  test("what changes the price is named instead", () => {
    expect(translated({ speed: "fast", inference_geo: "us" }, CURRENT).dropped).toEqual(["speed", "inference_geo"]);
  });
});

describe("an answer with searches goes back into the next request as it came", () => {
  const recorded = recordedBody("anthropic/anthropic-web-search-tool.1.json") as { content: object[] };
  const { completion } = chat.decode(recorded, context);
  const message = completion.choices[0]?.message;
  const question = { role: "user", content: "News?" };

  test("whole", () => {
    const { turns } = encodedMessages([question, message, { role: "user", content: "More." }]);
    expect(turns).toContainEqual({ role: "assistant", content: recorded.content });
  });

  test("streamed, its lists of blocks one after the other", () => {
    const blocks = [
      { type: "text", text: "I search." },
      { type: "server_tool_use", id: "s", name: "web_search", input: { query: "a" } },
      { type: "web_search_tool_result", tool_use_id: "s", content: [] },
      { type: "tool_use", id: "t", name: "f", input: { a: 1 } },
    ];
    const made = streamed([
      { type: "message_start", message: { id: "msg_1", content: [] } },
      ...blocks.flatMap((block, index) => [
        { type: "content_block_start", index, content_block: block },
        { type: "content_block_stop", index },
      ]),
      { type: "message_stop" },
    ]);
    const { content, toolCalls: tool_calls, contentBlocks: content_blocks } = made;
    const { turns } = encodedMessages([question, { role: "assistant", content, tool_calls, content_blocks }]);
    expect(turns).toContainEqual({ role: "assistant", content: blocks });
  });

  test("where the caller has changed the text since, the text holds", () => {
    const { turns } = encodedMessages([question, { ...message, content: "Nothing new." }, question]);
    expect(turns).toContainEqual({ role: "assistant", content: [{ type: "text", text: "Nothing new." }] });
  });
});

describe("counting tokens", () => {
  test("asks with what the endpoint takes", () => {
    const { request } = counting.encode(canonical(everything), target());
    const { system, messages, tools, tool_choice, thinking, context_management } = everything;
    expect(request.url).toBe("https://api.anthropic.com/v1/messages/count_tokens");
    const expected = { system, messages, tools, tool_choice, thinking, context_management, model: CLASSIC };
    expect(JSON.parse(String(request.body))).toEqual(expected);
  });

  test("reads the count, and nothing else for one", () => {
    const request = ChatRequest.parse({ model: "m", messages: [{ role: "user", content: "Hi" }] });
    const decoded = (body: unknown) => counting.decode(body, { request, context }).response;
    expect(decoded({ input_tokens: 2095 })).toEqual({ inputTokens: 2095 });
    expect(() => decoded({ input_tokens: "many" })).toThrow(expect.objectContaining({ kind: "upstream_garbled" }));
  });
});
