import { at, halves, list, text } from "@/tests/matrix/json";
import { type Asked, lines, type Play, USED } from "@/tests/matrix/said";
import { cutShort, type Family, sse } from "@/tests/matrix/vendors/family";

const usage = {
  input_tokens: USED.fresh + USED.cached,
  input_tokens_details: { cached_tokens: USED.cached },
  output_tokens: USED.seen + USED.reasoning,
  output_tokens_details: { reasoning_tokens: USED.reasoning },
  total_tokens: USED.fresh + USED.cached + USED.seen + USED.reasoning,
};

function asked(body: unknown): Asked {
  const items = list(body, "input");
  const parts = items.flatMap((item) => list(item, "content"));
  return {
    prompt: parts.map((part) => text(part, "text")).join("\n"),
    tools: list(body, "tools").map((tool) => text(tool, "name")),
    images: parts.flatMap((part) => {
      const url = text(part, "image_url");
      return url.startsWith("data:") ? [url.slice(url.indexOf(",") + 1)] : [];
    }),
    effort: at(body, "reasoning", "effort"),
    schema: at(body, "text", "format", "schema"),
    results: items.flatMap((item) => (at(item, "type") === "function_call_output" ? [text(item, "output")] : [])),
  };
}

function response(output: readonly object[], status = "completed"): object {
  const base = { id: "resp_m1", object: "response", created_at: 1_790_000_000, model: "served-model", error: null };
  return {
    ...base,
    status,
    incomplete_details: null,
    output,
    parallel_tool_calls: true,
    tool_choice: "auto",
    tools: [],
    usage: status === "completed" ? usage : null,
  };
}

function outputOf(play: Play): object[] {
  const { thought, text: said, calls } = lines(play);
  const part = { type: "output_text", text: said, annotations: [], logprobs: [] };
  return [
    ...(thought === "" ? [] : [{ type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: thought }] }]),
    { type: "message", id: "msg_1", status: "completed", role: "assistant", content: [part] },
    ...calls.map(({ id, name, input }) => ({
      type: "function_call",
      id: `fc_${id}`,
      call_id: id,
      name,
      arguments: JSON.stringify(input),
      status: "completed",
    })),
  ];
}

function eventsOf(item: object, output_index: number): object[] {
  const item_id = text(item, "id");
  const kind = text(item, "type");
  const place = { item_id, output_index };
  const empty = kind === "message" ? { content: [] } : kind === "reasoning" ? { summary: [] } : { arguments: "" };
  const written = (type: string, words: string, more: object) =>
    halves(words).map((delta) => ({ type, ...place, ...more, delta }));
  const middle: Record<string, () => object[]> = {
    reasoning: () => [
      {
        type: "response.reasoning_summary_part.added",
        ...place,
        summary_index: 0,
        part: { type: "summary_text", text: "" },
      },
      ...written("response.reasoning_summary_text.delta", text(item, "summary", 0, "text"), { summary_index: 0 }),
      {
        type: "response.reasoning_summary_text.done",
        ...place,
        summary_index: 0,
        text: text(item, "summary", 0, "text"),
      },
    ],
    message: () => [
      {
        type: "response.content_part.added",
        ...place,
        content_index: 0,
        part: { type: "output_text", text: "", annotations: [] },
      },
      ...written("response.output_text.delta", text(item, "content", 0, "text"), { content_index: 0, logprobs: [] }),
      { type: "response.output_text.done", ...place, content_index: 0, text: text(item, "content", 0, "text") },
    ],
    function_call: () => [
      ...written("response.function_call_arguments.delta", text(item, "arguments"), {}),
      { type: "response.function_call_arguments.done", ...place, arguments: text(item, "arguments") },
    ],
  };
  return [
    { type: "response.output_item.added", output_index, item: { ...item, ...empty, status: "in_progress" } },
    ...(middle[kind]?.() ?? []),
    { type: "response.output_item.done", output_index, item },
  ];
}

/** A vendor's own endpoint for responses. */
export const responsesFamily: Family = {
  asked,
  whole: (play) => response(outputOf(play)),
  stream: (play) => {
    const output = outputOf(play);
    const all = [
      { type: "response.created", response: response([], "in_progress") },
      ...output.flatMap(eventsOf),
      { type: "response.completed", response: response(output) },
    ];
    return sse(cutShort(play, all).map((event, sequence_number) => ({ ...event, sequence_number })));
  },
  error: (_status, message) => ({ error: { message, type: "invalid_request_error", param: null, code: null } }),
  tells: { cached: true, reasoning: true },
};
