import type { Canonical, JsonObject } from "@/server/dialects/dialect";
import { toMessages } from "@/server/dialects/responses/input-items";
import { ResponsesRequest, refused } from "@/server/dialects/responses/schema";
import { toolFields } from "@/server/dialects/responses/tools";
import type { ChatRequest } from "@/server/wire/chat";
import { isRecord, listOf } from "@/server/wire/json";

/** Fields that are carried, or that the gateway itself honours: it keeps the response and its metadata, and streams as asked. */
const HANDLED = new Set([
  ...["model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "text", "reasoning"],
  ...["max_output_tokens", "temperature", "top_p", "top_logprobs", "include", "truncation", "metadata", "store"],
  ...["user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "service_tier"],
  ...["stream", "stream_options", "background", "conversation", "previous_response_id", "prompt"],
]);
const SAME_IN_CHAT = [
  ...["temperature", "top_p", "user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention"],
  "service_tier",
];
const LOGPROBS = "message.output_text.logprobs";
const INCLUDED = new Set([LOGPROBS, "reasoning.encrypted_content"]);

/**
 * A request for a response in the canonical form. What it refers to (`previous_response_id`, item references) must have been put
 * in its place before. Throws `invalid_request` with the path of what is malformed.
 */
export function toCanonical(body: JsonObject): Canonical {
  const asked = ResponsesRequest.parse(body);
  if (asked.prompt !== undefined && asked.prompt !== null)
    throw refused("prompt", "Stored prompts are not available for this model.");
  if (asked.previous_response_id)
    throw refused("previous_response_id", "The previous response cannot be continued with this model.");
  const dropped = new Set(Object.keys(asked).filter((name) => !HANDLED.has(name) && isGiven(asked[name])));
  if (asked.truncation === "auto") dropped.add("truncation");
  const messages = [...instructions(asked), ...toMessages(asked.input ?? undefined, dropped)];
  if (messages.length === 0) throw refused("input", "Expected a text or a list of input items.");
  const request: ChatRequest = {
    model: asked.model,
    messages,
    ...(asked.stream && { stream: true }),
    ...sameFields(asked),
    ...(asked.max_output_tokens && { max_completion_tokens: asked.max_output_tokens }),
    ...textFields(asked.text, dropped),
    ...reasoningFields(asked.reasoning, dropped),
    ...logprobFields(asked, dropped),
    ...toolFields(asked, dropped),
  };
  return { request, dropped: [...dropped] };
}

function instructions({ instructions: text }: ResponsesRequest): ChatRequest["messages"] {
  return text ? [{ role: "system", content: text }] : [];
}

function sameFields(asked: ResponsesRequest): JsonObject {
  return Object.fromEntries(SAME_IN_CHAT.flatMap((name) => (isGiven(asked[name]) ? [[name, asked[name]]] : [])));
}

function textFields(text: ResponsesRequest["text"], dropped: Set<string>): JsonObject {
  if (!text) return {};
  const { format, verbosity, ...rest } = text;
  for (const name of Object.keys(rest)) if (isGiven(rest[name])) dropped.add(`text.${name}`);
  return {
    ...(isGiven(verbosity) && { verbosity }),
    ...(format && format.type !== "text" && { response_format: responseFormat(format) }),
  };
}

function responseFormat({ type, ...rest }: { type: string } & JsonObject): JsonObject {
  if (type === "json_object") return { type };
  if (type !== "json_schema") throw refused("text.format.type", "Expected text, json_schema or json_object.");
  if (typeof rest.name !== "string" || rest.name === "")
    throw refused("text.format.name", "Expected the schema's name.");
  if (!isRecord(rest.schema)) throw refused("text.format.schema", "Expected a JSON schema.");
  return { type, json_schema: rest };
}

/** A summary is given wherever the upstream tells its reasoning, asked for or not. */
function reasoningFields(reasoning: ResponsesRequest["reasoning"], dropped: Set<string>): JsonObject {
  if (!reasoning) return {};
  const { effort, summary: _summary, generate_summary: _older, ...rest } = reasoning;
  for (const name of Object.keys(rest)) {
    if (isGiven(rest[name]) && rest[name] !== "auto") dropped.add(`reasoning.${name}`);
  }
  return isGiven(effort) ? { reasoning_effort: effort } : {};
}

function logprobFields({ include, top_logprobs }: ResponsesRequest, dropped: Set<string>): JsonObject {
  const included = listOf(include);
  if (included.some((name) => !INCLUDED.has(String(name)))) dropped.add("include");
  if (top_logprobs) return { logprobs: true, top_logprobs };
  return included.includes(LOGPROBS) ? { logprobs: true } : {};
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
