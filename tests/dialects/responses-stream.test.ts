import { describe, expect, test } from "vitest";
import { responses } from "@/server/dialects/responses";
import { GatewayError } from "@/server/errors";
import { packCarried } from "@/server/wire/carried";
import {
  context,
  type Event,
  eventFaults,
  located,
  type Piece,
  piece,
  streamed,
  usage,
  written,
} from "@/tests/dialects/responses";
import { validateAgainst } from "@/tests/support/openai-schema";

const id = context.id;
const types = (events: readonly Event[]) => events.map(({ type }) => type.replace(/^response\./, ""));
const last = (events: readonly Event[]) => JSON.parse(JSON.stringify(events.at(-1))).response;

const call = (index: number, name: string, args: string): Piece => ({
  tool_calls: [{ index, id: `call_${index}`, type: "function", function: { name, arguments: args } }],
});
const more = (index: number, args: string): Piece => ({ tool_calls: [{ index, function: { arguments: args } }] });

/** [what it is, the pieces, the types of all events between `in_progress` and the last] */
const streams: [string, Piece[], string[]][] = [
  [
    "text",
    [{ role: "assistant", content: "" }, { content: "Hel" }, { content: "lo" }, { finish: "stop" }],
    [
      ...["output_item.added", "content_part.added", "output_text.delta", "output_text.delta"],
      ...["output_text.done", "content_part.done", "output_item.done"],
    ],
  ],
  [
    "reasoning, then text",
    [{ reasoning_content: "Hm" }, { reasoning_content: "m" }, { content: "Yes" }, { finish: "stop" }],
    [
      ...["output_item.added", "reasoning_summary_part.added", "reasoning_summary_text.delta"],
      ...["reasoning_summary_text.delta", "reasoning_summary_text.done", "reasoning_summary_part.done"],
      ...["output_item.done", "output_item.added", "content_part.added", "output_text.delta", "output_text.done"],
      ...["content_part.done", "output_item.done"],
    ],
  ],
  [
    "a refusal",
    [{ refusal: "I " }, { refusal: "won't" }, { finish: "stop" }],
    [
      ...["output_item.added", "content_part.added", "refusal.delta", "refusal.delta", "refusal.done"],
      ...["content_part.done", "output_item.done"],
    ],
  ],
  [
    "two calls, one after the other",
    [call(0, "a", ""), more(0, '{"x":'), more(0, "1}"), call(1, "b", "{}"), { finish: "tool_calls" }],
    [
      ...["output_item.added", "function_call_arguments.delta", "function_call_arguments.delta"],
      ...["function_call_arguments.done", "output_item.done"],
      ...["output_item.added", "function_call_arguments.delta", "function_call_arguments.done", "output_item.done"],
    ],
  ],
  [
    "two calls, interleaved",
    [call(0, "a", "{"), call(1, "b", "{"), more(0, "}"), more(1, "}"), { finish: "tool_calls" }],
    [
      ...["output_item.added", "function_call_arguments.delta", "output_item.added", "function_call_arguments.delta"],
      ...["function_call_arguments.delta", "function_call_arguments.delta"],
      ...["function_call_arguments.done", "output_item.done", "function_call_arguments.done", "output_item.done"],
    ],
  ],
  [
    "a custom tool",
    [
      { tool_calls: [{ index: 0, id: "call_c", type: "custom", custom: { name: "sql", input: "SEL" } }] },
      { tool_calls: [{ index: 0, custom: { input: "ECT" } }] },
      { finish: "tool_calls" },
    ],
    [
      ...["output_item.added", "custom_tool_call_input.delta", "custom_tool_call_input.delta"],
      ...["custom_tool_call_input.done", "output_item.done"],
    ],
  ],
  [
    "a citation when the text is over",
    [
      { content: "Cited" },
      {
        annotations: [
          {
            type: "url_citation",
            url_citation: { url: "https://a.example", title: "A", start_index: 0, end_index: 5 },
          },
        ],
      },
      { finish: "stop" },
    ],
    [
      ...["output_item.added", "content_part.added", "output_text.delta", "output_text.annotation.added"],
      ...["output_text.done", "content_part.done", "output_item.done"],
    ],
  ],
  ["nothing at all", [{ finish: "stop" }], []],
];

