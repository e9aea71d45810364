import type { Caller, Wish } from "@/tests/matrix/callers/caller";
import { at, events, list, number, parsed, text } from "@/tests/matrix/json";
import { type Call, IMAGE, type Said, schema, type Tokens, tools } from "@/tests/matrix/said";

function body({ model, prompt, feature, stream }: Wish): Record<string, unknown> {
  const image = { type: "image_url", image_url: { url: `data:image/png;base64,${IMAGE}` } };
  const content = feature === "image" ? [{ type: "text", text: prompt }, image] : prompt;
  return {
    model,
    messages: [{ role: "user", content }],
    ...(stream && { stream: true, stream_options: { include_usage: true } }),
    ...(feature.endsWith("tools") && { tools: tools.map((tool) => ({ type: "function", function: tool })) }),
    ...(feature === "reasoning" && { reasoning_effort: "high" }),
    ...(feature === "structured" && {
      response_format: { type: "json_schema", json_schema: { name: "answer", strict: true, schema } },
    }),
  };
}

/** Pass-through keeps the vendors' own places of their reasoning. */
function thoughtOf(said: unknown): string {
  const pieces = list(said, "content").flatMap((piece) => list(piece, "thinking").map((part) => text(part, "text")));
  return text(said, "reasoning_content") || text(said, "reasoning") || pieces.join("");
}

function textOf(said: unknown): string {
  const pieces = list(said, "content").map((piece) => text(piece, "text"));
  return text(said, "content") || pieces.join("") || text(said, "refusal");
}

/** OpenAI's usage object as totals. */
export function tokensOf(usage: unknown): Tokens | undefined {
  if (!usage) return undefined;
  return {
    input: number(usage, "prompt_tokens"),
    cached: number(usage, "prompt_tokens_details", "cached_tokens"),
    output: number(usage, "completion_tokens"),
    reasoning: number(usage, "completion_tokens_details", "reasoning_tokens"),
  };
}

function callOf(call: unknown): Call {
  return {
    id: text(call, "id"),
    name: text(call, "function", "name"),
    input: parsed(text(call, "function", "arguments") || "{}"),
  };
}

function readStream(stream: string): Said {
  const chunks = events(stream);
  if (chunks.at(-1) !== "[DONE]") throw new Error(`The stream does not end with [DONE]:\n${stream}`);
  const choices = chunks.flatMap((chunk) => list(chunk, "choices"));
  const deltas = choices.map((choice) => at(choice, "delta"));
  const calls = new Map<unknown, { id: string; name: string; args: string }>();
  for (const call of deltas.flatMap((delta) => list(delta, "tool_calls"))) {
    const known = calls.get(at(call, "index")) ?? { id: "", name: "", args: "" };
    known.id ||= text(call, "id");
    known.name ||= text(call, "function", "name");
    known.args += text(call, "function", "arguments");
    calls.set(at(call, "index"), known);
  }
  return {
    text: deltas.map(textOf).join(""),
    reasoning: deltas.map(thoughtOf).join(""),
    calls: [...calls.values()].map(({ id, name, args }) => ({ id, name, input: parsed(args || "{}") })),
    finish: choices.map((choice) => text(choice, "finish_reason")).findLast((reason) => reason !== ""),
    tokens: tokensOf(chunks.map((chunk) => at(chunk, "usage")).findLast((usage) => usage)),
  };
}

export const chat: Caller = {
  id: "chat",
  path: () => "/v1/chat/completions",
  body,
  followUp: (request, answer, results) => {
    const message = at(answer, "choices", 0, "message");
    const calls = list(message, "tool_calls");
    const given = results.map((content, index) => ({ role: "tool", tool_call_id: at(calls[index], "id"), content }));
    return { ...request, messages: [...list(request, "messages"), message, ...given] };
  },
  read: (answer) => {
    const message = at(answer, "choices", 0, "message");
    return {
      text: textOf(message),
      reasoning: thoughtOf(message),
      calls: list(message, "tool_calls").map(callOf),
      finish: text(answer, "choices", 0, "finish_reason"),
      tokens: tokensOf(at(answer, "usage")),
    };
  },
  readStream,
  errorOf: (error) => (text(error, "error", "type") ? text(error, "error", "message") : undefined),
  lacks: {},
};
