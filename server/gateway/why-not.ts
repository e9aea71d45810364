import type { Call, CallTarget } from "@/server/gateway/call";
import { routeId } from "@/server/gateway/resolve";
import { hasRoom, keyRoomSeconds } from "@/server/gateway/room";
import { passable, type Route, routeOf } from "@/server/state/route-health";

/** Why a target that might serve is not asked at this moment. */
export function whyNot(call: Call, target: CallTarget): string {
  const { provider } = target;
  if (!hasRoom(call, target))
    return "it or its provider is at its own limit of requests, tokens or calls at the same time";
  const now = Date.now();
  const route = routeOf(routeId(target));
  if (!passable(route, now)) return `it is ${conditionOf(route, now)}`;
  const keys = provider.keys.map((key) => {
    const { id, name, weight } = key;
    if (weight <= 0) return `${name} has no weight`;
    const pair = route.pairs?.get(id);
    if (pair && !passable(pair, now)) return `${name}, with this model, is ${conditionOf(pair, now)}`;
    if (keyRoomSeconds(call, key) !== 0) return `${name} is at its own limit of requests, tokens or calls`;
    return `${name} is ${conditionOf(routeOf(id), now)}`;
  });
  return keys.length > 0 ? `none of its provider's keys is in service: ${keys.join("; ")}` : "it is out of service";
}

function conditionOf({ state, out, untilMs, lastError }: Route, now: number): string {
  const seconds = Math.max(0, Math.ceil((untilMs - now) / 1_000));
  const why = out ?? lastError?.message;
  const because = why === undefined ? "" : `: ${why}`;
  if (out !== undefined) return `taken out for ${seconds} s${because}`;
  if (state === "half-open") return `being probed by another call${because}`;
  if (state === "open") return `left out by its breaker for ${seconds} s${because}`;
  return untilMs > now ? `at a limit for ${seconds} s${because}` : "in service";
}
