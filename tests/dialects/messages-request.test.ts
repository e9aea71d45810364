import { describe, expect, test } from "vitest";
import { messages } from "@/server/dialects/messages";
import { THREAD_UNSUPPORTED } from "@/server/dialects/messages/request";
import { GatewayError } from "@/server/errors";
import { packCarried } from "@/server/wire/carried";
import { canonical, turns } from "@/tests/dialects/messages";

const cache_control = { type: "ephemeral", ttl: "1h" };
const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };

describe("instructions", () => {
  test.each([
    ["a text", "Be brief.", "Be brief."],
    ["one block is a text", [{ type: "text", text: "Be brief." }], "Be brief."],
    [
      "blocks with a cache breakpoint",
      [
        { type: "text", text: "You are a CLI." },
        { type: "text", text: "Be brief.", cache_control },
      ],
      [
        { type: "text", text: "You are a CLI." },
        { type: "text", text: "Be brief.", cache_control },
      ],
    ],
  ])("%s", (_name, system, content) => {
    expect(canonical({ system }).messages[0]).toEqual({ role: "system", content });
  });

  test.each([
    ["none", undefined],
    ["an empty text", ""],
    ["an empty list", []],
  ])("%s give no message", (_name, system) => {
    expect(canonical({ system }).messages).toEqual([{ role: "user", content: "Hello" }]);
  });
});

const pdf = { type: "base64", media_type: "application/pdf", data: "JVBERi0=" };

/** [what the user says, the content] */
const said: [string, unknown, unknown][] = [
  ["a text", "Hi", "Hi"],
  ["one text block", [{ type: "text", text: "Hi" }], "Hi"],
  ["nothing", [], ""],
  ["a cache breakpoint", [{ type: "text", text: "Hi", cache_control }], [{ type: "text", text: "Hi", cache_control }]],
  [
    "an image as bytes",
    [{ type: "image", source: { type: "base64", media_type: "image/png", data: "iVBO" } }],
    [{ type: "image_url", image_url: { url: "data:image/png;base64,iVBO" } }],
  ],
  [
    "an image at a URL",
    [{ type: "image", source: { type: "url", url: "https://a.example/a.png" }, cache_control }],
    [{ type: "image_url", image_url: { url: "https://a.example/a.png" }, cache_control }],
  ],
  [
    "an image in Anthropic's store, which stays a block",
    [{ type: "image", source: { type: "file", file_id: "file_1" } }],
    [{ type: "image", source: { type: "file", file_id: "file_1" } }],
  ],
  [
    "a PDF with a title",
    [{ type: "document", source: pdf, title: "Report" }],
    [{ type: "file", file: { filename: "Report", file_data: "data:application/pdf;base64,JVBERi0=" } }],
  ],
  [
    "a PDF that may be cited",
    [{ type: "document", source: pdf, citations: { enabled: true } }],
    [
      {
        type: "file",
        file: { filename: "document.pdf", file_data: "data:application/pdf;base64,JVBERi0=" },
        messages_block: { type: "document", source: pdf, citations: { enabled: true } },
      },
    ],
  ],
  [
    "a document of text is text to others",
    [{ type: "document", source: { type: "text", media_type: "text/plain", data: "Grass is green." }, title: "Grass" }],
    [
      {
        type: "text",
        text: "Grass\n\nGrass is green.",
        messages_block: {
          type: "document",
          source: { type: "text", media_type: "text/plain", data: "Grass is green." },
          title: "Grass",
        },
      },
    ],
  ],
];

describe("what the user says", () => {
  test.each(said)("%s", (_name, content, expected) => {
    expect(turns({ role: "user", content })).toEqual([{ role: "user", content: expected }]);
  });

  test("tool results come before all else, each as a message", () => {
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBO" } };
    const content = [
      { type: "tool_result", tool_use_id: "a", content: "Rain" },
      { type: "tool_result", tool_use_id: "b", content: [{ type: "text", text: "See:" }, image], cache_control },
      { type: "tool_result", tool_use_id: "c", is_error: true, content: [{ type: "text", text: "No." }] },
      { type: "tool_result", tool_use_id: "d" },
      { type: "text", text: "And now?" },
    ];
    const seen = [
      { type: "text", text: "See:" },
      { type: "image_url", image_url: { url: "data:image/png;base64,iVBO" } },
    ];
    expect(turns({ role: "user", content })).toEqual([
      { role: "tool", tool_call_id: "a", content: "Rain" },
      { role: "tool", tool_call_id: "b", content: seen, cache_control },
      { role: "tool", tool_call_id: "c", content: "No.", is_error: true },
      { role: "tool", tool_call_id: "d", content: "" },
      { role: "user", content: "And now?" },
    ]);
  });

  test("turns of one role after the other stay as they are", () => {
    expect(turns({ role: "user", content: "A" }, { role: "user", content: "B" })).toHaveLength(2);
  });
});

