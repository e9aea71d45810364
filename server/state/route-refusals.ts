import {
  close,
  type Failure,
  givenUp,
  type Outcome,
  outdate,
  type Route,
  tellChange,
} from "@/server/state/route-health";

/** What an upstream says of itself or of a key: that it wants no more calls for a while, or refuses the key. */

/** How long a limit is taken to last that the upstream puts no number to. */
const FIRST_LIMIT_MS = 250;
const LONGEST_LIMIT_MS = 10_000;
/** A key that was refused is tried again now and then: it may have been topped up. */
const OUT_MS = 300_000;
/** Upstreams that repeat a limit with every answer move its end by so little that nobody is told again. */
const WORTH_TELLING_MS = 100;

/** Notes that the upstream wants no more calls for a while: for so many seconds, or longer each time where it does not say. */
export function limited(route: Route, { nowMs, turn, error }: Outcome, seconds: number | undefined): void {
  // Who limits a probe is there: from now on that is a limit and no longer a breaker.
  if (givenUp(route, turn)) close(route);
  route.lastError = { kind: error.kind, message: error.message, atMs: nowMs };
  // Calls that were under way together were refused for the same reason.
  if (nowMs >= route.untilMs) route.refusals++;
  const unknownMs = Math.min(LONGEST_LIMIT_MS, FIRST_LIMIT_MS * 2 ** Math.max(0, Math.min(10, route.refusals - 1)));
  const untilMs = nowMs + (seconds === undefined ? unknownMs : seconds * 1_000);
  const news = untilMs > route.untilMs + WORTH_TELLING_MS;
  route.untilMs = Math.max(route.untilMs, untilMs);
  if (news) tellChange(route);
}

/**
 * As `limited` for a key with a model, told of as their `pair`. Vendors limit a key by the model or as a whole: it is left alone as a
 * whole once it is limited with a second model at the same time.
 */
export function limitedWith(
  key: Route,
  pair: Route,
  limit: Outcome & { model: string; seconds: number | undefined },
): void {
  limited(pair, limit, limit.seconds);
  const before = key.limitedWith;
  if (before && before.model !== limit.model && limit.nowMs < before.untilMs) limited(key, limit, limit.seconds);
  key.limitedWith = { model: limit.model, untilMs: pair.untilMs };
}

/** Takes a route out of service with a reason that an admin sees: a refused or empty account, a model that a key may not use. */
export function takeOut(route: Route, nowMs: number, error: Failure): void {
  route.lastError = { kind: error.kind, message: error.message, atMs: nowMs };
  route.out = error.reason ?? error.message;
  route.disproved = nowMs - route.putBackAtMs < OUT_MS;
  route.untilMs = nowMs + OUT_MS;
  route.state = "open";
  route.elsewhere = false;
  outdate(route);
  tellChange(route);
}
