import { isRecord, listOf, textOf } from "@/server/wire/json";
import { textIn } from "@/tests/compat/vendors/chat";
import { type Heard, type Result, type Said, tokens } from "@/tests/compat/vendors/model";
import {
  halves,
  type JsonObject,
  onlyKnows,
  pictureOf,
  Refusal,
  type Tongue,
  type TypedEvent,
} from "@/tests/compat/vendors/vendor";
import { namedEvents, type Received } from "@/tests/support/upstream";

const FIELDS = [
  ...["model", "max_tokens", "messages", "system", "stream", "temperature", "top_p", "top_k", "stop_sequences"],
  ...["tools", "tool_choice", "thinking", "metadata", "service_tier", "output_config", "cache_control"],
];
const BLOCKS = ["text", "image", "tool_use", "tool_result", "thinking", "redacted_thinking"];

/** What this vendor signs its thinking with. */
const CLAUDE_SIGNATURE = "c2lnbmVkIGJ5IGNsYXVkZQ==";

/** Anthropic's Messages, with the refusals that its documentation names. */
export const messagesTongue: Tongue = {
  hear,
  whole: (said) => ({
    ...opening(),
    content: blocksOf(said),
    stop_reason: said.calls ? "tool_use" : "end_turn",
    usage: usage(tokens.output),
  }),
  events: (said) => eventsOf(said).map((event) => namedEvents([event])),
  opening: 3,
  refusal: (status, message) => ({ type: "error", error: { type: ERRORS[status] ?? "api_error", message } }),
};

const ERRORS: Readonly<Record<number, string>> = { 400: "invalid_request_error", 429: "rate_limit_error" };

function hear(body: JsonObject, { headers }: Received): Heard {
  if (headers["x-api-key"] === undefined) throw new Refusal("x-api-key header is required", 401);
  if (headers["anthropic-version"] === undefined) throw new Refusal("anthropic-version: header is required");
  onlyKnows(body, FIELDS, "the request");
  if (typeof body.max_tokens !== "number") throw new Refusal("max_tokens: Field required");
  const turns = listOf(body.messages).filter(isRecord);
  const thinks = isRecord(body.thinking) && body.thinking.type !== "disabled";
  const { results, signed } = resultsOf(turns);
  if (thinks && results.length > 0 && !signed)
    throw new Refusal("Expected `thinking`, but found `tool_use`: a final assistant message must start with thinking.");
  const output = isRecord(body.output_config) && isRecord(body.output_config.format) ? body.output_config.format : {};
  if (output.schema !== undefined) closed(output.schema);
  const said = listOf(turns.findLast(({ role }) => role === "user")?.content);
  return {
    stream: body.stream === true,
    prompt: textIn(turns.findLast(({ role, content }) => role === "user" && textIn(content) !== "")?.content),
    system: textIn(body.system),
    tools: listOf(body.tools).flatMap(toolOf),
    forced: isRecord(body.tool_choice) && (textOf(body.tool_choice.name) ?? body.tool_choice.type === "any"),
    results,
    pictures: said.flatMap((block) => (isRecord(block) && isRecord(block.source) ? [picture(block.source)] : [])),
    schema: output.schema,
    thinks,
    signed,
  };
}

function picture({ type, media_type, data }: JsonObject): { type: string; bytes: number } {
  if (type !== "base64") throw new Refusal(`Unexpected source ${String(type)}`);
  return pictureOf(`data:${String(media_type)};base64,${String(data)}`);
}

function toolOf(tool: unknown): { name: string; schema: unknown }[] {
  if (!isRecord(tool)) return [];
  if (!isRecord(tool.input_schema) || tool.input_schema.type !== "object")
    throw new Refusal("tools.0.custom.input_schema.type: Field required");
  return [{ name: String(tool.name), schema: tool.input_schema }];
}

