import { isRecord } from "@/server/wire/json";
import { inputTokens, outputTokens, type Usage, usageFromChat } from "@/server/wire/usage";

/**
 * The usage object of OpenAI's responses as disjoint classes that sum to its total; undefined when it is not one. It has the
 * meaning of chat's under other names. Source: OpenAI API reference, ResponseUsage.
 */
export function usageFromResponses(blob: unknown): Usage | undefined {
  if (!isRecord(blob)) return undefined;
  return usageFromChat({
    prompt_tokens: blob.input_tokens,
    completion_tokens: blob.output_tokens,
    total_tokens: blob.total_tokens,
    prompt_tokens_details: blob.input_tokens_details,
    completion_tokens_details: blob.output_tokens_details,
  });
}

/** Disjoint classes as the usage object of OpenAI's responses. */
export function responsesUsage(usage: Usage): Record<string, unknown> {
  const input = inputTokens(usage);
  const output = outputTokens(usage);
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: usage.cachedInput,
      cache_write_tokens: usage.cacheWrite + usage.cacheWrite1h,
      ...(usage.audioInput > 0 && { audio_tokens: usage.audioInput }),
    },
    output_tokens: output,
    output_tokens_details: {
      reasoning_tokens: usage.reasoning,
      ...(usage.audioOutput > 0 && { audio_tokens: usage.audioOutput }),
    },
    total_tokens: input + output,
  };
}
