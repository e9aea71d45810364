import type { LimitRule } from "@/server/state/limits-rules";

/** How a limit stands: what is left of it, and how long until all of it is there again. */
export type Standing = { readonly limit: number; readonly remaining: number; readonly resetMs: number };

/** The tightest limit of requests and of tokens; undefined where there is none. */
export type LimitFacts = { readonly requests: Standing | undefined; readonly tokens: Standing | undefined };

/** The limit that stands against a call. */
export type RefusedBy = {
  readonly rule: LimitRule;
  /** Until it would be let in; undefined = never, it asks for more tokens at once than the limit allows. */
  readonly retryAfterSeconds: number | undefined;
};

/** One rule at one moment: `waitMs` until the call fits (0 = it does, undefined = never). */
export type RuleState = { readonly used: number; readonly resetMs: number; readonly waitMs: number | undefined };

/** What the states of a call's rules say to its caller. */
export function factsOf(
  rules: readonly LimitRule[],
  stateOf: (rule: LimitRule, index: number) => Pick<RuleState, "used" | "resetMs">,
): LimitFacts {
  let requests: Standing | undefined;
  let tokens: Standing | undefined;
  for (let index = 0; index < rules.length; index++) {
    const rule = rules[index];
    if (!rule || rule.counts === "calls") continue;
    const { counts, limit } = rule;
    const state = stateOf(rule, index);
    const standing = { limit, remaining: Math.max(0, limit - state.used), resetMs: state.resetMs };
    if (counts === "requests") requests = tighter(requests, standing);
    else tokens = tighter(tokens, standing);
  }
  return { requests, tokens };
}

/** The limit that keeps a call out the longest; undefined when all of them let it in. */
export function refusalOf(
  rules: readonly LimitRule[],
  waitMsOf: (rule: LimitRule, index: number) => number | undefined,
): RefusedBy | undefined {
  let found: RefusedBy | undefined;
  let longestMs = 0;
  for (let index = 0; index < rules.length; index++) {
    const rule = rules[index];
    if (!rule) continue;
    const waitMs = waitMsOf(rule, index);
    if (waitMs === undefined) return { rule, retryAfterSeconds: undefined };
    if (waitMs <= longestMs) continue;
    longestMs = waitMs;
    found = { rule, retryAfterSeconds: waitMs / 1_000 };
  }
  return found;
}

/** The tightest of two calls' limits. */
export function tightest(one: LimitFacts, other: LimitFacts): LimitFacts {
  return {
    requests: other.requests ? tighter(one.requests, other.requests) : one.requests,
    tokens: other.tokens ? tighter(one.tokens, other.tokens) : one.tokens,
  };
}

function tighter(one: Standing | undefined, other: Standing): Standing {
  if (!one) return other;
  if (one.remaining !== other.remaining) return one.remaining < other.remaining ? one : other;
  return one.resetMs >= other.resetMs ? one : other;
}
