import { describe, expect, test } from "vitest";
import { eventsOf } from "@/tests/support/events";
import { chatRequest, credentials, useGateway } from "@/tests/support/fixture";
import { mounts } from "@/tests/support/gateway";
import { recordedBody, recordedEvents } from "@/tests/support/recordings";
import { json, namedEvents, stream } from "@/tests/support/upstream";

const PATH = "/v1/messages";
const tool = {
  type: "function",
  function: { name: "updateIssueList", description: "Updates it.", parameters: { type: "object", properties: {} } },
};

type Chunk = {
  choices: {
    delta: {
      content?: string;
      reasoning_content?: string;
      tool_calls?: { index: number; id?: string; function?: { name?: string; arguments?: string } }[];
    };
    finish_reason: string | null;
  }[];
  usage?: Record<string, unknown> | null;
};

/** Puts a stream's pieces together as a client would. */
function assemble(text: string) {
  const events = eventsOf(text);
  expect(events.at(-1)).toBe("[DONE]");
  const chunks = events.slice(0, -1).map((event): Chunk => JSON.parse(event));
  const deltas = chunks.flatMap((chunk) => chunk.choices.map((choice) => choice.delta));
  const calls = deltas.flatMap((delta) => delta.tool_calls ?? []);
  return {
    content: deltas.map((delta) => delta.content ?? "").join(""),
    reasoning: deltas.map((delta) => delta.reasoning_content ?? "").join(""),
    finish: chunks.flatMap((chunk) => chunk.choices.flatMap((choice) => choice.finish_reason ?? [])),
    toolNames: calls.flatMap((call) => call.function?.name ?? []),
    toolIds: calls.flatMap((call) => call.id ?? []),
    toolArguments: calls.map((call) => call.function?.arguments ?? "").join(""),
    usage: chunks.flatMap((chunk) => chunk.usage ?? []),
  };
}

