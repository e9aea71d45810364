import { countOf, isRecord } from "@/server/wire/json";
import { noUsage, type Usage } from "@/server/wire/usage";

/**
 * Cohere's usage as disjoint classes; undefined when it counts nothing. It counts twice: `tokens` with the templates that the
 * vendor puts around the prompt, and `billed_units` without, which is what is paid for and so what is taken. `cached_tokens`
 * are a part of `tokens` and change no price, so that they count only where nothing was billed. Source: Cohere API reference,
 * v2 "Chat", `usage`, and "How does pricing work".
 */
export function usageOf(blob: unknown): Usage | undefined {
  if (!isRecord(blob)) return undefined;
  const billed = isRecord(blob.billed_units) ? blob.billed_units : {};
  const searchUnits = countOf(billed.search_units);
  const searched = searchUnits ? { searchUnits } : {};
  const input = countOf(billed.input_tokens);
  const output = countOf(billed.output_tokens);
  if (input !== undefined || output !== undefined)
    return { ...noUsage, ...searched, input: input ?? 0, output: output ?? 0 };
  const tokens = isRecord(blob.tokens) ? blob.tokens : {};
  const all = countOf(tokens.input_tokens);
  const produced = countOf(tokens.output_tokens);
  if (all === undefined && produced === undefined) return searchUnits ? { ...noUsage, searchUnits } : undefined;
  const cachedInput = Math.min(countOf(blob.cached_tokens) ?? 0, all ?? 0);
  return { ...noUsage, ...searched, input: (all ?? 0) - cachedInput, cachedInput, output: produced ?? 0 };
}