const call = { type: "tool_use", id: "toolu_1", name: "weather", input: { city: "Köln" } };
const called = { id: "toolu_1", type: "function", function: { name: "weather", arguments: '{"city":"Köln"}' } };
const signed = { type: "thinking", thinking: "Hm.", signature: "EqQB" };

/** [what the assistant said, the message] */
const answers: [string, unknown, object][] = [
  ["a text", "Hi", { content: "Hi" }],
  ["nothing", [], { content: "" }],
  [
    "texts that follow one another",
    [
      { type: "text", text: "Hi" },
      { type: "text", text: " there" },
    ],
    { content: "Hi there" },
  ],
  [
    "thinking, text and calls",
    [signed, { type: "redacted_thinking", data: "Emwk" }, { type: "text", text: "I look." }, call],
    {
      content: "I look.",
      thinking_blocks: [signed, { type: "redacted_thinking", data: "Emwk" }],
      tool_calls: [called],
    },
  ],
  [
    "a call without input",
    [{ type: "tool_use", id: "t", name: "now", input: {} }],
    { content: null, tool_calls: [{ id: "t", type: "function", function: { name: "now", arguments: "{}" } }] },
  ],
  [
    "thinking that nobody signed",
    [
      { type: "thinking", thinking: "Hm.", signature: "" },
      { type: "text", text: "Hi" },
    ],
    { content: "Hi", reasoning_content: "Hm." },
  ],
  [
    "what a vendor wants back with a call",
    [
      {
        type: "redacted_thinking",
        data: packCarried({ tool_calls: { toolu_1: { google: { thought_signature: "s" } } } }),
      },
      call,
    ],
    { content: null, tool_calls: [{ ...called, extra_content: { google: { thought_signature: "s" } } }] },
  ],
  [
    "a search at Anthropic: all blocks in their order",
    [
      { type: "server_tool_use", id: "s", name: "web_search", input: {} },
      { type: "text", text: "Found." },
    ],
    {
      content: "Found.",
      content_blocks: [
        { type: "server_tool_use", id: "s", name: "web_search", input: {} },
        { type: "text", text: "Found." },
      ],
    },
  ],
  [
    "citations that were made of another vendor's are not kept",
    [
      {
        type: "text",
        text: "Found.",
        citations: [{ type: "web_search_result_location", url: "u", encrypted_index: "" }],
      },
    ],
    { content: "Found." },
  ],
];

describe("what the assistant said", () => {
  test.each(answers)("%s", (_name, content, message) => {
    expect(turns({ role: "user", content: "?" }, { role: "assistant", content })[1]).toEqual({
      role: "assistant",
      ...message,
    });
  });
});

describe("tools", () => {
  test("a tool with a schema is a function, its settings beside it; Anthropic's own stay as they are", () => {
    const search = { type: "web_search_20250305", name: "web_search", max_uses: 5 };
    const tools = [
      { name: "weather", description: "Tells.", input_schema: schema, cache_control },
      { type: "custom", name: "now", input_schema: { type: "object" }, strict: true },
      search,
    ];
    expect(canonical({ tools }).tools).toEqual([
      { type: "function", function: { name: "weather", description: "Tells.", parameters: schema }, cache_control },
      { type: "function", function: { name: "now", parameters: { type: "object" }, strict: true } },
      search,
    ]);
  });

  test.each([
    [{ type: "auto" }, { tool_choice: "auto" }],
    [{ type: "any" }, { tool_choice: "required" }],
    [{ type: "none" }, { tool_choice: "none" }],
    [{ type: "tool", name: "now" }, { tool_choice: { type: "function", function: { name: "now" } } }],
    [
      { type: "auto", disable_parallel_tool_use: true },
      { tool_choice: "auto", parallel_tool_calls: false },
    ],
  ])("the choice %j", (tool_choice, expected) => {
    expect(canonical({ tool_choice })).toMatchObject(expected);
  });
});

