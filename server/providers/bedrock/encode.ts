import { z } from "zod";
import { encodeThinking, isThinking } from "@/server/providers/anthropic/encode-thinking";
import { checked } from "@/server/providers/anthropic/wire";
import { documentNames } from "@/server/providers/bedrock/documents";
import { encodeMessages } from "@/server/providers/bedrock/encode-messages";
import { type Encoding, encodeContent } from "@/server/providers/bedrock/encode-parts";
import { encodeTools } from "@/server/providers/bedrock/encode-tools";
import { jsonHeaders, modelUrl } from "@/server/providers/bedrock/endpoint";
import { type ModelFacts, modelFacts } from "@/server/providers/bedrock/models";
import type { Turn } from "@/server/providers/bedrock/wire";
import { lostFields } from "@/server/providers/lost-fields";
import type { Encoded, Target } from "@/server/providers/provider";
import type { ChatRequest } from "@/server/wire/chat";
import { isRecord } from "@/server/wire/json";

/** Converse's own fields that pass as they are. Those that change a call's price (latency) do not. */
const NATIVE = ["additionalModelResponseFieldPaths", "promptVariables", "requestMetadata"] as const;

const KNOWN: ReadonlySet<string> = new Set([
  ...["model", "messages", "system", "stream", "stream_options", "max_tokens", "max_completion_tokens"],
  ...["temperature", "top_p", "top_k", "stop", "stop_sequences", "tools", "tool_choice", "parallel_tool_calls"],
  ...["reasoning_effort", "thinking", "response_format", "service_tier", "metadata"],
  ...["guardrailConfig", "additionalModelRequestFields", ...NATIVE],
]);

/**
 * A canonical request as Bedrock's `Converse` or `ConverseStream`. A guardrail that the admin set (option `guardrailConfig`)
 * wins over the caller's. Source: Amazon Bedrock API reference, "Converse".
 */
export function encode(request: ChatRequest, target: Target): Encoded {
  const { body, dropped } = converseBody(request, target);
  const url = modelUrl(target, request.stream ? "converse-stream" : "converse");
  return {
    request: { method: "POST", url, headers: jsonHeaders(target), body: JSON.stringify(body) },
    dropped: [...dropped],
  };
}

/** The body alone, which counting tokens needs as well; and what of the request it cannot say. */
export function converseBody(
  request: ChatRequest,
  target: Target,
): { readonly body: Readonly<Record<string, unknown>>; readonly dropped: ReadonlySet<string> } {
  const dropped = new Set(lostFields(request, KNOWN));
  const facts = modelFacts(target);
  const encoding: Encoding = { caching: facts.caching, dropped, nameDocument: documentNames() };
  const { system: head, turns } = encodeMessages(request.messages, encoding);
  const system = [...encodeContent(request.system, "system", encoding), ...head];
  const output = outputFormat(request, facts, dropped);
  const tools = encodeTools(request, { facts, encoding, turns, answerSchema: output.toolSchema });
  const thinking = thinkingFields(request, { facts, turns, forced: tools.forced, dropped });
  const inference = inferenceConfig(request, { facts, thinking, dropped });
  const additional = {
    ...thinking,
    ...tools.additional,
    ...topK(request, { facts, thinking, dropped }),
    ...checked(z.looseObject({}).nullish(), request.additionalModelRequestFields, "additionalModelRequestFields"),
  };
  const guardrail = target.options.guardrailConfig ?? request.guardrailConfig;
  const body = {
    ...Object.fromEntries(
      NATIVE.flatMap((field) =>
        request[field] === undefined || request[field] === null ? [] : [[field, request[field]]],
      ),
    ),
    messages: turns,
    ...(system.length > 0 && { system }),
    ...(Object.keys(inference).length > 0 && { inferenceConfig: inference }),
    ...(tools.toolConfig && { toolConfig: tools.toolConfig }),
    ...(output.config && { outputConfig: output.config }),
    ...(Object.keys(additional).length > 0 && { additionalModelRequestFields: additional }),
    ...(isRecord(guardrail) && { guardrailConfig: guardrail }),
    ...serviceTier(request, dropped),
    ...metadata(request, dropped),
  };
  return { body, dropped };
}

type Situation = { facts: ModelFacts; turns: readonly Turn[]; forced: boolean; dropped: Set<string> };

/** How much the model shall think, in its own fields. */
function thinkingFields(request: ChatRequest, situation: Situation): Record<string, unknown> {
  const { facts, turns, forced, dropped } = situation;
  if (facts.claude) {
    const maxTokens = request.max_completion_tokens ?? request.max_tokens ?? facts.claude.maxOutputTokens;
    const shapes = turns.map(({ role, content }) => ({
      role,
      content: content.map((block) => ({ type: kindOf(block) })),
    }));
    const made = encodeThinking(request, {
      facts: facts.claude,
      maxTokens,
      turns: shapes,
      forcedTool: forced,
      dropped,
    });
    return {
      ...(made.thinking !== undefined && { thinking: made.thinking }),
      ...(made.effort && { output_config: { effort: made.effort } }),
    };
  }
  if (request.thinking) dropped.add("thinking");
  const effort = checked(z.string().nullish(), request.reasoning_effort, "reasoning_effort");
  if (!effort || effort === "none") return {};
  const level = effort === "minimal" ? "low" : effort === "xhigh" || effort === "max" ? "high" : effort;
  if (facts.effort === "openai") return { reasoning_effort: level };
  if (facts.effort === "nova") return { reasoningConfig: { type: "enabled", maxReasoningEffort: level } };
  dropped.add("reasoning_effort");
  return {};
}

