import type { OutputConfig, ThinkingConfigParam } from "@anthropic-ai/sdk/resources/messages/messages";
import { z } from "zod";
import { nearestEffort } from "@/server/providers/anthropic/efforts";
import type { ModelFacts } from "@/server/providers/anthropic/models";
import { checked, type Turn } from "@/server/providers/anthropic/wire";
import type { ChatRequest } from "@/server/wire/chat";
import { isRecord } from "@/server/wire/json";

const Effort = z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"]).nullish();
type Effort = NonNullable<z.infer<typeof Effort>>;

/** Tokens of thinking for models that take a budget. The API's least is 1,024. */
const BUDGETS: Readonly<Record<Exclude<Effort, "none">, number>> = {
  minimal: 1024,
  low: 2048,
  medium: 8192,
  high: 24_576,
  xhigh: 32_768,
  max: 32_768,
};
const LEAST_BUDGET = 1024;

export type EncodedThinking = { readonly thinking?: unknown; readonly effort?: OutputConfig["effort"] };

export type ThinkingSituation = {
  readonly facts: ModelFacts;
  readonly maxTokens: number;
  readonly turns: readonly Turn[];
  readonly forcedTool: boolean;
  readonly dropped: Set<string>;
};

/**
 * `reasoning_effort` as the model's own way of being asked to think, with the thinking summarised in the answer. A
 * `thinking` of the caller's own passes as it is. Where the model cannot do what is asked it thinks as it does by itself,
 * and the field is in `dropped`.
 */
export function encodeThinking(request: ChatRequest, situation: ThinkingSituation): EncodedThinking {
  const { facts, dropped, forcedTool } = situation;
  const wanted = checked(Effort, request.reasoning_effort, "reasoning_effort") ?? undefined;
  const config = checked(z.looseObject({}).nullish(), request.thinking, "thinking");
  const own = config ? { thinking: config } : {};
  if (wanted === undefined) return own;
  if (wanted === "none") return "thinking" in own ? own : withoutThinking(facts, dropped);
  const effort = nearestEffort(wanted === "minimal" ? "low" : wanted, facts.efforts);
  const level = effort ? { effort } : {};
  if ("thinking" in own) return { ...own, ...level };
  const made = forcedTool && facts.forcedTools === "without-thinking" ? undefined : thinkingFor(wanted, situation);
  if (!made && !effort) dropped.add("reasoning_effort");
  return { ...(made && { thinking: made }), ...level };
}

/** Whether the model is told to think, on which the API puts conditions. */
export function isThinking(thinking: unknown): boolean {
  return isRecord(thinking) && (thinking.type === "enabled" || thinking.type === "adaptive");
}

function thinkingFor(wanted: Exclude<Effort, "none">, situation: ThinkingSituation): ThinkingConfigParam | undefined {
  const { facts, maxTokens, turns } = situation;
  if (facts.thinking === "none") return undefined;
  if (facts.thinking === "adaptive") return { type: "adaptive", display: "summarized" };
  // The budget is part of max_tokens: half is left for the answer.
  const budget = Math.min(BUDGETS[wanted], Math.floor(maxTokens / 2));
  if (budget < LEAST_BUDGET || inLoopWithoutThinking(turns)) return undefined;
  return { type: "enabled", budget_tokens: budget };
}

/** With a budget the API wants the tool calls it is given results for to begin with their thinking, which many callers lose. */
function inLoopWithoutThinking(turns: readonly Turn[]): boolean {
  const answered = turns.findLastIndex((turn) => turn.role === "assistant");
  const asked = turns.slice(answered + 1).some((turn) => turn.content.some((block) => block.type === "tool_result"));
  const first = turns[answered]?.content[0]?.type;
  return asked && first !== "thinking" && first !== "redacted_thinking";
}

function withoutThinking(facts: ModelFacts, dropped: Set<string>): EncodedThinking {
  switch (facts.thinkingOff) {
    case "omit":
      return {};
    case "impossible":
      dropped.add("reasoning_effort");
      return facts.efforts[0] ? { effort: facts.efforts[0] } : {};
    default:
      return { thinking: { type: facts.thinkingOff } satisfies ThinkingConfigParam };
  }
}
