import { countOf, isRecord, listOf } from "@/server/wire/json";
import { noUsage, type Usage } from "@/server/wire/usage";

/**
 * Anthropic's usage object as disjoint classes; undefined when it counts nothing. `input_tokens` is without what was read
 * from or written to a cache, and thinking is part of `output_tokens`. Summarising a conversation that grew too long is
 * billed too and reported only among the `iterations`, so it is added; an advisor's tokens are another model's at another
 * price and are not. Source: Anthropic API reference, "Usage".
 */
export function usageOf(blob: unknown): Usage | undefined {
  if (!isRecord(blob) || (countOf(blob.input_tokens) === undefined && countOf(blob.output_tokens) === undefined)) {
    return undefined;
  }
  const compactions = listOf(blob.iterations).filter((entry) => isRecord(entry) && entry.type === "compaction");
  return [blob, ...compactions].map(classesOf).reduce(sum);
}

function classesOf(blob: unknown): Usage {
  if (!isRecord(blob)) return noUsage;
  const split = isRecord(blob.cache_creation) ? blob.cache_creation : {};
  const fiveMinutes = countOf(split.ephemeral_5m_input_tokens) ?? 0;
  const oneHour = countOf(split.ephemeral_1h_input_tokens) ?? 0;
  const written = countOf(blob.cache_creation_input_tokens) ?? fiveMinutes + oneHour;
  // A stream's later total comes without the split: what was only for an hour still is.
  const cacheWrite1h = fiveMinutes === 0 && oneHour > 0 ? written : Math.min(oneHour, written);
  const output = countOf(blob.output_tokens) ?? 0;
  const details = isRecord(blob.output_tokens_details) ? blob.output_tokens_details : {};
  const reasoning = Math.min(countOf(details.thinking_tokens) ?? 0, output);
  return {
    ...noUsage,
    input: countOf(blob.input_tokens) ?? 0,
    cachedInput: countOf(blob.cache_read_input_tokens) ?? 0,
    cacheWrite: written - cacheWrite1h,
    cacheWrite1h,
    output: output - reasoning,
    reasoning,
  };
}

function sum(left: Usage, right: Usage): Usage {
  return {
    input: left.input + right.input,
    cachedInput: left.cachedInput + right.cachedInput,
    cacheWrite: left.cacheWrite + right.cacheWrite,
    cacheWrite1h: left.cacheWrite1h + right.cacheWrite1h,
    audioInput: left.audioInput + right.audioInput,
    output: left.output + right.output,
    reasoning: left.reasoning + right.reasoning,
    audioOutput: left.audioOutput + right.audioOutput,
  };
}
