import { env } from "@/server/env";
import type { ErrorKind } from "@/server/errors";
import { singleton } from "@/server/singleton";

/**
 * What this process knows of the ways to an upstream: of each deployment, and of each key of a provider. Nothing of it outlives the
 * process; it is learned again within a few calls. Where there is Redis, route-sharing.ts tells the others what changes.
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
  /** Of a deployment: keys that may not use it, by id, and until when they are not tried with it. */
  barred: Map<string, number> | undefined;
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
/** How long a limit is taken to last that the upstream puts no number to. */
const FIRST_LIMIT_MS = 250;
const LONGEST_LIMIT_MS = 10_000;
/** A key that was refused is tried again now and then: it may have been topped up. */
const OUT_MS = 300_000;
/** How fast an average forgets, in milliseconds. */
const DECAY_MS = 10_000;

/** Upstreams that repeat a limit with every answer move its end by so little that nobody is told again. */
const WORTH_TELLING_MS = 100;

const held = singleton("route-health", () => new Map<string, Route>());

/** Hears of a route, by its id, whenever a transition changes whether it may be taken; never of an ordinary answer. */
export type RouteListener = (id: string, how: "changed" | "reset") => void;

const listening = singleton("route-listener", (): { tell: RouteListener | undefined } => ({ tell: undefined }));

/** Puts the one listener in place of any before; undefined for none. */
export function onRouteChange(tell: RouteListener | undefined): void {
  listening.tell = tell;
}

/** A deployment's or key's route, by its id. */
export function routeOf(id: string): Route {
  return held.get(id) ?? added(id);
}

function added(id: string): Route {
  const route: Route = {
    id,
    inFlight: 0,
    firstTokenMs: undefined,
    firstTokenAtMs: 0,
    state: "closed",
    elsewhere: false,
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
    barred: undefined,
    lastError: undefined,
  };
  held.set(id, route);
  return route;
}

/** Tells whoever listens that it has changed whether a route may be taken. */
export function tellChange(route: Route): void {
  listening.tell?.(route.id, "changed");
}

/** A route that something is known of; undefined where nothing is. */
export function knownRoute(id: string): Route | undefined {
  return held.get(id);
}

/** Every route that has been used. */
export function routes(): Iterable<Route> {
  return held.values();
}

/** Whether a call may go this way now: not while its breaker is open, a rate limit lasts, or another call probes it. */
export function passable(route: Route, nowMs: number): boolean {
  return nowMs >= route.untilMs || !env.breakers;
}

/** Whether a deployment's route may be taken with this key. */
export function allows(route: Route, keyId: string, nowMs: number): boolean {
  return route.barred === undefined || nowMs >= (route.barred.get(keyId) ?? 0) || !env.breakers;
}

/** Whether a call that would fail otherwise may probe a route before its breaker would let one through. */
export function probeable(route: Route): boolean {
  return route.state === "open" && route.out === undefined;
}

/** Whether it may soon be taken again: it is limited, or fails now and then, and does not seem to be down. */
export function isBusy(route: Route, nowMs: number): boolean {
  return nowMs < route.untilMs && route.out === undefined && route.failures < FAILURES;
}

/** Notes that a call goes this way; where the breaker is open, it is the probe. Ended by `returned`. */
export function departed(route: Route, nowMs: number): void {
  route.inFlight++;
  if (route.state === "closed") return;
  route.state = "half-open";
  route.elsewhere = false;
  route.untilMs = nowMs + PROBE_MS;
  tellChange(route);
}

/** Notes that a call came back, whatever its end. */
export function returned(route: Route): void {
  route.inFlight--;
}

