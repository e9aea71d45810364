import type { Call, CallTarget } from "@/server/gateway/call";
import { routeId, type Stage } from "@/server/gateway/resolve";
import { hasRoom } from "@/server/gateway/room";
import { ordered } from "@/server/gateway/strategy";
import type { Verdict } from "@/server/gateway/verdict";
import type { CatalogKey } from "@/server/state/catalog";
import { passable, probeable, type Route, routeOf } from "@/server/state/route-health";
import { chance } from "@/server/state/turns";

/** What a call has learned of a target. */
export type Trial = {
  /** Attempts at it. */
  readonly times: number;
  /** Keys that were limited or refused with it. */
  readonly keys: readonly string[];
  /** The key of the last attempt. */
  readonly lastKey?: string | undefined;
  readonly verdict: Verdict;
  /** When it may be tried again, on `performance.now()`'s clock. */
  readonly again: number;
};

/** By route. */
export type Tried = Map<string, Trial>;

/** A target with its key; `waitMs` is the pause that it needs before, and `repeated` says that it failed before as it is. */
export type Choice = { readonly target: CallTarget; readonly waitMs: number; readonly repeated: boolean };

const REPEATABLE: ReadonlySet<Verdict> = new Set<Verdict>(["again", "at-once", "limited", "other-key"]);

/** The longest that a call waits for one target. */
const LONGEST_WAIT_MS = 10_000;

/**
 * Where the call goes next within a stage: the best target that was not tried, else one that may be tried again, after its pause.
 * Targets whose breaker is open or that are out of keys are passed over; undefined when none is left.
 */
export function nextTarget(call: Call, stage: Stage, tried: Tried | undefined): Choice | undefined {
  const now = Date.now();
  const { targets } = stage;
  const [only] = targets;
  if (targets.length === 1 && only) {
    if (!tried?.has(routeId(only))) return hasRoom(call, only) ? fresh(only, now) : undefined;
  } else {
    const untried = targets.filter((target) => !tried?.has(routeId(target)) && passable(routeOf(routeId(target)), now));
    for (const target of untried.length > 1 ? ordered(call, stage.strategy, untried) : untried) {
      const choice = hasRoom(call, target) ? fresh(target, now) : undefined;
      if (choice) return choice;
    }
  }
  return tried && again(stage, tried, now);
}

/**
 * For a call that would fail: a target that was not tried because its breaker, or that of each of its keys, is open, where no other
 * call probes it. Undefined when there is none.
 */
export function lastResort(stages: readonly Stage[], tried: Tried): { choice: Choice; stage: Stage } | undefined {
  const now = Date.now();
  for (const stage of stages) {
    for (const target of stage.targets) {
      const route = routeOf(routeId(target));
      const down = probeable(route) || (passable(route, now) && !withKey(target, route, { now }));
      if (tried.has(route.id) || !down) continue;
      const ready = withKey(target, route, { now, probes: true });
      if (ready) return { choice: { target: ready, waitMs: 0, repeated: false }, stage };
    }
  }
  return undefined;
}

/**
 * Whether a target that was not tried, with one of its keys, is out of service for a short while only: its limit or the time of its
 * breaker ends within it, or a probe is under way. A call that has failed has nothing to lose, and may become the probe before.
 */
export function comesBack(stages: readonly Stage[], tried: Tried | undefined, withinMs: number): boolean {
  const now = Date.now();
  const near = (route: Route): boolean =>
    passable(route, now) ||
    (route.out === undefined &&
      (route.state === "half-open" || (tried && route.state === "open") || route.untilMs <= now + withinMs));
  return stages.some(({ targets }) =>
    targets.some((target) => {
      const route = routeOf(routeId(target));
      const { keys } = target.provider;
      if (tried?.has(route.id) || !near(route)) return false;
      return keys.length === 0 || keys.some(({ id, weight }) => weight > 0 && keyed(route, id).every(near));
    }),
  );
}

function fresh(target: CallTarget, now: number): Choice | undefined {
  const route = routeOf(routeId(target));
  if (!passable(route, now)) return undefined;
  const ready = withKey(target, route, { now });
  return ready && { target: ready, waitMs: 0, repeated: false };
}

