import { countOf, isRecord, listOf } from "@/server/wire/json";
import { noUsage, type Usage } from "@/server/wire/usage";

/**
 * Converse's `TokenUsage` as disjoint classes; undefined when it counts nothing. `inputTokens` is without what was read from
 * or written to a cache, `cacheDetails` tells how long what was written lives, and thinking is part of `outputTokens`.
 * Source: Amazon Bedrock API reference, "TokenUsage".
 */
export function usageOf(blob: unknown): Usage | undefined {
  if (!isRecord(blob)) return undefined;
  const input = countOf(blob.inputTokens);
  const output = countOf(blob.outputTokens);
  if (input === undefined && output === undefined) return undefined;
  const written = countOf(blob.cacheWriteInputTokens) ?? countOf(blob.cacheWriteInputTokenCount) ?? 0;
  const forAnHour = listOf(blob.cacheDetails)
    .map((detail) => (isRecord(detail) && detail.ttl === "1h" ? (countOf(detail.inputTokens) ?? 0) : 0))
    .reduce((sum, tokens) => sum + tokens, 0);
  const cacheWrite1h = Math.min(forAnHour, written);
  return {
    ...noUsage,
    input: input ?? 0,
    cachedInput: countOf(blob.cacheReadInputTokens) ?? countOf(blob.cacheReadInputTokenCount) ?? 0,
    cacheWrite: written - cacheWrite1h,
    cacheWrite1h,
    output: output ?? 0,
  };
}
