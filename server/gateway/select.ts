import type { Call, CallTarget } from "@/server/gateway/call";
import { routeId, type Stage } from "@/server/gateway/resolve";
import { hasRoom, keyRoomSeconds, roomSeconds } from "@/server/gateway/room";
import { ordered } from "@/server/gateway/strategy";
import type { Verdict } from "@/server/gateway/verdict";
import type { CatalogKey } from "@/server/state/catalog";
import { allows, isBusy, passable, probeable, type Route, routeOf } from "@/server/state/route-health";
import { chance } from "@/server/state/turns";

/** What a call has learned of a target. */
export type Trial = {
  /** Attempts at it. */
  readonly times: number;
  /** Keys that failed with it. */
  readonly keys: readonly string[];
  readonly verdict: Verdict;
  /** When it may be tried again, on `performance.now()`'s clock. */
  readonly again: number;
};

/** By route. */
export type Tried = Map<string, Trial>;

/** A target with its key; `waitMs` is the pause that it needs before, and `repeated` says that it failed before as it is. */
export type Choice = { readonly target: CallTarget; readonly waitMs: number; readonly repeated: boolean };

const REPEATABLE: ReadonlySet<Verdict> = new Set<Verdict>(["again", "at-once", "limited"]);

/** The longest that a call waits for one target while others may be asked, and when none is left. */
const LONGEST_WAIT_MS = 10_000;
export const LAST_WAIT_MS = 60_000;

/**
 * Where the call goes next within a stage: to another key of a target whose key failed, else to the best target that was not tried,
 * else to one that may be tried again, after its pause. Targets whose breaker is open or that are out of keys are passed over;
 * undefined when none is left that the call would wait for.
 */
export function nextTarget(
  call: Call,
  stage: Stage,
  tried: Tried | undefined,
  longestWaitMs = LONGEST_WAIT_MS,
): Choice | undefined {
  const now = Date.now();
  const { targets } = stage;
  const other = tried && otherKey(call, stage, { tried, now });
  if (other) return other;
  const [only] = targets;
  if (targets.length === 1 && only) {
    if (!tried?.has(routeId(only))) return hasRoom(call, only) ? fresh(call, only, now) : undefined;
  } else {
    const untried = targets.filter((target) => !tried?.has(routeId(target)) && passable(routeOf(routeId(target)), now));
    for (const target of untried.length > 1 ? ordered(call, stage.strategy, untried) : untried) {
      const choice = hasRoom(call, target) ? fresh(call, target, now) : undefined;
      if (choice) return choice;
    }
  }
  return tried && again(call, stage, { tried, now, longestWaitMs });
}

/**
 * For a call that would fail: a target that was not tried because its breaker is open, where no other call probes it. Undefined
 * when there is none.
 */
export function lastResort(
  call: Call,
  stages: readonly Stage[],
  tried: Tried,
): { choice: Choice; stage: Stage } | undefined {
  const now = Date.now();
  for (const stage of stages) {
    for (const target of stage.targets) {
      const route = routeOf(routeId(target));
      if (tried.has(route.id) || !probeable(route) || !hasRoom(call, target)) continue;
      const ready = withKey(target, route, { call, now });
      if (ready) return { choice: { target: ready, waitMs: 0, repeated: false }, stage };
    }
  }
  return undefined;
}

/**
 * Whether a target that was not tried is out of service for a short while only. A call that has failed has nothing to lose, and may
 * become the probe of a target that seems to be down.
 */
export function comesBack(stages: readonly Stage[], tried: Tried | undefined, withinMs: number): boolean {
  const now = Date.now();
  const near = (route: Route): boolean =>
    passable(route, now) ||
    (tried !== undefined && route.out === undefined && route.state !== "closed") ||
    (isBusy(route, now) && (route.state === "half-open" || route.untilMs <= now + withinMs));
  return stages.some(({ targets }) =>
    targets.some((target) => {
      const route = routeOf(routeId(target));
      const { keys } = target.provider;
      return !tried?.has(route.id) && near(route) && (keys.length === 0 || keys.some(({ id }) => near(routeOf(id))));
    }),
  );
}

function fresh(call: Call, target: CallTarget, now: number): Choice | undefined {
  const route = routeOf(routeId(target));
  if (!passable(route, now)) return undefined;
  const ready = withKey(target, route, { call, now });
  return ready && { target: ready, waitMs: 0, repeated: false };
}

type Looking = { readonly tried: Tried; readonly now: number };

/** Another key is another way: it needs no pause. */
function otherKey(call: Call, { targets }: Stage, { tried, now }: Looking): Choice | undefined {
  for (const target of targets) {
    const route = routeOf(routeId(target));
    const keys = tried.get(route.id)?.keys ?? [];
    if (keys.length === 0 || !passable(route, now) || !hasRoom(call, target)) continue;
    const other = withKey(target, route, { call, now, without: keys });
    if (other) return { target: other, waitMs: 0, repeated: false };
  }
  return undefined;
}

type Waiting = Looking & { readonly longestWaitMs: number };

function again(call: Call, { targets }: Stage, { tried, now, longestWaitMs }: Waiting): Choice | undefined {
  let best: Choice | undefined;
  for (const target of targets) {
    const route = routeOf(routeId(target));
    const trial = tried.get(route.id);
    if (!trial || !REPEATABLE.has(trial.verdict)) continue;
    const waitMs = pauseOf(call, target, { trial, route, now });
    if (waitMs > longestWaitMs || !passable(route, now + waitMs) || (best && best.waitMs <= waitMs)) continue;
    const same = withKey(target, route, { call, now: now + waitMs, inMs: waitMs });
    if (same) best = { target: same, waitMs, repeated: true };
  }
  return best;
}

type Repeating = { readonly trial: Trial; readonly route: Route; readonly now: number };

/** How long a call would wait before it tries a target once more; limits are waited for, an open breaker is not. */
function pauseOf(call: Call, target: CallTarget, { trial, route, now }: Repeating): number {
  const room = roomSeconds(call, target) ?? Number.POSITIVE_INFINITY;
  const waitMs = Math.max(0, trial.again - performance.now(), room * 1_000);
  return trial.verdict === "limited" ? Math.max(waitMs, limitMs(target, route) - now) : waitMs;
}

/** When the first key, or the route of a target without keys, takes calls again. */
function limitMs({ provider: { keys } }: CallTarget, route: Route): number {
  if (keys.length === 0) return route.untilMs;
  let soonest = Number.POSITIVE_INFINITY;
  for (const { id, weight } of keys) if (weight > 0) soonest = Math.min(soonest, routeOf(id).untilMs);
  return soonest;
}

type Picking = {
  readonly call: Call;
  readonly now: number;
  readonly inMs?: number;
  readonly without?: readonly string[];
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
  const usable = keys.filter((key) => isUsable(key, route, picking));
  let left = chance() * usable.reduce((sum, { weight }) => sum + weight, 0);
  for (const key of usable) {
    left -= key.weight;
    if (left < 0) return key;
  }
  return usable[0];
}

function isUsable(key: CatalogKey, route: Route, { call, now, inMs = 0, without }: Picking): boolean {
  const { id, weight } = key;
  if (weight <= 0 || without?.includes(id) || !passable(routeOf(id), now) || !allows(route, id, now)) return false;
  const room = keyRoomSeconds(call, key);
  return room !== undefined && room * 1_000 <= inMs;
}
