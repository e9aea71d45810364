import { describe, expect, test } from "vitest";
import type { JsonObject } from "@/server/dialects/dialect";
import { responses } from "@/server/dialects/responses";
import { GatewayError } from "@/server/errors";
import { packCarried } from "@/server/wire/carried";

const located = { params: {}, query: new URLSearchParams() };

function canonical(body: JsonObject) {
  const { request, dropped } = responses.toCanonical({ model: "m", input: "Hi", ...body }, located);
  return { ...JSON.parse(JSON.stringify(request)), dropped };
}

/** The field that a request is refused for. */
function fault(body: JsonObject): string | null {
  const whole = { model: "m", input: "Hi", ...body };
  try {
    responses.read(whole, located);
    responses.toCanonical(whole, located);
  } catch (error) {
    if (error instanceof GatewayError && error.kind === "invalid_request") return error.param;
    throw error;
  }
  throw new Error("It was not refused.");
}

const block = { type: "thinking", thinking: "Hm", signature: "s" };
const fn = { name: "f", arguments: "{}" };

/** [what it is, the input, the messages] */
const inputs: [string, unknown, object[]][] = [
  ["a text", "Hi", [{ role: "user", content: "Hi" }]],
  [
    "messages of every role, with and without a type",
    [
      { role: "system", content: "S" },
      { type: "message", role: "developer", content: [{ type: "input_text", text: "D" }] },
      { role: "user", content: "U" },
      {
        type: "message",
        id: "msg_1",
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text: "A", annotations: [] }],
      },
    ],
    [
      { role: "system", content: "S" },
      { role: "developer", content: "D" },
      { role: "user", content: "U" },
      { role: "assistant", content: "A" },
    ],
  ],
  [
    "images, files and audio",
    [
      {
        role: "user",
        content: [
          { type: "input_text", text: "Look" },
          { type: "input_image", image_url: "https://a.example/i.png", detail: "low" },
          { type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,AA==" },
          { type: "input_file", file_url: "https://a.example/a.pdf" },
          { type: "input_file", file_id: "file_1" },
          { type: "input_audio", input_audio: { data: "AA==", format: "wav" } },
        ],
      },
    ],
    [
      {
        role: "user",
        content: [
          { type: "text", text: "Look" },
          { type: "image_url", image_url: { url: "https://a.example/i.png", detail: "low" } },
          { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,AA==" } },
          { type: "file", file: { file_data: "https://a.example/a.pdf" } },
          { type: "file", file: { file_id: "file_1" } },
          { type: "input_audio", input_audio: { data: "AA==", format: "wav" } },
        ],
      },
    ],
  ],
  [
    "a turn with reasoning, a text and two calls is one message; their outputs follow",
    [
      { role: "user", content: "Go" },
      {
        type: "reasoning",
        id: "rs_1",
        summary: [{ type: "summary_text", text: "Hm" }],
        encrypted_content: packCarried({ thinking_blocks: [block] }),
      },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "I look." }] },
      { type: "function_call", call_id: "c1", name: "f", arguments: "{}" },
      { type: "function_call", call_id: "c2", name: "f", arguments: "{}" },
      { type: "function_call_output", call_id: "c1", output: "1" },
      { type: "function_call_output", call_id: "c2", output: [{ type: "input_text", text: "2" }] },
    ],
    [
      { role: "user", content: "Go" },
      {
        role: "assistant",
        content: "I look.",
        reasoning_content: "Hm",
        thinking_blocks: [block],
        tool_calls: [
          { id: "c1", type: "function", function: fn },
          { id: "c2", type: "function", function: fn },
        ],
      },
      { role: "tool", tool_call_id: "c1", content: "1" },
      { role: "tool", tool_call_id: "c2", content: "2" },
    ],
  ],
  [
    "what a vendor wants back with a call, carried before or after it",
    [
      { type: "reasoning", id: "rs_1", summary: [], encrypted_content: packCarried({ tool_calls: { c1: { a: 1 } } }) },
      { type: "function_call", call_id: "c1", name: "f", arguments: "{}" },
      { type: "custom_tool_call", call_id: "c2", name: "sql", input: "SELECT" },
      { type: "reasoning", id: "rs_2", summary: [], encrypted_content: packCarried({ tool_calls: { c2: { b: 2 } } }) },
      { type: "custom_tool_call_output", call_id: "c2", output: "rows" },
    ],
    [
      {
        role: "assistant",
        content: null,
        tool_calls: [
          { id: "c1", type: "function", function: fn, extra_content: { a: 1 } },
          { id: "c2", type: "custom", custom: { name: "sql", input: "SELECT" }, extra_content: { b: 2 } },
        ],
      },
      { role: "tool", tool_call_id: "c2", content: "rows" },
    ],
  ],
  [
    "two messages of the assistant stay two",
    [
      { role: "assistant", content: "A" },
      { role: "assistant", content: "B" },
    ],
    [
      { role: "assistant", content: "A" },
      { role: "assistant", content: "B" },
    ],
  ],
  [
    "a refusal that comes back",
    [{ role: "assistant", content: [{ type: "refusal", refusal: "No." }] }],
    [{ role: "assistant", content: [{ type: "refusal", refusal: "No." }] }],
  ],
];

