import { isRecord } from "@/server/wire/json";

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
  /** What rerankers bill instead of tokens. */
  searchUnits?: number;
  /** Searches of the web that the vendor made for the answer, which it bills beside the tokens. */
  webSearches?: number;
};

export const noUsage: Readonly<Usage> = {
  input: 0,
  cachedInput: 0,
  cacheWrite: 0,
  cacheWrite1h: 0,
  audioInput: 0,
  output: 0,
  reasoning: 0,
  audioOutput: 0,
};

/** Prompt tokens of every class. */
export function inputTokens(usage: Usage): number {
  return usage.input + usage.cachedInput + usage.cacheWrite + usage.cacheWrite1h + usage.audioInput;
}

/** Produced tokens of every class. */
export function outputTokens(usage: Usage): number {
  return usage.output + usage.reasoning + usage.audioOutput;
}

/** Two usages in one, class by class. */
export function sumUsage(one: Usage, other: Usage): Usage {
  const { searchUnits, webSearches } = { ...other, ...one };
  return {
    input: one.input + other.input,
    cachedInput: one.cachedInput + other.cachedInput,
    cacheWrite: one.cacheWrite + other.cacheWrite,
    cacheWrite1h: one.cacheWrite1h + other.cacheWrite1h,
    audioInput: one.audioInput + other.audioInput,
    output: one.output + other.output,
    reasoning: one.reasoning + other.reasoning,
    audioOutput: one.audioOutput + other.audioOutput,
    // What neither counts stays uncounted, which is not the same as none.
    ...(searchUnits !== undefined && { searchUnits: (one.searchUnits ?? 0) + (other.searchUnits ?? 0) }),
    ...(webSearches !== undefined && { webSearches: (one.webSearches ?? 0) + (other.webSearches ?? 0) }),
  };
}

/**
 * OpenAI's chat usage object as disjoint classes that sum to its total; undefined when it is not one. There `prompt_tokens`
 * and `completion_tokens` are totals that the `*_details` break down. Source: OpenAI API reference, CompletionUsage.
 */
export function usageFromChat(blob: unknown): Usage | undefined {
  if (!isRecord(blob)) return undefined;
  const prompt = count(blob.prompt_tokens);
  const completion = count(blob.completion_tokens);
  if (prompt === undefined && completion === undefined) return undefined;
  const input = promptClasses(blob, prompt ?? 0);
  const details = isRecord(blob.completion_tokens_details) ? blob.completion_tokens_details : {};
  const listed = count(details.reasoning_tokens) ?? 0;
  // xAI and Gemini count reasoning beside completion_tokens: there the total is larger than the sum of the two.
  const total = count(blob.total_tokens) ?? 0;
  const beside = prompt === undefined || completion === undefined ? 0 : Math.max(0, total - prompt - completion);
  const produced = (completion ?? 0) + beside;
  const reasoning = Math.min(Math.max(listed, beside), produced);
  const audioOutput = Math.min(count(details.audio_tokens) ?? 0, produced - reasoning);
  return { ...input, output: produced - reasoning - audioOutput, reasoning, audioOutput };
}

type InputClasses = Pick<Usage, "input" | "cachedInput" | "cacheWrite" | "cacheWrite1h" | "audioInput">;

/** Each class takes from what the ones before it left: audio that came from the cache is counted as cached. */
function promptClasses(blob: Record<string, unknown>, prompt: number): InputClasses {
  const details = isRecord(blob.prompt_tokens_details) ? blob.prompt_tokens_details : {};
  // DeepSeek and Moonshot say the same in fields of their own.
  const cached = count(details.cached_tokens) ?? count(blob.prompt_cache_hit_tokens) ?? count(blob.cached_tokens) ?? 0;
  const written = count(details.cache_creation_tokens) ?? count(details.cache_write_tokens) ?? 0;
  const cachedInput = Math.min(cached, prompt);
  const cacheWrite = Math.min(written, prompt - cachedInput);
  const audioInput = Math.min(count(details.audio_tokens) ?? 0, prompt - cachedInput - cacheWrite);
  return {
    input: prompt - cachedInput - cacheWrite - audioInput,
    cachedInput,
    cacheWrite,
    cacheWrite1h: 0,
    audioInput,
  };
}

/** The usage that one event of an OpenAI-like chat stream carries; some put it into an extension field of their own. */
export function usageFromChunk(chunk: Record<string, unknown>): Usage | undefined {
  const usage = usageFromChat(chunk.usage);
  if (usage) return usage;
  // Each token that is streamed passes here, which is why no list of the fields is made.
  for (const name in chunk) {
    if (!name.startsWith("x_")) continue;
    const value = chunk[name];
    if (isRecord(value) && value.usage) return usageFromChat(value.usage);
  }
  return undefined;
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
      ...(usage.cacheWrite + usage.cacheWrite1h > 0 && {
        cache_creation_tokens: usage.cacheWrite + usage.cacheWrite1h,
      }),
    },
    completion_tokens_details: { reasoning_tokens: usage.reasoning, audio_tokens: usage.audioOutput },
  };
}

/** No call has a billion tokens: a larger number is a fault, and would not fit where sums are kept. */
const MAX_COUNT = 1_000_000_000;

function count(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 && value <= MAX_COUNT ? Math.trunc(value) : undefined;
}