/** Notes an answer: a probe's closes the breaker. `firstTokenMs` is undefined for a whole answer. */
export function answered(route: Route, nowMs: number, firstTokenMs?: number): void {
  remember(route, nowMs, 0);
  route.failures = 0;
  route.refusals = 0;
  // A call from before the breaker opened, or a limit began, tells nothing of how things are now.
  if (probes(route)) {
    close(route);
    tellChange(route);
  }
  if (firstTokenMs !== undefined) noteLatency(route, nowMs, firstTokenMs);
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

/** Notes a failure that is the upstream's; opens the breaker after several in a row, or when half of the late calls failed. */
export function failed(route: Route, nowMs: number, error: Failure): void {
  remember(route, nowMs, 1);
  route.failures++;
  route.lastError = { kind: error.kind, message: error.message, upstreamStatus: error.upstreamStatus, atMs: nowMs };
  const tooMany = route.lateCalls >= WINDOW_CALLS && route.lateFailures >= route.lateCalls * WINDOW_SHARE;
  if (probes(route) || (route.state === "closed" && (route.failures >= FAILURES || tooMany))) open(route, nowMs);
}

/** Opens a breaker, for longer each time until it is closed. */
export function open(route: Route, nowMs: number): void {
  route.state = "open";
  // Processes that saw the same failure do not probe at the same moment.
  route.untilMs = nowMs + route.openMs * (0.9 + 0.2 * Math.random());
  route.openMs = Math.min(LONGEST_OPEN_MS, route.openMs * 2);
  tellChange(route);
}

/** Ends a probe that told nothing: its caller left, or the request itself was at fault. The next call probes. */
export function inconclusive(route: Route): void {
  if (!probes(route)) return;
  route.state = "open";
  route.untilMs = 0;
  tellChange(route);
}

/** Notes that the upstream wants no more calls for a while: for so many seconds, or longer each time where it does not say. */
export function limited(route: Route, nowMs: number, seconds: number | undefined, error: Failure): void {
  inconclusive(route);
  route.lastError = { kind: error.kind, message: error.message, atMs: nowMs };
  const unknownMs = Math.min(LONGEST_LIMIT_MS, FIRST_LIMIT_MS * 2 ** Math.min(10, route.refusals++));
  const untilMs = nowMs + (seconds === undefined ? unknownMs : seconds * 1_000);
  const news = untilMs > route.untilMs + WORTH_TELLING_MS;
  route.untilMs = Math.max(route.untilMs, untilMs);
  if (news) tellChange(route);
}

/** Takes a route out of service with a reason that an admin sees: a refused or empty account. */
export function takeOut(route: Route, nowMs: number, error: Failure): void {
  route.lastError = { kind: error.kind, message: error.message, atMs: nowMs };
  route.out = error.reason ?? error.message;
  route.disproved = nowMs - route.putBackAtMs < OUT_MS;
  route.untilMs = nowMs + OUT_MS;
  route.state = "open";
  route.elsewhere = false;
  tellChange(route);
}

/** Notes that a key may not use a deployment, while it may well use others. */
export function bar(route: Route, keyId: string, { nowMs, error }: { nowMs: number; error: Failure }): void {
  route.lastError = { kind: error.kind, message: error.message, atMs: nowMs };
  route.barred ??= new Map();
  route.barred.set(keyId, nowMs + OUT_MS);
  tellChange(route);
}

/** Puts a route back into service, by hand, in every process that can be told. */
export function reset(id: string): void {
  forget(id);
  listening.tell?.(id, "reset");
}

/** Drops what this process knows of a route. */
export function forget(id: string): void {
  held.delete(id);
}

/** What a call would wait for its first token there, in milliseconds; nothing where that was not seen for long. */
export function expectedWaitMs(route: Route, nowMs: number): number {
  const { firstTokenMs, firstTokenAtMs, inFlight } = route;
  return (firstTokenMs ?? 0) * Math.exp((firstTokenAtMs - nowMs) / DECAY_MS) * (inFlight + 1);
}

function remember(route: Route, atMs: number, failures: 0 | 1): void {
  const keep = atMs === route.countedAtMs ? 1 : Math.exp((route.countedAtMs - atMs) / WINDOW_MS);
  route.lateCalls = route.lateCalls * keep + 1;
  route.lateFailures = route.lateFailures * keep + failures;
  route.countedAtMs = atMs;
}

/** Peaks count at once and fade; lower values are believed slowly. */
function noteLatency(route: Route, nowMs: number, sampleMs: number): void {
  const known = route.firstTokenMs;
  if (known === undefined || sampleMs > known) route.firstTokenMs = sampleMs;
  else {
    const keep = Math.exp((route.firstTokenAtMs - nowMs) / DECAY_MS);
    route.firstTokenMs = known * keep + sampleMs * (1 - keep);
  }
  route.firstTokenAtMs = nowMs;
}
