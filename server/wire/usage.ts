/** Tokens of a call in disjoint classes: they sum to the total, none counts a token that another counts. */
export type Usage = {
  /** Prompt tokens that were neither read from nor written to a cache, and are not audio. */
  input: number;
  cachedInput: number;
  /** Prompt tokens written to a cache that lives five minutes. */
  cacheWrite: number;
  /** Prompt tokens written to a cache that lives an hour. */
  cacheWrite1h: number;
  audioInput: number;
  /** Produced tokens that the caller sees. */
  output: number;
  reasoning: number;
  audioOutput: number;
};

export const noUsage: Readonly<Usage> = {
  input: 0, cachedInput: 0, cacheWrite: 0, cacheWrite1h: 0, audioInput: 0, output: 0, reasoning: 0, audioOutput: 0,
};

/** Prompt tokens of every class. */
export function inputTokens(usage: Usage): number {
  return usage.input + usage.cachedInput + usage.cacheWrite + usage.cacheWrite1h + usage.audioInput;
}

/** Produced tokens of every class. */
export function outputTokens(usage: Usage): number {
  return usage.output + usage.reasoning + usage.audioOutput;
}

/**
 * OpenAI's chat usage object as disjoint classes; undefined when it is not one. There `prompt_tokens` and
 * `completion_tokens` are totals that the `*_details` break down. Source: OpenAI API reference, CompletionUsage.
 */
export function usageFromChat(blob: unknown): Usage | undefined {
  if (!isRecord(blob)) return undefined;
  const prompt = count(blob.prompt_tokens);
  const completion = count(blob.completion_tokens);
  if (prompt === undefined && completion === undefined) return undefined;
  const promptDetails = isRecord(blob.prompt_tokens_details) ? blob.prompt_tokens_details : {};
  const completionDetails = isRecord(blob.completion_tokens_details) ? blob.completion_tokens_details : {};
  // DeepSeek says the same in fields of its own.
  const cachedInput = count(promptDetails.cached_tokens) ?? count(blob.prompt_cache_hit_tokens) ?? 0;
  const cacheWrite = count(promptDetails.cache_creation_tokens) ?? count(promptDetails.cache_write_tokens) ?? 0;
  const audioInput = count(promptDetails.audio_tokens) ?? 0;
  const reasoning = count(completionDetails.reasoning_tokens) ?? 0;
  const audioOutput = count(completionDetails.audio_tokens) ?? 0;
  const total = count(blob.total_tokens);
  const input = prompt ?? 0;
  // xAI counts reasoning beside completion_tokens: there the total is larger than the sum of the two.
  const beside = total !== undefined && total === input + (completion ?? 0) + reasoning && reasoning > 0;
  const produced = (completion ?? 0) + (beside ? reasoning : 0);
  return {
    input: Math.max(0, input - cachedInput - cacheWrite - audioInput),
    cachedInput: Math.min(cachedInput, input),
    cacheWrite,
    cacheWrite1h: 0,
    audioInput,
    output: Math.max(0, produced - reasoning - audioOutput),
    reasoning: Math.min(reasoning, produced),
    audioOutput,
  };
}

/** Disjoint classes as OpenAI's chat usage object. */
export function chatUsage(usage: Usage): Record<string, unknown> {
  const prompt = inputTokens(usage);
  const completion = outputTokens(usage);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: {
      cached_tokens: usage.cachedInput,
      audio_tokens: usage.audioInput,
      ...(usage.cacheWrite + usage.cacheWrite1h > 0 && { cache_creation_tokens: usage.cacheWrite + usage.cacheWrite1h }),
    },
    completion_tokens_details: { reasoning_tokens: usage.reasoning, audio_tokens: usage.audioOutput },
  };
}

function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? Math.trunc(value) : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
