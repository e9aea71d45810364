import { env } from "@/server/env";
import type { ErrorKind } from "@/server/errors";
import { singleton } from "@/server/singleton";

/**
 * What this process knows of the ways to an upstream: of each deployment, of each key of a provider, and of pairs of the two, where one
 * fails with the other alone. Nothing of it outlives the process; it is learned again within a few calls. Where there is Redis,
 * route-sharing.ts tells the others what changes.
 */

/** What went wrong, as far as it is told; `upstreamStatus` where the upstream answered at all, `reason` for admins alone. */
export type Failure = {
  readonly kind: ErrorKind;
  readonly message: string;
  readonly upstreamStatus?: number | undefined;
  readonly reason?: string | undefined;
};

/** Closed: calls go through. Open: none does. Half-open: one probe is under way. */
export type BreakerState = "closed" | "open" | "half-open";

export type Route = {
  readonly id: string;
  /** Calls under way, streams until their end. */
  inFlight: number;
  /** Peak-sensitive average of the time to the first token, in milliseconds; undefined before the first answer. */
  firstTokenMs: number | undefined;
  firstTokenAtMs: number;
  state: BreakerState;
  /** The probe under way is another process's: no call of this one ends it. */
  elsewhere: boolean;
  /** The turn at which its breaker opened, or its probe went out: what departed before tells nothing of how things are since. */
  sinceTurn: number;
  /** Failures in a row. */
  failures: number;
  /** Refusals for too high a rate in a row. */
  refusals: number;
  /** Outcomes of late and how many of them were failures; older ones count for less. */
  lateCalls: number;
  lateFailures: number;
  countedAtMs: number;
  /** How long the breaker stays open the next time. */
  openMs: number;
  /** No call goes this way before: a breaker is open, a probe is under way, or a rate limit lasts. */
  untilMs: number;
  /** Why it is out of service until somebody, or a probe, says otherwise. */
  out: string | undefined;
  /** When a probe put it back, and whether a call found it refused all the same soon after. */
  putBackAtMs: number;
  disproved: boolean;
  /** Of a deployment: what is known of it with one key, by the key's id; undefined while none has failed. */
  pairs: Map<string, Route> | undefined;
  /** Of a key: the last model that it was limited with, and until when. */
  limitedWith: { readonly model: string; readonly untilMs: number } | undefined;
  lastError: (Failure & { readonly atMs: number }) | undefined;
};

const FAILURES = 5;
/** How fast outcomes are forgotten, in milliseconds. */
const WINDOW_MS = 15_000;
const WINDOW_CALLS = 10;
const WINDOW_SHARE = 0.5;
const FIRST_OPEN_MS = 1_000;
const LONGEST_OPEN_MS = 5_000;
/** After so long a probe that is still under way no longer keeps others from probing. */
const PROBE_MS = 15_000;
/** `turn` goes on with each breaker that opens and each probe: a clock for what came before what. */
const held = singleton("route-health", () => ({ routes: new Map<string, Route>(), turn: 0 }));

/** Hears of a route, by its id, whenever a transition changes whether it may be taken; never of an ordinary answer. */
export type RouteListener = (id: string, how: "changed" | "reset") => void;

const listening = singleton("route-listener", (): { tell: RouteListener | undefined } => ({ tell: undefined }));

/** Puts the one listener in place of any before; undefined for none. */
export function onRouteChange(tell: RouteListener | undefined): void {
  listening.tell = tell;
}

/** A deployment's, key's or pair's route, by its id. */
export function routeOf(id: string): Route {
  return held.routes.get(id) ?? added(id);
}

/** A deployment with one key, from now on told apart from it with others. */
export function pairOf(route: Route, keyId: string): Route {
  return route.pairs?.get(keyId) ?? routeOf(`${keyId}@${route.id}`);
}

/** The ids of a pair's key and deployment; undefined of any other route. */
function partsOf(id: string): { readonly keyId: string; readonly routeId: string } | undefined {
  const [, keyId, routeId] = PAIR.exec(id) ?? [];
  return keyId === undefined || routeId === undefined ? undefined : { keyId, routeId };
}

/** No id of a key has one of these signs; that of a route without a deployment holds what its caller wrote. */
const PAIR = /^([^@/]+)@(.+)$/s;

function added(id: string): Route {
  const route: Route = { id, inFlight: 0, firstTokenMs: undefined, firstTokenAtMs: 0, pairs: undefined, ...unharmed };
  held.routes.set(id, route);
  const parts = partsOf(id);
  if (parts) {
    const whole = routeOf(parts.routeId);
    whole.pairs ??= new Map();
    whole.pairs.set(parts.keyId, route);
  }
  return route;
}

/** What is known of a route that nothing ever happened to. */
const unharmed = {
  state: "closed",
  elsewhere: false,
  sinceTurn: 0,
  failures: 0,
  refusals: 0,
  lateCalls: 0,
  lateFailures: 0,
  countedAtMs: 0,
  openMs: FIRST_OPEN_MS,
  untilMs: 0,
  out: undefined,
  putBackAtMs: 0,
  disproved: false,
  limitedWith: undefined,
  lastError: undefined,
} as const;

/** Tells whoever listens that it has changed whether a route may be taken. */
export function tellChange(route: Route): void {
  listening.tell?.(route.id, "changed");
}

/** A route that something is known of; undefined where nothing is. */
export function knownRoute(id: string): Route | undefined {
  return held.routes.get(id);
}

/** Every route that has been used. */
export function routes(): Iterable<Route> {
  return held.routes.values();
}

