import { z } from "zod";
import { type ModelFacts, nearestLevel, type ThinkingKind, type ThinkingLevel } from "@/server/providers/gemini/models";
import { checked } from "@/server/providers/gemini/wire";
import type { ChatRequest } from "@/server/wire/chat";
import { countOf, isRecord, textOf } from "@/server/wire/json";

type Effort = { readonly level: ThinkingLevel; readonly budget: number };

/** What an effort means at either kind of model. Source: Gemini API, "OpenAI compatibility", thinking. */
const EFFORTS: Readonly<Record<string, Effort>> = {
  minimal: { level: "MINIMAL", budget: 1024 },
  low: { level: "LOW", budget: 1024 },
  medium: { level: "MEDIUM", budget: 8192 },
  high: { level: "HIGH", budget: 24_576 },
  xhigh: { level: "HIGH", budget: 24_576 },
  max: { level: "HIGH", budget: 32_768 },
};

const Thinking = z.looseObject({ type: z.string(), budget_tokens: z.int().min(0).nullish() }).nullish();

type Wanted = { readonly field: string; readonly off: boolean; readonly effort: Effort | undefined };

/**
 * `thinkingConfig` for OpenAI's `reasoning_effort`, or Anthropic's `thinking` and `output_config.effort`; undefined where the
 * caller says nothing. Thoughts are only sent to those who asked for thinking. Google's own form goes before all others.
 */
export function thinkingConfig(
  request: ChatRequest,
  about: { facts: ModelFacts; own: Record<string, unknown>; dropped: Set<string> },
): Record<string, unknown> | undefined {
  const own = about.own.thinking_config ?? about.own.thinkingConfig;
  if (isRecord(own)) return ownConfig(own);
  const wanted = wantedOf(request, about.dropped);
  if (!wanted) return undefined;
  const { thinking } = about.facts;
  if (thinking.by === "nothing") {
    if (!wanted.off) about.dropped.add(wanted.field);
    return undefined;
  }
  const least = leastOf(thinking);
  if (wanted.off) {
    // These models always think; what comes nearest is to think as little as they can.
    if (thinking.by === "level" || !thinking.canBeOff) about.dropped.add(wanted.field);
    return least;
  }
  if (!wanted.effort) return { includeThoughts: true };
  const { level, budget } = wanted.effort;
  if (thinking.by === "level") return { includeThoughts: true, thinkingLevel: nearestLevel(level, thinking.levels) };
  return { includeThoughts: true, thinkingBudget: Math.min(thinking.max, Math.max(thinking.min, budget)) };
}

function leastOf(thinking: Exclude<ThinkingKind, { by: "nothing" }>): Record<string, unknown> {
  if (thinking.by === "level") return { thinkingLevel: nearestLevel("MINIMAL", thinking.levels) };
  return { thinkingBudget: thinking.canBeOff ? 0 : thinking.min };
}

function wantedOf(request: ChatRequest, dropped: Set<string>): Wanted | undefined {
  const thinking = checked(Thinking, request.thinking, "thinking");
  if (thinking?.type === "disabled") return { field: "thinking", off: true, effort: undefined };
  const budget = thinking?.type === "enabled" ? countOf(thinking.budget_tokens) : undefined;
  if (budget !== undefined) return { field: "thinking", off: false, effort: { level: levelOfBudget(budget), budget } };
  const output = isRecord(request.output_config) ? request.output_config : {};
  const field = textOf(request.reasoning_effort) ? "reasoning_effort" : "output_config.effort";
  const effort = textOf(request.reasoning_effort) ?? textOf(output.effort);
  if (effort === "none") return { field, off: true, effort: undefined };
  if (effort !== undefined && Object.hasOwn(EFFORTS, effort)) return { field, off: false, effort: EFFORTS[effort] };
  if (effort !== undefined) dropped.add(field);
  return thinking ? { field: "thinking", off: false, effort: undefined } : undefined;
}

function levelOfBudget(budget: number): ThinkingLevel {
  if (budget < 1024) return "MINIMAL";
  if (budget <= 4096) return "LOW";
  return budget <= 16_384 ? "MEDIUM" : "HIGH";
}

/** As Google's OpenAI-compatible API takes it in `extra_body.google`. */
function ownConfig(own: Record<string, unknown>): Record<string, unknown> {
  const level = textOf(own.thinking_level) ?? textOf(own.thinkingLevel);
  const budget = own.thinking_budget ?? own.thinkingBudget;
  const include = own.include_thoughts ?? own.includeThoughts;
  return {
    ...(typeof include === "boolean" && { includeThoughts: include }),
    ...(level !== undefined && { thinkingLevel: level.toUpperCase() }),
    ...(typeof budget === "number" && { thinkingBudget: budget }),
  };
}
