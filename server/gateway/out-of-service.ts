import { GatewayError } from "@/server/errors";
import type { Call, CallTarget } from "@/server/gateway/call";
import { routeId, type Stage } from "@/server/gateway/resolve";
import { keyRoomSeconds, roomSeconds } from "@/server/gateway/room";
import { type Route, routeOf } from "@/server/state/route-health";

/** Why no target could even be tried: what the one that is back first failed with. */
export function outOfService(call: Call, stages: readonly Stage[]): GatewayError {
  const now = Date.now();
  const [soonest] = stages
    .flatMap(({ targets }) => targets.flatMap(hindrances))
    .filter(({ lastError, untilMs }) => lastError && untilMs > now)
    .sort((a, b) => a.untilMs - b.untilMs);
  const seconds = soonest ? Math.max(1, Math.ceil((soonest.untilMs - now) / 1_000)) : 1;
  const full = soonest ? undefined : fullFor(call, stages);
  if (full !== undefined)
    return new GatewayError("upstream_rate_limited", "Every provider of this model takes no more calls just now.", {
      retryAfterSeconds: Math.max(1, Math.ceil(full)),
    });
  if (!soonest && stages.every(({ targets }) => targets.every((target) => roomSeconds(call, target) === undefined)))
    return new GatewayError(
      "payload_too_large",
      "The request is larger than what any provider of this model takes in a minute.",
    );
  const { kind, message } = soonest?.lastError ?? {
    kind: "upstream_unavailable" as const,
    message: "No provider of this model can be reached right now.",
  };
  return new GatewayError(kind, message, kind === "upstream_denied" ? {} : { retryAfterSeconds: seconds });
}

/** With each of its keys, what keeps a target out of service the longest. */
function hindrances(target: CallTarget): readonly Route[] {
  const route = routeOf(routeId(target));
  const { keys } = target.provider;
  if (keys.length === 0) return [route];
  return keys
    .filter(({ weight }) => weight > 0)
    .map(({ id }) => {
      const pair = route.pairs?.get(id);
      return [routeOf(id), ...(pair ? [pair] : [])].reduce((a, b) => (b.untilMs > a.untilMs ? b : a), route);
    });
}

/** Seconds until the first of the targets or keys that are at their own limits has room; undefined where none is. */
function fullFor(call: Call, stages: readonly Stage[]): number | undefined {
  const waits = stages.flatMap(({ targets }) =>
    targets.flatMap((target) => [
      roomSeconds(call, target),
      ...target.provider.keys.map((key) => keyRoomSeconds(call, key)),
    ]),
  );
  const full = waits.filter((seconds) => seconds !== undefined && seconds > 0);
  return full.length === 0 ? undefined : Math.min(...full.map((seconds) => seconds ?? 0));
}