/** Whether a call may go this way now: not while its breaker is open, a rate limit lasts, or another call probes it. */
export function passable(route: Route, nowMs: number): boolean {
  return nowMs >= route.untilMs || !env.breakers;
}

/** Whether a call that would fail otherwise may probe a route before its breaker would let one through. */
export function probeable(route: Route): boolean {
  return route.state === "open" && route.out === undefined;
}

/** Notes that a call goes this way; where the breaker is open, it is the probe. Ended by `returned`. */
export function departed(route: Route, nowMs: number): void {
  route.inFlight++;
  probing(route, nowMs);
}

/** As `departed` for a route whose calls under way are not counted. */
export function probing(route: Route, nowMs: number): void {
  if (route.state === "closed") return;
  route.state = "half-open";
  route.elsewhere = false;
  route.sinceTurn = ++held.turn;
  route.untilMs = nowMs + PROBE_MS;
  tellChange(route);
}

/** The turn of a call that has departed just now, by which what becomes of it is told from what is known since. */
export function turnOfDeparture(): number {
  return held.turn;
}

/** Has what departed before now tell nothing of a route from now on. */
export function outdate(route: Route): void {
  route.sinceTurn = ++held.turn;
}

/** Whether a call tells how a route is now: it departed after its breaker opened, or is its probe. */
export function isCurrent(route: Route, turn: number): boolean {
  return turn >= route.sinceTurn;
}

/** Notes that a call came back, whatever its end. */
export function returned(route: Route): void {
  route.inFlight--;
}

/** Notes an answer to the call that departed at `turn`: a probe's closes the breaker. */
export function answered(route: Route, nowMs: number, turn: number): void {
  if (!isCurrent(route, turn)) return;
  remember(route, nowMs, 0);
  route.failures = 0;
  route.refusals = 0;
  if (!probes(route)) return;
  close(route);
  tellChange(route);
}

/** Whether a call of this process is the probe under way. */
export function probes(route: Route): boolean {
  return route.state === "half-open" && !route.elsewhere;
}

/** Lets calls through again, and forgets the failures that came before. */
export function close(route: Route): void {
  route.state = "closed";
  route.elsewhere = false;
  route.openMs = FIRST_OPEN_MS;
  route.untilMs = 0;
  route.out = undefined;
  route.disproved = false;
  route.failures = 0;
  route.lateCalls = 0;
  route.lateFailures = 0;
}

/** When a call failed, with what, and at which turn it had departed. */
export type Outcome = { readonly nowMs: number; readonly turn: number; readonly error: Failure };

/**
 * Notes a failure that is the upstream's. A probe's opens the breaker for longer; so do several in a row, or half of the late calls,
 * where it may open by itself.
 */
export function failed(route: Route, { nowMs, turn, error }: Outcome, byItself = true): void {
  if (!isCurrent(route, turn)) return;
  remember(route, nowMs, 1);
  route.failures++;
  route.lastError = { kind: error.kind, message: error.message, upstreamStatus: error.upstreamStatus, atMs: nowMs };
  const tooMany = route.lateCalls >= WINDOW_CALLS && route.lateFailures >= route.lateCalls * WINDOW_SHARE;
  if (probes(route) || (byItself && route.state === "closed" && (route.failures >= FAILURES || tooMany)))
    open(route, nowMs);
}

/** Whether a deployment fails with each of these keys: its breaker with the key is open, or each of them failed in a row of failures. */
export function failsWithEach(route: Route, keyIds: readonly string[]): boolean {
  if (keyIds.length === 0) return false;
  return keyIds.every((id) => {
    const pair = route.pairs?.get(id);
    return pair !== undefined && (pair.state !== "closed" || (route.failures >= FAILURES && pair.failures > 0));
  });
}

/** Opens a breaker, for longer each time until it is closed. */
export function open(route: Route, nowMs: number): void {
  route.state = "open";
  outdate(route);
  // Processes that saw the same failure do not probe at the same moment.
  route.untilMs = nowMs + route.openMs * (0.9 + 0.2 * Math.random());
  route.openMs = Math.min(LONGEST_OPEN_MS, route.openMs * 2);
  tellChange(route);
}

/** Ends a probe that told nothing: its caller left, or the request itself was at fault. The next call probes. */
export function inconclusive(route: Route, turn: number): void {
  if (givenUp(route, turn)) tellChange(route);
}

/** As `inconclusive`, for a change that is told as a whole; says whether the call was the probe. */
export function givenUp(route: Route, turn: number): boolean {
  if (!probes(route) || !isCurrent(route, turn)) return false;
  route.state = "open";
  route.untilMs = 0;
  return true;
}

/** Puts a route back into service by hand, with the pairs that it is a part of, in every process that can be told. */
export function reset(id: string): void {
  for (const route of held.routes.values()) {
    const parts = route.id === id ? undefined : partsOf(route.id);
    if (route.id !== id && parts?.keyId !== id && parts?.routeId !== id) continue;
    forget(route.id);
    listening.tell?.(route.id, "reset");
  }
}

/** Drops what this process knows of a route, but for the calls under way and how quick it is. */
export function forget(id: string): void {
  const route = held.routes.get(id);
  if (!route) return;
  Object.assign(route, unharmed);
  outdate(route);
}

function remember(route: Route, atMs: number, failures: 0 | 1): void {
  const keep = atMs === route.countedAtMs ? 1 : Math.exp((route.countedAtMs - atMs) / WINDOW_MS);
  route.lateCalls = route.lateCalls * keep + 1;
  route.lateFailures = route.lateFailures * keep + failures;
  route.countedAtMs = atMs;
}
