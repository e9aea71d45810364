import type { MessageCreateParams } from "@anthropic-ai/sdk/resources/beta/messages/messages";
import type { JSONOutputFormat } from "@anthropic-ai/sdk/resources/messages/messages";
import { z } from "zod";
import { encodeMessages } from "@/server/providers/anthropic/encode-messages";
import { encodeText } from "@/server/providers/anthropic/encode-parts";
import { type EncodedThinking, encodeThinking, isThinking } from "@/server/providers/anthropic/encode-thinking";
import { encodeTools, isForced } from "@/server/providers/anthropic/encode-tools";
import { endpoint, requestHeaders } from "@/server/providers/anthropic/endpoint";
import { type ModelFacts, modelFacts } from "@/server/providers/anthropic/models";
import { outputSchema } from "@/server/providers/anthropic/output-schema";
import { checked } from "@/server/providers/anthropic/wire";
import { askedFields, lostInMessages } from "@/server/providers/lost-fields";
import type { Encoded, Target } from "@/server/providers/provider";
import type { ChatRequest } from "@/server/wire/chat";
import { isRecord, listOf, textOf } from "@/server/wire/json";

/** Fields that are translated, from OpenAI's names or Anthropic's own. */
const TRANSLATED = [
  ...["model", "messages", "system", "stream", "stream_options", "max_tokens", "max_completion_tokens"],
  ...["temperature", "top_p", "top_k", "stop", "stop_sequences", "tools", "tool_choice", "parallel_tool_calls"],
  ...["reasoning_effort", "thinking", "response_format", "output_config"],
  ...["user", "safety_identifier", "metadata", "service_tier"],
];

/** Anthropic's own fields that pass as they are. Those that change a call's price (speed, region, fallback models) do not. */
const NATIVE = [
  "cache_control",
  "compaction",
  "container",
  "context_management",
  "diagnostics",
  "mcp_servers",
  "thread",
] as const satisfies readonly (keyof MessageCreateParams)[];

/**
 * A canonical request as Anthropic's `POST /v1/messages`. Anthropic demands `max_tokens`: without one from the caller it is
 * the most that the model can produce, as an absent limit means at OpenAI. Usage is always streamed, so `stream_options`
 * needs no counterpart. Source: Anthropic API reference, "Create a Message", version 2023-06-01.
 */
export function encode(canonical: ChatRequest, target: Target): Encoded {
  const { body, dropped } = encodeBody(restored(canonical), target);
  const headers = { "content-type": "application/json", ...requestHeaders(target) };
  const url = endpoint(target, "/messages");
  return { request: { method: "POST", url, headers, body: JSON.stringify(body) }, dropped };
}

/** Settings that a caller of the Messages API made, in place of what they were translated to. */
function restored(request: ChatRequest): ChatRequest {
  const { messages_api: settings, ...rest } = request;
  if (!isRecord(settings)) return request;
  delete rest.reasoning_effort;
  delete rest.response_format;
  return { ...settings, ...rest, stream: request.stream };
}

function encodeBody(request: ChatRequest, target: Target): { body: Record<string, unknown>; dropped: string[] } {
  const dropped = new Set<string>(lost(request));
  const facts = modelFacts(target.model);
  const { system, turns } = encodeMessages(request.messages, facts.systemTurns);
  const instructions = [
    ...(request.system === undefined || request.system === null ? [] : encodeText(request.system, "system")),
    ...system,
  ];
  const maxTokens = request.max_completion_tokens ?? request.max_tokens ?? facts.maxOutputTokens;
  const tools = encodeTools(request, facts, dropped);
  const forcedTool = isForced(tools.tool_choice);
  const thinking = encodeThinking(request, { facts, maxTokens, turns, forcedTool, dropped });
  const outputConfig = encodeOutput(request, thinking, dropped);
  const body = {
    ...nativeFields(request),
    model: target.model,
    max_tokens: maxTokens,
    ...(instructions.length > 0 && { system: instructions }),
    messages: turns,
    ...tools,
    ...(thinking.thinking !== undefined && { thinking: thinking.thinking }),
    ...(Object.keys(outputConfig).length > 0 && { output_config: outputConfig }),
    ...sampling(request, { facts, thinking, dropped }),
    ...stopSequences(request, dropped),
    ...metadata(request, dropped),
    ...serviceTier(request, dropped),
    ...(request.stream && { stream: true }),
  };
  return { body, dropped: [...dropped] };
}

function nativeFields(request: ChatRequest): Record<string, unknown> {
  return Object.fromEntries(
    NATIVE.flatMap((field) => {
      const value = request[field];
      return value === undefined || value === null ? [] : [[field, value] as const];
    }),
  );
}