describe("settings", () => {
  test.each([
    [{ thinking: { type: "enabled", budget_tokens: 1024 } }, "low"],
    [{ thinking: { type: "enabled", budget_tokens: 10_000 } }, "medium"],
    [{ thinking: { type: "enabled", budget_tokens: 31_999 } }, "high"],
    [{ thinking: { type: "adaptive" } }, "high"],
    [{ thinking: { type: "adaptive" }, output_config: { effort: "medium" } }, "medium"],
    [{ output_config: { effort: "max" } }, "xhigh"],
    [{ thinking: { type: "disabled" } }, "none"],
    [{}, undefined],
  ])("%j asks for the effort %s and is kept as it is", (body, effort) => {
    const request = canonical(body);
    expect(request.reasoning_effort).toBe(effort);
    expect(request.messages_api ?? {}).toEqual(body);
  });

  test("limits, sampling, stops, user and tier", () => {
    const metadata = { user_id: "user-1" };
    const body = {
      max_tokens: 9,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 5,
      stop_sequences: ["END"],
      metadata,
      service_tier: "standard_only",
    };
    expect(canonical({ ...body, stream: true })).toEqual({
      model: "my-model",
      messages: [{ role: "user", content: "Hello" }],
      max_tokens: 9,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 5,
      stop: ["END"],
      user: "user-1",
      service_tier: "default",
      stream: true,
    });
  });

  test.each([
    ["output_config", { output_config: { format: { type: "json_schema", schema } } }],
    ["the older output_format", { output_format: { type: "json_schema", schema } }],
  ])("a schema for the answer by %s", (_name, body) => {
    const request = canonical(body);
    const json_schema = { name: "output", schema, strict: true };
    expect(request.response_format).toEqual({ type: "json_schema", json_schema });
    expect(request.messages_api).toEqual({ output_config: { format: { type: "json_schema", schema } } });
  });

  test("a user's id that others would find too long, and settings of Anthropic alone, are kept for it", () => {
    const own = { metadata: { user_id: "u".repeat(65) }, context_management: { edits: [] }, container: "c" };
    const request = canonical(own);
    expect(request.user).toBeUndefined();
    expect(request.messages_api).toEqual(own);
  });
});

describe("what is malformed is refused with its place", () => {
  const user = (content: unknown) => ({ messages: [{ role: "user", content }] });
  test.each<[string, Record<string, unknown>]>([
    ["max_tokens", { max_tokens: 0 }],
    ["max_tokens", { max_tokens: undefined }],
    ["messages", { messages: [] }],
    ["messages.0.role", { messages: [{ role: "tool", content: "x" }] }],
    ["messages.0.content", user(7)],
    ["messages.0.content.0.type", user([{}])],
    ["messages.0.content.0.text", user([{ type: "text" }])],
    ["messages.0.content.0.source", user([{ type: "image" }])],
    [
      "messages.0.content.0.source.data",
      user([{ type: "image", source: { type: "base64", media_type: "image/png" } }]),
    ],
    ["messages.0.content.0.tool_use_id", user([{ type: "tool_result" }])],
    ["messages.0.content.0.name", { messages: [{ role: "assistant", content: [{ type: "tool_use", id: "a" }] }] }],
    ["system.0.type", { system: [{ type: "image" }] }],
    ["tools.0.input_schema", { tools: [{ name: "a" }] }],
    ["tool_choice.type", { tool_choice: { type: "some" } }],
    ["tool_choice.name", { tool_choice: { type: "tool" } }],
    ["temperature", { temperature: "hot" }],
    ["stop_sequences.0", { stop_sequences: [1] }],
    ["output_config.format.schema", { output_config: { format: { type: "json_schema" } } }],
  ])("%s: %j", (param, body) => {
    expect(() => canonical(body)).toThrow(expect.objectContaining({ kind: "invalid_request", param }));
  });
});

test("a conversation that the vendor would hold is refused, in words that its client understands", () => {
  const located = { params: {}, query: new URLSearchParams() };
  const ask = () => messages.read({ model: "m", messages: [], thread: { type: "create" } }, located);
  const refusal = expect.objectContaining({ kind: "invalid_request", param: "thread" });
  expect(ask).toThrow(refusal);
  const body = messages.errorBody(new GatewayError("invalid_request", "No.", { code: THREAD_UNSUPPORTED }), "req_1");
  expect(body).toMatchObject({ error: { details: { error_code: "thread_unsupported_request" } } });
});

describe("a limit on the answer", () => {
  const limited = (thinking: unknown, tokens: number) => messages.limitOutput({ max_tokens: 64_000, thinking }, tokens);

  test.each([
    [undefined, 500, { max_tokens: 500 }],
    [{ type: "adaptive" }, 500, { max_tokens: 500 }],
    [{ type: "enabled", budget_tokens: 2000 }, 4000, { max_tokens: 4000 }],
    [
      { type: "enabled", budget_tokens: 8000 },
      4000,
      { max_tokens: 4000, thinking: { type: "enabled", budget_tokens: 2000 } },
    ],
    [
      { type: "enabled", budget_tokens: 8000 },
      1100,
      { max_tokens: 1100, thinking: { type: "enabled", budget_tokens: 1024 } },
    ],
    [{ type: "enabled", budget_tokens: 8000 }, 1000, { max_tokens: 1000, thinking: { type: "disabled" } }],
  ])("leaves less than itself for thinking: %j, %d", (thinking, tokens, expected) => {
    expect(limited(thinking, tokens)).toEqual(expected);
  });
});
