import type { ChatRequest } from "@/server/wire/chat";
import { countOf, isRecord } from "@/server/wire/json";

/** From so many tokens of thinking on, the effort that asks for about as much. */
const BUDGETS = [
  [16_384, "high"],
  [4096, "medium"],
  [0, "low"],
] as const;

const EFFORTS: Readonly<Record<string, string>> = {
  low: "low",
  medium: "medium",
  high: "high",
  xhigh: "xhigh",
  // The word that others have for their most.
  max: "xhigh",
};

/**
 * How hard the model is to think, in OpenAI's words. An effort that the caller names goes before a budget; adaptive thinking
 * without one is the API's own default, `high`.
 */
export function reasoningEffort(thinking: unknown, effort: unknown): Partial<ChatRequest> {
  const config = isRecord(thinking) ? thinking : {};
  if (config.type === "disabled") return { reasoning_effort: "none" };
  const named = typeof effort === "string" ? EFFORTS[effort] : undefined;
  if (named !== undefined) return { reasoning_effort: named };
  if (config.type === "adaptive") return { reasoning_effort: "high" };
  if (config.type !== "enabled") return {};
  const budget = countOf(config.budget_tokens) ?? 0;
  return { reasoning_effort: BUDGETS.find(([least]) => budget >= least)?.[1] };
}