function again({ targets }: Stage, tried: Tried, now: number): Choice | undefined {
  let best: Choice | undefined;
  for (const target of targets) {
    const route = routeOf(routeId(target));
    const trial = tried.get(route.id);
    if (!trial) continue;
    const choice = repetition(target, { trial, route, now });
    if (choice && !(best && best.waitMs <= choice.waitMs)) best = choice;
  }
  return best;
}

type Repeating = { readonly trial: Trial; readonly route: Route; readonly now: number };

function repetition(target: CallTarget, { trial, route, now }: Repeating): Choice | undefined {
  const { verdict, keys } = trial;
  if (!REPEATABLE.has(verdict)) return undefined;
  if (keys.length > 0 && passable(route, now)) {
    // Another key is another way: it needs no pause.
    const other = withKey(target, route, { now, without: keys });
    if (other) return { target: other, waitMs: 0, repeated: false };
  }
  if (verdict === "other-key") return undefined;
  let waitMs = Math.max(0, trial.again - performance.now());
  // A limit is waited for, an open breaker is not.
  if (verdict === "limited") waitMs = Math.max(waitMs, limitMs(target, route) - now);
  if (waitMs > LONGEST_WAIT_MS || !passable(route, now + waitMs)) return undefined;
  const same = withKey(target, route, { now: now + waitMs, unless: trial.lastKey });
  return same && { target: same, waitMs, repeated: true };
}

/** What is known of a key, and of the deployment with it. */
function keyed(route: Route, keyId: string): Route[] {
  const pair = route.pairs?.get(keyId);
  return pair ? [routeOf(keyId), pair] : [routeOf(keyId)];
}

/** When the first key, or the route of a target without keys, takes calls again. */
function limitMs({ provider: { keys } }: CallTarget, route: Route): number {
  if (keys.length === 0) return route.untilMs;
  let soonest = Number.POSITIVE_INFINITY;
  for (const { id, weight } of keys)
    if (weight > 0) soonest = Math.min(soonest, Math.max(...keyed(route, id).map(({ untilMs }) => untilMs)));
  return soonest;
}

type Picking = {
  readonly now: number;
  /** Keys that are not taken. */
  readonly without?: readonly string[];
  /** A key that is taken only where there is no other. */
  readonly unless?: string | undefined;
  /** Whether it may be the probe of a key. */
  readonly probes?: boolean;
};

/** The target with one of its provider's keys that is in service; undefined when it has keys and none is. */
function withKey(target: CallTarget, route: Route, picking: Picking): CallTarget | undefined {
  const { keys } = target.provider;
  if (keys.length === 0) return picking.without ? undefined : target;
  const key = keys.length === 1 ? usableOnly(keys[0], route, picking) : pickKey(keys, route, picking);
  if (!key) return undefined;
  return key === target.key ? target : { ...target, key };
}

function usableOnly(key: CatalogKey | undefined, route: Route, picking: Picking): CatalogKey | undefined {
  return key && isUsable(key, route, picking) ? key : undefined;
}

/** By weight among those that are not cooling down or out. */
function pickKey(keys: readonly CatalogKey[], route: Route, picking: Picking): CatalogKey | undefined {
  let usable = keys.filter((key) => isUsable(key, route, picking));
  if (picking.unless !== undefined && usable.length > 1) usable = usable.filter(({ id }) => id !== picking.unless);
  let left = chance() * usable.reduce((sum, { weight }) => sum + weight, 0);
  for (const key of usable) {
    left -= key.weight;
    if (left < 0) return key;
  }
  return usable[0];
}

function isUsable({ id, weight }: CatalogKey, route: Route, picking: Picking): boolean {
  if (weight <= 0 || picking.without?.includes(id)) return false;
  const pair = route.pairs?.get(id);
  return takes(routeOf(id), picking) && (!pair || takes(pair, picking));
}

function takes(route: Route, { now, probes }: Picking): boolean {
  return passable(route, now) || (probes === true && probeable(route));
}
