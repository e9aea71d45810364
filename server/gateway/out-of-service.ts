import { GatewayError } from "@/server/errors";
import { routeId, type Stage } from "@/server/gateway/resolve";
import { routeOf } from "@/server/state/route-health";

/** Why no target could even be tried: what the one that is back first failed with. */
export function outOfService(stages: readonly Stage[]): GatewayError {
  const now = Date.now();
  const routes = stages.flatMap(({ targets }) =>
    targets.flatMap((target) => [routeId(target), ...target.provider.keys.map(({ id }) => id)]).map(routeOf),
  );
  const [soonest] = routes
    .filter(({ lastError, untilMs }) => lastError && untilMs > now)
    .sort((a, b) => a.untilMs - b.untilMs);
  const seconds = soonest ? Math.max(1, Math.ceil((soonest.untilMs - now) / 1_000)) : 1;
  const { kind, message } = soonest?.lastError ?? {
    kind: "upstream_unavailable" as const,
    message: "No provider of this model can be reached right now.",
  };
  return new GatewayError(kind, message, kind === "upstream_denied" ? {} : { retryAfterSeconds: seconds });
}