const KNOWN: ReadonlySet<string> = new Set([...TRANSLATED, ...NATIVE]);

/** What the caller asked for and does not get: OpenAI's fields without a counterpart, and those that neither knows. */
function lost(request: ChatRequest): string[] {
  return [...askedFields(request, KNOWN), ...lostInMessages(request), ...lostDetail(request)];
}

/** How closely an image is looked at is not the caller's to say here. */
function lostDetail({ messages }: ChatRequest): string[] {
  const asked = messages.some(({ content }) =>
    listOf(content).some((part) => {
      const detail = isRecord(part) && isRecord(part.image_url) ? part.image_url.detail : undefined;
      return detail !== undefined && detail !== null && detail !== "auto";
    }),
  );
  return asked ? ["messages.content.image_url.detail"] : [];
}

const JsonSchemaFormat = z.looseObject({
  json_schema: z.looseObject({ schema: z.record(z.string(), z.unknown()).nullish() }),
});

/** `json_object` has no counterpart; OpenAI demands that the prompt asks for JSON as well, so the caller already does. */
function encodeOutput(
  request: ChatRequest,
  { effort }: EncodedThinking,
  dropped: Set<string>,
): Record<string, unknown> {
  const own = checked(z.looseObject({}).nullish(), request.output_config, "output_config");
  return { ...(effort && { effort }), ...outputFormat(request, dropped), ...own };
}

function outputFormat(request: ChatRequest, dropped: Set<string>): { format?: JSONOutputFormat } {
  const format = request.response_format;
  if (!isRecord(format) || format.type === "text") return {};
  const schema =
    format.type === "json_schema" ? checked(JsonSchemaFormat, format, "response_format").json_schema.schema : undefined;
  if (schema) {
    const taken = outputSchema(schema, dropped, "response_format.json_schema.schema");
    return { format: { type: "json_schema", schema: taken } };
  }
  dropped.add("response_format");
  return {};
}

type SamplingSituation = { facts: ModelFacts; thinking: EncodedThinking; dropped: Set<string> };

/** OpenAI's temperature goes to 2, Anthropic's to 1: what is above is taken as 1, and said. Models that think take no sampling at all. */
function sampling(request: ChatRequest, { facts, thinking, dropped }: SamplingSituation): Record<string, unknown> {
  if (typeof request.temperature === "number" && request.temperature > 1) dropped.add("temperature");
  const wanted = {
    temperature: typeof request.temperature === "number" ? Math.min(1, Math.max(0, request.temperature)) : undefined,
    top_p: request.top_p ?? undefined,
    top_k: request.top_k ?? undefined,
  };
  const none = facts.sampling === "none" || isThinking(thinking.thinking);
  const refusedFields = none ? ["temperature", "top_p", "top_k"] : [];
  if (facts.sampling === "one" && wanted.temperature !== undefined) refusedFields.push("top_p");
  return Object.fromEntries(
    Object.entries(wanted).filter(([field, value]) => {
      if (value === undefined) return false;
      if (!refusedFields.includes(field)) return true;
      // One is the default of both: leaving it out changes nothing.
      if (value !== 1 || field === "top_k") dropped.add(field);
      return false;
    }),
  );
}

/** The API refuses stop sequences of white space alone. */
function stopSequences(request: ChatRequest, dropped: Set<string>): { stop_sequences?: unknown } {
  if (Array.isArray(request.stop_sequences)) return { stop_sequences: request.stop_sequences };
  const stop = typeof request.stop === "string" ? [request.stop] : (request.stop ?? []);
  const usable = stop.filter((text) => text.trim() !== "");
  if (usable.length < stop.length) dropped.add("stop");
  return usable.length > 0 ? { stop_sequences: usable } : {};
}

/** Anthropic's metadata is a user's id and nothing else. */
function metadata(request: ChatRequest, dropped: Set<string>): { metadata?: { user_id: string } } {
  const own = isRecord(request.metadata) ? request.metadata : {};
  if (Object.keys(own).some((key) => key !== "user_id")) dropped.add("metadata");
  const userId = textOf(own.user_id) ?? textOf(request.user) ?? textOf(request.safety_identifier);
  return userId === undefined ? {} : { metadata: { user_id: userId } };
}

function serviceTier(request: ChatRequest, dropped: Set<string>): { service_tier?: "auto" | "standard_only" } {
  const tier = request.service_tier;
  if (tier === "auto" || tier === "standard_only") return { service_tier: tier };
  if (tier === "default") return { service_tier: "standard_only" };
  // Priority capacity is used where the operator has any, which is what `auto` means.
  if (tier === "priority") return { service_tier: "auto" };
  if (tier !== undefined && tier !== null) dropped.add("service_tier");
  return {};
}
