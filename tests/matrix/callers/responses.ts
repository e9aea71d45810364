import type { Caller, Wish } from "@/tests/matrix/callers/caller";
import { at, events, list, number, parsed, text } from "@/tests/matrix/json";
import { IMAGE, type Said, schema, type Tokens, tools } from "@/tests/matrix/said";

function body({ model, prompt, feature, stream }: Wish): Record<string, unknown> {
  const image = { type: "input_image", image_url: `data:image/png;base64,${IMAGE}`, detail: "auto" };
  const content = [{ type: "input_text", text: prompt }, ...(feature === "image" ? [image] : [])];
  return {
    model,
    store: false,
    input: [{ role: "user", content }],
    ...(stream && { stream: true }),
    ...(feature.endsWith("tools") && {
      tools: tools.map((tool) => ({ type: "function", strict: false, ...tool })),
    }),
    ...(feature === "reasoning" && { reasoning: { effort: "high", summary: "auto" } }),
    ...(feature === "structured" && {
      text: { format: { type: "json_schema", name: "answer", strict: true, schema } },
    }),
  };
}

function tokensOf(usage: unknown): Tokens | undefined {
  if (!usage) return undefined;
  return {
    input: number(usage, "input_tokens"),
    cached: number(usage, "input_tokens_details", "cached_tokens"),
    output: number(usage, "output_tokens"),
    reasoning: number(usage, "output_tokens_details", "reasoning_tokens"),
  };
}

function finishOf(response: unknown, called: boolean): string | undefined {
  if (at(response, "status") === "completed") return called ? "tool_calls" : "stop";
  const reason = text(response, "incomplete_details", "reason");
  return reason === "max_output_tokens" ? "length" : reason;
}

function read(response: unknown): Said {
  const output = list(response, "output");
  const of = (type: string) => output.filter((item) => at(item, "type") === type);
  const texts = (items: readonly unknown[], field: string) =>
    items.flatMap((item) => list(item, field).map((part) => text(part, "text") || text(part, "refusal")));
  const calls = of("function_call").map((item) => ({
    id: text(item, "call_id"),
    name: text(item, "name"),
    input: parsed(text(item, "arguments") || "{}"),
  }));
  return {
    text: texts(of("message"), "content").join(""),
    reasoning: [...texts(of("reasoning"), "summary"), ...texts(of("reasoning"), "content")].join(""),
    calls,
    finish: finishOf(response, calls.length > 0),
    tokens: tokensOf(at(response, "usage")),
  };
}

/** The whole response comes last; what was streamed before it must say the same. */
function readStream(stream: string): Said {
  const all = events(stream);
  const last = all.at(-1);
  if (!["response.completed", "response.incomplete"].includes(text(last, "type")))
    throw new Error(`The stream does not end with a whole response:\n${stream}`);
  const whole = read(at(last, "response"));
  const joined = (type: string) =>
    all
      .filter((event) => at(event, "type") === type)
      .map((event) => text(event, "delta"))
      .join("");
  const streamed = joined("response.output_text.delta") + joined("response.refusal.delta");
  if (streamed !== whole.text) throw new Error(`The deltas say ${streamed}, the response ${whole.text}.`);
  const thought = joined("response.reasoning_summary_text.delta") + joined("response.reasoning_text.delta");
  if (thought !== whole.reasoning) throw new Error(`The deltas think ${thought}, the response ${whole.reasoning}.`);
  for (const { id, input } of whole.calls) {
    const added = all.find(
      (event) => at(event, "type") === "response.output_item.added" && at(event, "item", "call_id") === id,
    );
    const args = all
      .filter(
        (event) =>
          at(event, "type") === "response.function_call_arguments.delta" &&
          at(event, "item_id") === at(added, "item", "id"),
      )
      .map((event) => text(event, "delta"))
      .join("");
    if (JSON.stringify(parsed(args || "{}")) !== JSON.stringify(input))
      throw new Error(`The deltas of ${id} say ${args}, the response ${JSON.stringify(input)}.`);
  }
  return whole;
}

export const responses: Caller = {
  id: "responses",
  path: () => "/v1/responses",
  body,
  followUp: (request, answer, results) => {
    const output = list(answer, "output");
    const calls = output.filter((item) => at(item, "type") === "function_call");
    const given = results.map((one, index) => ({
      type: "function_call_output",
      call_id: at(calls[index], "call_id"),
      output: one,
    }));
    return { ...request, input: [...list(request, "input"), ...output, ...given] };
  },
  read,
  readStream,
  errorOf: (error) => {
    if (at(error, "type") === "response.failed") return text(error, "response", "error", "message");
    if (at(error, "type") === "error") return text(error, "message");
    return text(error, "error", "type") ? text(error, "error", "message") : undefined;
  },
  lacks: {},
};
