import type { Call, CallTarget } from "@/server/gateway/call";
import { routeId, type Stage } from "@/server/gateway/resolve";
import { ordered } from "@/server/gateway/strategy";
import type { Verdict } from "@/server/gateway/verdict";
import type { CatalogKey, CatalogProvider } from "@/server/state/catalog";
import { passable, routeOf } from "@/server/state/route-health";

/** What a call has learned of its targets, by route. */
export type Tried = Map<
  string,
  {
    readonly times: number;
    /** Keys that failed with it. */
    readonly keys: ReadonlySet<string>;
    readonly verdict: Verdict;
    /** When it may be tried again, on `performance.now()`'s clock. */
    readonly again: number;
  }
>;

export type Choice =
  | { readonly kind: "none" }
  | { readonly kind: "target"; readonly target: CallTarget; readonly waitMs: number; readonly repeated: boolean };

/** The longest that a call waits for one target while others may be had in the next stage. */
const LONGEST_WAIT_MS = 10_000;

/**
 * Where the call goes next within a stage: the best target that was not tried, else one that may be tried again, after its pause.
 * Targets whose breaker is open or that are out of keys are passed over.
 */
export function candidates(call: Call, stage: Stage, tried: Tried): Choice {
  const now = Date.now();
  const fresh = stage.targets.filter(
    (target) => !tried.has(routeId(target)) && passable(routeOf(routeId(target)), now),
  );
  for (const target of fresh.length > 1 ? ordered(call, stage.strategy, fresh) : fresh) {
    const ready = withKey(target, undefined, now);
    if (ready) return { kind: "target", target: ready, waitMs: 0, repeated: false };
  }
  return again(stage, tried, now);
}

function again(stage: Stage, tried: Tried, now: number): Choice {
  let best: Extract<Choice, { kind: "target" }> | undefined;
  for (const target of stage.targets) {
    const known = tried.get(routeId(target));
    if (!known || known.verdict === "elsewhere" || known.verdict === "larger") continue;
    const other = known.keys.size > 0 ? withKey(target, known.keys, now) : undefined;
    // Another key is another way: it needs no pause.
    if (other && passable(routeOf(routeId(target)), now))
      return { kind: "target", target: other, waitMs: 0, repeated: false };
    const waitMs = Math.max(0, known.again - performance.now());
    if (waitMs > LONGEST_WAIT_MS || !passable(routeOf(routeId(target)), now + waitMs)) continue;
    const same = withKey(target, undefined, now + waitMs);
    if (!same || (best && best.waitMs <= waitMs)) continue;
    best = { kind: "target", target: same, waitMs, repeated: true };
  }
  return best ?? { kind: "none" };
}

/** The target with one of its provider's keys that is in service; undefined when it has keys and none is. */
function withKey(target: CallTarget, without: ReadonlySet<string> | undefined, now: number): CallTarget | undefined {
  const { provider } = target;
  if (provider.keys.length === 0) return without ? undefined : target;
  const key = pickKey(provider, without, now);
  return key && { ...target, key };
}

/** By weight among those that are not cooling down or out. */
function pickKey(
  { keys }: CatalogProvider,
  without: ReadonlySet<string> | undefined,
  now: number,
): CatalogKey | undefined {
  const usable = keys.filter(({ id, weight }) => weight > 0 && !without?.has(id) && passable(routeOf(id), now));
  const [only] = usable;
  if (usable.length <= 1) return only;
  let left = Math.random() * usable.reduce((sum, { weight }) => sum + weight, 0);
  for (const key of usable) {
    left -= key.weight;
    if (left < 0) return key;
  }
  return only;
}