describe("a request for a response in the canonical form", () => {
  test.each(inputs)("%s", (_name, input, messages) => {
    const made = canonical({ input });
    expect(made.messages).toEqual(messages);
    expect(made.dropped).toEqual([]);
  });

  test("instructions come first, settings go under chat's names", () => {
    expect(
      canonical({
        instructions: "Be brief.",
        stream: true,
        temperature: 0,
        top_p: 0.5,
        max_output_tokens: 64,
        top_logprobs: 2,
        include: ["reasoning.encrypted_content", "message.output_text.logprobs"],
        reasoning: { effort: "high", summary: "auto" },
        text: {
          verbosity: "low",
          format: { type: "json_schema", name: "s", schema: { type: "object" }, strict: true },
        },
        user: "u",
        safety_identifier: "si",
        prompt_cache_key: "k",
        service_tier: "flex",
        metadata: { a: "b" },
        store: false,
        truncation: "disabled",
      }),
    ).toEqual({
      model: "m",
      stream: true,
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hi" },
      ],
      temperature: 0,
      top_p: 0.5,
      max_completion_tokens: 64,
      logprobs: true,
      top_logprobs: 2,
      reasoning_effort: "high",
      verbosity: "low",
      response_format: { type: "json_schema", json_schema: { name: "s", schema: { type: "object" }, strict: true } },
      user: "u",
      safety_identifier: "si",
      prompt_cache_key: "k",
      service_tier: "flex",
      dropped: [],
    });
  });

  test("tools of both kinds, and the web search", () => {
    const made = canonical({
      parallel_tool_calls: false,
      tools: [
        { type: "function", name: "f", description: "F", parameters: { type: "object" }, strict: true },
        { type: "custom", name: "sql", format: { type: "grammar", syntax: "lark", definition: "start: A" } },
        {
          type: "web_search_preview",
          search_context_size: "low",
          user_location: { type: "approximate", city: "Bern", region: null },
        },
      ],
    });
    expect(made.tools).toEqual([
      { type: "function", function: { name: "f", description: "F", parameters: { type: "object" }, strict: true } },
      {
        type: "custom",
        custom: { name: "sql", format: { type: "grammar", grammar: { syntax: "lark", definition: "start: A" } } },
      },
    ]);
    expect(made.web_search_options).toEqual({
      search_context_size: "low",
      user_location: { type: "approximate", approximate: { city: "Bern" } },
    });
    expect(made.parallel_tool_calls).toBe(false);
    expect(made.dropped).toEqual([]);
  });

  test.each([
    ["required", "required"],
    [
      { type: "function", name: "f" },
      { type: "function", function: { name: "f" } },
    ],
    [
      { type: "custom", name: "f" },
      { type: "custom", custom: { name: "f" } },
    ],
    [
      { type: "allowed_tools", mode: "required", tools: [{ type: "function", name: "f" }] },
      {
        type: "allowed_tools",
        allowed_tools: { mode: "required", tools: [{ type: "function", function: { name: "f" } }] },
      },
    ],
  ])("the choice %j", (choice, expected) => {
    expect(canonical({ tools: [{ type: "function", name: "f" }], tool_choice: choice }).tool_choice).toEqual(expected);
  });

  test.each([
    [
      "a tool that the vendor runs",
      { tools: [{ type: "file_search", vector_store_ids: ["v"] }] },
      ["tools.file_search"],
    ],
    [
      "the choice of one",
      { tools: [{ type: "function", name: "f" }], tool_choice: { type: "file_search" } },
      ["tool_choice"],
    ],
    [
      "what such a tool did",
      {
        input: [
          { role: "user", content: "A" },
          { type: "web_search_call", id: "ws" },
        ],
      },
      ["input.web_search_call"],
    ],
    [
      "another vendor's encrypted reasoning",
      {
        input: [
          { role: "user", content: "A" },
          { type: "reasoning", id: "rs", summary: [], encrypted_content: "gAAAA" },
        ],
      },
      ["input.encrypted_content"],
    ],
    [
      "fields without a counterpart",
      { max_tool_calls: 3, context_management: [{}], truncation: "auto" },
      ["max_tool_calls", "context_management", "truncation"],
    ],
    ["what cannot be included", { include: ["file_search_call.results"] }, ["include"]],
  ])("%s is named as dropped", (_name, body, dropped) => {
    expect(canonical(body).dropped).toEqual(dropped);
  });

  test.each([
    [{ background: true }, "background"],
    [{ conversation: "conv_1" }, "conversation"],
    [{ prompt: { id: "p" } }, "prompt"],
    [{ previous_response_id: "resp_1" }, "previous_response_id"],
    [{ input: null }, "input"],
    [{ input: [{ type: "item_reference", id: "msg_1" }] }, "input.0.id"],
    [{ input: [{ role: "tool", content: "A" }] }, "input.0.role"],
    [{ input: [{ role: "user", content: [{ type: "input_image", file_id: "f" }] }] }, "input.0.content.0.file_id"],
    [{ input: [{ role: "user", content: [{ type: "input_video" }] }] }, "input.0.content.0.type"],
    [{ input: [{ role: "user", content: 5 }] }, "input.0.content"],
    [{ input: [{ type: "function_call", name: "f", arguments: "{}" }] }, "input.0.call_id"],
    [{ input: [{ type: "function_call_output", output: "1" }] }, "input.0.call_id"],
    [{ text: { format: { type: "xml" } } }, "text.format.type"],
    [{ tools: [{ type: "function" }] }, "tools.0.name"],
  ])("%j is refused with its place", (body, param) => {
    expect(fault(body)).toBe(param);
  });

  test("the schema refuses what the gateway reads and is malformed", () => {
    const malformed = [
      { model: "" },
      { input: 5 },
      { temperature: 3 },
      { max_output_tokens: 0 },
      { metadata: { a: 1 } },
    ];
    for (const body of malformed)
      expect(responses.schema.safeParse({ model: "m", input: "Hi", ...body }).success, JSON.stringify(body)).toBe(
        false,
      );
  });

  test("a response's output is taken back as it was given", () => {
    const message = {
      role: "assistant" as const,
      content: "A",
      refusal: null,
      reasoning_content: "Hm",
      thinking_blocks: [{ type: "thinking" as const, thinking: "Hm", signature: "s" }],
      tool_calls: [{ id: "c1", type: "function" as const, function: fn, extra_content: { a: 1 } }],
    };
    const { refusal: _refusal, ...expected } = message;
    const choice = { index: 0, message, logprobs: null, finish_reason: "tool_calls" as const };
    const completion = { id: "c", object: "chat.completion" as const, created: 1, model: "up", choices: [choice] };
    const context = { id: "0", created: 1, model: "m" };
    const answer = responses.encodeAnswer(completion, { usage: undefined, body: { model: "m" }, context });
    expect(canonical({ input: answer.output }).messages).toEqual([expected]);
  });
});