describe.each(mounts)("%s mount: a vendor with a dialect of its own is served in OpenAI's", (mount) => {
  const gate = useGateway(mount);

  test("a whole answer with a tool call, its tokens and its cost", async () => {
    gate().upstream.on(PATH, json(recordedBody("anthropic/anthropic-tool-no-args")));
    const answer = await gate().chat(
      chatRequest("foreign", { tools: [tool], tool_choice: "required", unknown_field: 1 }),
    );
    expect(answer.status).toBe(200);
    const body = await answer.json();
    expect(body).toMatchObject({
      object: "chat.completion",
      choices: [
        {
          index: 0,
          finish_reason: "tool_calls",
          message: {
            role: "assistant",
            content: expect.stringContaining("I will update the current issue list"),
            tool_calls: [
              {
                id: "toolu_01LRmxn9vGM1d2DZSDBowdZ1",
                type: "function",
                function: { name: "updateIssueList", arguments: "{}" },
              },
            ],
          },
        },
      ],
      usage: { prompt_tokens: 602, completion_tokens: 93, total_tokens: 695 },
    });
    expect(await gate().ledgerRow(answer)).toMatchObject({
      status: 200,
      input_tokens: 602n,
      output_tokens: 93n,
      cost_nano: 602_000n + 93n * 4_000n,
      finish_reason: "tool_calls",
      provider_name: "foreign-vendor",
      estimated: false,
    });
    const sent = gate().upstream.last();
    expect(sent.headers["x-api-key"]).toBe(credentials.foreign);
    expect(sent.headers.authorization).toBeUndefined();
    expect(JSON.parse(sent.body.toString())).toMatchObject({
      model: "foreign-model-1",
      max_tokens: expect.any(Number),
      tools: [{ name: "updateIssueList" }],
      tool_choice: { type: "any" },
    });
    expect(answer.headers.get("x-conduit-dropped")).toContain("unknown_field");
  });

  test("a stream with a tool call, cut at every byte", async () => {
    gate().upstream.on(
      PATH,
      stream(namedEvents(recordedEvents("anthropic/anthropic-json-tool.1")), { split: "every byte", everyMs: 0 }),
    );
    const answer = await gate().chat(chatRequest("foreign", { stream: true, stream_options: { include_usage: true } }));
    expect(answer.status).toBe(200);
    const made = assemble(await answer.text());
    expect(made).toMatchObject({
      finish: ["tool_calls"],
      toolNames: ["json"],
      toolIds: ["toolu_01KFbKqPYSuAKujiL6mTfzYA"],
    });
    expect(JSON.parse(made.toolArguments)).toEqual({
      elements: [{ location: "San Francisco", temperature: 58, condition: "sunny" }],
    });
    expect(made.usage).toEqual([
      expect.objectContaining({ prompt_tokens: 849, completion_tokens: 47, total_tokens: 896 }),
    ]);
    expect(await gate().ledgerRow(answer)).toMatchObject({
      status: 200,
      stream: true,
      input_tokens: 849n,
      output_tokens: 47n,
      estimated: false,
    });
  });

  test("a stream with thinking; usage is not shown to a caller who did not ask", async () => {
    gate().upstream.on(PATH, stream(namedEvents(recordedEvents("anthropic/anthropic-clear-thinking.1"))));
    const answer = await gate().chat(chatRequest("foreign", { stream: true }));
    const text = await answer.text();
    const made = assemble(text);
    expect(made).toMatchObject({ content: "925 ÷ 5 = 185", finish: ["stop"], usage: [] });
    expect(made.reasoning).toContain("I need to divide that by 5.");
    expect(await gate().ledgerRow(answer)).toMatchObject({ status: 200, input_tokens: 69n, estimated: false });
  });

  test("the count that the vendor corrects at the end is the one that is billed", async () => {
    gate().upstream.on(PATH, stream(namedEvents(recordedEvents("anthropic/anthropic-message-delta-input-tokens"))));
    const answer = await gate().chat(chatRequest("foreign", { stream: true }));
    expect(assemble(await answer.text()).content).toBe("pong");
    expect(await gate().ledgerRow(answer)).toMatchObject({ input_tokens: 61n, output_tokens: 2n });
  });

  test.each([
    {
      status: 400,
      type: "invalid_request_error",
      message: "messages: roles must alternate",
      seen: 400,
      kind: "upstream_rejected",
    },
    { status: 401, type: "authentication_error", message: "invalid x-api-key", seen: 502, kind: "upstream_denied" },
    { status: 429, type: "rate_limit_error", message: "Too many requests", seen: 429, kind: "upstream_rate_limited" },
    { status: 529, type: "overloaded_error", message: "Overloaded", seen: 502, kind: "upstream_unavailable" },
  ])("its error $status $type in OpenAI's shape", async ({ status, type, message, seen, kind }) => {
    gate().upstream.on(PATH, json({ type: "error", error: { type, message } }, { status }));
    for (const streamed of [true, false]) {
      const answer = await gate().chat(chatRequest("foreign", { stream: streamed }));
      expect(answer.status).toBe(seen);
      const { error } = await answer.json();
      if (seen === 400) expect(error.message).toBe(message);
      expect(await gate().ledgerRow(answer)).toMatchObject({ error_kind: kind });
    }
  });

  test("an error event in mid-stream ends the stream with an error", async () => {
    const events = [
      ...recordedEvents("anthropic/anthropic-clear-thinking.1").slice(0, 5),
      { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
    ];
    gate().upstream.on(PATH, stream(namedEvents(events)));
    const answer = await gate().chat(chatRequest("foreign", { stream: true }));
    const received = eventsOf(await answer.text());
    expect(received).not.toContain("[DONE]");
    expect(JSON.parse(received.at(-1) ?? "")).toMatchObject({ error: { message: "Overloaded", type: "api_error" } });
  });

  test("what the vendor cannot be asked is refused with the field's path before it is called", async () => {
    const seen = gate().upstream.received.length;
    const answer = await gate().chat({
      model: "foreign",
      messages: [{ role: "user", content: [{ type: "image_url", image_url: {} }] }],
    });
    expect(answer.status).toBe(400);
    expect((await answer.json()).error.param).toMatch(/^messages\.0\.content/);
    expect(gate().upstream.received.length).toBe(seen);
  });
});
