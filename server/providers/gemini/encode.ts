import { generationConfig } from "@/server/providers/gemini/encode-config";
import { encodeMessages } from "@/server/providers/gemini/encode-messages";
import { encodeText } from "@/server/providers/gemini/encode-parts";
import { encodeTools } from "@/server/providers/gemini/encode-tools";
import { endpoint, jsonHeaders } from "@/server/providers/gemini/endpoint";
import { modelFacts } from "@/server/providers/gemini/models";
import type { Encoded, Target } from "@/server/providers/provider";
import type { ChatRequest } from "@/server/wire/chat";
import { isRecord, listOf } from "@/server/wire/json";
import { lostSettings } from "@/server/wire/messages-form";

/** Fields that are translated, from OpenAI's names, Anthropic's or Google's own. */
const TRANSLATED: ReadonlySet<string> = new Set([
  ...["model", "messages", "system", "stream", "stream_options", "max_tokens", "max_completion_tokens", "n", "seed"],
  ...["temperature", "top_p", "top_k", "stop", "stop_sequences", "presence_penalty", "frequency_penalty"],
  ...["logprobs", "top_logprobs", "tools", "tool_choice", "parallel_tool_calls", "web_search_options"],
  ...["reasoning_effort", "thinking", "output_config", "response_format", "modalities", "audio"],
  ...["safety_settings", "cached_content", "extra_body", "google"],
]);

export type EncodedContent = { readonly body: Record<string, unknown>; readonly dropped: Set<string> };

/**
 * A canonical request as a body of generateContent. Safety settings and cached content are Google's alone: they are taken
 * from the request, or from `extra_body.google` as Google's OpenAI-compatible API has them; the provider's option
 * `safetySettings` holds for all that say none. Source: Gemini API reference, "models.generateContent".
 */
export function encodeContentRequest(request: ChatRequest, target: Target): EncodedContent {
  const dropped = new Set<string>(lost(request));
  const facts = modelFacts(target.model);
  const own = ownFields(request);
  const { system, contents } = encodeMessages(request.messages, { facts, dropped });
  const instructions = [...encodeText(request.system, "system", dropped), ...system];
  const tools = encodeTools(request, dropped);
  const config = generationConfig(request, { facts, own, hasTools: tools.tools !== undefined, dropped });
  const safety = own.safety_settings ?? own.safetySettings ?? target.options.safetySettings;
  const cached = own.cached_content ?? own.cachedContent;
  const body = {
    ...(instructions.length > 0 && { systemInstruction: { parts: instructions } }),
    contents,
    ...tools,
    ...(Object.keys(config).length > 0 && { generationConfig: config }),
    ...(Array.isArray(safety) && { safetySettings: safety }),
    ...(typeof cached === "string" && { cachedContent: cached }),
  };
  return { body, dropped };
}

/** A canonical request as `POST models/{model}:generateContent`, or its streamed form. */
export function encode(request: ChatRequest, target: Target): Encoded {
  const { body, dropped } = encodeContentRequest(request, target);
  const url = endpoint(target, request.stream ? "streamGenerateContent" : "generateContent");
  return {
    request: { method: "POST", url, headers: jsonHeaders(target), body: JSON.stringify(body) },
    dropped: [...dropped],
  };
}

function ownFields(request: ChatRequest): Record<string, unknown> {
  const extra = isRecord(request.extra_body) ? request.extra_body : {};
  return {
    ...(isRecord(extra.google) && extra.google),
    ...(isRecord(request.google) && request.google),
    ...(request.safety_settings !== undefined && { safety_settings: request.safety_settings }),
    ...(request.cached_content !== undefined && { cached_content: request.cached_content }),
  };
}

/** What the caller asked for and does not get. */
function lost(request: ChatRequest): string[] {
  // These names go into a header, so those that are no names stay out.
  const fields = Object.entries(request)
    .filter(([field, value]) => !TRANSLATED.has(field) && /^\w{1,64}$/.test(field) && asksForSomething(field, value))
    .flatMap(([field]) => (field === "messages_api" ? lostSettings(request) : [field]));
  const names = request.messages.some(
    ({ role, name }) => role !== "tool" && role !== "function" && typeof name === "string",
  );
  return [
    ...fields,
    ...(names ? ["messages.name"] : []),
    ...(hasCacheControl(request) ? ["cache_control"] : []),
    ...(request.messages.some(({ audio }) => isRecord(audio)) ? ["messages.audio"] : []),
  ];
}

/** Google caches what repeats by itself; where to do so cannot be said. */
function hasCacheControl({ messages, tools }: ChatRequest): boolean {
  const marked = (value: unknown): boolean => isRecord(value) && isRecord(value.cache_control);
  return (
    (tools ?? []).some(marked) ||
    messages.some((message) => marked(message) || listOf(message.content).some((part) => marked(part)))
  );
}

/** A field that asks for nothing, such as `store: false`, is no loss. */
function asksForSomething(field: string, value: unknown): boolean {
  if (value === undefined || value === null || value === false) return false;
  if (field === "service_tier") return value !== "auto" && value !== "default";
  return !(field === "logit_bias" && isRecord(value) && Object.keys(value).length === 0);
}
