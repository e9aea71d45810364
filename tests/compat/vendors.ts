import { json, namedEvents, openAiEvents, type Scenario, stream } from "@/tests/support/upstream";

/** What a vendor answers, whatever its dialect. */
export type Said = { text?: string; calls?: readonly { id: string; name: string; args: object }[] };

/** A vendor of one dialect: the fixture's model that it serves, and how it says things. */
export type Vendor = {
  name: string;
  model: string;
  path: string;
  /** Answers whole or streamed, as asked. */
  says(said: Said): Scenario;
  fails(status: number, message: string, headers?: Record<string, string>): Scenario;
  /** Whether a request's body brings this result of that tool call. */
  hasToolResult(body: unknown, callId: string, result: string): boolean;
};

const native: Vendor = {
  name: "a vendor that speaks OpenAI's dialect",
  model: "plain",
  path: "/v1/chat/completions",
  says: (said) =>
    asAsked(json(nativeWhole(said)), stream(openAiEvents(nativeChunks(said)), { split: [7, 40, 3, 100] })),
  fails: (status, message, headers = {}) =>
    json({ error: { message, type: "x", param: null, code: null } }, { status, headers }),
  hasToolResult: (body, callId, result) => holds(body, { role: "tool", tool_call_id: callId, content: result }),
};

const foreign: Vendor = {
  name: "a vendor with a dialect of its own",
  model: "foreign",
  path: "/v1/messages",
  says: (said) =>
    asAsked(json(foreignWhole(said)), stream(namedEvents(foreignEvents(said)), { split: [7, 40, 3, 100] })),
  fails: (status, message, headers = {}) => json({ type: "error", error: { type: "x", message } }, { status, headers }),
  hasToolResult: (body, callId, result) => holds(body, { type: "tool_result", tool_use_id: callId, content: result }),
};

/** Both kinds of upstream that a client may have behind one model name. */
export const vendors: readonly Vendor[] = [native, foreign];

function asAsked(whole: Scenario, streamed: Scenario): Scenario {
  return (request, response) =>
    (JSON.parse(request.body.toString()).stream === true ? streamed : whole)(request, response);
}

function nativeWhole({ text, calls }: Said): object {
  const toolCalls = calls?.map(({ id, name, args }) => ({
    id,
    type: "function",
    function: { name, arguments: JSON.stringify(args) },
  }));
  return {
    id: "chatcmpl-7",
    object: "chat.completion",
    created: 1_790_000_000,
    model: "vendor-model-1",
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: text ?? null,
          refusal: null,
          ...(toolCalls && { tool_calls: toolCalls }),
        },
        logprobs: null,
        finish_reason: calls ? "tool_calls" : "stop",
      },
    ],
    usage: { prompt_tokens: 11, completion_tokens: 5, total_tokens: 16 },
  };
}

function nativeChunks({ text, calls }: Said): object[] {
  const chunk = (delta: object, finish: string | null = null): object => ({
    id: "chatcmpl-7",
    object: "chat.completion.chunk",
    created: 1_790_000_000,
    model: "vendor-model-1",
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  });
  const tools = (calls ?? []).flatMap(({ id, name, args }, index) => [
    chunk({ tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] }),
    ...halves(JSON.stringify(args)).map((piece) => chunk({ tool_calls: [{ index, function: { arguments: piece } }] })),
  ]);
  return [
    chunk({ role: "assistant", content: calls ? null : "" }),
    ...(text === undefined ? [] : halves(text).map((content) => chunk({ content }))),
    ...tools,
    chunk({}, calls ? "tool_calls" : "stop"),
    { ...chunk({}), choices: [], usage: { prompt_tokens: 11, completion_tokens: 5, total_tokens: 16 } },
  ];
}

const foreignUsage = { input_tokens: 11, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 5 };

function foreignBlocks({ text, calls }: Said): object[] {
  return [
    ...(text === undefined ? [] : [{ type: "text", text }]),
    ...(calls ?? []).map(({ id, name, args }) => ({ type: "tool_use", id, name, input: args })),
  ];
}

function foreignWhole(said: Said): object {
  return {
    id: "msg_7",
    type: "message",
    role: "assistant",
    model: "foreign-model-1",
    content: foreignBlocks(said),
    stop_reason: said.calls ? "tool_use" : "end_turn",
    stop_sequence: null,
    usage: foreignUsage,
  };
}

function foreignEvents(said: Said): { type: string }[] {
  const opening = {
    id: "msg_7",
    type: "message",
    role: "assistant",
    model: "foreign-model-1",
    content: [],
    stop_reason: null,
    stop_sequence: null,
  };
  const texts = (said.text === undefined ? [] : [said.text]).map((text) => ({
    block: { type: "text", text: "" },
    deltas: halves(text).map((piece) => ({ type: "text_delta", text: piece })),
  }));
  const tools = (said.calls ?? []).map(({ id, name, args }) => ({
    block: { type: "tool_use", id, name, input: {} },
    deltas: halves(JSON.stringify(args)).map((piece) => ({ type: "input_json_delta", partial_json: piece })),
  }));
  const blocks = [...texts, ...tools].flatMap(({ block, deltas }, index) => [
    { type: "content_block_start", index, content_block: block },
    ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
    { type: "content_block_stop", index },
  ]);
  const started = { type: "message_start", message: { ...opening, usage: { ...foreignUsage, output_tokens: 1 } } };
  const stopReason = said.calls ? "tool_use" : "end_turn";
  const closing = { delta: { stop_reason: stopReason, stop_sequence: null }, usage: { output_tokens: 5 } };
  return [started, ...blocks, { type: "message_delta", ...closing }, { type: "message_stop" }];
}

function halves(text: string): string[] {
  const middle = Math.ceil(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)];
}

/** Whether some object inside `value` has all of these fields; a content may also be a list with that one text. */
function holds(value: unknown, fields: Readonly<Record<string, string>>): boolean {
  if (Array.isArray(value)) return value.some((one) => holds(one, fields));
  if (typeof value !== "object" || value === null) return false;
  const entries = new Map(Object.entries(value));
  const matches = Object.entries(fields).every(([name, wanted]) => {
    const found: unknown = entries.get(name);
    return (
      found === wanted ||
      (name === "content" && Array.isArray(found) && found.length === 1 && holds(found, { text: wanted }))
    );
  });
  return matches || [...entries.values()].some((one) => holds(one, fields));
}