/** What Anthropic calls a block of Converse's, as far as thinking depends on it. */
function kindOf(block: Readonly<Record<string, unknown>>): string {
  if (block.reasoningContent) return "thinking";
  return block.toolResult ? "tool_result" : "other";
}

type Sampling = { facts: ModelFacts; thinking: Readonly<Record<string, unknown>>; dropped: Set<string> };

/** OpenAI's temperature goes to 2, Converse's to 1: what is above is taken as 1. */
function inferenceConfig(request: ChatRequest, { facts, thinking, dropped }: Sampling): Record<string, unknown> {
  const stop = request.stop_sequences ?? (typeof request.stop === "string" ? [request.stop] : request.stop);
  const sequences = Array.isArray(stop) ? stop.filter((text) => typeof text === "string" && text.trim() !== "") : [];
  if (Array.isArray(stop) && sequences.length < stop.length) dropped.add("stop");
  const wanted: Record<InferenceField, unknown> = {
    maxTokens: request.max_completion_tokens ?? request.max_tokens ?? undefined,
    temperature: typeof request.temperature === "number" ? Math.min(1, Math.max(0, request.temperature)) : undefined,
    topP: request.top_p ?? undefined,
    stopSequences: sequences.length > 0 ? sequences : undefined,
  };
  const refused = refusedFields(facts, thinking, wanted.temperature !== undefined);
  for (const field of refused) {
    // One is the default of both: leaving it out changes nothing.
    if (wanted[field] !== undefined && (wanted[field] !== 1 || field === "maxTokens")) dropped.add(CALLERS[field]);
  }
  return Object.fromEntries(
    INFERENCE.flatMap((field) =>
      wanted[field] === undefined || refused.includes(field) ? [] : [[field, wanted[field]] as const],
    ),
  );
}

const INFERENCE = ["maxTokens", "temperature", "topP", "stopSequences"] as const;
type InferenceField = (typeof INFERENCE)[number];
const CALLERS: Readonly<Record<InferenceField, string>> = {
  maxTokens: "max_tokens",
  temperature: "temperature",
  topP: "top_p",
  stopSequences: "stop",
};

function refusedFields(
  facts: ModelFacts,
  thinking: Readonly<Record<string, unknown>>,
  heated: boolean,
): readonly InferenceField[] {
  if (!facts.sampling) return ["temperature", "topP", "stopSequences"];
  const nova = thinking.reasoningConfig;
  // Nova sets its own limits at its highest effort.
  if (isRecord(nova) && nova.maxReasoningEffort === "high") return ["maxTokens", "temperature", "topP"];
  if (!facts.claude) return [];
  if (facts.claude.sampling === "none" || isThinking(thinking.thinking)) return ["temperature", "topP"];
  return facts.claude.sampling === "one" && heated ? ["topP"] : [];
}

function topK(request: ChatRequest, { facts, thinking, dropped }: Sampling): Record<string, unknown> {
  if (typeof request.top_k !== "number") return {};
  if (!facts.sampling || facts.claude?.sampling === "none" || isThinking(thinking.thinking)) {
    dropped.add("top_k");
    return {};
  }
  return facts.topK === "nova" ? { inferenceConfig: { topK: request.top_k } } : { [facts.topK]: request.top_k };
}

const SchemaFormat = z.looseObject({
  json_schema: z.looseObject({
    name: z.string().nullish(),
    description: z.string().nullish(),
    schema: z.record(z.string(), z.unknown()).nullish(),
  }),
});

type OutputFormat = { readonly config?: object; readonly toolSchema: Readonly<Record<string, unknown>> | undefined };

/** A schema is the model's own structured output where it has any, else the input of a tool that it must call. */
function outputFormat(request: ChatRequest, facts: ModelFacts, dropped: Set<string>): OutputFormat {
  const format = request.response_format;
  if (!isRecord(format) || format.type === "text") return { toolSchema: undefined };
  const wanted =
    format.type === "json_schema" ? checked(SchemaFormat, format, "response_format").json_schema : undefined;
  if (wanted?.schema && facts.structured) {
    const { name, description, schema } = wanted;
    const jsonSchema = { schema: JSON.stringify(schema), ...(name && { name }), ...(description && { description }) };
    return { config: { textFormat: { type: "json_schema", structure: { jsonSchema } } }, toolSchema: undefined };
  }
  if (wanted?.schema && facts.forcedTools && wanted.schema.type === "object") return { toolSchema: wanted.schema };
  // `json_object` has no counterpart; OpenAI demands that the prompt asks for JSON as well, so the caller already does.
  dropped.add("response_format");
  return { toolSchema: undefined };
}

function serviceTier(request: ChatRequest, dropped: Set<string>): object {
  const tier = request.service_tier;
  if (tier === "flex" || tier === "priority") return { serviceTier: { type: tier } };
  if (tier !== undefined && tier !== null && tier !== "auto" && tier !== "default") dropped.add("service_tier");
  return {};
}

const Metadata = z.record(
  z.string().regex(/^[a-zA-Z0-9\s:_@$#=/+,.-]{1,256}$/),
  z.string().regex(/^[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}$/),
);

/** Tags for the admin's log of invocations at AWS, which takes 16 of them. */
function metadata(request: ChatRequest, dropped: Set<string>): object {
  if (!isRecord(request.metadata) || Object.keys(request.metadata).length === 0) return {};
  const parsed = Metadata.safeParse(request.metadata);
  if (parsed.success && Object.keys(parsed.data).length <= 16) return { requestMetadata: parsed.data };
  dropped.add("metadata");
  return {};
}
