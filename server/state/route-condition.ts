import { z } from "zod";
import { close, knownRoute, outdate, probes, routeOf } from "@/server/state/route-health";

/**
 * What a process tells others of a route that is not simply in service. Times are what is left of them, in milliseconds: the clocks of
 * two machines need not agree.
 */
export const Condition = z.object({
  state: z.enum(["closed", "open", "half-open"]),
  leftMs: z.number(),
  openMs: z.number(),
  failures: z.number(),
  refusals: z.number(),
  out: z.string().optional(),
  disproved: z.boolean(),
  lastError: z
    .object({
      kind: z.enum([
        "upstream_denied",
        "upstream_rate_limited",
        "upstream_unavailable",
        "upstream_timeout",
        "upstream_garbled",
      ]),
      message: z.string(),
      upstreamStatus: z.number().optional(),
      agoMs: z.number(),
    })
    .optional()
    // A newer version may tell of a kind that this one does not know.
    .catch(undefined),
});
export type Condition = z.infer<typeof Condition>;

/** A route as others may want to know it; undefined when there is nothing to know. */
export function conditionOf(id: string, nowMs: number): Condition | undefined {
  const route = knownRoute(id);
  if (!route) return undefined;
  const leftMs = Math.max(0, route.untilMs - nowMs);
  if (route.state === "closed" && leftMs === 0) return undefined;
  const { state, openMs, failures, refusals, out, disproved, lastError } = route;
  // A failure of any other kind is not the route's.
  const told = Condition.shape.lastError.parse(lastError && { ...lastError, agoMs: nowMs - lastError.atMs });
  return { state, leftMs, openMs, failures, refusals, out, disproved, lastError: told };
}

/** How long a condition is of use to a process that starts, in milliseconds. */
export function worthMs({ state, leftMs }: Condition): number {
  return state === "closed" ? leftMs : leftMs + UNTRIED_MS;
}

/** An open breaker that no call has tried since its time was up is still open; after so long it is forgotten. */
const UNTRIED_MS = 3_600_000;

/** When a condition was told, and whether it came about after what this process knows. */
export type Told = { readonly nowMs: number; readonly agoMs: number; readonly newer: boolean };

/**
 * Takes over what another process told of a route. One that is older than what is known here only makes its times longer, and a probe
 * of this process's own is left to find out for itself.
 */
export function adopt(id: string, condition: Condition, { nowMs, agoMs, newer }: Told): void {
  const route = routeOf(id);
  const { state, lastError } = condition;
  if (lastError && nowMs - agoMs - lastError.agoMs > (route.lastError?.atMs ?? 0))
    route.lastError = { ...lastError, atMs: nowMs - agoMs - lastError.agoMs };
  const left = condition.leftMs - agoMs;
  const untilMs = left > 0 ? nowMs + left : 0;
  if (state === "closed" || !newer) {
    // Who was told of a limit may not have heard yet that the route is out.
    if (newer && condition.leftMs === 0) adoptRelease(id);
    route.refusals = Math.max(route.refusals, condition.refusals);
    route.untilMs = Math.max(route.untilMs, untilMs);
    return;
  }
  if (probes(route) && condition.out === undefined) return;
  // The process that told it is back first and probes; the others do not do so at the same moment.
  const laterMs = Math.max(nowMs, untilMs) + LAG_MS * (1 + Math.random());
  const known = route.state === "open" && state === "open" ? route.untilMs : 0;
  route.untilMs = Math.max(known, laterMs);
  route.state = state;
  outdate(route);
  route.elsewhere = state === "half-open";
  route.openMs = condition.openMs;
  route.failures = Math.max(route.failures, condition.failures);
  route.out = condition.out;
  route.disproved = condition.disproved;
}

const LAG_MS = 100;

/** Takes over that another process closed a route or put it back into service, and what it no longer said. */
export function adoptRelease(id: string): void {
  const route = knownRoute(id);
  if (!route || route.state === "closed") return;
  // Where a call finds it refused all the same, what put it back was wrong: see `disproved`.
  if (route.out !== undefined) route.putBackAtMs = Date.now();
  close(route);
}
