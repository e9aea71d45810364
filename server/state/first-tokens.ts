import { singleton } from "@/server/singleton";

/** How many of the last times are remembered of a route, and how many there must be to tell anything. */
const REMEMBERED = 64;
const ENOUGH = 20;

type Times = { readonly values: number[]; next: number };

/** Times to the first token of late, by route; of this process alone. */
const held = singleton("first-tokens", () => new Map<string, Times>());

/** Notes how long a stream's first token took, in milliseconds. */
export function noteFirstToken(routeId: string, ms: number): void {
  let times = held.get(routeId);
  if (!times) {
    times = { values: [], next: 0 };
    held.set(routeId, times);
  }
  times.values[times.next] = ms;
  times.next = (times.next + 1) % REMEMBERED;
}

/** The time within which 95 of 100 streams of late began, in milliseconds; undefined while too few are known. */
export function usualFirstTokenMs(routeId: string): number | undefined {
  const values = held.get(routeId)?.values ?? [];
  if (values.length < ENOUGH) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.95) - 1];
}
