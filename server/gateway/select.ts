import type { Call, CallTarget } from "@/server/gateway/call";
import { routeId, type Stage } from "@/server/gateway/resolve";
import { hasRoom, keyRoomSeconds, roomSeconds } from "@/server/gateway/room";
import { affinityOf, ordered, placeOf } from "@/server/gateway/strategy";
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

const REPEATABLE: ReadonlySet<Verdict> = new Set<Verdict>(["again", "at-once", "limited"]);

/** The longest that a call waits for a stage's targets while others may be asked, and when none is left. */
export const LONGEST_WAIT_MS = 10_000;
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
  longestWaitMs: number = LONGEST_WAIT_MS,
): Choice | undefined {
  const now = Date.now();
  const picking: Picking = { call, now, sticky: stage.strategy === "sticky" };
  const { targets } = stage;
  const other = tried && otherKey(stage, tried, picking);
  if (other) return other;
  const [only] = targets;
  if (targets.length === 1 && only) {
    if (!tried?.has(routeId(only))) return hasRoom(call, only) ? fresh(only, picking) : undefined;
  } else {
    const untried = targets.filter((target) => !tried?.has(routeId(target)) && passable(routeOf(routeId(target)), now));
    for (const target of untried.length > 1 ? ordered(call, stage.strategy, untried) : untried) {
      const choice = hasRoom(call, target) ? fresh(target, picking) : undefined;
      if (choice) return choice;
    }
  }
  return tried && again(stage, { tried, picking, longestWaitMs });
}

/**
 * For a call that would fail: a target that was not tried because its breaker, or that of each of its keys, is open, where no other
 * call probes it. Undefined when there is none.
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
      const picking: Picking = { call, now, sticky: stage.strategy === "sticky" };
      const down = probeable(route) || (passable(route, now) && !withKey(target, route, picking));
      if (tried.has(route.id) || !down || !hasRoom(call, target)) continue;
      const ready = withKey(target, route, { ...picking, probes: true });
      if (ready) return { choice: { target: ready, waitMs: 0, repeated: false }, stage };
    }
  }
  return undefined;
}

/**
 * Whether a target that was not tried, with one of its keys, is out of service for a short while only: its limit or the time of its
 * breaker ends within it, or a probe is under way. A call that has failed has nothing to lose, and may become the probe before.
 */
export function comesBack(
  call: Call,
  stages: readonly Stage[],
  { tried, withinMs }: { readonly tried: Tried | undefined; readonly withinMs: number },
): boolean {
  const now = Date.now();
  const near = (route: Route): boolean =>
    passable(route, now) ||
    (route.out === undefined &&
      (route.state === "half-open" || (tried && route.state === "open") || route.untilMs <= now + withinMs));
  return stages.some(({ targets }) =>
    targets.some((target) => {
      const route = routeOf(routeId(target));
      const { keys } = target.provider;
      if (tried?.has(route.id) || !near(route) || roomSeconds(call, target) === undefined) return false;
      const mayServe = (key: CatalogKey): boolean =>
        key.weight > 0 && keyRoomSeconds(call, key) !== undefined && keyed(route, key.id).every(near);
      return keys.length === 0 || keys.some(mayServe);
    }),
  );
}

function fresh(target: CallTarget, picking: Picking): Choice | undefined {
  const route = routeOf(routeId(target));
  if (!passable(route, picking.now)) return undefined;
  const ready = withKey(target, route, picking);
  return ready && { target: ready, waitMs: 0, repeated: false };
}

/** Another key is another way: it needs no pause. */
function otherKey({ targets }: Stage, tried: Tried, picking: Picking): Choice | undefined {
  for (const target of targets) {
    const route = routeOf(routeId(target));
    const keys = tried.get(route.id)?.keys ?? [];
    if (keys.length === 0 || !passable(route, picking.now) || !hasRoom(picking.call, target)) continue;
    const other = withKey(target, route, { ...picking, without: keys });
    if (other) return { target: other, waitMs: 0, repeated: false };
  }
  return undefined;
}

type Waiting = { readonly tried: Tried; readonly picking: Picking; readonly longestWaitMs: number };

function again({ targets }: Stage, { tried, picking, longestWaitMs }: Waiting): Choice | undefined {
  const { now } = picking;
  let best: Choice | undefined;
  for (const target of targets) {
    const route = routeOf(routeId(target));
    const trial = tried.get(route.id);
    if (!trial || !REPEATABLE.has(trial.verdict)) continue;
    const waitMs = pauseOf(target, { trial, route, picking });
    if (waitMs > longestWaitMs || !passable(route, now + waitMs) || (best && best.waitMs <= waitMs)) continue;
    const same = withKey(target, route, { ...picking, now: now + waitMs, inMs: waitMs, unless: trial.lastKey });
    if (same) best = { target: same, waitMs, repeated: true };
  }
  return best;
}

type Repeating = { readonly trial: Trial; readonly route: Route; readonly picking: Picking };

/** How long a call would wait before it tries a target once more; limits are waited for, an open breaker is not. */
function pauseOf(target: CallTarget, { trial, route, picking: { call, now } }: Repeating): number {
  const room = roomSeconds(call, target) ?? Number.POSITIVE_INFINITY;
  const waitMs = Math.max(0, trial.again - performance.now(), room * 1_000);
  return trial.verdict === "limited" ? Math.max(waitMs, limitMs(target, route) - now) : waitMs;
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
  readonly call: Call;
  readonly now: number;
  /** In how many milliseconds from now that is. */
  readonly inMs?: number;
  /** Keys that are not taken. */
  readonly without?: readonly string[];
  /** A key that is taken only where there is no other. */
  readonly unless?: string | undefined;
  /** Whether it may be the probe of a key. */
  readonly probes?: boolean;
  /** The call's conversation is to stay with one key. */
  readonly sticky?: boolean;
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
  if (picking.sticky) return ownKey(usable, affinityOf(picking.call));
  let left = chance() * usable.reduce((sum, { weight }) => sum + weight, 0);
  for (const key of usable) {
    left -= key.weight;
    if (left < 0) return key;
  }
  return usable[0];
}

/** The key that a conversation stays with; by weight, as many conversations see it. A vendor's cache of prompts is one account's. */
function ownKey(usable: readonly CatalogKey[], affinity: number): CatalogKey | undefined {
  let own: CatalogKey | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const key of usable) {
    const rank = -Math.log((placeOf(affinity, key.id) + 1) / (2 ** 32 + 1)) / key.weight;
    if (rank >= least) continue;
    own = key;
    least = rank;
  }
  return own;
}

function isUsable(key: CatalogKey, route: Route, picking: Picking): boolean {
  const { id, weight } = key;
  if (weight <= 0 || picking.without?.includes(id)) return false;
  const pair = route.pairs?.get(id);
  if (!takes(routeOf(id), picking) || (pair && !takes(pair, picking))) return false;
  const room = keyRoomSeconds(picking.call, key);
  return room !== undefined && room * 1_000 <= (picking.inMs ?? 0);
}

function takes(route: Route, { now, probes }: Picking): boolean {
  return passable(route, now) || (probes === true && probeable(route));
}
