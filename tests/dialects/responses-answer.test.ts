import { describe, expect, test } from "vitest";
import type { JsonObject } from "@/server/dialects/dialect";
import { responses } from "@/server/dialects/responses";
import { packCarried } from "@/server/wire/carried";
import type { ChatCompletion } from "@/server/wire/chat";
import { context, usage } from "@/tests/dialects/responses";
import { validateAgainst } from "@/tests/support/openai-schema";

type Choice = ChatCompletion["choices"][number];

function encoded(
  message: Partial<Choice["message"]>,
  about: { finish?: Choice["finish_reason"]; body?: JsonObject } = {},
) {
  const { finish = "stop", body = { model: "m", input: "Hi" } } = about;
  const choice = {
    index: 0,
    message: { role: "assistant" as const, content: null, refusal: null, ...message },
    logprobs: null,
    finish_reason: finish,
  };
  const completion = { id: "c", object: "chat.completion" as const, created: 1, model: "up", choices: [choice] };
  const answer = responses.encodeAnswer(completion, { usage, body, context });
  expect(validateAgainst("Response", answer)).toEqual([]);
  return JSON.parse(JSON.stringify(answer));
}

describe("a whole answer as a response", () => {
  test("text", () => {
    const answer = encoded({ content: "Hello" });
    expect(answer.output).toEqual([
      {
        id: `msg_${context.id}0`,
        type: "message",
        status: "completed",
        role: "assistant",
        content: [{ type: "output_text", text: "Hello", annotations: [], logprobs: [] }],
      },
    ]);
    expect(answer).toMatchObject({
      id: `resp_${context.id}`,
      created_at: context.created,
      model: "m",
      status: "completed",
    });
  });

  test("reasoning, text, citations and calls, in this order", () => {
    const answer = encoded(
      {
        reasoning_content: "Hm",
        content: "See",
        annotations: [
          {
            type: "url_citation",
            url_citation: { url: "https://a.example", title: "A", start_index: 0, end_index: 3 },
          },
        ],
        tool_calls: [
          { id: "c1", type: "function", function: { name: "f", arguments: "" } },
          { id: "c2", type: "custom", custom: { name: "sql", input: "SELECT" } },
        ],
      },
      { finish: "tool_calls" },
    );
    expect(answer.output).toMatchObject([
      { type: "reasoning", summary: [{ type: "summary_text", text: "Hm" }] },
      {
        type: "message",
        content: [
          {
            annotations: [{ type: "url_citation", url: "https://a.example", title: "A", start_index: 0, end_index: 3 }],
          },
        ],
      },
      { type: "function_call", call_id: "c1", name: "f", arguments: "{}" },
      { type: "custom_tool_call", call_id: "c2", name: "sql", input: "SELECT" },
    ]);
  });

  test("a refusal", () => {
    expect(encoded({ refusal: "No." }).output[0].content).toEqual([{ type: "refusal", refusal: "No." }]);
  });

  test("what a vendor wants back comes before the calls that it is of", () => {
    const thinking = [{ type: "redacted_thinking" as const, data: "xyz" }];
    const answer = encoded({
      thinking_blocks: thinking,
      tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: "{}" }, extra_content: { a: 1 } }],
    });
    expect(answer.output).toMatchObject([
      {
        type: "reasoning",
        summary: [],
        encrypted_content: packCarried({ thinking_blocks: thinking, tool_calls: { c1: { a: 1 } } }),
      },
      { type: "function_call" },
    ]);
  });

  test("the settings of the request are repeated, defaults where it has none", () => {
    const settings = {
      instructions: "Be brief.",
      temperature: 0,
      top_p: 0.5,
      max_output_tokens: 64,
      metadata: { a: "b" },
      parallel_tool_calls: false,
      previous_response_id: "resp_1",
      reasoning: { effort: "low", summary: "auto" },
      store: false,
      text: { format: { type: "json_schema", name: "s", schema: {} }, verbosity: "low" },
      tool_choice: { type: "function", name: "f" },
      tools: [
        { type: "function", name: "f" },
        { type: "custom", name: "g" },
      ],
      user: "u",
    };
    const answer = encoded({ content: "A" }, { body: { model: "m", input: "Hi", ...settings } });
    expect(answer).toMatchObject({
      ...settings,
      tools: [{ type: "function", name: "f", description: null, parameters: null, strict: false }, settings.tools[1]],
    });
    expect(encoded({ content: "A" })).toMatchObject({
      instructions: null,
      metadata: {},
      temperature: 1,
      top_p: 1,
      store: true,
      tool_choice: "auto",
      tools: [],
      text: { format: { type: "text" }, verbosity: "medium" },
    });
  });
});
