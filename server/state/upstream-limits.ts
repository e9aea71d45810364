import { singleton } from "@/server/singleton";
import type { CatalogDeployment, CatalogKey, CatalogProvider } from "@/server/state/catalog";
import { type Hold, MemoryLimits } from "@/server/state/limits-memory";
import { type LimitRule, limitRules } from "@/server/state/limits-rules";

/** What upstreams take at most, as this process alone counts it: other processes' calls are not in it. */
const memory = singleton("upstream-limits", () => new MemoryLimits());

/** A deployment, a provider or one of its keys. They are replaced, never changed. */
type Upstream = CatalogDeployment | CatalogProvider | CatalogKey;
/** Where a call goes, as far as it is limited. */
type Way = {
  readonly deployment: CatalogDeployment | undefined;
  readonly provider: CatalogProvider;
  readonly key: CatalogKey | undefined;
};

const known = new WeakMap<Upstream, readonly LimitRule[]>();
const none: readonly LimitRule[] = [];

/**
 * How long until an upstream has room for a call of so many tokens, in seconds: 0 = it has now, undefined = never. `nowMs` is of a
 * monotonic clock, as `performance.now()` is.
 */
export function roomInSeconds(upstream: Upstream, tokens: number, nowMs: number): number | undefined {
  const rules = rulesOf(upstream);
  if (rules.length === 0) return 0;
  const refusal = memory.refusal(rules, tokens, nowMs);
  return refusal ? refusal.retryAfterSeconds : 0;
}

/** Takes a call's place all the way; undefined where nothing is limited. One without room is overrun: the call was sent. */
export function takeRoom({ deployment, provider, key }: Way, tokens: number, nowMs: number): Hold | undefined {
  const first = deployment ? rulesOf(deployment) : none;
  const second = rulesOf(provider);
  const third = key ? rulesOf(key) : none;
  if (first.length + second.length + third.length === 0) return undefined;
  const taken = memory.reserve([...first, ...second, ...third], tokens, nowMs);
  return taken.admitted ? taken.hold : undefined;
}

function rulesOf(upstream: Upstream): readonly LimitRule[] {
  const { rpm, tpm, concurrent } = upstream.limits;
  if (rpm === null && tpm === null && concurrent === null) return none;
  let rules = known.get(upstream);
  if (!rules) {
    const owner = { scope: "model", name: "", id: `upstream:${upstream.id}` } as const;
    rules = limitRules({ rpm, tpm, concurrent, rph: null, rpd: null, tpd: null }, owner);
    known.set(upstream, rules);
  }
  return rules;
}