describe("a stream of responses", () => {
  test.each(streams)("%s: its events, in order, as OpenAI describes them", (_name, pieces, expected) => {
    const events = streamed(pieces);
    expect(types(events)).toEqual(["created", "in_progress", ...expected, "completed"]);
    expect(eventFaults(events)).toEqual([]);
    expect(validateAgainst("Response", last(events))).toEqual([]);
  });

  test.each(streams)("%s: each item is done as the response has it", (_name, pieces) => {
    const events = streamed(pieces);
    const done = events.filter(({ type }) => type === "response.output_item.done");
    const inOrder = done.toSorted((left, right) => Number(left.output_index) - Number(right.output_index));
    expect(inOrder.map(({ item }) => item)).toEqual(last(events).output);
  });

  test("items are named after the call and counted", () => {
    const { output, id: response } = last(streamed([{ reasoning_content: "Hm" }, { content: "A" }, call(0, "f", "")]));
    expect(response).toBe(`resp_${id}`);
    expect(output.map((item: { id: string }) => item.id)).toEqual([`rs_${id}0`, `msg_${id}1`, `fc_${id}2`]);
    expect(output[2]).toMatchObject({ call_id: "call_0", name: "f", arguments: "{}", status: "completed" });
  });

  test("a call without an id gets one", () => {
    const { output } = last(streamed([{ tool_calls: [{ index: 0, function: { name: "f", arguments: "{}" } }] }]));
    expect(output[0].call_id).toBe(`call_${id}0`);
  });

  test("interleaved arguments end at their own calls", () => {
    const { output } = last(streamed([call(0, "a", '{"a":'), call(1, "b", '{"b":'), more(0, "1}"), more(1, "2}")]));
    expect(output.map((item: { arguments: string }) => item.arguments)).toEqual(['{"a":1}', '{"b":2}']);
  });

  test("signed thinking goes out with the reasoning that it is of, a late signature of a call in an item of its own", () => {
    const block = { type: "thinking" as const, thinking: "Hm", signature: "s" };
    const { output } = last(
      streamed([
        { reasoning_content: "Hm" },
        { thinking_blocks: [block] },
        call(0, "f", "{}"),
        { tool_calls: [{ index: 0, extra_content: { vendor: "x" } }] },
        { finish: "tool_calls" },
      ]),
    );
    expect(output.map((item: { type: string }) => item.type)).toEqual(["reasoning", "function_call", "reasoning"]);
    expect(output[0].encrypted_content).toBe(packCarried({ thinking_blocks: [block] }));
    expect(output[2].encrypted_content).toBe(packCarried({ tool_calls: { call_0: { vendor: "x" } } }));
  });

  test.each([
    ["length", "max_output_tokens"],
    ["content_filter", "content_filter"],
  ] as const)("an answer that ends with %s is incomplete", (finish, reason) => {
    const events = streamed([{ content: "Hal" }, { finish }]);
    expect(types(events).at(-1)).toBe("incomplete");
    expect(eventFaults(events)).toEqual([]);
    const response = last(events);
    expect(response).toMatchObject({ status: "incomplete", incomplete_details: { reason } });
    expect(response.output[0].status).toBe("incomplete");
  });

  test("log probabilities go with their text", () => {
    const content = [
      { token: "A", logprob: -0.1, bytes: [65], top_logprobs: [{ token: "B", logprob: -2, bytes: null }] },
    ];
    const events = streamed([{ content: "A", logprobs: { content } }, { finish: "stop" }]);
    expect(eventFaults(events)).toEqual([]);
    expect(last(events).output[0].content[0].logprobs).toEqual([
      { token: "A", logprob: -0.1, bytes: [65], top_logprobs: [{ token: "B", logprob: -2, bytes: [] }] },
    ]);
  });

  test("one that breaks says the error, and that the response failed", () => {
    const encoder = responses.encodeStream({ model: "m", input: "Hi" }, context, located);
    const text =
      encoder.chunk(piece({ content: "Ha" })) + encoder.fail(new GatewayError("upstream_timeout", "Too slow."));
    const events = written(text);
    expect(types(events).slice(-2)).toEqual(["error", "failed"]);
    expect(eventFaults(events)).toEqual([]);
    expect(last(events)).toMatchObject({ status: "failed", error: { code: "server_error", message: "Too slow." } });
    expect(events.at(-2)).toMatchObject({ code: "upstream_timeout", message: "Too slow.", param: null });
  });

  test("the usage is in OpenAI's totals, and the answer is kept for later calls", () => {
    const encoder = responses.encodeStream({ model: "m", input: "Hi" }, context, located);
    const events = written(encoder.chunk(piece({ content: "A" })) + encoder.finish(usage));
    expect(last(events).usage).toEqual({
      input_tokens: 14,
      input_tokens_details: { cached_tokens: 4, cache_write_tokens: 0 },
      output_tokens: 10,
      output_tokens_details: { reasoning_tokens: 3 },
      total_tokens: 24,
    });
    expect(encoder.answer?.()).toEqual(last(events));
  });
});
