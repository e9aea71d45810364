import type { Route } from "@/server/state/route-health";

/** How fast an average forgets, in milliseconds. */
const DECAY_MS = 10_000;

/** What a call would wait for its first token there, in milliseconds; nothing where that was not seen for long. */
export function expectedWaitMs(route: Route, nowMs: number): number {
  const { firstTokenMs, firstTokenAtMs, inFlight } = route;
  return (firstTokenMs ?? 0) * Math.exp((firstTokenAtMs - nowMs) / DECAY_MS) * (inFlight + 1);
}

/** Notes how long a first token took. Peaks count at once and fade; lower values are believed slowly. */
export function noteLatency(route: Route, nowMs: number, sampleMs: number): void {
  const known = route.firstTokenMs;
  if (known === undefined || sampleMs > known) route.firstTokenMs = sampleMs;
  else {
    const keep = Math.exp((route.firstTokenAtMs - nowMs) / DECAY_MS);
    route.firstTokenMs = known * keep + sampleMs * (1 - keep);
  }
  route.firstTokenAtMs = nowMs;
}
