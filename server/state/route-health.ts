import { env } from "@/server/env";
import type { ErrorKind } from "@/server/errors";
import { singleton } from "@/server/singleton";

/**
 * What this process knows of the ways to an upstream: of each deployment, and of each key of a provider. Nothing of it outlives the
 * process; it is learned again within a few calls.
 */

/** What went wrong, as far as it is told. */
export type Failure = { readonly kind: ErrorKind; readonly message: string };

/** Closed: calls go through. Open: none does. Half-open: one probe is under way. */
export type BreakerState = "closed" | "open" | "half-open";

export type Route = {
  readonly id: string;
  inFlight: number;
  /** Peak-sensitive average of the time to the first token, in milliseconds; undefined before the first answer. */
  firstTokenMs: number | undefined;
  firstTokenAtMs: number;
  state: BreakerState;
  /** Failures in a row. */
  failures: number;
  /** Outcomes of late, newest last; true = a failure. */
  recent: { readonly atMs: number; readonly failed: boolean }[];
  /** How long the breaker stays open the next time. */
  openMs: number;
  /** An open breaker lets one probe through from then on; a rate limit is over by then. */
  untilMs: number;
  /** Why it is out of service until somebody, or a probe, says otherwise. */
  out: string | undefined;
  lastError: (Failure & { readonly atMs: number }) | undefined;
};

const FAILURES = 5;
const WINDOW_MS = 30_000;
const WINDOW_CALLS = 10;
const WINDOW_SHARE = 0.5;
const FIRST_OPEN_MS = 2_000;
const LONGEST_OPEN_MS = 15_000;
/** A key that was refused is tried again now and then: it may have been topped up. */
const OUT_MS = 300_000;
/** How fast an average forgets, in milliseconds. */
const DECAY_MS = 10_000;

const held = singleton("route-health", () => new Map<string, Route>());

/** A deployment's or key's route, by its id. */
export function routeOf(id: string): Route {
  let route = held.get(id);
  if (!route) {
    route = {
      id,
      inFlight: 0,
      firstTokenMs: undefined,
      firstTokenAtMs: 0,
      state: "closed",
      failures: 0,
      recent: [],
      openMs: FIRST_OPEN_MS,
      untilMs: 0,
      out: undefined,
      lastError: undefined,
    };
    held.set(id, route);
  }
  return route;
}

/** Every route that has been used. */
export function routes(): Iterable<Route> {
  return held.values();
}

/** Whether a call may go this way now: not while its breaker is open, a rate limit lasts, or another call probes it. */
export function passable(route: Route, nowMs: number): boolean {
  if (!env.breakers) return true;
  if (nowMs < route.untilMs) return false;
  return route.state !== "half-open";
}

/** Notes that a call goes this way; an open breaker becomes half-open, and the call is its probe. */
export function departed(route: Route): void {
  route.inFlight++;
  if (route.state === "open") route.state = "half-open";
}

/** Notes that a call came back, whatever its end. */
export function returned(route: Route): void {
  route.inFlight--;
}

/** Notes an answer: the breaker closes. `firstTokenMs` is undefined for a whole answer. */
export function answered(route: Route, nowMs: number, firstTokenMs?: number): void {
  remember(route, nowMs, false);
  route.failures = 0;
  route.state = "closed";
  route.openMs = FIRST_OPEN_MS;
  route.out = undefined;
  if (route.untilMs > nowMs) route.untilMs = 0;
  if (firstTokenMs !== undefined) noteLatency(route, nowMs, firstTokenMs);
}

/** Notes a failure that is the upstream's; opens the breaker after several in a row, or when half of the late calls failed. */
export function failed(route: Route, nowMs: number, error: Failure): void {
  remember(route, nowMs, true);
  route.failures++;
  route.lastError = { kind: error.kind, message: error.message, atMs: nowMs };
  const late = route.recent.filter(({ atMs }) => nowMs - atMs < WINDOW_MS);
  const share = late.filter((one) => one.failed).length / late.length;
  const tooMany = route.failures >= FAILURES || (late.length >= WINDOW_CALLS && share >= WINDOW_SHARE);
  if (route.state === "half-open" || (route.state === "closed" && tooMany)) {
    route.state = "open";
    route.untilMs = nowMs + route.openMs;
    route.openMs = Math.min(LONGEST_OPEN_MS, route.openMs * 2);
  }
}

/** Ends a probe that told nothing: its caller left, or the request itself was at fault. */
export function inconclusive(route: Route): void {
  if (route.state === "half-open") route.state = "open";
}

/** Notes that the upstream wants no more calls for a while. */
export function limited(route: Route, nowMs: number, seconds: number, error: Failure): void {
  route.lastError = { kind: error.kind, message: error.message, atMs: nowMs };
  route.untilMs = Math.max(route.untilMs, nowMs + seconds * 1_000);
  inconclusive(route);
}

/** Takes a route out of service with a reason that an admin sees: a refused or empty account. */
export function takeOut(route: Route, nowMs: number, error: Failure): void {
  route.lastError = { kind: error.kind, message: error.message, atMs: nowMs };
  route.out = error.message;
  route.untilMs = nowMs + OUT_MS;
  if (route.state !== "open") route.state = "open";
}

/** Puts a route back into service, by hand. */
export function reset(id: string): void {
  held.delete(id);
}

function remember(route: Route, atMs: number, isFailure: boolean): void {
  route.recent.push({ atMs, failed: isFailure });
  if (route.recent.length > 50) route.recent.shift();
}

/** Peaks count at once and fade; lower values are believed slowly. */
function noteLatency(route: Route, nowMs: number, sampleMs: number): void {
  const known = route.firstTokenMs;
  if (known === undefined || sampleMs > known) route.firstTokenMs = sampleMs;
  else {
    const keep = Math.exp(-(nowMs - route.firstTokenAtMs) / DECAY_MS);
    route.firstTokenMs = known * keep + sampleMs * (1 - keep);
  }
  route.firstTokenAtMs = nowMs;
}
