import { z } from "zod";
import type { ModelFacts } from "@/server/providers/gemini/models";
import { toGoogleSchema } from "@/server/providers/gemini/schema";
import { thinkingConfig } from "@/server/providers/gemini/thinking";
import { checked } from "@/server/providers/gemini/wire";
import type { ChatRequest } from "@/server/wire/chat";
import { isRecord, textOf } from "@/server/wire/json";

const JsonSchemaFormat = z.looseObject({
  json_schema: z.looseObject({ schema: z.looseObject({}).nullish() }),
});

type About = {
  readonly facts: ModelFacts;
  /** What the caller says to Google alone. */
  readonly own: Record<string, unknown>;
  readonly hasTools: boolean;
  readonly dropped: Set<string>;
};

/** `generationConfig`; empty where the caller leaves everything to the model. */
export function generationConfig(request: ChatRequest, about: About): Record<string, unknown> {
  const stop = typeof request.stop === "string" ? [request.stop] : (request.stop ?? request.stop_sequences);
  const thinking = thinkingConfig(request, about);
  const values: Record<string, unknown> = {
    temperature: request.temperature,
    topP: request.top_p,
    topK: request.top_k,
    maxOutputTokens: request.max_completion_tokens ?? request.max_tokens,
    candidateCount: request.n === 1 ? undefined : request.n,
    stopSequences: Array.isArray(stop) && stop.length > 0 ? stop : undefined,
    seed: request.seed,
    presencePenalty: request.presence_penalty,
    frequencyPenalty: request.frequency_penalty,
    ...logprobs(request),
    ...outputFormat(request, about),
    ...modalities(request, about.dropped),
    thinkingConfig: thinking,
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== null));
}

function logprobs(request: ChatRequest): Record<string, unknown> {
  if (request.logprobs !== true) return {};
  const top = request.top_logprobs;
  return { responseLogprobs: true, ...(typeof top === "number" && top > 0 && { logprobs: top }) };
}

/** Before Gemini 3 the API refuses a format beside tools. */
function outputFormat(request: ChatRequest, { facts, hasTools, dropped }: About): Record<string, unknown> {
  const format = formatOf(request);
  if (!format || format.type === "text") return {};
  if (hasTools && !facts.signsCalls) {
    dropped.add("response_format");
    return {};
  }
  if (format.type === "json_object") return { responseMimeType: "application/json" };
  if (format.type !== "json_schema") {
    dropped.add("response_format");
    return {};
  }
  const { schema } = checked(JsonSchemaFormat, format, "response_format").json_schema;
  return {
    responseMimeType: "application/json",
    ...(schema && { responseJsonSchema: toGoogleSchema(schema, dropped, "response_format.json_schema.schema") }),
  };
}

/** OpenAI's `response_format`, or Anthropic's `output_config.format`. */
function formatOf(request: ChatRequest): Record<string, unknown> | undefined {
  if (isRecord(request.response_format)) return request.response_format;
  const format = isRecord(request.output_config) ? request.output_config.format : undefined;
  if (!isRecord(format) || format.type !== "json_schema") return undefined;
  return { type: "json_schema", json_schema: { schema: format.schema } };
}

/** Speech comes as raw 16-bit samples at 24 kHz, which OpenAI calls `pcm16`. */
function modalities(request: ChatRequest, dropped: Set<string>): Record<string, unknown> {
  const asked = Array.isArray(request.modalities) ? request.modalities.filter((one) => typeof one === "string") : [];
  if (!asked.some((modality) => modality !== "text")) return {};
  const audio = isRecord(request.audio) ? request.audio : {};
  const voiceName = textOf(audio.voice);
  if (audio.format !== undefined && audio.format !== "pcm16") dropped.add("audio.format");
  // A model that speaks says nothing else.
  const responseModalities = asked.includes("audio") ? ["AUDIO"] : asked.map((modality) => modality.toUpperCase());
  return {
    responseModalities,
    ...(asked.includes("audio") &&
      voiceName && { speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName } } } }),
  };
}
