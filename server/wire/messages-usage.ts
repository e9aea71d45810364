import { countOf, isRecord, listOf } from "@/server/wire/json";
import { noUsage, outputTokens, type Usage } from "@/server/wire/usage";

/**
 * Anthropic's usage object as disjoint classes; undefined when it counts nothing. `input_tokens` is without what was read
 * from or written to a cache, and thinking is part of `output_tokens`. Summarising a conversation that grew too long is
 * billed too and reported only among the `iterations`, so it is added; an advisor's tokens are another model's at another
 * price and are not. Source: Anthropic API reference, "Usage".
 */
export function usageFromMessages(blob: unknown): Usage | undefined {
  if (!isRecord(blob) || (countOf(blob.input_tokens) === undefined && countOf(blob.output_tokens) === undefined)) {
    return undefined;
  }
  const compactions = listOf(blob.iterations).filter((entry) => isRecord(entry) && entry.type === "compaction");
  const usage = [blob, ...compactions].map(classesOf).reduce(sum);
  const tools = isRecord(blob.server_tool_use) ? blob.server_tool_use : {};
  const webSearches = countOf(tools.web_search_requests) ?? 0;
  return webSearches > 0 ? { ...usage, webSearches } : usage;
}

/**
 * Counts a stream's usage. Later counts replace earlier ones, each on its own: a stream's end repeats some of them and leaves
 * others out.
 */
export function usageCounter(): (usage: unknown) => Usage | undefined {
  const counted: Record<string, unknown> = {};
  return (usage) => {
    if (!isRecord(usage)) return undefined;
    for (const [name, value] of Object.entries(usage)) if (value !== null) counted[name] = value;
    return usageFromMessages(counted);
  };
}

/** Disjoint classes as Anthropic's usage object; zeros where nothing is known, as its clients count on numbers. */
export function messagesUsage(usage: Usage = noUsage): Record<string, unknown> {
  const { webSearches = 0 } = usage;
  return {
    input_tokens: usage.input + usage.audioInput,
    cache_creation_input_tokens: usage.cacheWrite + usage.cacheWrite1h,
    cache_read_input_tokens: usage.cachedInput,
    cache_creation: { ephemeral_5m_input_tokens: usage.cacheWrite, ephemeral_1h_input_tokens: usage.cacheWrite1h },
    output_tokens: outputTokens(usage),
    output_tokens_details: usage.reasoning > 0 ? { thinking_tokens: usage.reasoning } : null,
    server_tool_use: webSearches > 0 ? { web_search_requests: webSearches, web_fetch_requests: 0 } : null,
    service_tier: null,
    inference_geo: null,
    speed: null,
  };
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
    ...noUsage,
    input: left.input + right.input,
    cachedInput: left.cachedInput + right.cachedInput,
    cacheWrite: left.cacheWrite + right.cacheWrite,
    cacheWrite1h: left.cacheWrite1h + right.cacheWrite1h,
    output: left.output + right.output,
    reasoning: left.reasoning + right.reasoning,
  };
}
