import type { Caller, Wish } from "@/tests/matrix/callers/caller";
import { at, events, list, number, parsed, text } from "@/tests/matrix/json";
import { IMAGE, type Said, schema, type Tokens, tools } from "@/tests/matrix/said";

function body({ model, prompt, feature, stream }: Wish): Record<string, unknown> {
  const image = { type: "image", source: { type: "base64", media_type: "image/png", data: IMAGE } };
  const content = feature === "image" ? [{ type: "text", text: prompt }, image] : prompt;
  return {
    model,
    max_tokens: 4096,
    messages: [{ role: "user", content }],
    ...(stream && { stream: true }),
    ...(feature.endsWith("tools") && {
      tools: tools.map(({ name, description, parameters }) => ({ name, description, input_schema: parameters })),
    }),
    ...(feature === "reasoning" && { thinking: { type: "enabled", budget_tokens: 2048 } }),
    ...(feature === "structured" && { output_config: { format: { type: "json_schema", schema } } }),
  };
}

const FINISH: Record<string, string> = {
  end_turn: "stop",
  stop_sequence: "stop",
  pause_turn: "stop",
  tool_use: "tool_calls",
  max_tokens: "length",
  refusal: "content_filter",
};

function tokensOf(usage: unknown): Tokens | undefined {
  if (!usage) return undefined;
  // Shortening what came before is counted apart from the message.
  const rounds = [usage, ...list(usage, "iterations").filter((round) => at(round, "type") === "compaction")];
  const sum = (name: string) => rounds.reduce<number>((all, round) => all + (number(round, name) ?? 0), 0);
  const cached = sum("cache_read_input_tokens");
  return {
    input: sum("input_tokens") + cached + sum("cache_creation_input_tokens"),
    cached,
    output: sum("output_tokens"),
    reasoning: number(usage, "output_tokens_details", "thinking_tokens"),
  };
}

type Ended = { stop: string; explanation: string; usage: unknown };

/** What a message's blocks say; blocks of tools that ran at the vendor are no calls. */
function saidBy(blocks: readonly unknown[], { stop, explanation, usage }: Ended): Said {
  const of = (type: string) => blocks.filter((block) => at(block, "type") === type);
  return {
    text:
      of("text")
        .map((block) => text(block, "text"))
        .join("") || explanation,
    reasoning: of("thinking")
      .map((block) => text(block, "thinking"))
      .join(""),
    calls: of("tool_use").map((block) => ({
      id: text(block, "id"),
      name: text(block, "name"),
      input: at(block, "input"),
    })),
    finish: FINISH[stop] ?? stop,
    tokens: tokensOf(usage),
  };
}

type Block = Record<string, unknown> & { text?: string; thinking?: string; json?: string };

function readStream(stream: string): Said {
  const all = events(stream);
  if (at(all, -1, "type") !== "message_stop") throw new Error(`The stream does not end with message_stop:\n${stream}`);
  const blocks = new Map<unknown, Block>();
  let usage: Record<string, unknown> = {};
  let stop = "";
  let explanation = "";
  for (const event of all) {
    const type = at(event, "type");
    const block = blocks.get(at(event, "index"));
    if (type === "message_start") {
      // Some answers begin with blocks of the turn before.
      for (const [index, begun] of list(event, "message", "content").entries()) blocks.set(index, { ...Object(begun) });
      usage = { ...Object(at(event, "message", "usage")) };
      stop = text(event, "message", "stop_reason");
    }
    if (type === "content_block_start") {
      if (block) throw new Error(`A content block began twice:\n${stream}`);
      blocks.set(at(event, "index"), { ...Object(at(event, "content_block")), json: "" });
    }
    if (type === "content_block_delta" && block) {
      const delta = at(event, "delta");
      if (at(delta, "type") === "text_delta") block.text = (block.text ?? "") + text(delta, "text");
      if (at(delta, "type") === "thinking_delta") block.thinking = (block.thinking ?? "") + text(delta, "thinking");
      if (at(delta, "type") === "input_json_delta") block.json = (block.json ?? "") + text(delta, "partial_json");
    }
    if (type === "message_delta") {
      stop = text(event, "delta", "stop_reason");
      explanation = text(event, "delta", "stop_details", "explanation");
      usage = { ...usage, ...Object(at(event, "usage")) };
    }
  }
  const whole = [...blocks.values()].map((block) =>
    block.type === "tool_use" && block.json ? { ...block, input: parsed(block.json) } : block,
  );
  return saidBy(whole, { stop, explanation, usage });
}

export const messages: Caller = {
  id: "messages",
  path: () => "/v1/messages",
  body,
  followUp: (request, answer, results) => {
    const content = list(answer, "content");
    const calls = content.filter((block) => at(block, "type") === "tool_use");
    const given = results.map((one, index) => ({
      type: "tool_result",
      tool_use_id: at(calls[index], "id"),
      content: one,
    }));
    return {
      ...request,
      messages: [...list(request, "messages"), { role: "assistant", content }, { role: "user", content: given }],
    };
  },
  read: (answer) =>
    saidBy(list(answer, "content"), {
      stop: text(answer, "stop_reason"),
      explanation: text(answer, "stop_details", "explanation"),
      usage: at(answer, "usage"),
    }),
  readStream,
  errorOf: (error) =>
    at(error, "type") === "error" && text(error, "error", "type") ? text(error, "error", "message") : undefined,
  lacks: {},
};
