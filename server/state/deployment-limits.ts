import { singleton } from "@/server/singleton";
import type { CatalogDeployment } from "@/server/state/catalog";
import { type Hold, MemoryLimits } from "@/server/state/limits-memory";
import { type LimitRule, limitRules } from "@/server/state/limits-rules";

/** What deployments take at most, as this process alone counts it: other processes' calls are not in it. */
const memory = singleton("deployment-limits", () => new MemoryLimits());

/** Deployments are replaced, never changed. */
const known = new WeakMap<CatalogDeployment, readonly LimitRule[]>();
const none: readonly LimitRule[] = [];

/**
 * How long until a deployment has room for a call of so many tokens, in seconds: 0 = it has now, undefined = never. `nowMs` is of a
 * monotonic clock, as `performance.now()` is.
 */
export function roomInSeconds(deployment: CatalogDeployment, tokens: number, nowMs: number): number | undefined {
  const rules = rulesOf(deployment);
  if (rules.length === 0) return 0;
  const refusal = memory.refusal(rules, tokens, nowMs);
  return refusal ? refusal.retryAfterSeconds : 0;
}

/** Takes a place at a deployment for a call; undefined where it has no limits. One without room is overrun: the call was sent. */
export function takeRoom(deployment: CatalogDeployment, tokens: number, nowMs: number): Hold | undefined {
  const rules = rulesOf(deployment);
  if (rules.length === 0) return undefined;
  const taken = memory.reserve(rules, tokens, nowMs);
  return taken.admitted ? taken.hold : undefined;
}

function rulesOf(deployment: CatalogDeployment): readonly LimitRule[] {
  const { rpm, tpm, concurrent } = deployment.limits;
  if (rpm === null && tpm === null && concurrent === null) return none;
  let rules = known.get(deployment);
  if (!rules) {
    const { id, upstreamModel } = deployment;
    const owner = { scope: "model", name: upstreamModel, id: `deployment:${id}` } as const;
    rules = limitRules({ rpm, tpm, concurrent, rph: null, rpd: null, tpd: null }, owner);
    known.set(deployment, rules);
  }
  return rules;
}