/** Structured output is for closed objects alone. */
function closed(schema: unknown): void {
  if (!isRecord(schema)) return;
  if (schema.type === "object" && schema.additionalProperties !== false)
    throw new Refusal("output_config.format.schema: For 'object' type, 'additionalProperties' must be set to false");
  for (const value of Object.values(schema)) for (const one of [value, ...listOf(value)]) closed(one);
  if (isRecord(schema.properties)) for (const one of Object.values(schema.properties)) closed(one);
}

/** Pairs each call with its result, which must stand in the next turn. */
function resultsOf(turns: readonly JsonObject[]): { results: Result[]; signed: boolean } {
  let results: Result[] = [];
  let signed = true;
  for (const [index, { role, content }] of turns.entries()) {
    if (role !== "user" && role !== "assistant") throw new Refusal(`messages.${index}.role: ${String(role)}`);
    const blocks = listOf(content).filter(isRecord);
    for (const { type } of blocks)
      if (!BLOCKS.includes(String(type))) throw new Refusal(`messages.${index}.content: ${String(type)}`);
    if (role === "user" && textIn(content) !== "") results = [];
    for (const { signature } of blocks.filter(({ type }) => type === "thinking"))
      if (signature !== CLAUDE_SIGNATURE) throw new Refusal("Invalid `signature` in `thinking` block");
    const calls = blocks.filter(({ type }) => type === "tool_use");
    if (calls.length > 0) signed &&= blocks[0]?.type === "thinking";
    const answers = listOf(turns[index + 1]?.content).filter(isRecord);
    for (const { id, name, input } of calls) {
      const answer = answers.find(({ tool_use_id }) => tool_use_id === id);
      if (!answer) throw new Refusal(`\`tool_use\` ids were found without \`tool_result\` blocks: ${String(id)}`);
      results.push({ name: String(name), args: input, result: textIn(answer.content) });
    }
  }
  return { results, signed };
}

function opening() {
  const model = "claude-sonnet-4-5-20250929";
  return {
    id: "msg_7",
    type: "message",
    role: "assistant",
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
  };
}

function usage(output: number) {
  return {
    input_tokens: tokens.input,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: output,
    service_tier: "standard",
  };
}

function blocksOf({ thinking, text, calls = [] }: Said): JsonObject[] {
  return [
    ...(thinking === undefined ? [] : [{ type: "thinking", thinking, signature: CLAUDE_SIGNATURE }]),
    ...(text === undefined ? [] : [{ type: "text", text }]),
    ...calls.map(({ name, args }, index) => ({ type: "tool_use", id: `toolu_0${index}`, name, input: args })),
  ];
}

function eventsOf(said: Said): TypedEvent[] {
  const blocks = blocksOf(said).flatMap((block, index) => {
    const { start, deltas } = streamed(block);
    return [
      { type: "content_block_start", index, content_block: start },
      ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
      { type: "content_block_stop", index },
    ];
  });
  const delta = { stop_reason: said.calls ? "tool_use" : "end_turn", stop_sequence: null };
  return [
    { type: "message_start", message: { ...opening(), usage: usage(1) } },
    ...blocks,
    { type: "message_delta", delta, usage: { output_tokens: tokens.output } },
    { type: "message_stop" },
  ];
}

function streamed(block: JsonObject): { start: JsonObject; deltas: object[] } {
  if (block.type === "text")
    return {
      start: { type: "text", text: "" },
      deltas: halves(String(block.text)).map((text) => ({ type: "text_delta", text })),
    };
  if (block.type === "thinking") {
    const thoughts = halves(String(block.thinking)).map((thinking) => ({ type: "thinking_delta", thinking }));
    const signature = { type: "signature_delta", signature: block.signature };
    return { start: { type: "thinking", thinking: "", signature: "" }, deltas: [...thoughts, signature] };
  }
  const pieces = halves(JSON.stringify(block.input));
  return {
    start: { ...block, input: {} },
    deltas: pieces.map((partial_json) => ({ type: "input_json_delta", partial_json })),
  };
}
